//! What `mutdiff record` says at its end.
//!
//! Invariant: tests that were run and tests whose record still held are counted apart.

use crate::model::TraceSummary;
use crate::report::prose::{count, duration};

use super::page::{Page, Role};
use super::{Style, Verbosity, surroundings};

/// The page.
pub fn recorded(recorded: &TraceSummary, style: &Style) -> String {
    let mut page = Page::new(style);
    if style.verbosity > Verbosity::Quiet {
        let with = format!("{} on Python {}", recorded.runner, recorded.python);
        page.prose(0, Role::Aside, &with);
        let left_out = !recorded.tests_fail;
        surroundings::failing_tests(&mut page, &recorded.failing_tests, left_out);
        surroundings::skipped_files(&mut page, &recorded.skipped_files);
        surroundings::notices(&mut page, &recorded.notices);
        page.gap();
        let kept = recorded.tests - recorded.traced.min(recorded.tests);
        let text = format!(
            "{}: {} traced, {kept} unchanged · {} entered · {} · {}",
            count(recorded.tests, "test"),
            recorded.traced,
            count(recorded.functions, "function"),
            count(recorded.edges, "edge"),
            duration(recorded.milliseconds),
        );
        page.prose(0, Role::Plain, &text);
    }
    if recorded.tests_fail {
        let n = recorded.failing_tests.len();
        let fails = if n == 1 { "fails" } else { "fail" };
        let text = format!(
            "tests fail: {} {fails} without a mutant; the others are recorded. Mend the tests, or \
             leave these out with --allow-failing",
            count(n, "test")
        );
        page.prose(0, Role::Bad, &text);
    } else {
        let text = if recorded.traced == 0 {
            "recorded: every record still holds, no test was run"
        } else {
            "recorded: what the tests reach is in the store"
        };
        page.prose(0, Role::Good, text);
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FailedTest, TestId, TestOutcome};

    fn summary(traced: usize) -> TraceSummary {
        TraceSummary {
            python: "3.13.0".into(),
            runner: "pytest".into(),
            tests: 5,
            traced,
            functions: 7,
            edges: 1,
            milliseconds: 1500.0,
            ..TraceSummary::default()
        }
    }

    #[test]
    fn what_was_run_and_what_held_are_counted_apart() {
        insta::assert_snapshot!(recorded(&summary(2), &Style::default()), @r"
        pytest on Python 3.13.0

        5 tests: 2 traced, 3 unchanged · 7 functions entered · 1 edge · 1.5 s
        recorded: what the tests reach is in the store
        ");
        let text = recorded(&summary(0), &Style::default());
        assert!(text.ends_with("recorded: every record still holds, no test was run\n"), "{text}");
    }

    #[test]
    fn failing_tests_are_the_conclusion_unless_they_are_left_out() {
        let failed = FailedTest {
            test: TestId::new("t::one"),
            outcome: TestOutcome::Failed,
            output: "E   boom\n".into(),
        };
        let left_out = TraceSummary { failing_tests: vec![failed], ..summary(5) };
        let text = recorded(&left_out, &Style::default());
        assert!(text.contains("failed without a mutant; left out  t::one"), "{text}");
        assert!(text.contains("recorded: "), "{text}");
        let text = recorded(&TraceSummary { tests_fail: true, ..left_out }, &Style::default());
        assert!(text.contains("tests fail: 1 test fails without a mutant"), "{text}");
        assert!(!text.contains("recorded: "), "{text}");
    }
}
