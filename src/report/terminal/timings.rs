//! The table of `--timings`: where the wall time went.
//!
//! Invariant: the rows of the first level and `other` add up to the wall time; the rows of the
//! second level and their `other` to the jobs' time of the mutants.

use crate::model::{Phase, Timings};

use super::Style;
use super::page::{Page, Role};
use crate::report::prose;

const OUTER: [(Phase, &str); 6] = [
    (Phase::Plan, "plan"),
    (Phase::StartUp, "start-up"),
    (Phase::Collection, "collection"),
    (Phase::Trace, "trace"),
    (Phase::Mutants, "mutants"),
    (Phase::Finish, "finish"),
];

const INNER: [(Phase, &str); 5] = [
    (Phase::Fork, "fork"),
    (Phase::Swap, "swap"),
    (Phase::Tests, "tests"),
    (Phase::Reap, "reap"),
    (Phase::Idle, "idle"),
];

/// The table as text.
pub fn timings(timings: &Timings, style: &Style) -> String {
    let mut page = Page::new(style);
    let wall = timings.wall_milliseconds;
    let heading = format!("{:<14}{:>12}{:>10}", "phase", "time", "share");
    let heading = page.paint(Role::Aside, &heading);
    page.line(0, &heading);

    let mut outer_sum = 0.0;
    for (phase, name) in OUTER {
        let Some(spent) = spent(timings, phase) else { continue };
        outer_sum += spent;
        row(&mut page, 0, name, spent, wall);
        if phase == Phase::Mutants {
            inner(&mut page, timings, spent);
        }
    }
    row(&mut page, 0, "other", (wall - outer_sum).max(0.0), wall);
    let total = format!("{:<14}{:>12}{:>10}", "wall", prose::duration(wall), "100 %");
    let total = page.paint(Role::Name, &total);
    page.line(0, &total);
    if let Some(collection) = &timings.collection {
        page.line(0, &format!("collected: {collection}"));
    }
    page.finish()
}

/// The mutants' own phases, as shares of what all jobs had.
fn inner(page: &mut Page<'_>, timings: &Timings, mutants: f64) {
    #[expect(clippy::cast_precision_loss, reason = "jobs are few")]
    let available = mutants * timings.jobs.max(1) as f64;
    let parts: Vec<(&str, f64)> =
        INNER.iter().filter_map(|(phase, name)| Some((*name, spent(timings, *phase)?))).collect();
    if parts.is_empty() {
        return;
    }
    let note = format!("of {} ({})", prose::duration(available), prose::count(timings.jobs, "job"));
    let note = page.paint(Role::Aside, &note);
    page.line(2, &note);
    for (name, time) in &parts {
        row(page, 2, name, *time, available);
    }
    let sum: f64 = parts.iter().map(|(_, time)| time).sum();
    row(page, 2, "other", (available - sum).max(0.0), available);
}

/// The time of a phase, summed; `None` if it did not run.
fn spent(timings: &Timings, phase: Phase) -> Option<f64> {
    let mut times = timings
        .phases
        .iter()
        .filter(|time| time.phase == phase)
        .map(|time| time.milliseconds)
        .peekable();
    times.peek()?;
    Some(times.sum())
}

fn row(page: &mut Page<'_>, indent: usize, name: &str, time: f64, of: f64) {
    let share = if of > 0.0 { time / of * 100.0 } else { 0.0 };
    let width = 14 - indent;
    let line =
        format!("{name:<width$}{:>12}{:>10}", prose::duration(time), format!("{share:.1} %"));
    page.line(indent, &line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_rows_account_for_the_wall_time() {
        let table = timings(&sample::report().timings, &Style::default());
        insta::assert_snapshot!(table, @r"
        phase                 time     share
        plan                 12 ms     0.3 %
        start-up             88 ms     2.2 %
        collection          240 ms     6.0 %
        trace                1.1 s    27.5 %
        mutants              2.5 s    62.5 %
          of 5.0 s (2 jobs)
          fork              400 ms     8.0 %
          swap              100 ms     2.0 %
          tests              3.9 s    78.0 %
          reap              200 ms     4.0 %
          idle              400 ms     8.0 %
          other               0 ms     0.0 %
        finish               40 ms     1.0 %
        other                20 ms     0.5 %
        wall                 4.0 s     100 %
        collected: 2 of 9 files
        ");
    }

    #[test]
    fn a_run_that_started_no_python_shows_its_plan_only() {
        let mut times = sample::report().timings;
        times.phases.truncate(1);
        times.wall_milliseconds = 20.0;
        times.collection = Some("2 of 9 files".to_owned());
        insta::assert_snapshot!(timings(&times, &Style::default()), @r"
        phase                 time     share
        plan                 12 ms    60.0 %
        other                 8 ms    40.0 %
        wall                 20 ms     100 %
        collected: 2 of 9 files
        ");
    }
}
