//! Removing what nothing refers to any more.
//!
//! Invariant: no question is answered differently after it, but for the verdicts that it was
//! asked to drop.

use std::collections::HashSet;

use rusqlite::Connection;

use super::encoding::Reader;
use super::error::Fault;
use super::verdicts::test_numbers;
use super::{Store, StoreError, load, past};

/// How much was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Old verdicts.
    pub verdicts: usize,
    /// Sets and names.
    pub rows: usize,
}

impl Store {
    /// Keeps the newest `keep` verdicts of each mutant, drops the older ones, and then the sets
    /// and names that neither a test nor a verdict refers to.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn gc(&mut self, keep: u32) -> Result<Removed, StoreError> {
        let removed = self.write(|connection, _| {
            let verdicts = connection.execute(
                "DELETE FROM verdict WHERE (mutant, basis) IN (
                   SELECT mutant, basis FROM (
                     SELECT mutant, basis, row_number() OVER (
                       PARTITION BY mutant ORDER BY recorded_at DESC, basis) AS age FROM verdict)
                   WHERE age > ?)",
                [keep],
            )?;
            Ok(Removed { verdicts, rows: collect(connection)? })
        })?;
        self.forget_numbers();
        Ok(removed)
    }

    /// Gives the room of what was removed back to the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn shrink(&mut self) -> Result<(), StoreError> {
        let shrunk = self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
        shrunk.map_err(|error| Fault::from(error).at(self.path()))
    }
}

fn collect(connection: &Connection) -> Result<usize, Fault> {
    let mut used = Used::default();
    for (_, [coverage, entered, edges]) in load::summaries(connection)? {
        used.coverages.insert(coverage);
        used.function_sets.insert(entered);
        used.edge_sets.insert(edges);
    }
    used.edge_sets.extend(load::import_edges(connection)?);
    for [entered, edges, function, test] in past::references(connection)? {
        used.function_sets.extend(entered);
        used.edge_sets.extend(edges);
        used.functions.extend(function);
        used.test_names.extend(test);
    }
    used.follow_sets(connection)?;
    used.follow_tests(connection)?;
    let mut removed = 0;
    for (table, used) in [
        ("coverage", &used.coverages),
        ("line_set", &used.line_sets),
        ("function_set", &used.function_sets),
        ("edge_set", &used.edge_sets),
        ("function", &used.functions),
        ("test_name", &used.test_names),
    ] {
        removed += delete_others(connection, table, used)?;
    }
    removed += connection.execute(
        "DELETE FROM path WHERE id NOT IN (SELECT path FROM function UNION
           SELECT path FROM line_set UNION SELECT path FROM test WHERE path IS NOT NULL
           UNION SELECT path FROM past WHERE path IS NOT NULL)",
        [],
    )?;
    Ok(removed)
}

/// Numbers that something refers to.
#[derive(Default)]
struct Used {
    coverages: HashSet<u32>,
    line_sets: HashSet<u32>,
    function_sets: HashSet<u32>,
    edge_sets: HashSet<u32>,
    functions: HashSet<u32>,
    test_names: HashSet<u32>,
}

impl Used {
    fn follow_sets(&mut self, connection: &Connection) -> Result<(), Fault> {
        load::each_set(connection, "coverage", &self.coverages, |_, data| {
            self.line_sets.extend(Reader(data).ids()?);
            Ok(())
        })?;
        load::each_set(connection, "function_set", &self.function_sets, |_, data| {
            self.functions.extend(Reader(data).ids()?);
            Ok(())
        })?;
        load::each_set(connection, "edge_set", &self.edge_sets, |_, data| {
            self.functions.extend(Reader(data).pairs()?.into_iter().flat_map(|(a, b)| [a, b]));
            Ok(())
        })
    }

    fn follow_tests(&mut self, connection: &Connection) -> Result<(), Fault> {
        let mut select = connection.prepare("SELECT id, function FROM test")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.test_names.insert(row.get(0)?);
            self.functions.extend(row.get::<_, Option<u32>>(1)?);
        }
        let mut select = connection.prepare("SELECT tests FROM verdict")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let data = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            self.test_names.extend(test_numbers(data)?);
        }
        Ok(())
    }
}

/// Deletes the rows of a table whose number is not used.
fn delete_others(
    connection: &Connection,
    table: &str,
    used: &HashSet<u32>,
) -> Result<usize, Fault> {
    let mut select = connection.prepare(&format!("SELECT id FROM {table}"))?;
    let ids = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<u32>, _>>()?;
    let mut delete = connection.prepare(&format!("DELETE FROM {table} WHERE id = ?"))?;
    let mut removed = 0;
    for id in ids.into_iter().filter(|id| !used.contains(id)) {
        removed += delete.execute([id])?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MutantId, TestId, Verdict};
    use crate::store::testing::{record, store};
    use crate::store::{Basis, StoredVerdict};

    fn verdict(basis: u8, recorded_at: i64, test: &str) -> StoredVerdict {
        StoredVerdict {
            id: MutantId::from_text("m"),
            basis: Basis([basis; 32]),
            verdict: Verdict::Survived,
            tests: vec![TestId::new(test)],
            milliseconds: 0.0,
            original: String::new(),
            replacement: String::new(),
            code: None,
            recorded_at,
        }
    }

    #[test]
    fn only_what_nothing_refers_to_is_removed() {
        let (_dir, mut store) = store();
        let kept = record("kept", 0, &[("a.py", &[1])], &["f"], &[("t", "f")]);
        let gone = record("gone", 1, &[("b.py", &[2])], &["g"], &[("t", "g")]);
        store.put_tests(&[kept.clone(), gone.clone()]).unwrap();
        store.remove_tests(&[gone.summary.id]).unwrap();
        store.put_verdict(&verdict(1, 1, "only in a verdict")).unwrap();
        let before = store.load_trace().unwrap().call_graph();
        let removed = store.gc(9).unwrap();
        // A line set, a coverage, `b.py`; what the test entered is its past.
        assert_eq!(removed, Removed { verdicts: 0, rows: 3 });
        assert_eq!(store.load_trace().unwrap().call_graph(), before);
        assert_eq!(store.tests().unwrap(), [kept.summary]);
        let found = store.latest_verdict(&MutantId::from_text("m")).unwrap().unwrap();
        assert_eq!(found.tests, [TestId::new("only in a verdict")]);
        assert_eq!(store.gc(9).unwrap(), Removed::default());
        store.put_tests(&[record("gone", 1, &[("b.py", &[2])], &["g"], &[])]).unwrap();
        assert_eq!(store.load_trace().unwrap().tests().len(), 2);
    }

    #[test]
    fn the_newest_verdicts_are_kept() {
        let (_dir, mut store) = store();
        store
            .put_verdicts(&[verdict(1, 30, "a"), verdict(2, 10, "b"), verdict(3, 20, "c")])
            .unwrap();
        assert_eq!(store.gc(2).unwrap(), Removed { verdicts: 1, rows: 1 });
        let id = MutantId::from_text("m");
        assert!(store.verdict(&id, &Basis([1; 32])).unwrap().is_some());
        assert!(store.verdict(&id, &Basis([2; 32])).unwrap().is_none());
        assert!(store.verdict(&id, &Basis([3; 32])).unwrap().is_some());
    }
}
