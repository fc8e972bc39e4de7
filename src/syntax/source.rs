//! A decoded source file: its text, its lines, and the way between text and bytes on disk.
//!
//! Invariant: `encode(text())` is the file on disk, byte for byte.

use sha2::{Digest, Sha256};

use super::SyntaxError;
use super::encoding::{Encoding, declared};
use crate::model::{ByteSpan, LineNo, Position, RepoPath, Span};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A source file as text.
#[derive(Debug, Clone)]
pub struct Source {
    path: RepoPath,
    text: String,
    encoding: Encoding,
    /// The file on disk, where it differs from the bytes of `text`.
    disk: Option<Vec<u8>>,
    has_bom: bool,
    lines: Vec<LineStart>,
    is_ascii: bool,
}

#[derive(Debug, Clone, Copy)]
struct LineStart {
    /// Offset in the text.
    text: usize,
    /// Offset in the file on disk.
    disk: usize,
}

impl Source {
    /// Decodes a file as CPython does: a byte order mark, else the declaration of PEP 263, else
    /// UTF-8.
    ///
    /// # Errors
    /// An unknown encoding, a declaration that contradicts the byte order mark, a byte that is
    /// not of the encoding, a NUL byte, or a file over 2 GiB.
    pub fn decode(path: RepoPath, bytes: Vec<u8>) -> Result<Self, SyntaxError> {
        if i32::try_from(bytes.len()).is_err() {
            return Err(SyntaxError::TooLarge { path });
        }
        if let Some(offset) = bytes.iter().position(|b| *b == 0) {
            return Err(SyntaxError::NulByte { path, offset });
        }
        let has_bom = bytes.starts_with(BOM);
        let body = if has_bom { &bytes[BOM.len()..] } else { &bytes[..] };
        let encoding = match declared(body) {
            None => Encoding::Utf8,
            Some(name) => match Encoding::named(&name) {
                None => return Err(SyntaxError::UnknownEncoding { path, name }),
                Some(encoding) if has_bom && encoding != Encoding::Utf8 => {
                    return Err(SyntaxError::ConflictingEncoding { path, name });
                }
                Some(encoding) => encoding,
            },
        };
        let text = match encoding.decode(body) {
            Ok(text) => text,
            Err(offset) => {
                let offset = offset + bytes.len() - body.len();
                return Err(SyntaxError::Undecodable { path, offset, encoding: encoding.name() });
            }
        };
        let is_ascii = text.is_ascii();
        let lines = line_starts(&text, encoding, bytes.len() - body.len());
        let disk = (text.as_bytes() != bytes).then_some(bytes);
        Ok(Self { path, text, encoding, disk, has_bom, lines, is_ascii })
    }

    /// The file.
    pub fn path(&self) -> &RepoPath {
        &self.path
    }

    /// The text, without a byte order mark, newlines untouched.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file as it is on disk.
    pub fn bytes(&self) -> &[u8] {
        self.disk.as_deref().unwrap_or(self.text.as_bytes())
    }

    /// Whether the file starts with a UTF-8 byte order mark.
    pub fn has_byte_order_mark(&self) -> bool {
        self.has_bom
    }

    /// The number of lines; a last newline starts no line, and an empty file has one.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The line that holds a byte of the text.
    pub fn line(&self, text_offset: usize) -> LineNo {
        LineNo::from_row(self.row(text_offset))
    }

    /// Line and column (in characters) of a byte of the text.
    pub fn position(&self, text_offset: usize) -> Position {
        let row = self.row(text_offset);
        let column = self.characters(self.lines[row].text, text_offset);
        Position {
            line: LineNo::from_row(row),
            column: u32::try_from(column).unwrap_or(u32::MAX - 1) + 1,
        }
    }

    /// A range of the text as bytes on disk, lines and columns.
    pub fn span(&self, text: ByteSpan) -> Span {
        Span {
            bytes: ByteSpan {
                start: self.disk_offset(text.start),
                end: self.disk_offset(text.end),
            },
            start: self.position(text.start),
            end: self.position(text.end),
        }
    }

    /// The text of a line without its newline; empty behind the last line.
    pub fn line_text(&self, line: LineNo) -> &str {
        let row = line.get() as usize - 1;
        let Some(start) = self.lines.get(row) else { return "" };
        let end = self.lines.get(row + 1).map_or(self.text.len(), |next| next.text);
        self.text[start.text..end].trim_end_matches(['\r', '\n'])
    }

    /// What tells each line from others by its text, in order; 0 for a line without code.
    pub fn marks(&self) -> Vec<u64> {
        let rows = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        let mark = |line| {
            let text = self.line_text(line).trim_end();
            if text.trim_start().is_empty() || text.trim_start().starts_with('#') {
                return 0;
            }
            let digest = Sha256::digest(text.as_bytes());
            let first = digest.first_chunk().expect("a digest is longer than eight bytes");
            u64::from_le_bytes(*first).max(1)
        };
        (1..=rows).filter_map(LineNo::new).map(mark).collect()
    }

    /// Offset in the text of a line's first byte; the text's length behind the last line.
    pub fn line_start(&self, line: LineNo) -> usize {
        self.lines.get(line.get() as usize - 1).map_or(self.text.len(), |start| start.text)
    }

