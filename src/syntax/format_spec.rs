//! Format specifiers that start with `=`, which tree-sitter-python takes for a walrus.
//!
//! Invariant: only bytes that CPython reads as part of a format specifier are reported.

/// The offsets of each `=` that directly follows the colon of an f-string's replacement field
/// (`f"{a:=^10}"`).
pub(super) fn leading_equals(text: &str) -> Vec<usize> {
    if !text.contains(":=") {
        return Vec::new();
    }
    let mut scanner =
        Scanner { bytes: text.as_bytes(), at: 0, stack: Vec::new(), found: Vec::new() };
    while scanner.at < scanner.bytes.len() {
        scanner.step();
    }
    scanner.found
}

#[derive(Clone, Copy)]
enum Frame {
    /// Inside a literal.
    Text { quote: u8, is_triple: bool, is_format: bool, is_raw: bool },
    /// Inside a replacement field, within so many brackets.
    Field { depth: u32 },
    /// Inside a format specifier.
    Specifier,
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
    stack: Vec<Frame>,
    found: Vec<usize>,
}

impl Scanner<'_> {
    fn step(&mut self) {
        match self.stack.last().copied() {
            None => self.code(None),
            Some(Frame::Field { depth }) => self.code(Some(depth)),
            Some(Frame::Specifier) => self.specifier(),
            Some(Frame::Text { quote, is_triple, is_format, is_raw }) => {
                self.literal(quote, is_triple, is_format, is_raw);
            }
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Code outside of strings (`depth` is none) or in a replacement field.
    fn code(&mut self, depth: Option<u32>) {
        let byte = self.peek(0);
        match (byte, depth) {
            (b'#', _) => {
                while self.at < self.bytes.len() && !matches!(self.peek(0), b'\n' | b'\r') {
                    self.at += 1;
                }
                return;
            }
            (b'\'' | b'"', _) => return self.open_literal(byte),
            (b'}', Some(0)) => {
                self.stack.pop();
            }
            (b':', Some(0)) => {
                self.stack.pop();
                self.stack.push(Frame::Specifier);
                if self.peek(1) == b'=' {
                    self.found.push(self.at + 1);
                }
            }
            (b'(' | b'[' | b'{', Some(depth)) => self.set_depth(depth + 1),
            (b')' | b']' | b'}', Some(depth)) => self.set_depth(depth.saturating_sub(1)),
            _ => {}
        }
        self.at += 1;
    }

    fn set_depth(&mut self, depth: u32) {
        self.stack.pop();
        self.stack.push(Frame::Field { depth });
    }

    fn open_literal(&mut self, quote: u8) {
        let before = &self.bytes[..self.at];
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
        let length = before.iter().rev().take_while(|b| is_name(b)).count();
        let prefix = before[before.len() - length..].to_ascii_lowercase();
        let is_prefix = length <= 2 && prefix.iter().all(|b| b"rbfut".contains(b));
        let has = |letter: u8| is_prefix && prefix.contains(&letter);
        let is_triple = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if is_triple { 3 } else { 1 };
        self.stack.push(Frame::Text {
            quote,
            is_triple,
            is_format: has(b'f') || has(b't'),
            is_raw: has(b'r'),
        });
    }

    fn literal(&mut self, quote: u8, is_triple: bool, is_format: bool, is_raw: bool) {
        match self.peek(0) {
            b'\\' if !is_raw && self.peek(1) == b'N' && self.peek(2) == b'{' => {
                while self.at < self.bytes.len() && self.peek(0) != b'}' {
                    self.at += 1;
                }
            }
            b'\\' if !(is_format && self.peek(1) == b'{') => self.at += 1,
            b'{' if is_format && self.peek(1) == b'{' => self.at += 1,
            b'{' if is_format => self.stack.push(Frame::Field { depth: 0 }),
            byte if byte == quote => {
                let is_end = !is_triple || (self.peek(1) == quote && self.peek(2) == quote);
                if is_end {
                    self.stack.pop();
                    self.at += if is_triple { 2 } else { 0 };
                }
            }
            _ => {}
        }
        self.at += 1;
    }

    fn specifier(&mut self) {
        match self.peek(0) {
            b'{' => self.stack.push(Frame::Field { depth: 0 }),
            b'}' => {
                self.stack.pop();
            }
            _ => {}
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with each found `=` marked.
    fn marked(text: &str) -> String {
        let mut marked = text.to_owned();
        for at in leading_equals(text) {
            assert_eq!(&text[at..=at], "=");
            marked.replace_range(at..=at, "@");
        }
        marked
    }

    #[test]
    fn only_specifiers_of_f_strings_are_found() {
        let table = [
            ("f'{a:=^10}' # it's {a:=1}", "f'{a:@^10}' # it's {a:=1}"),
            ("'{a:=1}' b'{a:=1}' (a:=1)", "'{a:=1}' b'{a:=1}' (a:=1)"),
            ("f'{(a:=1)} {a[b:=1]} {a:=1}'", "f'{(a:=1)} {a[b:=1]} {a:@1}'"),
            ("rf'\\{a:=1}' F\"\"\"'{a:=1}\n\"\"\"", "rf'\\{a:@1}' F\"\"\"'{a:@1}\n\"\"\""),
            ("f'{a:{b:=1}}' f'{{a:=1}}'", "f'{a:{b:@1}}' f'{{a:=1}}'"),
            ("f'\\N{a:=1}' f'\\'{a:=1}'", "f'\\N{a:=1}' f'\\'{a:@1}'"),
            ("f'{f\"{a:=1}\":=2}'; (a:=1)", "f'{f\"{a:@1}\":@2}'; (a:=1)"),
            ("f'{d[\"x\"]:=>3}'", "f'{d[\"x\"]:@>3}'"),
            ("elf'{a:=1}'", "elf'{a:=1}'"),
        ];
        for (text, expected) in table {
            assert_eq!(marked(text), expected);
        }
    }
}
