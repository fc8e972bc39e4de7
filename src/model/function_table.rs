//! Functions by number, as a database numbers them.
//!
//! Invariant: a key has one number and a number one key; numbers that were never given have none.

use std::sync::OnceLock;

use super::{FunctionKey, QuickMap};

/// Keys by their numbers, and back.
#[derive(Debug, Default)]
pub struct FunctionTable {
    keys: Vec<Option<FunctionKey>>,
    /// Made when a key is first looked up.
    numbers: OnceLock<QuickMap<FunctionKey, u32>>,
}

impl FunctionTable {
    /// Gives a key a number.
    pub fn put(&mut self, number: u32, key: FunctionKey) {
        let at = number as usize;
        if self.keys.len() <= at {
            self.keys.resize_with(at + 1, || None);
        }
        self.keys[at] = Some(key);
        self.numbers = OnceLock::new();
    }

    /// The key of a number.
    pub fn get(&self, number: u32) -> Option<&FunctionKey> {
        self.keys.get(number as usize)?.as_ref()
    }

    /// The number of a key.
    pub fn number(&self, key: &FunctionKey) -> Option<u32> {
        let numbers = self.numbers.get_or_init(|| {
            let keys = (0_u32..).zip(&self.keys);
            keys.filter_map(|(number, key)| Some((key.clone()?, number))).collect()
        });
        numbers.get(key).copied()
    }

    /// The keys, in the order of their numbers.
    pub fn into_keys(self) -> Vec<FunctionKey> {
        self.keys.into_iter().flatten().collect()
    }

    /// One more than the highest number.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no number was given.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Lists of numbers by number: one allocation for all of them.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// The items of each list, in the order of the pairs `(list, item)`. Lists behind `count` are
    /// left out.
    pub fn of(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0_u32; count + 1];
        for (list, _) in pairs.clone().filter(|(list, _)| (*list as usize) < count) {
            starts[list as usize + 1] += 1;
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[count] as usize];
        for (list, item) in pairs.filter(|(list, _)| (*list as usize) < count) {
            let at = &mut next[list as usize];
            items[*at as usize] = item;
            *at += 1;
        }
        Self { starts, items }
    }

    /// The items of a list, none for one that is not known.
    pub fn get(&self, list: u32) -> &[u32] {
        let at = list as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(&from), Some(&to)) => &self.items[from as usize..to as usize],
            _ => &[],
        }
    }

    /// Sorts the items of every list.
    pub fn sort_each_by_key<K: Ord>(&mut self, mut key: impl FnMut(u32) -> K) {
        for bounds in self.starts.windows(2) {
            let list = &mut self.items[bounds[0] as usize..bounds[1] as usize];
            if list.len() > 1 {
                list.sort_unstable_by_key(|&item| key(item));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QualName, RepoPath};

    #[test]
    fn a_key_is_found_by_its_number_and_back() {
        let key = |name: &str| FunctionKey::new(RepoPath::new("m.py"), QualName::new(name));
        let mut table = FunctionTable::default();
        table.put(3, key("a"));
        assert_eq!(table.number(&key("a")), Some(3));
        table.put(1, key("b"));
        assert_eq!((table.number(&key("b")), table.get(1)), (Some(1), Some(&key("b"))));
        assert_eq!((table.get(0), table.get(9), table.number(&key("c"))), (None, None, None));
    }

    #[test]
    fn lists_hold_the_items_of_their_pairs_in_order() {
        let mut lists = Lists::of(3, [(2, 5), (0, 7), (2, 4), (9, 1)].into_iter());
        assert_eq!((lists.get(0), lists.get(1), lists.get(2)), (&[7][..], &[][..], &[5, 4][..]));
        assert_eq!((lists.get(3), lists.get(u32::MAX)), (&[][..], &[][..]));
        lists.sort_each_by_key(|item| item);
        assert_eq!(lists.get(2), [4, 5]);
    }
}
