//! Lines of one revision of a file in another: a forge shows a pull request's own head, and what is
//! tested may be its merge.
//!
//! Invariant: a line that is mapped has the same text on both sides, line endings apart.

use super::{GitError, Hunk, Repository, hunks};
use crate::model::{LineNo, LineRange, RepoPath};

/// Where the lines of a file are in another revision of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineMap {
    hunks: Vec<Hunk>,
}

impl LineMap {
    /// The same lines on the other side; `None` where one of them is not there.
    pub fn range(&self, lines: LineRange) -> Option<LineRange> {
        let mut shift: i64 = 0;
        for hunk in &self.hunks {
            let touched = hunk.old.lines().is_some_and(|old| old.overlaps(lines));
            let within = hunk.old.len == 0
                && (lines.first.get()..lines.last.get()).contains(&hunk.old.start);
            if touched || within {
                return None;
            }
            if hunk.old.start < lines.first.get() {
                shift += i64::from(hunk.new.len) - i64::from(hunk.old.len);
            }
        }
        let moved = |line: LineNo| {
            let line = u32::try_from(i64::from(line.get()) + shift).ok()?;
            LineNo::new(line)
        };
        Some(LineRange { first: moved(lines.first)?, last: moved(lines.last)? })
    }
}

impl Repository {
    /// Where the lines of `tested`, a text of the file `path`, are in a commit; `None` where the
    /// commit has no such file.
    ///
    /// # Errors
    ///
    /// As [`Repository::blob_at`].
    pub fn lines_at(
        &self,
        commit: &str,
        path: &RepoPath,
        tested: &[u8],
    ) -> Result<Option<LineMap>, GitError> {
        let Some(there) = self.blob_at(commit, path)? else { return Ok(None) };
        let hunks = hunks::between(tested, &there);
        let hunks = hunks.map_err(|source| self.failed("compare two files", source))?;
        Ok(Some(LineMap { hunks }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(old: &str, new: &str, first: u32, last: u32) -> Option<(u32, u32)> {
        let map = LineMap { hunks: hunks::between(old.as_bytes(), new.as_bytes()).unwrap() };
        let line = |number| LineNo::new(number).unwrap();
        let range = map.range(LineRange { first: line(first), last: line(last) })?;
        Some((range.first.get(), range.last.get()))
    }

    #[test]
    fn lines_move_with_what_is_above_them() {
        let old = "a\nb\nc\nd\n";
        assert_eq!(mapped(old, old, 2, 3), Some((2, 3)));
        assert_eq!(mapped(old, "x\na\nb\nc\nd\n", 1, 2), Some((2, 3)));
        assert_eq!(mapped(old, "c\nd\n", 3, 4), Some((1, 2)));
        assert_eq!(mapped(old, "a\nb\nc\nd\nx\n", 4, 4), Some((4, 4)));
        assert_eq!(mapped(old, "a\r\nx\r\nb\r\nc\r\nd\r\n", 2, 2), Some((3, 3)));
    }

    #[test]
    fn lines_that_are_others_there_are_not_mapped() {
        let old = "a\nb\nc\nd\n";
        assert_eq!(mapped(old, "a\nx\nc\nd\n", 2, 2), None);
        assert_eq!(mapped(old, "a\nb\nx\nc\nd\n", 2, 3), None);
        assert_eq!(mapped(old, "a\nc\nd\n", 1, 2), None);
    }
}
