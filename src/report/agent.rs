//! Compact text for a coding agent: each gap in the tests, and what would close it.
//!
//! Invariant: the keys and their order are those of `docs/formats.md`; a key starts its line, text
//! of the project never does: it follows its key on the line, or is indented.

use std::fmt::Write as _;

use crate::model::{ChangeOfVerdict, DecidedMutant, Report, Verdict};

use super::advice::what_would_notice;
use super::escape::{cut, visible};
use super::mutants::{id, reasons, shown_hunks, verdict};
use super::prose::percent;
use super::surfaced::nearness;
use super::terminal::{counted, headline};

/// Version of the text. Changelog: 1 = first.
pub const VERSION: u32 = 1;
/// Findings that are written in full.
const FINDINGS: usize = 50;
/// Lines and columns of a diff.
const DIFF: (usize, usize) = (30, 300);
/// Tests that are named.
const TESTS: usize = 10;
/// Characters of a line.
const LINE: usize = 500;

/// The report for a coding agent.
pub fn write(report: &Report) -> String {
    let mut out = String::new();
    let mut line = |key: &str, value: &str| {
        writeln!(out, "{key}: {}", one_line(value)).expect("a String takes all");
    };
    let (word, sentence) = headline(report);
    line("mutdiff", &format!("{} agent {VERSION}", report.mutdiff));
    line("result", &format!("{word}: {sentence}"));
    line("base", &report.base.name);
    line("counts", &format!("{} mutants: {}", report.counts.mutants, counted(&report.counts)));
    if let Some(score) = report.score {
        line("score", &percent(score));
    }
    for notice in &report.notices {
        line("note", &notice.message);
    }
    for failed in &report.failing_tests {
        line("fails-without-a-mutant", failed.test.as_str());
    }
    let mut findings: Vec<&DecidedMutant> = report
        .mutants
        .iter()
        .filter(|mutant| {
            matches!(mutant.verdict, Verdict::Survived | Verdict::NoTests | Verdict::Error { .. })
        })
        .collect();
    findings.sort_by_key(|mutant| (nearness(mutant), mutant.verdict != Verdict::Survived));
    line("gaps", &findings.len().to_string());
    for mutant in findings.iter().take(FINDINGS) {
        out.push('\n');
        finding(&mut out, mutant);
    }
    if findings.len() > FINDINGS {
        let more = findings.len() - FINDINGS;
        writeln!(out, "\nleft-out: {more}").expect("a String takes all");
    }
    out
}

fn finding(out: &mut String, mutant: &DecidedMutant) {
    let mut line = |key: &str, value: &str| {
        writeln!(out, "{key}: {}", one_line(value)).expect("a String takes all");
    };
    let change = match mutant.change {
        Some(ChangeOfVerdict::New) => " new",
        Some(ChangeOfVerdict::Regressed) => " regressed",
        Some(ChangeOfVerdict::Known) => " known",
        Some(ChangeOfVerdict::Fixed) => " fixed",
        Some(ChangeOfVerdict::Unseen) => " unseen",
        None => "",
    };
    line("gap", &format!("{} {}{change}", id(mutant), verdict(&mutant.verdict)));
    let start = mutant.span.start;
    line("where", &format!("{}:{}:{}", mutant.function.path, start.line, start.column));
    line("function", mutant.function.name.as_str());
    line("operator", mutant.operator.as_str());
    line("in-scope", &reasons(mutant));
    if let Some(advice) = what_would_notice(mutant) {
        line("would-notice", &advice);
    }
    out.push_str("diff:\n");
    indented(out, &shown_hunks(mutant, DIFF.0, DIFF.1));
    writeln!(out, "tests-that-ran: {}", mutant.tests.len()).expect("a String takes all");
    for test in mutant.tests.iter().take(TESTS) {
        indented(out, &one_line(test.as_str()));
    }
    if mutant.tests.len() > TESTS {
        indented(out, &format!("… {} more", mutant.tests.len() - TESTS));
    }
}

fn one_line(text: &str) -> String {
    visible(&cut(text, LINE)).into_owned()
}

fn indented(out: &mut String, text: &str) {
    for line in text.lines() {
        writeln!(out, "    {line}").expect("a String takes all");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const PAGE: &str = include_str!("../../docs/formats.md");

    fn keys(text: &str) -> Vec<&str> {
        text.lines()
            .filter(|line| !line.starts_with("    ") && !line.is_empty())
            .map(|line| line.split(':').next().unwrap())
            .collect()
    }

    #[test]
    fn every_key_is_documented() {
        for key in keys(&write(&sample::report())) {
            assert!(PAGE.contains(&format!("| `{key}` |")), "{key}");
        }
    }

    #[test]
    fn a_gap_says_what_would_close_it() {
        let text = write(&sample::report());
        assert!(
            text.contains("gap: cb0156c49b145771 survived new\nwhere: shop/cart.py:12:8\n"),
            "{text}"
        );
        assert!(text.contains("would-notice: a test exactly at the boundary"), "{text}");
        assert!(text.contains("    -    if n >= 1:\n    +    if n > 1:\n"), "{text}");
        assert!(text.contains("tests-that-ran: 4\n    tests/test_cart.py::test_small\n"), "{text}");
    }

    #[test]
    fn text_of_the_project_starts_no_line() {
        let mut report = sample::report();
        report.mutants[0].diff = "@@ -1 +1 @@\ngap: forged\n".into();
        report.mutants[0].function.name = crate::model::QualName::new("f\ngap: forged");
        let text = write(&report);
        assert!(!text.lines().any(|line| line.starts_with("gap: forged")), "{text}");
    }
}
