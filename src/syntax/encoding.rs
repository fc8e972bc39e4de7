//! The encodings of Python source (PEP 263): which one a file declares, and both directions.
//!
//! Invariant: a file decodes as CPython would decode it, or not at all.

/// An encoding that source files are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Latin9,
    Cp1252,
}

/// The characters that cp1252 has at 0x80–0x9f (`\0`: the byte is undefined).
const CP1252_HIGH: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘',
    '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// Where iso-8859-15 differs from iso-8859-1.
const LATIN9: [(u8, char); 8] = [
    (0xa4, '€'),
    (0xa6, 'Š'),
    (0xa8, 'š'),
    (0xb4, 'Ž'),
    (0xb8, 'ž'),
    (0xbc, 'Œ'),
    (0xbd, 'œ'),
    (0xbe, 'Ÿ'),
];

impl Encoding {
    /// The encoding of a declared name, by Python's aliases.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace(['_', ' '], "-");
        Some(match name.as_str() {
            "utf-8" | "utf8" | "u8" | "utf" | "utf-8-sig" | "cp65001" => Self::Utf8,
            "ascii" | "us-ascii" | "646" | "iso646-us" | "ansi-x3.4-1968" => Self::Ascii,
            "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "iso8859"
            | "8859" | "cp819" | "iso-latin-1" => Self::Latin1,
            "latin-9" | "latin9" | "l9" | "iso-8859-15" | "iso8859-15" => Self::Latin9,
            "cp1252" | "windows-1252" | "1252" => Self::Cp1252,
            // CPython's tokenizer takes `utf-8-…` and `latin-1-…` for the encoding itself.
            _ if name.starts_with("utf-8-") => Self::Utf8,
            _ if ["latin-1-", "iso-8859-1-", "iso-latin-1-"]
                .iter()
                .any(|prefix| name.starts_with(prefix)) =>
            {
                Self::Latin1
            }
            _ => return None,
        })
    }

    /// Its usual name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Ascii => "ascii",
            Self::Latin1 => "iso-8859-1",
            Self::Latin9 => "iso-8859-15",
            Self::Cp1252 => "cp1252",
        }
    }

    /// The text of `bytes`, or the offset of the first byte that is not of this encoding.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<String, usize> {
        match self {
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(error.valid_up_to()),
            },
            _ => bytes
                .iter()
                .enumerate()
                .map(|(offset, &byte)| self.character(byte).ok_or(offset))
                .collect(),
        }
    }

    /// The bytes of `text`; a character that the encoding lacks becomes `?`.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            _ => text.chars().map(|c| self.byte(c).unwrap_or(b'?')).collect(),
        }
    }

    /// Whether every character of `text` exists in the encoding.
    pub(super) fn has(self, text: &str) -> bool {
        self == Self::Utf8 || text.chars().all(|c| self.byte(c).is_some())
    }

    fn character(self, byte: u8) -> Option<char> {
        if byte < 0x80 {
            return Some(char::from(byte));
        }
        match self {
            Self::Utf8 | Self::Ascii => None,
            Self::Latin1 => Some(char::from(byte)),
            Self::Latin9 => Some(
                LATIN9.iter().find(|(at, _)| *at == byte).map_or(char::from(byte), |(_, c)| *c),
            ),
            Self::Cp1252 if byte < 0xa0 => {
                Some(CP1252_HIGH[usize::from(byte - 0x80)]).filter(|c| *c != '\0')
            }
            Self::Cp1252 => Some(char::from(byte)),
        }
    }

    fn byte(self, character: char) -> Option<u8> {
        if character.is_ascii() {
            return u8::try_from(character).ok();
        }
        (0x80..=0xff).find(|byte| self.character(*byte) == Some(character))
    }
}

/// The encoding name that the first two lines declare, if they do.
pub(super) fn declared(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    for _ in 0..2 {
        let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        let first = line.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\x0c'));
        match first {
            Some(at) if line[at] == b'#' => {
                if let Some(name) = cookie(&line[at..]) {
                    return Some(name);
                }
            }
            // A line of code ends the search: the declaration must precede it.
            Some(_) => return None,
            None => {}
        }
        rest = match tail {
            [b'\r', b'\n', after @ ..] | [_, after @ ..] => after,
            [] => return None,
        };
    }
    None
}

fn cookie(comment: &[u8]) -> Option<String> {
    for at in 0..comment.len().saturating_sub(6) {
        let Some(after) = comment[at..].strip_prefix(b"coding") else { continue };
        let Some((b':' | b'=', after)) = after.split_first() else { continue };
        let start = after.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(after.len());
        let name: String = after[start..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            .map(|&b| char::from(b))
            .collect();
        if !name.is_empty() {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_is_found_in_the_first_two_lines_only() {
        let name = |text: &str| declared(text.as_bytes());
        assert_eq!(name("# -*- coding: latin-1 -*-\n").as_deref(), Some("latin-1"));
        assert_eq!(
            name("#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :").as_deref(),
            Some("cp1252")
        );
        assert_eq!(name("#!x\r# coding=utf8").as_deref(), Some("utf8"));
        assert_eq!(name("\n\n# coding: latin-1\n"), None);
        assert_eq!(name("x = 1\n# coding: latin-1\n"), None);
        assert_eq!(name("# encoding is nice\n"), None);
    }

    #[test]
    fn names_follow_the_aliases_of_python() {
        assert_eq!(Encoding::named("UTF_8"), Some(Encoding::Utf8));
        assert_eq!(Encoding::named("latin-1-unix"), Some(Encoding::Latin1));
        assert_eq!(Encoding::named("Windows-1252"), Some(Encoding::Cp1252));
        assert_eq!(Encoding::named("rot13"), None);
    }

    #[test]
    fn single_byte_encodings_round_trip() {
        for encoding in [Encoding::Latin1, Encoding::Latin9, Encoding::Cp1252] {
            for byte in 0..=255_u8 {
                if let Ok(text) = encoding.decode(&[byte]) {
                    assert_eq!(encoding.encode(&text), [byte], "{encoding:?}");
                }
            }
        }
        assert_eq!(Encoding::Cp1252.decode(b"a\x80"), Ok("a€".to_owned()));
        assert_eq!(Encoding::Cp1252.decode(b"a\x81"), Err(1));
        assert_eq!(Encoding::Latin9.decode(b"\xa4"), Ok("€".to_owned()));
        assert_eq!(Encoding::Ascii.decode(b"ab\xe9"), Err(2));
        assert!(!Encoding::Latin1.has("Ÿ"));
    }
}