    /// The bytes of `text` as a file in this file's encoding, with its byte order mark; a
    /// character that the encoding lacks becomes `?` (see [`Source::can_encode`]).
    pub fn encode(&self, text: &str) -> Vec<u8> {
        let mut bytes = if self.has_bom { BOM.to_vec() } else { Vec::new() };
        bytes.extend(self.encoding.encode(text));
        bytes
    }

    /// Whether the file's encoding has every character of `text`.
    pub fn can_encode(&self, text: &str) -> bool {
        self.encoding.has(text)
    }

    fn row(&self, text_offset: usize) -> usize {
        self.lines.partition_point(|start| start.text <= text_offset) - 1
    }

    fn disk_offset(&self, text_offset: usize) -> usize {
        let start = self.lines[self.row(text_offset)];
        start.disk
            + match self.encoding {
                Encoding::Utf8 => text_offset - start.text,
                _ => self.characters(start.text, text_offset),
            }
    }

    fn characters(&self, from: usize, to: usize) -> usize {
        if self.is_ascii { to - from } else { self.text[from..to].chars().count() }
    }
}

fn line_starts(text: &str, encoding: Encoding, skipped: usize) -> Vec<LineStart> {
    let bytes = text.as_bytes();
    let mut starts = vec![LineStart { text: 0, disk: skipped }];
    let mut last = starts[0];
    for (at, byte) in bytes.iter().enumerate() {
        let ends = match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        if ends && at + 1 < bytes.len() {
            let line = &text[last.text..=at];
            let length = if encoding == Encoding::Utf8 { line.len() } else { line.chars().count() };
            last = LineStart { text: at + 1, disk: last.disk + length };
            starts.push(last);
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(bytes: &[u8]) -> Result<Source, SyntaxError> {
        Source::decode(RepoPath::new("m.py"), bytes.to_vec())
    }

    #[test]
    fn every_kind_of_newline_ends_a_line_and_a_form_feed_does_not() {
        let source = decode(b"a\nb\r\nc\rd\x0ce\n").unwrap();
        let lines: Vec<_> =
            (0..source.line_count()).map(|row| source.line_text(LineNo::from_row(row))).collect();
        assert_eq!(lines, ["a", "b", "c", "d\x0ce"]);
        assert_eq!(source.line(4).get(), 2, "the newline belongs to its line");
        assert_eq!(source.line_text(LineNo::from_row(9)), "");
    }

    #[test]
    fn spans_hold_bytes_on_disk_and_columns_in_characters() {
        let source = decode(b"\xef\xbb\xbfx = '\xc3\xa9'; y\n").unwrap();
        let at = source.text().find('y').unwrap();
        let span = source.span(ByteSpan { start: at, end: at + 1 });
        assert_eq!(span.bytes, ByteSpan { start: 13, end: 14 });
        assert_eq!(span.start.column, 10);

        let latin = decode(b"# coding: latin-1\nx = '\xe9'; y\n").unwrap();
        let at = latin.text().find('y').unwrap();
        let span = latin.span(ByteSpan { start: at, end: at + 1 });
        assert_eq!(&latin.bytes()[span.bytes.start..span.bytes.end], b"y");
        assert_eq!((span.start.line.get(), span.start.column), (2, 10));
    }

    #[test]
    fn what_cannot_be_decoded_names_the_place() {
        let error = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        insta::assert_snapshot!(error(b"# coding: rot13\n"), @"m.py: unknown encoding `rot13` in the encoding declaration");
        insta::assert_snapshot!(error(b"\xef\xbb\xbf# coding: latin-1\n"), @"m.py: has a UTF-8 byte order mark but declares the encoding `latin-1`");
        insta::assert_snapshot!(error(b"\xef\xbb\xbfx = '\xe9'"), @"m.py: the byte at offset 8 is not utf-8");
        insta::assert_snapshot!(error(b"x\0"), @"m.py: holds a NUL byte at offset 1");
    }

    proptest! {
        #[test]
        fn encoding_restores_the_file(text in "[a-zé\n\r\u{20ac} ]{0,40}", bom in any::<bool>()) {
            let mut bytes = if bom { BOM.to_vec() } else { Vec::new() };
            bytes.extend(text.as_bytes());
            let source = decode(&bytes).unwrap();
            prop_assert_eq!(source.encode(source.text()), bytes.clone());
            prop_assert_eq!(source.bytes(), bytes);
        }

        #[test]
        fn span_bytes_are_the_encoded_text(text in "[a-zé\n\r]{1,40}", at in 0..40_usize) {
            let head = "# coding: latin-1\n";
            let whole = format!("{head}{text}");
            let source = decode(&Encoding::Latin1.encode(&whole)).unwrap();
            let start = head.len() + text.char_indices().map(|(i, _)| i).nth(at).unwrap_or(0);
            let span = source.span(ByteSpan { start, end: whole.len() });
            let disk = &source.bytes()[span.bytes.start..span.bytes.end];
            prop_assert_eq!(Encoding::Latin1.decode(disk).unwrap(), &whole[start..]);
        }
    }
}
