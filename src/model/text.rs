//! Places in source text: repository paths, lines, columns and byte spans.
//!
//! Invariant: lines and columns are 1-based, columns count characters, byte offsets are 0-based.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that is held once however often it is named.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Text(Arc<str>);

impl Text {
    pub(super) fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

/// A path relative to the root of the repository, with `/` between its parts on every platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepoPath(Text);

impl RepoPath {
    /// Wraps a repository-relative path that already uses `/`.
    pub fn new(path: impl AsRef<str>) -> Self {
        Self(Text::new(path.as_ref()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or(self.as_str())
    }

    /// The directories above the file, outermost first.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        let end = self.as_str().rfind('/').unwrap_or(0);
        self.as_str()[..end].split('/').filter(|part| !part.is_empty())
    }

    /// Whether the name ends in `.py`; stubs (`.pyi`) are not code.
    pub fn is_python(&self) -> bool {
        self.as_str().ends_with(".py")
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A 1-based line number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LineNo(NonZeroU32);

impl LineNo {
    /// The first line of a file.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// `None` for zero, which is no line.
    pub fn new(line: u32) -> Option<Self> {
        NonZeroU32::new(line).map(Self)
    }

    /// From a 0-based row, as tree-sitter counts; saturates at the largest line.
    pub fn from_row(row: usize) -> Self {
        let line = u32::try_from(row).unwrap_or(u32::MAX).saturating_add(1);
        Self(NonZeroU32::new(line).unwrap_or(NonZeroU32::MIN))
    }

    /// The 1-based number.
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for LineNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An inclusive range of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineRange {
    /// The first line.
    pub first: LineNo,
    /// The last line, itself included.
    pub last: LineNo,
}

impl LineRange {
    /// Whether `line` lies in the range.
    pub fn contains(self, line: LineNo) -> bool {
        self.first <= line && line <= self.last
    }

    /// Whether the two ranges share a line.
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// A half-open range of bytes in a file as it is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ByteSpan {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl ByteSpan {
    /// Whether `other` lies wholly inside.
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// 1-based.
    pub line: LineNo,
    /// 1-based, in characters.
    pub column: u32,
}

/// A range of text, as bytes and as lines and columns; the end is exclusive in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Where it is in the file's bytes.
    pub bytes: ByteSpan,
    /// Where it starts.
    pub start: Position,
    /// Where it ends (the column behind the last character).
    pub end: Position,
}

impl Span {
    /// The lines that the span touches.
    pub fn lines(&self) -> LineRange {
        LineRange { first: self.start.line, last: self.end.line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_outermost_first() {
        let path = RepoPath::new("src/pkg/mod.py");
        assert_eq!(path.directories().collect::<Vec<_>>(), ["src", "pkg"]);
        assert_eq!(path.file_name(), "mod.py");
        assert_eq!(RepoPath::new("mod.py").directories().count(), 0);
    }

    #[test]
    fn ranges_that_touch_on_one_line_overlap() {
        let range = |first, last| LineRange {
            first: LineNo::from_row(first),
            last: LineNo::from_row(last),
        };
        assert!(range(0, 3).overlaps(range(3, 4)));
        assert!(!range(0, 3).overlaps(range(4, 5)));
    }
}
