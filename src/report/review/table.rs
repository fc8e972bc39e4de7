//! The body of a review: the table of what goes unnoticed outside the diff.
//!
//! Invariant: a row is one line that begins with its mark and ends with its state; settling a row
//! changes its state alone.

use std::collections::BTreeSet;

use super::markdown::{cell, short_commit as short, span};
use super::marker;
use super::reason::why_cell;
use super::remark::NAME;
use crate::model::{DecidedMutant, MutantId, Verdict};

const HEAD: &str = "| where | function | what | why it matters | now |\n|---|---|---|---|---|\n";
/// Rows that stand in all tables together.
pub(super) const ROWS: usize = 50;
/// Longest piece of code in a cell, in characters.
const CODE: usize = 60;

const UNNOTICED: &str = "unnoticed";
const UNREACHED: &str = "no test reaches it";
const SETTLED: &str = "settled";

/// The text of a review of `commit` with so many remarks and these rows, [`ROWS`] at most.
pub(super) fn body(commit: &str, remarks: usize, rows: &[&DecidedMutant]) -> String {
    let mut head = marker::review();
    let commit = span(short(commit), NAME);
    head.push_str(&format!("mutdiff changed the code at {commit} in small ways, one at a time. "));
    head.push_str("No test noticed ");
    head.push_str(&match (remarks, rows.len()) {
        (n, 0) => format!("{n} of them, on lines of this diff.\n"),
        (0, n) => format!("{n} of them, outside of this diff.\n"),
        (n, m) => format!("{} of them: {n} on lines of this diff, {m} outside of it.\n", n + m),
    });
    if rows.is_empty() {
        return head;
    }
    head.push('\n');
    head.push_str(HEAD);
    rows.iter().take(ROWS).for_each(|mutant| head.push_str(&row(mutant)));
    head
}

/// A row about a mutant, for the reviews' tables.
fn row(mutant: &DecidedMutant) -> String {
    format!("{}{} |\n", marker::row(&mutant.id), cells(mutant))
}

/// The cells about a mutant, without the bars at the ends.
pub(super) fn cells(mutant: &DecidedMutant) -> String {
    let place = format!("{}:{}", mutant.function.path, mutant.span.start.line);
    format!(
        "{} | {} | {} → {} | {} | {}",
        cell(&place, NAME),
        cell(mutant.function.name.as_str(), NAME),
        cell(&mutant.original, CODE),
        cell(&mutant.replacement, CODE),
        why_cell(&mutant.reasons),
        state(mutant)
    )
}

fn state(mutant: &DecidedMutant) -> &'static str {
    if mutant.verdict == Verdict::NoTests { UNREACHED } else { UNNOTICED }
}

/// The head of the table, for others that show [`cells`].
pub(super) fn head() -> &'static str {
    HEAD
}

/// The mutants in the rows of a body, and whether the row says that it is settled.
pub(super) fn rows(body: &str) -> Vec<(MutantId, bool)> {
    body.lines()
        .filter_map(|line| Some((marker::of_row(line)?, line.ends_with(&format!("| {SETTLED} |")))))
        .collect()
}

/// The body with the states of its rows as they are now.
pub(super) fn updated(
    body: &str,
    settled: &BTreeSet<MutantId>,
    unnoticed: &BTreeSet<MutantId>,
) -> String {
    let line = |line: &str| {
        let Some(id) = marker::of_row(line) else { return line.to_owned() };
        let is_settled = line.ends_with(&format!("| {SETTLED} |"));
        match (settled.contains(&id), unnoticed.contains(&id)) {
            (true, _) if !is_settled => with_state(line, SETTLED),
            (_, true) if is_settled => with_state(line, UNNOTICED),
            _ => line.to_owned(),
        }
    };
    let mut out: Vec<String> = body.lines().map(line).collect();
    if body.ends_with('\n') {
        out.push(String::new());
    }
    out.join("\n")
}

fn with_state(line: &str, state: &str) -> String {
    let row = line.strip_suffix(" |").unwrap_or(line);
    row.rfind(" | ").map_or(line.to_owned(), |at| format!("{} | {state} |", &row[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_caller_is_named_with_the_function_that_changed() {
        let report = sample::report();
        let text = body("c0ffee", 2, &[&report.mutants[6], &report.mutants[2]]);
        insta::assert_snapshot!(text, @r#"
        <!-- mutdiff:review -->
        mutdiff changed the code at `c0ffee` in small ways, one at a time. No test noticed 4 of them: 2 on lines of this diff, 2 outside of it.

        | where | function | what | why it matters | now |
        |---|---|---|---|---|
        | <!-- mutdiff:row:af5adae25709bb3f --> `shop/till.py:5` | `checkout` | `<` → `<=` | calls `Cart.total`, which changed | unnoticed |
        | <!-- mutdiff:row:a6e2a312d94c3e53 --> `shop/cart.py:17` | `Cart.total` | `True` → `False` | changed here | no test reaches it |
        "#);
    }

    #[test]
    fn a_row_is_settled_and_comes_back() {
        let report = sample::report();
        let caller = &report.mutants[6];
        let text = body("c0ffee", 0, &[caller]);
        let (ids, none) = (BTreeSet::from([caller.id.clone()]), BTreeSet::new());
        assert_eq!(rows(&text), [(caller.id.clone(), false)]);
        assert_eq!(updated(&text, &none, &ids), text);
        let settled = updated(&text, &ids, &none);
        assert_eq!(rows(&settled), [(caller.id.clone(), true)]);
        assert_eq!(updated(&settled, &ids, &none), settled);
        assert_eq!(updated(&settled, &none, &ids), text);
    }

    #[test]
    fn the_longest_table_is_within_the_limit() {
        let report = sample::report();
        let mut long = report.mutants[6].clone();
        long.original = "\u{e0041}".repeat(99);
        long.replacement = long.original.clone();
        long.function.name = crate::model::QualName::new(long.original.clone());
        let text = body("c0ffee", 0, &vec![&long; ROWS]);
        assert!(text.chars().count() <= super::super::markdown::BODY);
    }
}
