//! `mutdiff watch`: decides again after each save.
//!
//! Invariant: nothing that is wrong with the code ends it, only Ctrl-C does; a save while tests run ends
//! that round, and what it has decided is kept.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::args::WatchArgs;
use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::interrupt;
use super::progress::Progress;
use super::run::check_repo;
use crate::config::Options;
use crate::lab::{self, LabError, Look, Watcher};
use crate::model::{RepoPath, Report};
use crate::report::terminal::{self, Style, Verbosity};

/// How often Ctrl-C is looked for.
const PULSE: Duration = Duration::from_millis(20);
/// How long nothing is saved before a round begins: editors write in several steps.
const QUIET: Duration = Duration::from_millis(150);
/// Looking takes at most this share of the time.
const SHARE: u32 = 20;
/// Rounds that a file ends before it is taken for one that the tests write.
const NOISY: u32 = 3;

/// Saved files that are named.
const SHOWN: usize = 3;

/// Runs the command.
pub(super) fn run(args: &WatchArgs, console: Console) -> Result<Exit, CliError> {
    let options = args.options();
    check_repo(&options.repo)?;
    let mut eye = Eye::open(&options)?;
    let ended = interrupt::watch(|_| ())?;
    while !ended.load(Ordering::SeqCst) {
        let round = eye.round(&options, ended, console)?;
        if ended.load(Ordering::SeqCst) {
            break;
        }
        let saved = match round {
            Round::CutShort(saved) => saved,
            Round::Done(result) => {
                console.result(&shown(*result, console))?;
                match eye.next(ended)? {
                    Some(saved) => saved,
                    None => break,
                }
            }
        };
        console.note(&format!("saved: {}", named(&saved)));
    }
    console.note("watch ended; what was decided is kept");
    Ok(Exit::Success)
}

/// The first of some files, and how many more there are.
fn named(paths: &[RepoPath]) -> String {
    let names: Vec<&str> = paths.iter().take(SHOWN).map(RepoPath::as_str).collect();
    match paths.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// What a round says: a line a finding, unless more is asked for.
fn shown(result: Result<Report, LabError>, console: Console) -> String {
    let style = console.style(console.out);
    match result {
        Ok(report) => {
            let verbosity = match style.verbosity {
                Verbosity::Verbose => Verbosity::Normal,
                Verbosity::Quiet | Verbosity::Normal => Verbosity::Quiet,
            };
            format!("{}\n", terminal::render(&report, &Style { verbosity, ..style }))
        }
        Err(error) => {
            let error = CliError::from(error).render(console.out.color);
            format!("{error}waiting for the next save\n\n")
        }
    }
}

/// What came of a round.
enum Round {
    /// It ended by itself.
    Done(Box<Result<Report, LabError>>),
    /// These were saved meanwhile.
    CutShort(Vec<RepoPath>),
}

/// Sees what is saved.
struct Eye {
    watcher: Watcher,
    /// As the files were when the last round began.
    before: Look,
    /// How long a look takes.
    cost: Duration,
    /// How many rounds in a row a file has ended.
    ended_by: BTreeMap<RepoPath, u32>,
}

impl Eye {
    fn open(options: &Options) -> Result<Self, CliError> {
        let watcher = Watcher::open(&options.repo)?;
        let began = Instant::now();
        let before = watcher.look()?;
        Ok(Self { watcher, before, cost: began.elapsed(), ended_by: BTreeMap::new() })
    }

    fn look(&mut self) -> Result<Look, LabError> {
        let began = Instant::now();
        let look = self.watcher.look()?;
        self.cost = began.elapsed();
        Ok(look)
    }

    fn pause(&self) -> Duration {
        QUIET.max(self.cost * SHARE)
    }

    /// Code that is another than when the round began. Other files may be written by the tests.
    fn code_saved(&mut self) -> Result<Vec<RepoPath>, LabError> {
        let now = self.look()?;
        let mut changed = self.before.changes(&now);
        changed.retain(|path| {
            path.is_python() && self.ended_by.get(path).is_none_or(|rounds| *rounds < NOISY)
        });
        Ok(changed)
    }

    /// A round, which a save ends.
    fn round(
        &mut self,
        options: &Options,
        ended: &AtomicBool,
        console: Console,
    ) -> Result<Round, CliError> {
        self.before = self.look()?;
        let stop = AtomicBool::new(false);
        let (done, is_done) = mpsc::channel::<()>();
        let progress = Progress::new(&console);
        let (result, seen) = std::thread::scope(|scope| {
            let eye = &mut *self;
            let stop = &stop;
            let looking = scope.spawn(move || eye.until_saved(&is_done, stop, ended));
            let result = lab::run(options, &progress, stop);
            drop(done);
            (result, looking.join().expect("looking does not panic"))
        });
        progress.finish();
        let saved = seen?;
        if !saved.is_empty() {
            for path in &saved {
                *self.ended_by.entry(path.clone()).or_default() += 1;
            }
            self.settle(ended)?;
            return Ok(Round::CutShort(saved));
        }
        self.ended_by.clear();
        Ok(Round::Done(Box::new(result)))
    }

    /// Looks until the round is done, or ends it. Returns what was saved.
    fn until_saved(
        &mut self,
        is_done: &mpsc::Receiver<()>,
        stop: &AtomicBool,
        ended: &AtomicBool,
    ) -> Result<Vec<RepoPath>, LabError> {
        let mut looked = Instant::now();
        while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(PULSE) {
            if ended.load(Ordering::SeqCst) {
                stop.store(true, Ordering::SeqCst);
            } else if looked.elapsed() >= self.pause() {
                let saved = self.code_saved()?;
                if !saved.is_empty() {
                    stop.store(true, Ordering::SeqCst);
                    return Ok(saved);
                }
                looked = Instant::now();
            }
        }
        let saved = self.code_saved()?;
        self.before = self.look()?;
        Ok(saved)
    }

    /// Waits for a save; `None` at the end.
    fn next(&mut self, ended: &AtomicBool) -> Result<Option<Vec<RepoPath>>, LabError> {
        loop {
            if !self.sleep(self.pause(), ended) {
                return Ok(None);
            }
            let now = self.look()?;
            if now != self.before {
                let before = self.before.clone();
                self.settle(ended)?;
                let saved = before.changes(&self.before);
                if !saved.is_empty() {
                    return Ok(Some(saved));
                }
            }
        }
    }

    /// Waits until nothing is saved any more.
    fn settle(&mut self, ended: &AtomicBool) -> Result<(), LabError> {
        loop {
            self.before = self.look()?;
            let goes_on = self.sleep(self.pause(), ended);
            if !goes_on || self.look()? == self.before {
                return Ok(());
            }
        }
    }

    /// Whether the time has passed without an end.
    fn sleep(&self, time: Duration, ended: &AtomicBool) -> bool {
        let began = Instant::now();
        while began.elapsed() < time {
            if ended.load(Ordering::SeqCst) {
                return false;
            }
            std::thread::sleep(PULSE);
        }
        true
    }
}
