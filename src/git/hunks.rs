//! Hunks: which lines of the old side became which lines of the new side.
//!
//! Invariant: lines are counted as Python counts them (`\n`, `\r\n` and a lone `\r` end a line),
//! and a line whose ending alone changed is not changed.

use std::borrow::Cow;

use git2::{DiffOptions, Patch};

use crate::model::{LineNo, LineRange};

/// A stretch of changed lines, without context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hunk {
    /// The lines that are gone.
    pub old: HunkSide,
    /// The lines that stand in their place.
    pub new: HunkSide,
}

/// One side of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HunkSide {
    /// The first line, 1-based; for an empty side the line behind which it lies (0: the top).
    pub start: u32,
    /// How many lines.
    pub len: u32,
}

impl HunkSide {
    /// The lines; `None` for an empty side.
    pub fn lines(self) -> Option<LineRange> {
        let first = LineNo::new(self.start)?;
        let last = LineNo::new(self.start.checked_add(self.len.checked_sub(1)?)?)?;
        Some(LineRange { first, last })
    }

    /// The lines, or, for an empty side, the lines next to the gap (the one before and the one
    /// behind; the latter may lie behind the file's end): what a deletion touches on this side.
    pub fn lines_or_neighbours(self) -> LineRange {
        self.lines().unwrap_or_else(|| {
            let behind = LineNo::new(self.start.saturating_add(1)).unwrap_or(LineNo::FIRST);
            LineRange { first: LineNo::new(self.start).unwrap_or(behind), last: behind }
        })
    }
}

/// The hunks between two texts, top to bottom.
pub(super) fn between(old: &[u8], new: &[u8]) -> Result<Vec<Hunk>, git2::Error> {
    let (old, new) = (unix_lines(old), unix_lines(new));
    let mut options = DiffOptions::new();
    options.context_lines(0).interhunk_lines(0).force_text(true).indent_heuristic(true);
    let patch = Patch::from_buffers(&old, None, &new, None, Some(&mut options))?;
    (0..patch.num_hunks())
        .map(|index| {
            let (hunk, _) = patch.hunk(index)?;
            Ok(Hunk {
                old: HunkSide { start: hunk.old_start(), len: hunk.old_lines() },
                new: HunkSide { start: hunk.new_start(), len: hunk.new_lines() },
            })
        })
        .collect()
}

/// The text with `\n` at the end of every line, the last included.
fn unix_lines(text: &[u8]) -> Cow<'_, [u8]> {
    let ends = text.is_empty() || text.ends_with(b"\n");
    if ends && !text.contains(&b'\r') {
        return Cow::Borrowed(text);
    }
    let mut lines = Vec::with_capacity(text.len() + 1);
    let mut bytes = text.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if_eq(&&b'\n');
            lines.push(b'\n');
        } else {
            lines.push(byte);
        }
    }
    if lines.last().is_some_and(|&last| last != b'\n') {
        lines.push(b'\n');
    }
    Cow::Owned(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hunks(old: &str, new: &str) -> Vec<String> {
        between(old.as_bytes(), new.as_bytes())
            .unwrap()
            .iter()
            .map(|h| format!("-{},{} +{},{}", h.old.start, h.old.len, h.new.start, h.new.len))
            .collect()
    }

    #[test]
    fn hunks_have_no_context() {
        assert_eq!(hunks("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n"), ["-2,1 +2,1", "-4,0 +5,1"]);
    }

    #[test]
    fn a_deletion_has_an_empty_new_side() {
        assert_eq!(hunks("a\nb\nc\n", "a\nc\n"), ["-2,1 +1,0"]);
        assert_eq!(hunks("a\nb\n", "b\n"), ["-1,1 +0,0"]);
    }

    #[test]
    fn whole_files_are_one_hunk() {
        assert_eq!(hunks("", "a\nb\n"), ["-0,0 +1,2"]);
        assert_eq!(hunks("a\nb", ""), ["-1,2 +0,0"]);
        assert_eq!(hunks("", ""), Vec::<String>::new());
    }

    #[test]
    fn line_endings_alone_are_no_change() {
        assert_eq!(hunks("a\nb\nc\n", "a\r\nB\r\nc"), ["-2,1 +2,1"]);
        assert_eq!(hunks("a\rb\r", "a\nb\n"), Vec::<String>::new());
    }

    #[test]
    fn lone_carriage_returns_end_lines_as_they_do_in_python() {
        assert_eq!(hunks("a\rb\nc\n", "a\rb\nC\n"), ["-3,1 +3,1"]);
    }

    #[test]
    fn binary_bytes_are_compared_as_lines() {
        assert_eq!(hunks("a\0\nb\n", "a\0\nc\n"), ["-2,1 +2,1"]);
    }

    #[test]
    fn a_deletion_touches_its_neighbours() {
        let range = |start| {
            let lines = HunkSide { start, len: 0 }.lines_or_neighbours();
            (lines.first.get(), lines.last.get())
        };
        assert_eq!((range(0), range(3)), ((1, 1), (3, 4)));
    }

    proptest! {
        #[test]
        fn applying_the_hunks_gives_the_new_side(
            old in "([ab]\n){0,12}", new in "([ab]\n){0,12}",
        ) {
            let (old_lines, new_lines): (Vec<_>, Vec<_>) =
                (old.lines().collect(), new.lines().collect());
            let mut applied: Vec<&str> = Vec::new();
            let mut next = 0;
            for hunk in between(old.as_bytes(), new.as_bytes()).unwrap() {
                let start = |side: HunkSide| side.start as usize - usize::from(side.len > 0);
                applied.extend(&old_lines[next..start(hunk.old)]);
                next = start(hunk.old) + hunk.old.len as usize;
                let first = start(hunk.new);
                applied.extend(&new_lines[first..first + hunk.new.len as usize]);
            }
            applied.extend(&old_lines[next..]);
            prop_assert_eq!(applied, new_lines);
        }
    }
}
