//! Stores of several machines made one.
//!
//! Invariant: verdicts and records are joined, each with its basis, so that none holds where it did not
//! before; a trace is of one machine, and is never put together from two.

use std::path::{Path, PathBuf};

use rusqlite::params;
use tempfile::TempDir;

use super::recorded::{MutantText, RecordedMutant};
use super::transfer::{TransferError, export, import};
use super::verdicts::{COLUMNS, columns, stored};
use super::{Store, StoredVerdict};
use crate::model::MutantId;

/// Verdicts that are written at once.
const BATCH: usize = 2000;

/// A store in a folder of its own.
struct Guest {
    store: Store,
    _folder: TempDir,
}

impl Guest {
    fn open(source: &Path) -> Result<Self, TransferError> {
        let unusable =
            |error| TransferError::Unusable { path: source.to_path_buf(), source: error };
        let folder = TempDir::with_prefix("mutdiff-join-").map_err(unusable)?;
        import(folder.path(), source)?;
        Ok(Self { store: Store::open(folder.path())?, _folder: folder })
    }
}

/// Replaces the store of `workdir` by the first of `sources`, with the verdicts and records of the others
/// and its own. Returns how many verdicts were added to those of the first.
///
/// # Errors
///
/// [`TransferError`]: then the store is as it was, if the fault was found in what was given.
pub fn join(workdir: &Path, sources: &[PathBuf]) -> Result<usize, TransferError> {
    let Some((first, others)) = sources.split_first() else { return Ok(0) };
    let mut guests = Vec::with_capacity(sources.len());
    let of_first = Guest::open(first)?.store.env()?;
    for source in others {
        let guest = Guest::open(source)?;
        if guest.store.env()? != of_first {
            let (one, other) = (first.clone(), source.clone());
            return Err(TransferError::OtherEnvironment { one, other });
        }
        guests.push(guest);
    }
    guests.extend(own(workdir));
    import(workdir, first)?;
    let mut store = Store::open(workdir)?;
    let mut added = 0;
    for guest in &guests {
        added += store.absorb(&guest.store)?;
    }
    Ok(added)
}

/// The store that is there, if it can be read: it is of use and not needed.
fn own(workdir: &Path) -> Option<Guest> {
    let folder = TempDir::with_prefix("mutdiff-join-").ok()?;
    let copy = folder.path().join("own.db");
    export(workdir, &copy, false).ok()?;
    Guest::open(&copy).ok()
}

impl Store {
    /// Takes the verdicts and records of another store that it does not have, or has older ones of.
    fn absorb(&mut self, other: &Store) -> Result<usize, TransferError> {
        let mut added = 0;
        let mut last = (String::new(), Vec::new());
        loop {
            let batch = other.verdicts_after(&last)?;
            let Some(end) = batch.last() else { break };
            last = (end.id.as_str().to_owned(), end.basis.0.to_vec());
            let mut new = Vec::new();
            for verdict in batch {
                let known = self.verdict(&verdict.id, &verdict.basis)?;
                if known.is_none_or(|known| known.recorded_at < verdict.recorded_at) {
                    new.push(verdict);
                }
            }
            added += new.len();
            self.put_verdicts(&new)?;
        }
        for (tree, mutants) in other.all_recorded()? {
            self.record(&tree, &mutants)?;
        }
        Ok(added)
    }

