//! One side of a patch: which lines a remark may stand on, and what they hold.
//!
//! Invariant: a line that is not on the new side is one for which GitHub refuses the whole review.

use crate::model::{LineNo, LineRange};

/// A line of the side.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PatchLine {
    number: u32,
    hunk: usize,
    text: String,
}

/// The lines of a patch's old or new side, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Side {
    lines: Vec<PatchLine>,
}

impl Side {
    /// The new side of a patch, file headers or not. What is no patch has no lines.
    pub(super) fn new(patch: &str) -> Self {
        Self::read(patch, '+')
    }

    /// The old side of a patch.
    pub(super) fn old(patch: &str) -> Self {
        Self::read(patch, '-')
    }

    fn read(patch: &str, sign: char) -> Self {
        let mut lines = Vec::new();
        let (mut hunk, mut number, mut inside) = (0, 0, false);
        for text in patch.split('\n') {
            if let Some(start) = text.strip_prefix("@@ ").and_then(|header| start_of(header, sign))
            {
                (hunk, number, inside) = (hunk + 1, start, true);
            } else if let Some(content) =
                text.strip_prefix([sign, ' ']).filter(|_| inside && number > 0)
            {
                let content = content.trim_end_matches('\r').to_owned();
                lines.push(PatchLine { number, hunk, text: content });
                number = number.saturating_add(1);
            }
        }
        Self { lines }
    }

    fn get(&self, number: u32) -> Option<&PatchLine> {
        let at = self.lines.binary_search_by_key(&number, |line| line.number).ok()?;
        self.lines.get(at)
    }

    /// The text of a line.
    pub(super) fn text(&self, number: u32) -> Option<&str> {
        self.get(number).map(|line| line.text.as_str())
    }

    /// Every line with its number.
    pub(super) fn texts(&self) -> impl Iterator<Item = (u32, &str)> {
        self.lines.iter().map(|line| (line.number, line.text.as_str()))
    }

    /// The numbers of the lines with such a text.
    pub(super) fn with_text<'a>(&'a self, text: &'a str) -> impl Iterator<Item = u32> + 'a {
        let same = move |line: &&PatchLine| same(&line.text, text);
        self.lines.iter().filter(same).map(|line| line.number)
    }

    /// The part of a range that is in the hunk of its first line.
    pub(super) fn within_hunk(&self, range: LineRange) -> Option<LineRange> {
        let first = self.get(range.first.get())?;
        let mut last = range.first;
        for number in range.first.get()..=range.last.get() {
            match self.get(number) {
                Some(line) if line.hunk == first.hunk => last = LineNo::new(number)?,
                _ => break,
            }
        }
        Some(LineRange { first: range.first, last })
    }
}

/// Whether two lines hold the same. Letters beyond ASCII do not count: GitHub shows a file that is
/// no UTF-8 with others in their place.
pub(super) fn same(one: &str, other: &str) -> bool {
    fn ascii(text: &str) -> impl Iterator<Item = char> + '_ {
        text.trim_end().chars().filter(char::is_ascii)
    }
    ascii(one).eq(ascii(other))
}

/// `12` of `-3,4 +12,5 @@ …`, or `3` of its old side.
fn start_of(header: &str, sign: char) -> Option<u32> {
    let (ranges, _) = header.split_once(" @@")?;
    let range = ranges.split(' ').find_map(|range| range.strip_prefix(sign))?;
    range.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::lines;

    const PATCH: &str = "@@ -1,3 +1,4 @@ def f\n a\n-b\n+B\n+c\n d\r\n@@ -20 +21,2 @@\n+x\n y\n\\ No newline at end of file";

    fn numbers(side: &Side) -> Vec<u32> {
        side.lines.iter().map(|line| line.number).collect()
    }

    #[test]
    fn the_new_side_holds_added_and_context_lines() {
        let side = Side::new(PATCH);
        assert_eq!(numbers(&side), [1, 2, 3, 4, 21, 22]);
        assert_eq!([side.text(2), side.text(4), side.text(5)], [Some("B"), Some("d"), None]);
    }

    #[test]
    fn the_old_side_is_read_with_file_headers_too() {
        let side = Side::old("--- a/x.py\n+++ b/x.py\n@@ -7,2 +7,2 @@\n a\n-b\n+c\n");
        assert_eq!([side.text(7), side.text(8)], [Some("a"), Some("b")]);
    }

    #[test]
    fn a_range_is_cut_at_the_end_of_its_hunk() {
        let side = Side::new(PATCH);
        assert_eq!(side.within_hunk(lines(3, 9)), Some(lines(3, 4)));
        assert_eq!(side.within_hunk(lines(4, 21)), Some(lines(4, 4)));
        assert_eq!(side.within_hunk(lines(5, 9)), None);
    }

    #[test]
    fn a_deleted_file_and_what_is_no_patch_have_no_lines() {
        assert_eq!(numbers(&Side::new("@@ -1,2 +0,0 @@\n-a\n-b")), [0_u32; 0]);
        assert_eq!(numbers(&Side::new("+a\n b\n@@ what @@\n+c")), [0_u32; 0]);
    }

    #[test]
    fn letters_beyond_ascii_do_not_count() {
        assert!(same("x = 'caf\u{fffd}'", "x = 'café'") && !same("x", "y"));
    }
}
