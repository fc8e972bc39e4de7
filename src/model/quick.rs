//! Maps by names of a project: paths, functions, tests.
//!
//! Invariant: only names are keys, which nobody chooses in order to have them collide.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by names.
pub type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<QuickHasher>>;

/// A hash that takes eight bytes at a time.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuickHasher(u64);

/// An odd number without a pattern.
const FACTOR: u64 = 0xf135_7aea_2e62_a9c5;

impl QuickHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        // Maps look at both ends of it.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::*;

    #[test]
    fn names_that_are_alike_are_told_apart() {
        let hash = |name: &str| BuildHasherDefault::<QuickHasher>::default().hash_one(name);
        let names: Vec<String> = (0..5000).map(|n| format!("src/package{n}/module.py")).collect();
        let hashes: HashSet<u64> = names.iter().map(|name| hash(name)).collect();
        assert_eq!(hashes.len(), names.len());
        let low: HashSet<u64> = hashes.iter().map(|hash| hash % 8192).collect();
        assert!(low.len() > 3000, "{}", low.len());
    }
}
