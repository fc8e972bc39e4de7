//! Markdown for people: the summary of a workflow's step.
//!
//! Invariant: all text of the project is in code spans, code blocks or escaped; the page is never
//! larger than asked, is cut at a row, and says what is missing.

use std::fmt::Write as _;

use crate::model::{
    ChangeOfVerdict, DecidedMutant, FunctionKey, LineRange, Reason, Report, Verdict,
};

use super::escape::{code_block, code_cell, code_span, cut, markdown_text};
use super::mutants::{shown_hunks, snippet};
use super::prose::{count, line_list, percent};
use super::surfaced::{Remark, nearness, surfaced};
use super::terminal::{counted, headline};

/// What GitHub takes as the summary of a step, less a little.
pub const STEP_SUMMARY: usize = 1024 * 1024 - 1024;
/// Findings that are shown as diffs.
const DIFFS: usize = 10;
/// Lines and columns of a diff.
const DIFF: (usize, usize) = (30, 200);
/// Characters of a name in a cell.
const NAME: usize = 120;
/// Notices, failing tests and files that are named.
const ASIDES: usize = 20;

/// The report as a page of at most `most` bytes (but never less than its first lines).
pub fn write(report: &Report, most: usize) -> String {
    let mut out = head(report);
    let tail = tail(report);
    let mut room = most.saturating_sub(out.len() + tail.len());
    let diffs = diffs(report, room / 2);
    room = room.saturating_sub(diffs.len());
    let rows = rows(report);
    if !rows.is_empty() {
        out.push_str(&table(&rows, room));
    }
    out.push_str(&diffs);
    out.push_str(&tail);
    out
}

fn head(report: &Report) -> String {
    let (word, sentence) = headline(report);
    let mut out =
        format!("## mutdiff: {}\n\n{}\n\n", markdown_text(word), markdown_text(&sentence));
    let counts = &report.counts;
    if counts.mutants > 0 {
        let functions = count(report.functions.len(), "function");
        let mutants = count(counts.mutants, "mutant");
        write!(out, "**{mutants}** in {functions}: {}", counted(counts))
            .expect("a String takes all");
        if let Some(score) = report.score {
            write!(out, " · score **{}**", percent(score)).expect("a String takes all");
        }
        out.push_str("\n\n");
    }
    out
}

/// A row of the table: a survivor, or the unreached lines of a function.
struct Row<'r> {
    mutant: &'r DecidedMutant,
    unreached: Vec<&'r DecidedMutant>,
}

/// What the table shows, nearest to the change first.
fn rows(report: &Report) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut unreached: std::collections::HashMap<&FunctionKey, usize> = Default::default();
    for mutant in &report.mutants {
        match mutant.verdict {
            Verdict::Survived | Verdict::Timeout { .. } | Verdict::Error { .. } => {
                rows.push(Row { mutant, unreached: Vec::new() });
            }
            Verdict::NoTests => {
                let at = *unreached.entry(&mutant.function).or_insert_with(|| {
                    rows.push(Row { mutant, unreached: Vec::new() });
                    rows.len() - 1
                });
                rows[at].unreached.push(mutant);
            }
            _ => {}
        }
    }
    rows.sort_by_key(|row| (nearness(row.mutant), row.mutant.verdict != Verdict::Survived));
    rows
}

fn table(rows: &[Row<'_>], room: usize) -> String {
    let mut out = String::from(
        "| where | function | mutant | verdict | in scope since | tests |\n\
         | --- | --- | --- | --- | --- | ---: |\n",
    );
    // The line that says what is missing has its room kept.
    let room = room.saturating_sub(100);
    let mut shown = 0;
    for row in rows {
        let text = row.write();
        if out.len() + text.len() > room {
            break;
        }
        out.push_str(&text);
        shown += 1;
    }
    out.push('\n');
    if shown < rows.len() {
        writeln!(out, "{} left out.\n", count(rows.len() - shown, "row"))
            .expect("a String takes all");
    }
    out
}

impl Row<'_> {
    fn write(&self) -> String {
        let mutant = self.mutant;
        let name = |text: &str| code_cell(&cut(text, NAME));
        let place = format!("{}:{}", mutant.function.path, mutant.span.start.line);
        let edit = if self.unreached.is_empty() {
            format!(
                "{} → {}",
                code_cell(&snippet(&mutant.original)),
                code_cell(&snippet(&mutant.replacement))
            )
        } else {
            let ranges: Vec<LineRange> = self.unreached.iter().map(|m| m.span.lines()).collect();
            format!("{}: {}", count(self.unreached.len(), "mutant"), line_list(&ranges))
        };
        format!(
            "| {} | {} | {edit} | {}{} | {} | {} |\n",
            name(&place),
            name(mutant.function.name.as_str()),
            mutant.verdict.word(),
            change(mutant.change),
            since(mutant),
            mutant.tests.len(),
        )
    }
}

/// The word for a change of verdict, with what stands before it.
pub(super) fn change(change: Option<ChangeOfVerdict>) -> &'static str {
    match change {
        Some(ChangeOfVerdict::New) => ", new",
        Some(ChangeOfVerdict::Regressed) => ", regressed",
        Some(ChangeOfVerdict::Known) => ", known",
        Some(ChangeOfVerdict::Fixed) => ", fixed",
        Some(ChangeOfVerdict::Unseen) | None => "",
    }
}

