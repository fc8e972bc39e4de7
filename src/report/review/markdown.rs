//! Bodies of limited length, put together from pieces that are text already.
//!
//! Invariant: a body ends at the end of a row, is never longer than it may be, and says how much of
//! it is missing.

use std::fmt::Write as _;

use crate::report::escape::{
    code_block, code_cell, code_span, cut, cut_lines, visible, visible_lines,
};

/// Longest body, in characters; GitHub takes 65,536.
pub(super) const BODY: usize = 60_000;

/// Room for the sentence that says what is missing.
const NOTE: usize = 60;

/// Lines of a diff that are shown, and characters of each.
const LINES: usize = 30;
const COLUMNS: usize = 300;

/// One line, at most `most` characters long when what acts in it is spelled out.
fn short(text: &str, most: usize) -> String {
    // Cut before it is looked at too: a line may have a megabyte.
    let spelled = visible(&cut(text, most)).replace('\t', " ");
    cut(&spelled, most).into_owned()
}

/// A code span of at most `most` characters of `text`.
pub(super) fn span(text: &str, most: usize) -> String {
    code_span(&short(text, most))
}

/// The same in a cell of a table.
pub(super) fn cell(text: &str, most: usize) -> String {
    code_cell(&short(text, most))
}

/// The beginning of a diff's hunks as a block.
pub(super) fn diff_block(hunks: &str) -> String {
    let spelled = visible_lines(&cut_lines(hunks, LINES, COLUMNS)).into_owned();
    code_block("diff", &cut_lines(&spelled, LINES + 1, COLUMNS))
}

/// As much of a commit as people use.
pub(super) fn short_commit(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// `head`, as many of `rows` as there is room for, and `tail`; and how many rows that are.
pub(super) fn joined(head: &str, rows: &[String], tail: &str, most: usize) -> (String, usize) {
    let length = |text: &str| text.chars().count();
    let mut out = head.to_owned();
    let mut room = most.saturating_sub(length(head) + length(tail) + NOTE);
    let mut taken = 0;
    for row in rows {
        let Some(left) = room.checked_sub(length(row)) else { break };
        room = left;
        out.push_str(row);
        taken += 1;
    }
    if taken < rows.len() {
        write!(out, "\n{} more are not listed here.\n", rows.len() - taken)
            .expect("a String takes all");
    }
    out.push_str(tail);
    (out, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(span(&"x".repeat(1 << 20), 5), "`xxxx…`");
        assert_eq!(cell("a\t| b", 9), "`a \\| b`");
    }

    #[test]
    fn a_body_is_cut_at_a_row_and_keeps_its_end() {
        let rows: Vec<String> = (0..100).map(|n| format!("| row {n} |\n")).collect();
        let (text, taken) = joined("head\n", &rows, "tail\n", 200);
        assert!(text.chars().count() <= 200 && text.ends_with("tail\n"), "{text}");
        assert_eq!(taken, 12);
        assert!(text.contains("| row 11 |\n\n88 more are not listed here.\n"), "{text}");
        assert_eq!(joined("h", &rows[..1], "t", 200), ("h| row 0 |\nt".to_owned(), 1));
    }
}
