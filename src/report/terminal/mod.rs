//! The report for a person at a terminal.
//!
//! Invariant: a pure function of the report and the style; no text of the project reaches the
//! terminal with a control character in it, and without colour and links the output has no escape.

mod compared;
mod conclusion;
mod explained;
mod findings;
mod links;
mod page;
mod plan;
mod recorded;
mod shards;
mod single;
mod store;
mod store_scope;
mod surroundings;
mod timings;

use crate::model::{Conclusion, Report};

use page::Page;

pub use compared::comparison;
pub(in crate::report) use conclusion::{counted, headline};
pub use explained::explanation;
pub use links::{LinkForm, Links};
pub use recorded::recorded;
pub use shards::shard_plan;
pub use single::{mutant, patch};
pub use store::{byte_size, store_status};
pub use store_scope::store_scope;
pub use timings::timings;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// A line a finding, and the conclusion.
    Quiet,
    /// Findings as diffs.
    Normal,
    /// Every mutant, every test.
    Verbose,
}

/// How the report is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// Width of a line of prose in characters; diffs are never wrapped.
    pub width: usize,
    /// How much is shown.
    pub verbosity: Verbosity,
    /// Where names link to, if they do.
    pub links: Option<Links>,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, width: 100, verbosity: Verbosity::Normal, links: None }
    }
}

/// The notice of tests that changed, where nobody knows what they did at the base.
const ALWAYS: [&str; 2] = ["changed_tests_unknown", "other_mutant"];

/// The whole report as text: what was compared, what was found, what the reader should know, how
/// it ended. Of a plan (`--list`): the scope.
pub fn render(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    if style.verbosity == Verbosity::Quiet {
        findings::one_line_each(&mut page, report);
        // What may hide a gap is said in every case.
        let notices = report.notices.iter().filter(|notice| ALWAYS.contains(&notice.code.as_str()));
        surroundings::notices(&mut page, &notices.cloned().collect::<Vec<_>>());
        let skipped = report.skipped_files.iter().filter(|skipped| skipped.holds_change);
        surroundings::skipped_files(&mut page, &skipped.cloned().collect::<Vec<_>>());
    } else {
        surroundings::heading(&mut page, report);
        let left_out = report.conclusion != Conclusion::TestsFail;
        surroundings::failing_tests(&mut page, &report.failing_tests, left_out);
        if report.conclusion == Conclusion::Listed {
            plan::functions(&mut page, report);
        } else {
            findings::by_file(&mut page, report);
        }
        surroundings::skipped_files(&mut page, &report.skipped_files);
        surroundings::notices(&mut page, &report.notices);
        page.gap();
    }
    conclusion::summary(&mut page, report);
    page.finish()
}

#[cfg(test)]
mod tests;
