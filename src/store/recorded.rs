//! Which mutants of a committed state were noticed: what a change is compared with.
//!
//! Invariant: a record is of one tree of git's, whole and unchanged, so that it holds for every
//! commit with that tree; only the newest trees are kept.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{Store, StoreError};
use crate::model::MutantId;

/// Trees that are kept.
const KEPT: u32 = 6;

/// Whether a mutant of a tree was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedMutant {
    /// The mutant.
    pub id: MutantId,
    /// What it replaces, and with what: an id alone may come to name another one.
    pub text: MutantText,
    /// Whether a test noticed it.
    pub noticed: bool,
}

/// A digest of what a mutant replaces, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MutantText([u8; 8]);

impl MutantText {
    /// A digest as it was stored.
    pub(super) fn from_bytes(digest: [u8; 8]) -> Self {
        Self(digest)
    }

    /// The digest of an original and its replacement.
    pub fn of(original: &str, replacement: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(original.as_bytes());
        hash.update([0]);
        hash.update(replacement.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        Self(digest[..8].try_into().expect("32 bytes hold 8"))
    }
}

impl Store {
    /// Records mutants of a tree (git's id of it), beside and in place of what is known of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn record(&mut self, tree: &str, mutants: &[RecordedMutant]) -> Result<(), StoreError> {
        self.write(|connection, _| {
            let known: Option<i64> = connection
                .query_row("SELECT id FROM recorded_tree WHERE tree = ?", [tree], |row| row.get(0))
                .optional()?;
            let number = match known {
                Some(number) => number,
                None => {
                    connection.execute("INSERT INTO recorded_tree(tree) VALUES (?)", [tree])?;
                    connection.last_insert_rowid()
                }
            };
            let mut insert = connection.prepare_cached(
                "INSERT OR REPLACE INTO recorded(tree, mutant, text, noticed) VALUES (?, ?, ?, ?)",
            )?;
            for mutant in mutants {
                insert.execute(params![
                    number,
                    mutant.id.as_str(),
                    mutant.text.0,
                    mutant.noticed
                ])?;
            }
            connection.execute(
                "DELETE FROM recorded_tree WHERE id NOT IN
                   (SELECT id FROM recorded_tree ORDER BY id DESC LIMIT ?)",
                [KEPT],
            )?;
            connection.execute(
                "DELETE FROM recorded WHERE tree NOT IN (SELECT id FROM recorded_tree)",
                [],
            )?;
            Ok(())
        })
    }

    /// What is recorded of a tree, for these mutants; `None` where nothing is.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn recorded<'m>(
        &self,
        tree: &str,
        mutants: impl Iterator<Item = &'m MutantId>,
    ) -> Result<Option<HashMap<MutantId, RecordedMutant>>, StoreError> {
        self.read(|connection| {
            let number: Option<i64> = connection
                .query_row("SELECT id FROM recorded_tree WHERE tree = ?", [tree], |row| row.get(0))
                .optional()?;
            let Some(number) = number else { return Ok(None) };
            let mut select = connection.prepare_cached(
                "SELECT text, noticed FROM recorded WHERE tree = ? AND mutant = ?",
            )?;
            let mut found = HashMap::new();
            for id in mutants {
                let row = select
                    .query_row(params![number, id.as_str()], |row| {
                        Ok((MutantText(row.get(0)?), row.get(1)?))
                    })
                    .optional()?;
                if let Some((text, noticed)) = row {
                    found.insert(id.clone(), RecordedMutant { id: id.clone(), text, noticed });
                }
            }
            Ok(Some(found))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(id: &str, noticed: bool) -> RecordedMutant {
        RecordedMutant { id: MutantId::from_text(id), text: MutantText::of("a", "b"), noticed }
    }

    fn found(store: &Store, tree: &str, id: &str) -> Option<bool> {
        let id = MutantId::from_text(id);
        let found = store.recorded(tree, [&id].into_iter()).unwrap();
        found.and_then(|found| found.get(&id).map(|mutant| mutant.noticed))
    }

    #[test]
    fn a_record_is_of_its_tree_only_and_grows() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.record("t1", &[mutant("a", true)]).unwrap();
        store.record("t2", &[mutant("a", false)]).unwrap();
        store.record("t1", &[mutant("b", false)]).unwrap();
        assert_eq!(found(&store, "t1", "a"), Some(true));
        assert_eq!(found(&store, "t1", "b"), Some(false));
        assert_eq!(found(&store, "t2", "a"), Some(false));
        assert_eq!(found(&store, "t2", "b"), None);
        assert_eq!(store.recorded("t3", std::iter::empty()).unwrap(), None);
    }

    #[test]
    fn the_oldest_trees_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        for number in 0..=KEPT {
            store.record(&format!("t{number}"), &[mutant("a", true)]).unwrap();
        }
        assert_eq!(found(&store, "t0", "a"), None);
        assert_eq!(found(&store, "t1", "a"), Some(true));
    }

    #[test]
    fn other_text_is_another_mutant() {
        assert_ne!(MutantText::of("a", "b"), MutantText::of("ab", ""));
        assert_eq!(MutantText::of("a", "b"), MutantText::of("a", "b"));
    }
}
