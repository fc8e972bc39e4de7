//! Renames: which deleted file an added one was made of.
//!
//! Invariant: a file takes part in one rename at most, and the pairing does not depend on the
//! order in which the files are given.

use std::collections::{BTreeMap, HashMap};

/// The least share of common text at which two files are one, as in git.
const THRESHOLD: f64 = 0.5;

/// More pairs than this are not compared line by line; git has such a limit too.
const PAIRS: usize = 40_000;

/// A file that vanished or appeared: its path and its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a [u8],
}

/// Pairs of positions in `deleted` and `added`, by position in `added`.
pub(super) fn pair(deleted: &[Candidate<'_>], added: &[Candidate<'_>]) -> BTreeMap<usize, usize> {
    // An empty file has nothing to be recognised by.
    let mut scores = Vec::new();
    if deleted.len().saturating_mul(added.len()) <= PAIRS {
        let old: Vec<Lines<'_>> = deleted.iter().map(|file| Lines::of(file.text)).collect();
        for (to, file) in added.iter().enumerate().filter(|(_, file)| !file.text.is_empty()) {
            let lines = Lines::of(file.text);
            for (from, old) in old.iter().enumerate() {
                let score = old.similarity(&lines);
                if score >= THRESHOLD {
                    scores.push((score, from, to));
                }
            }
        }
    } else {
        let by_text: HashMap<&[u8], usize> =
            deleted.iter().enumerate().map(|(from, file)| (file.text, from)).collect();
        scores.extend(added.iter().enumerate().filter_map(|(to, file)| {
            (!file.text.is_empty()).then_some(())?;
            Some((1.0, *by_text.get(file.text)?, to))
        }));
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    scores.sort_by(|a, b| {
        let same_name =
            |&(_, from, to): &(f64, usize, usize)| name(deleted[from].path) == name(added[to].path);
        let paths = |&(_, from, to): &(f64, usize, usize)| (added[to].path, deleted[from].path);
        b.0.total_cmp(&a.0)
            .then_with(|| same_name(b).cmp(&same_name(a)))
            .then_with(|| paths(a).cmp(&paths(b)))
    });
    let mut pairs = BTreeMap::new();
    let mut taken = vec![false; deleted.len()];
    for (_, from, to) in scores {
        if !taken[from] && !pairs.contains_key(&to) {
            taken[from] = true;
            pairs.insert(to, from);
        }
    }
    pairs
}

/// A text as the multiset of its lines.
struct Lines<'a> {
    counts: HashMap<&'a [u8], usize>,
    bytes: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a [u8]) -> Self {
        let mut counts = HashMap::new();
        let mut bytes = 0;
        for line in text.split(|&byte| byte == b'\n') {
            let line = line.trim_ascii_end();
            if !line.is_empty() {
                *counts.entry(line).or_default() += 1;
                bytes += line.len();
            }
        }
        Self { counts, bytes }
    }

    #[expect(clippy::cast_precision_loss, reason = "files are far below 2^52 bytes")]
    fn similarity(&self, other: &Self) -> f64 {
        let (smaller, larger) = (self.bytes.min(other.bytes), self.bytes.max(other.bytes));
        // Even if all of the smaller file were common, it could not be enough.
        if larger == 0 || (smaller as f64) < THRESHOLD * larger as f64 {
            return 0.0;
        }
        let common: usize = self
            .counts
            .iter()
            .map(|(line, count)| line.len() * count.min(other.counts.get(line).unwrap_or(&0)))
            .sum();
        common as f64 / larger as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(deleted: &[(&str, &str)], added: &[(&str, &str)]) -> Vec<(String, String)> {
        let candidates = |files: &'_ [(&'static str, &'static str)]| {
            files
                .iter()
                .map(|(path, text)| Candidate { path, text: text.as_bytes() })
                .collect::<Vec<_>>()
        };
        let own = |files: &[(&str, &str)]| -> Vec<(&'static str, &'static str)> {
            files
                .iter()
                .map(|(a, b)| (&*Box::leak((*a).into()), &*Box::leak((*b).into())))
                .collect()
        };
        let (deleted, added) = (own(deleted), own(added));
        let (deleted, added) = (candidates(&deleted), candidates(&added));
        pair(&deleted, &added)
            .into_iter()
            .map(|(to, from)| (deleted[from].path.to_owned(), added[to].path.to_owned()))
            .collect()
    }

    #[test]
    fn the_most_alike_are_paired_first() {
        let found = pairs(
            &[("a.py", "one\ntwo\nthree\n"), ("b.py", "one\ntwo\nfour\n")],
            &[("c.py", "one\ntwo\nfour\n"), ("d.py", "one\ntwo\nthree\nfive\n")],
        );
        assert_eq!(found, [("b.py".into(), "c.py".into()), ("a.py".into(), "d.py".into())]);
    }

    #[test]
    fn the_same_name_wins_among_equals() {
        let found = pairs(&[("a/x.py", "t\n"), ("a/y.py", "t\n")], &[("b/y.py", "t\n")]);
        assert_eq!(found, [("a/y.py".into(), "b/y.py".into())]);
    }

    #[test]
    fn unlike_and_empty_files_are_no_renames() {
        assert!(pairs(&[("a.py", "one\ntwo\n")], &[("b.py", "three\nfour\n")]).is_empty());
        assert!(pairs(&[("a.py", "")], &[("b.py", "")]).is_empty());
    }
}