/// The nearest reason, for a cell.
fn since(mutant: &DecidedMutant) -> String {
    let name = |text: &str| code_cell(&cut(text, NAME));
    match mutant.reasons.first() {
        Some(Reason::Changed) => "changed".to_owned(),
        Some(Reason::CallerOf { function, distance: 1, .. }) => {
            format!("calls {}", name(function.name.as_str()))
        }
        Some(Reason::CallerOf { function, distance, .. }) => {
            format!("reaches {} ({distance} calls)", name(function.name.as_str()))
        }
        Some(Reason::ImportsChangedModule { path, .. }) => format!("uses {}", name(path.as_str())),
        Some(Reason::CoveredByChangedTest { test, .. }) => {
            format!("changed test {}", name(test.as_str()))
        }
        Some(Reason::TiedToChangedFile { path }) => format!("tied to {}", name(path.as_str())),
        Some(Reason::Asked) => "all functions".to_owned(),
        None => String::new(),
    }
}

fn diffs(report: &Report, room: usize) -> String {
    let chosen = surfaced(report);
    let mut out = String::new();
    let survivors = chosen.remarks.iter().filter(|r| r.mutant.verdict == Verdict::Survived);
    for remark in survivors.take(DIFFS) {
        let text = diff(remark);
        if out.len() + text.len() > room {
            break;
        }
        out.push_str(&text);
    }
    out
}

fn diff(remark: &Remark<'_>) -> String {
    let mutant = remark.mutant;
    let place = format!("{}:{}", mutant.function.path, mutant.span.start.line);
    let mut out = format!(
        "#### {} in {}\n\n{}\n",
        code_span(&cut(mutant.function.name.as_str(), NAME)),
        code_span(&cut(&place, NAME)),
        code_block("diff", &shown_hunks(mutant, DIFF.0, DIFF.1)),
    );
    match mutant.tests.as_slice() {
        [] => {}
        [first] => {
            let name = code_span(&cut(first.as_str(), NAME));
            writeln!(out, "1 test ran and noticed nothing: {name}\n").expect("a String takes all");
        }
        [first, rest @ ..] => {
            let name = code_span(&cut(first.as_str(), NAME));
            let n = mutant.tests.len();
            writeln!(out, "{n} tests ran and noticed nothing: {name} and {} more\n", rest.len())
                .expect("a String takes all");
        }
    }
    if remark.survivors_beside() > 0 {
        let more = count(remark.survivors_beside(), "more survivor");
        writeln!(out, "{more} on the same line.\n").expect("a String takes all");
    }
    if remark.is_above_unreached() {
        out.push_str("No test reaches what stands below it.\n\n");
    }
    out
}

fn tail(report: &Report) -> String {
    let mut lines: Vec<String> = Vec::new();
    for failed in &report.failing_tests {
        lines.push(format!(
            "{} fails without a mutant",
            code_span(&cut(failed.test.as_str(), NAME))
        ));
    }
    for skipped in &report.skipped_files {
        let path = code_span(&cut(skipped.path.as_str(), NAME));
        lines.push(format!("skipped {path}: {}", markdown_text(&cut(&skipped.reason, 4 * NAME))));
    }
    for notice in &report.notices {
        lines.push(markdown_text(&cut(&notice.message, 4 * NAME)));
    }
    let mut out = String::new();
    for line in lines.iter().take(ASIDES) {
        writeln!(out, "- {line}").expect("a String takes all");
    }
    if lines.len() > ASIDES {
        writeln!(out, "- … {} more", lines.len() - ASIDES).expect("a String takes all");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_row_a_finding_and_a_diff_a_remark() {
        let text = write(&sample::report(), STEP_SUMMARY);
        assert!(text.starts_with("## mutdiff: failed\n\n1 mutant survived"), "{text}");
        let row =
            "| `shop/cart.py:12` | `Cart.total` | `>=` → `>` | survived, new | changed | 4 |\n";
        assert!(text.contains(row), "{text}");
        assert!(text.contains("| 3 mutants: lines 17–18, 21 | no tests, new |"), "{text}");
        assert!(text.contains("| survived, known | calls `Cart.total` | 4 |"), "{text}");
        assert_eq!(text.matches("```diff").count(), 1);
        assert!(text.contains("fails without a mutant"), "{text}");
    }

    #[test]
    fn a_page_is_cut_at_a_row_and_says_so() {
        let mut report = sample::report();
        report.mutants = (1..=9000)
            .map(|line| sample::mutant(&sample::key("cart", "f"), line, (">=", ">")))
            .collect();
        for most in [3_000, 20_000, 300_000] {
            let text = write(&report, most);
            assert!(text.len() <= most, "{} > {most}", text.len());
            assert!(text.len() > most - most / 2, "{} of {most}", text.len());
            assert!(text.contains(" rows left out."), "{most}");
            for row in text.lines().filter(|line| line.starts_with('|')) {
                assert_eq!(row.matches('|').count(), 7, "{row}");
            }
        }
    }

    #[test]
    fn a_page_without_findings_has_no_table() {
        let mut report = sample::report();
        report.mutants.clear();
        assert!(!write(&report, STEP_SUMMARY).contains("| where |"));
    }
}
