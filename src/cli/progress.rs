//! Progress on standard error: a bar on a terminal, a line now and then elsewhere.
//!
//! Invariant: it writes nothing when quiet, and no escape where standard error is no terminal.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::Console;
use crate::lab::Events;
use crate::model::{DecidedMutant, Notice, Phase, Verdict};
use crate::report::escape::visible;
use crate::report::terminal::Verbosity;

/// Without a terminal, a phase that goes on says so this often.
const INTERVAL: Duration = Duration::from_secs(5);

/// Shows how far the run is.
pub(super) struct Progress {
    sink: Sink,
    state: Mutex<State>,
    verbose: bool,
}

enum Sink {
    Silent,
    Bar(ProgressBar),
    Lines,
}

impl Progress {
    /// Progress as the console asks for it.
    pub(super) fn new(console: &Console) -> Self {
        let sink = if console.verbosity == Verbosity::Quiet {
            Sink::Silent
        } else if console.err.terminal {
            Sink::Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()))
        } else {
            Sink::Lines
        };
        Self {
            sink,
            state: Mutex::new(State::default()),
            verbose: console.verbosity == Verbosity::Verbose,
        }
    }

    /// Something that writes a line above the bar, for a thread of its own. It speaks even when
    /// quiet: it is told what the user just did.
    pub(super) fn speaker(&self) -> impl Fn(&str) + Send + 'static {
        let bar = match &self.sink {
            Sink::Bar(bar) => Some(bar.clone()),
            Sink::Silent | Sink::Lines => None,
        };
        move |text: &str| match &bar {
            Some(bar) => bar.suspend(|| write_line(text)),
            None => write_line(text),
        }
    }

    /// Clears the bar. The notices that came are returned: whoever has no report shows them.
    pub(super) fn finish(self) -> Vec<Notice> {
        if let Sink::Bar(bar) = &self.sink {
            bar.finish_and_clear();
        }
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).notices
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in another thread leaves counters that are still good enough to show.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, text: &str) {
        match &self.sink {
            Sink::Silent => {}
            Sink::Bar(bar) => bar.suspend(|| write_line(text)),
            Sink::Lines => write_line(text),
        }
    }
}

impl Events for Progress {
    fn phase(&self, phase: Phase, total: Option<usize>) {
        let Some(doing) = doing(phase) else { return };
        let line = self.state().begin(phase, total, Instant::now());
        match (&self.sink, line) {
            (Sink::Bar(bar), _) => begin_bar(bar, doing, total),
            (Sink::Lines, Some(line)) => write_line(&line),
            (Sink::Silent | Sink::Lines, _) => {}
        }
    }

    fn advance(&self, n: usize) {
        let line = self.state().advance(n, Instant::now());
        match (&self.sink, line) {
            (Sink::Bar(bar), _) => bar.inc(n as u64),
            (Sink::Lines, Some(line)) => write_line(&line),
            (Sink::Silent | Sink::Lines, _) => {}
        }
    }

    fn decided(&self, mutant: &DecidedMutant) {
        let mut state = self.state();
        if mutant.verdict == Verdict::Survived {
            state.survived += 1;
            if let Sink::Bar(bar) = &self.sink {
                bar.set_message(state.tally());
            }
        }
    }

    fn notice(&self, notice: &Notice) {
        self.state().notices.push(notice.clone());
        if self.verbose {
            self.say(&format!("note: {}", notice.message));
        }
    }
}

fn write_line(text: &str) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(text));
}

fn begin_bar(bar: &ProgressBar, doing: &'static str, total: Option<usize>) {
    let template = if total.is_some() {
        "{prefix} {bar:30} {pos}/{len} {elapsed} {msg}"
    } else {
        "{spinner} {prefix} {elapsed}"
    };
    let style = ProgressStyle::with_template(template)
        .expect("the template is valid")
        .progress_chars("━╸─");
    bar.set_style(style);
    bar.set_prefix(doing);
    bar.set_message("");
    match total {
        Some(total) => bar.set_length(total as u64),
        None => bar.unset_length(),
    }
    bar.reset();
    bar.enable_steady_tick(Duration::from_millis(120));
}

/// How far the run is.
#[derive(Default)]
struct State {
    phase: Option<Phase>,
    total: Option<usize>,
    done: usize,
    survived: usize,
    spoke: Option<Instant>,
    notices: Vec<Notice>,
}

impl State {
    /// Begins a phase; its line, where the phase is one for people.
    fn begin(&mut self, phase: Phase, total: Option<usize>, now: Instant) -> Option<String> {
        let doing = doing(phase)?;
        (self.phase, self.total, self.done, self.spoke) = (Some(phase), total, 0, Some(now));
        Some(match (phase, total) {
            (Phase::Trace, Some(n)) => format!("{doing}: {n} to run"),
            (Phase::Mutants, Some(n)) => format!("{doing}: {n} to decide"),
            _ => doing.to_owned(),
        })
    }

    /// Counts steps; a line, if the last one is long enough ago.
    fn advance(&mut self, n: usize, now: Instant) -> Option<String> {
        self.done += n;
        let doing = doing(self.phase?)?;
        let total = self.total?;
        if now.duration_since(self.spoke?) < INTERVAL || self.done >= total {
            return None;
        }
        self.spoke = Some(now);
        let tally = match self.tally() {
            tally if tally.is_empty() => tally,
            tally => format!(" ({tally})"),
        };
        Some(format!("{doing}: {} of {total}{tally}", self.done))
    }

    fn tally(&self) -> String {
        if self.survived == 0 { String::new() } else { format!("{} survived", self.survived) }
    }
}

/// What goes on in a phase; `None` for the parts of deciding mutants, which are for `--timings`.
fn doing(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Plan => Some("reading the change"),
        Phase::StartUp => Some("starting Python"),
        Phase::Collection => Some("collecting tests"),
        Phase::Trace => Some("tracing tests"),
        Phase::Mutants => Some("deciding mutants"),
        Phase::Finish => Some("writing down"),
        Phase::Fork | Phase::Swap | Phase::Tests | Phase::Reap | Phase::Idle => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_at_most_every_interval() {
        let start = Instant::now();
        let mut state = State::default();
        let begun = state.begin(Phase::Mutants, Some(80), start).unwrap();
        assert_eq!(begun, "deciding mutants: 80 to decide");
        assert_eq!(state.advance(10, start + INTERVAL / 2), None);
        state.survived = 2;
        let line = state.advance(10, start + INTERVAL).unwrap();
        assert_eq!(line, "deciding mutants: 20 of 80 (2 survived)");
        assert_eq!(state.advance(1, start + INTERVAL), None);
        assert_eq!(state.advance(59, start + INTERVAL * 9), None);
    }

    #[test]
    fn the_parts_of_deciding_mutants_do_not_interrupt_its_count() {
        let now = Instant::now();
        let mut state = State::default();
        state.begin(Phase::Mutants, Some(80), now);
        assert_eq!(state.begin(Phase::Fork, None, now), None);
        assert_eq!(state.advance(1, now + INTERVAL).unwrap(), "deciding mutants: 1 of 80");
    }
}
