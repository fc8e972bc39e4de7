//! What stands around the findings: the comparison, failing tests, skipped files, notices.
//!
//! Invariant: a part that holds nothing leaves no trace on the page.

use crate::model::{FailedTest, Notice, Part, Report, Revision, SkippedFile, TestOutcome};

use super::page::{Page, Role};
use crate::report::prose::count;

/// Lines of a failing test's output that are shown; its end is what says why.
const OUTPUT_LINES: usize = 30;
/// Failing tests whose output is shown; a broken set-up fails all tests alike.
const OUTPUTS: usize = 5;

fn revision(revision: &Revision) -> String {
    match &revision.commit {
        Some(commit) => {
            let short: String = commit.chars().take(7).collect();
            if short == revision.name { short } else { format!("{} ({short})", revision.name) }
        }
        None => revision.name.clone(),
    }
}

/// What was compared and with what it was run.
pub(super) fn heading(page: &mut Page<'_>, report: &Report) {
    let mut parts = vec![
        format!("{} → {}", revision(&report.base), revision(&report.head)),
        format!("scope {}", report.scope),
    ];
    if let Some(Part::Shard(part)) = &report.part {
        let (own, all) = (report.mutants.len(), part.mutants);
        parts.push(format!("shard {}: {own} of {}", part.shard, count(all, "mutant")));
    }
    match (report.runner.as_str(), report.python.as_str()) {
        ("", "") => {}
        (runner, "") => parts.push(runner.to_owned()),
        ("", python) => parts.push(format!("Python {python}")),
        (runner, python) => parts.push(format!("{runner} on Python {python}")),
    }
    page.prose(0, Role::Aside, &parts.join(" · "));
}

/// Tests that fail without a mutant, with the end of their output; `left_out` where the run went on
/// without them.
pub(super) fn failing_tests(page: &mut Page<'_>, failing: &[FailedTest], left_out: bool) {
    for (index, failed) in failing.iter().enumerate() {
        page.gap();
        let word = match failed.outcome {
            TestOutcome::Crashed => "crashed",
            TestOutcome::TimedOut => "did not end",
            TestOutcome::OutOfMemory => "grew beyond --memory-limit",
            TestOutcome::Failed | TestOutcome::Passed | TestOutcome::Skipped => "failed",
        };
        let role = if left_out { Role::Warning } else { Role::Bad };
        let aside = if left_out { " without a mutant; left out" } else { " without a mutant" };
        let line = format!(
            "{}{}  {}",
            page.paint(role, word),
            page.paint(Role::Aside, aside),
            page.paint(Role::Name, failed.test.as_str())
        );
        page.line(0, &line);
        if index < OUTPUTS || page.is_verbose() {
            output(page, &failed.output);
        }
    }
    if !page.is_verbose() && failing.len() > OUTPUTS {
        let text = format!("(output of the first {OUTPUTS} only; -v shows all)");
        page.prose(4, Role::Aside, &text);
    }
}

fn output(page: &mut Page<'_>, output: &str) {
    let total = output.trim_end().lines().count();
    let dropped = if page.is_verbose() { 0 } else { total.saturating_sub(OUTPUT_LINES) };
    if dropped > 0 {
        let text = format!("(… {} above; -v shows all)", count(dropped, "line"));
        page.prose(4, Role::Aside, &text);
    }
    for line in output.trim_end().lines().skip(dropped) {
        page.block(4, Role::Plain, line);
    }
}

/// Files that were left out, with why.
pub(super) fn skipped_files(page: &mut Page<'_>, skipped_files: &[SkippedFile]) {
    if skipped_files.is_empty() {
        return;
    }
    page.gap();
    for skipped in skipped_files {
        let holds = if skipped.holds_change {
            "; Python can run it, and its changes were not tested"
        } else {
            ""
        };
        let text = format!("skipped {}: {}{holds}", skipped.path, skipped.reason);
        page.prose(0, Role::Warning, &text);
    }
}

/// Things that the reader should know.
pub(super) fn notices(page: &mut Page<'_>, notices: &[Notice]) {
    if notices.is_empty() {
        return;
    }
    page.gap();
    for notice in notices {
        page.prose(0, Role::Plain, &format!("note: {}", notice.message));
    }
}
