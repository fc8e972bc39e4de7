//! Where on a pull request's diff a mutant is.
//!
//! Invariant: a place is within one hunk of the new side, and the text there is that of the lines
//! which the mutant changes: what was tested may be the merge with a base that moved on.

use super::patch::{Side, same};
use crate::model::{DecidedMutant, LineNo, LineRange, Place};

/// The lines that the mutant changes, as far as the diff shows them.
pub(super) fn place(mutant: &DecidedMutant, diff: &Side) -> Option<Place> {
    let tested = Side::old(&mutant.diff);
    let range = lines(mutant);
    let told = mutant.head_lines.map(|lines| lines.first.get());
    let start = find(range.first.get(), told, &tested, diff)?;
    let shown = diff.within_hunk(LineRange {
        first: LineNo::new(start)?,
        last: LineNo::new(start.saturating_add(range.last.get() - range.first.get()))?,
    })?;
    let mut last = shown.first;
    for number in shown.first.get()..=shown.last.get() {
        match (diff.text(number), tested.text(range.first.get() + (number - start))) {
            (Some(one), Some(other)) if same(one, other) => last = LineNo::new(number)?,
            _ => break,
        }
    }
    Some(Place { start: (shown.first < last).then_some(shown.first), line: last })
}

/// The lines of a mutant's span; one that ends at the beginning of a line does not touch it.
fn lines(mutant: &DecidedMutant) -> LineRange {
    let (start, end) = (mutant.span.start, mutant.span.end);
    let last = if end.column == 1 { end.line.get().saturating_sub(1) } else { end.line.get() };
    let last = LineNo::new(last).unwrap_or(start.line).max(start.line);
    LineRange { first: start.line, last }
}

/// The line of the diff that holds what line `number` of the tested file does: the one that the
/// report tells, the same one, or else the only one with the same text, or else the only one that has
/// the same neighbours too.
fn find(number: u32, told: Option<u32>, tested: &Side, diff: &Side) -> Option<u32> {
    let text = tested.text(number)?;
    let holds = |line: &u32| diff.text(*line).is_some_and(|there| same(there, text));
    if let Some(line) = told.into_iter().chain([number]).find(holds) {
        return Some(line);
    }
    let only = |mut found: Vec<u32>| if found.len() == 1 { found.pop() } else { None };
    let everywhere: Vec<u32> = diff.with_text(text).collect();
    let neighbours = |at: &u32| {
        let alike = |one: u32, other: u32| match (tested.text(one), diff.text(other)) {
            (Some(one), Some(other)) => same(one, other),
            _ => true,
        };
        alike(number.wrapping_sub(1), at.wrapping_sub(1)) && alike(number + 1, at + 1)
    };
    only(everywhere.clone()).or_else(|| only(everywhere.into_iter().filter(neighbours).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{key, line, mutant};

    fn at(number: u32) -> DecidedMutant {
        DecidedMutant { head_lines: None, ..mutant(&key("cart", "f"), number, (">=", ">")) }
    }

    #[test]
    fn the_line_that_the_report_tells_comes_first_if_it_holds_the_text() {
        let twice =
            Side::new("@@ -1 +1,4 @@\n+    if n >= 1:\n+        x\n+    if n >= 1:\n+        y");
        let mut told = at(1);
        told.head_lines = Some(crate::report::sample::lines(3, 3));
        assert_eq!(place(&told, &twice), single(3));
        told.head_lines = Some(crate::report::sample::lines(2, 2));
        assert_eq!(place(&told, &twice), single(1));
    }

    fn single(number: u32) -> Option<Place> {
        Some(Place { start: None, line: line(number) })
    }

    #[test]
    fn a_line_of_the_diff_is_taken_as_it_is() {
        let diff = Side::new("@@ -10,2 +10,3 @@\n x\n+    if n >= 1:\n         return n");
        assert_eq!(place(&at(11), &diff), single(11));
    }

    #[test]
    fn a_line_that_the_merge_moved_is_found_by_its_text() {
        let diff = Side::new("@@ -40,2 +40,3 @@\n x\n+    if n >= 1:\n         return n");
        assert_eq!(place(&at(11), &diff), single(41));
    }

    #[test]
    fn among_lines_of_one_text_the_neighbours_decide() {
        let twice =
            "@@ -40 +40,4 @@\n+    if n >= 1:\n+        raise\n+    if n >= 1:\n+        return n";
        assert_eq!(place(&at(11), &Side::new(twice)), single(42));
        let alike = "@@ -40 +40,4 @@\n+    if n >= 1:\n+        return n\n+    if n >= 1:\n+        return n";
        assert_eq!(place(&at(11), &Side::new(alike)), None);
    }

    #[test]
    fn a_line_with_another_text_is_not_taken() {
        let diff = Side::new("@@ -10,2 +10,3 @@\n x\n+    if m >= 1:\n         return n");
        assert_eq!(place(&at(11), &diff), None);
        assert_eq!(place(&at(11), &Side::default()), None);
    }

    #[test]
    fn several_lines_are_cut_where_the_diff_ends() {
        let mut long = at(11);
        long.span.end.line = line(13);
        long.diff = "@@ -11,3 +11,1 @@\n-a(\n-  b,\n-  c)\n+pass\n".into();
        let diff = Side::new("@@ -10,2 +10,3 @@\n x\n+a(\n+  b,");
        assert_eq!(place(&long, &diff), Some(Place { start: Some(line(11)), line: line(12) }));
        long.span.end.column = 1;
        let whole = Side::new("@@ -10,2 +10,4 @@\n x\n+a(\n+  b,\n+  c)");
        assert_eq!(place(&long, &whole), Some(Place { start: Some(line(11)), line: line(12) }));
    }
}