    /// The next verdicts in the order of their keys.
    fn verdicts_after(
        &self,
        (mutant, basis): &(String, Vec<u8>),
    ) -> Result<Vec<StoredVerdict>, TransferError> {
        let found = self.read(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM verdict WHERE (mutant, basis) > (?, ?)
                 ORDER BY mutant, basis LIMIT {BATCH}"
            ))?;
            let rows = select.query_map(params![mutant, basis], columns)?;
            rows.map(|row| stored(connection, row?)).collect()
        });
        Ok(found?)
    }

    /// What is recorded of each tree, the oldest tree first.
    fn all_recorded(&self) -> Result<Vec<(String, Vec<RecordedMutant>)>, TransferError> {
        let found = self.read(|connection| {
            let mut trees = connection.prepare("SELECT id, tree FROM recorded_tree ORDER BY id")?;
            let trees: Vec<(i64, String)> = trees
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let mut select =
                connection.prepare("SELECT mutant, text, noticed FROM recorded WHERE tree = ?")?;
            let mut found = Vec::new();
            for (id, tree) in trees {
                let rows = select.query_map([id], |row| {
                    let id = MutantId::from_text(row.get::<_, String>(0)?);
                    Ok(RecordedMutant {
                        id,
                        text: MutantText::from_bytes(row.get(1)?),
                        noticed: row.get(2)?,
                    })
                })?;
                found.push((tree, rows.collect::<Result<_, _>>()?));
            }
            Ok(found)
        });
        Ok(found?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TestId, Verdict};
    use crate::store::testing::{record, store};
    use crate::store::{Basis, EnvKey};

    fn verdict(mutant: &str, basis: u8, at: i64, verdict: Verdict) -> StoredVerdict {
        StoredVerdict {
            id: MutantId::from_text(mutant),
            basis: Basis([basis; 32]),
            verdict,
            tests: vec![TestId::new(format!("t::{mutant}"))],
            milliseconds: 1.0,
            original: "a".into(),
            replacement: "b".into(),
            code: None,
            recorded_at: at,
        }
    }

    fn exported(verdicts: &[StoredVerdict], noticed: &str, env: &str) -> (TempDir, PathBuf) {
        let (dir, mut store) = store();
        store.set_env(&EnvKey(env.into()), "").unwrap();
        store.put_tests(&[record("one", 0, &[("a.py", &[1])], &["f"], &[])]).unwrap();
        store.put_verdicts(verdicts).unwrap();
        let text = MutantText::of("a", "b");
        let mutant = RecordedMutant { id: MutantId::from_text(noticed), text, noticed: true };
        store.record("tree", &[mutant]).unwrap();
        let file = dir.path().join("out.db");
        export(dir.path(), &file, false).unwrap();
        (dir, file)
    }

    #[test]
    fn verdicts_of_all_are_there_and_the_newest_wins() {
        let (_a, a) = exported(&[verdict("m", 1, 10, Verdict::Survived)], "m", "e");
        let killed = Verdict::Killed { by: TestId::new("t::m") };
        let newer = verdict("m", 1, 20, killed);
        let other = verdict("n", 2, 5, Verdict::Survived);
        let (_b, b) = exported(&[newer.clone(), other.clone()], "n", "e");
        let dir = tempfile::tempdir().unwrap();
        let mut own = Store::open(dir.path()).unwrap();
        let mine = verdict("o", 3, 1, Verdict::Survived);
        own.put_verdict(&mine).unwrap();
        drop(own);
        assert_eq!(join(dir.path(), &[a, b]).unwrap(), 3);
        let joined = Store::open(dir.path()).unwrap();
        for expected in [newer, other, mine] {
            let found = joined.verdict(&expected.id, &expected.basis).unwrap();
            assert_eq!(found, Some(expected));
        }
        let ids = [MutantId::from_text("m"), MutantId::from_text("n")];
        assert_eq!(joined.recorded("tree", ids.iter()).unwrap().unwrap().len(), 2);
        assert_eq!(joined.tests().unwrap().len(), 1);
    }

    #[test]
    fn a_store_of_another_environment_changes_nothing() {
        let (_a, a) = exported(&[], "m", "one");
        let (_b, b) = exported(&[], "m", "two");
        let dir = tempfile::tempdir().unwrap();
        let mut own = Store::open(dir.path()).unwrap();
        own.put_note("mine", b"x").unwrap();
        drop(own);
        let refused = join(dir.path(), &[a, b]).unwrap_err();
        assert!(matches!(refused, TransferError::OtherEnvironment { .. }));
        assert!(Store::open(dir.path()).unwrap().note("mine").unwrap().is_some());
    }
}
