//! Workflow commands that put warnings on the lines of a pull request.
//!
//! Invariant: each line is one command of ours; no text of the project starts another or ends its
//! own early.

use std::fmt::Write as _;

use crate::model::{DecidedMutant, LineRange, Report, Verdict};

use super::advice::what_would_notice;
use super::escape::{command_message, command_property, cut, visible};
use super::mutants::{function, id, shown_hunks, snippet, unnoticed};
use super::prose::{count, line_list};
use super::surfaced::{Remark, surfaced};

/// Warnings that GitHub shows of a step.
const ANNOTATIONS: usize = 10;
/// Lines and columns of a diff.
const DIFF: (usize, usize) = (20, 200);
/// Characters of a path: no system has a longer one.
const PATH: usize = 4096;
/// Characters of a title.
const TITLE: usize = 120;

/// The ten most telling findings as warnings, and how many are left out as a notice.
pub fn write(report: &Report) -> String {
    let chosen = surfaced(report).limited(ANNOTATIONS);
    let mut out = String::new();
    for remark in &chosen.remarks {
        out.push_str(&annotation(remark));
    }
    if chosen.left_out > 0 {
        let more = count(chosen.left_out, "more finding");
        writeln!(out, "::notice title=mutdiff::{more}: see the summary of this step or the report")
            .expect("a String takes all");
    }
    out
}

/// The lines of a mutant as the pull request has them, which is where GitHub shows an annotation; as
/// they were tested, where those are not known.
fn lines_on_head(mutant: &DecidedMutant) -> LineRange {
    mutant.head_lines.unwrap_or_else(|| mutant.span.lines())
}

fn annotation(remark: &Remark<'_>) -> String {
    let mutant = remark.mutant;
    let (start, end) = (mutant.span.start, mutant.span.end);
    let unreached = mutant.verdict == Verdict::NoTests;
    let (first, mut last) = (lines_on_head(mutant).first, lines_on_head(mutant).last);
    if unreached {
        let own = remark.beside.iter().filter(|other| other.function == mutant.function);
        let beside = own.map(|mutant| lines_on_head(mutant).last).max();
        last = last.max(beside.unwrap_or(last));
    }
    let mut properties =
        vec![format!("file={}", command_property(&cut(mutant.function.path.as_str(), PATH)))];
    properties.push(format!("line={first},endLine={last}"));
    if !unreached && start.line == end.line {
        let last = end.column.saturating_sub(1).max(start.column);
        properties.push(format!("col={},endColumn={last}", start.column));
    }
    let name = cut(&function(mutant), TITLE).into_owned();
    let title = if unreached {
        format!("No test reaches this part of {name}")
    } else {
        format!(
            "{name}: {} → {} goes unnoticed",
            snippet(&mutant.original),
            snippet(&mutant.replacement)
        )
    };
    properties.push(format!("title={}", command_property(&visible(&title))));
    format!("::warning {}::{}\n", properties.join(","), command_message(&message(remark)))
}

fn message(remark: &Remark<'_>) -> String {
    let mutant = remark.mutant;
    let mut text = String::new();
    if mutant.verdict == Verdict::NoTests {
        let all = std::iter::once(mutant).chain(remark.beside.iter().copied());
        let ranges: Vec<_> = all.map(|m| m.span.lines()).collect();
        let mutants = count(ranges.len(), "mutant");
        writeln!(text, "No test reaches {}: {mutants} would go unnoticed.", line_list(&ranges))
            .expect("a String takes all");
    } else {
        writeln!(text, "{}.", cut(&unnoticed(mutant, 3), 4 * TITLE)).expect("a String takes all");
        text.push_str(&shown_hunks(mutant, DIFF.0, DIFF.1));
    }
    if let Some(callee) = remark.changed_callee() {
        let name = visible(&cut(callee.name.as_str(), TITLE)).into_owned();
        writeln!(text, "In scope since it reaches {name}, which changed.")
            .expect("a String takes all");
    }
    if let Some(advice) = what_would_notice(mutant) {
        writeln!(text, "What would notice: {advice}.").expect("a String takes all");
    }
    if mutant.verdict == Verdict::Survived && remark.survivors_beside() > 0 {
        let more = count(remark.survivors_beside(), "more survivor");
        writeln!(text, "{more} on this line.").expect("a String takes all");
    }
    if remark.is_above_unreached() {
        text.push_str("No test reaches what stands below it.\n");
    }
    write!(text, "mutdiff show {}", id(mutant)).expect("a String takes all");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineNo, RepoPath};
    use crate::report::sample;

    #[test]
    fn a_survivor_is_a_warning_on_its_place() {
        let text = write(&sample::report());
        let first = text.lines().next().unwrap();
        let start = "::warning file=shop/cart.py,line=12,endLine=12,col=8,endColumn=9,\
                     title=Cart.total%3A >= → > goes unnoticed::4 tests ran and noticed nothing: ";
        assert!(first.starts_with(start), "{first}");
        assert!(first.contains("%0A-    if n >= 1:%0A+    if n > 1:%0A"), "{first}");
        let second = text.lines().nth(1).unwrap();
        let unreached = "::warning file=shop/cart.py,line=17,endLine=21,title=No test reaches";
        assert!(second.starts_with(unreached), "{second}");
        assert_eq!(text.lines().count(), 2, "known survivors are no annotations");
    }

    #[test]
    fn columns_are_given_on_single_lines_only() {
        let mut report = sample::report();
        report.mutants.truncate(1);
        report.mutants[0].span.end.line = LineNo::new(14).unwrap();
        report.mutants[0].head_lines = None;
        let text = write(&report);
        assert!(text.contains("line=12,endLine=14,title=") && !text.contains("col="), "{text}");
    }

    #[test]
    fn lines_are_those_of_the_pull_requests_head() {
        let mut report = sample::report();
        report.mutants.truncate(1);
        report.mutants[0].head_lines = Some(sample::lines(40, 40));
        assert!(write(&report).contains("line=40,endLine=40,col=8,"));
    }

    #[test]
    fn ten_are_shown_and_the_rest_is_counted() {
        let mut report = sample::report();
        report.mutants = (1..=14)
            .map(|n| sample::mutant(&sample::key(&format!("f{n}"), "f"), n, (">=", ">")))
            .collect();
        let text = write(&report);
        assert_eq!(text.matches("::warning ").count(), 10);
        assert!(text.ends_with(
            "::notice title=mutdiff::4 more findings: see the summary of this step or the report\n"
        ));
    }

    #[test]
    fn a_path_cannot_end_the_property() {
        let mut report = sample::report();
        report.mutants.truncate(1);
        report.mutants[0].function.path = RepoPath::new("a,line=1::b\n::error::x%0A.py");
        let text = write(&report);
        assert_eq!(text.lines().count(), 1);
        assert!(
            text.starts_with("::warning file=a%2Cline=1%3A%3Ab%0A%3A%3Aerror%3A%3Ax%250A.py,"),
            "{text}"
        );
    }
}
