//! Bytes in the database: numbers as varints, sets as gaps.
//!
//! Invariant: what is read is what was written, and bytes that no writer makes are an error, not
//! a panic.

use super::error::Fault;
use crate::model::LineNo;

/// Writes a value's bytes.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    /// Seven bits a byte, lowest first (LEB128).
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(super) fn length(&mut self, value: usize) {
        self.number(value as u64);
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.raw(text.as_bytes());
    }

    /// Sorted, unique line numbers, as runs: a gap and a length each.
    pub(super) fn lines(&mut self, lines: &[LineNo]) {
        let mut next = 0;
        for run in lines.chunk_by(|a, b| a.get() + 1 == b.get()) {
            self.number(u64::from(run[0].get()) - next);
            self.length(run.len());
            next = u64::from(run[0].get()) + run.len() as u64;
        }
    }

    /// Sorted, unique numbers, as gaps.
    pub(super) fn ids(&mut self, ids: &[u32]) {
        let mut last = 0;
        for &id in ids {
            self.number(u64::from(id - last));
            last = id;
        }
    }

    /// Sorted pairs: the first of each as a gap, the second as it is.
    pub(super) fn pairs(&mut self, pairs: &[(u32, u32)]) {
        let mut last = 0;
        for &(first, second) in pairs {
            self.number(u64::from(first - last));
            self.number(u64::from(second));
            last = first;
        }
    }
}

/// Reads what a [`Writer`] wrote.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

const SHORT: Fault = Fault::Malformed("a value ends too early");
const RANGE: Fault = Fault::Malformed("a number is out of range");

impl<'a> Reader<'a> {
    pub(super) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn number(&mut self) -> Result<u64, Fault> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(SHORT)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(RANGE)
    }

    pub(super) fn id(&mut self) -> Result<u32, Fault> {
        u32::try_from(self.number()?).map_err(|_| RANGE)
    }

    pub(super) fn length(&mut self) -> Result<usize, Fault> {
        usize::try_from(self.number()?).map_err(|_| RANGE)
    }

    pub(super) fn raw(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.raw(N)?.try_into().map_err(|_| SHORT)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let length = self.length()?;
        let bytes = self.raw(length)?;
        std::str::from_utf8(bytes).map_err(|_| Fault::Malformed("a text is not UTF-8"))
    }

    pub(super) fn line(&mut self) -> Result<LineNo, Fault> {
        LineNo::new(self.id()?).ok_or(RANGE)
    }

    /// To the end of the bytes.
    pub(super) fn lines(&mut self) -> Result<Vec<LineNo>, Fault> {
        let mut lines = Vec::new();
        let mut next = 0_u32;
        while !self.is_at_end() {
            let first = next.checked_add(self.id()?).ok_or(RANGE)?;
            let length = self.id()?;
            next = first.checked_add(length).ok_or(RANGE)?;
            // A run may not be longer than any file: a damaged length must not eat the memory.
            if length > 10_000_000 {
                return Err(RANGE);
            }
            lines.extend((first..next).filter_map(LineNo::new));
        }
        Ok(lines)
    }

    /// To the end of the bytes.
    pub(super) fn ids(&mut self) -> Result<Vec<u32>, Fault> {
        let mut ids = Vec::with_capacity(self.0.len());
        let mut last = 0_u32;
        while !self.is_at_end() {
            last = last.checked_add(self.id()?).ok_or(RANGE)?;
            ids.push(last);
        }
        Ok(ids)
    }

    /// To the end of the bytes.
    pub(super) fn pairs(&mut self) -> Result<Vec<(u32, u32)>, Fault> {
        let mut pairs = Vec::with_capacity(self.0.len() / 2);
        let mut last = 0_u32;
        while !self.is_at_end() {
            last = last.checked_add(self.id()?).ok_or(RANGE)?;
            pairs.push((last, self.id()?));
        }
        Ok(pairs)
    }
}

/// A list of texts.
pub(super) fn texts<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(texts.len());
    texts.for_each(|text| writer.text(text));
    writer.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    #[test]
    fn runs_of_lines_are_short() {
        let lines: Vec<_> = (10..400).chain(500..501).filter_map(LineNo::new).collect();
        let mut writer = Writer::default();
        writer.lines(&lines);
        assert_eq!(writer.0.len(), 5);
        assert_eq!(Reader(&writer.0).lines().unwrap(), lines);
    }

    proptest! {
        #[test]
        fn sets_are_read_as_written(
            lines in btree_set(1_u32..5000, 0..60),
            pairs in btree_set((any::<u32>(), any::<u32>()), 0..60),
            texts in vec(".{0,9}", 0..5),
        ) {
            let lines: Vec<_> = lines.into_iter().filter_map(LineNo::new).collect();
            let pairs: Vec<_> = pairs.into_iter().collect();
            let ids: Vec<_> = pairs.iter().map(|p| p.0).collect();
            let mut writer = Writer::default();
            writer.lines(&lines);
            prop_assert_eq!(Reader(&writer.0).lines().unwrap(), lines);
            let mut writer = Writer::default();
            writer.ids(&ids);
            prop_assert_eq!(Reader(&writer.0).ids().unwrap(), ids);
            let mut writer = Writer::default();
            writer.pairs(&pairs);
            prop_assert_eq!(Reader(&writer.0).pairs().unwrap(), pairs);
            let bytes = super::texts(texts.iter().map(String::as_str));
            let mut reader = Reader(&bytes);
            let count = reader.length().unwrap();
            let read: Vec<_> = (0..count).map(|_| reader.text().unwrap().to_owned()).collect();
            prop_assert_eq!(read, texts);
        }

        #[test]
        fn damaged_bytes_do_not_panic(bytes in vec(any::<u8>(), 0..6)) {
            let _ = Reader(&bytes).lines();
            let _ = Reader(&bytes).ids();
            let _ = Reader(&bytes).pairs();
            let _ = Reader(&bytes).text();
        }
    }
}
