//! Reading the whole trace from the database.
//!
//! Invariant: a trace that is loaded is whole; a number without its row is an error, since it
//! would lose lines or edges in silence.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::encoding::Reader;
use super::error::Fault;
use super::stored_trace::{MISSING, StoredTest, StoredTrace, Table};
use super::trace::{ReachDigest, TestSummary, outcome};
use super::{Store, StoreError, meta};
use crate::model::{FunctionKey, FunctionTable, QualName, RepoPath, TestId};

impl Store {
    /// Loads the trace: all tests with their lines, functions and edges.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn load_trace(&self) -> Result<StoredTrace, StoreError> {
        self.read(|connection| {
            let functions = Arc::new(functions(connection)?);
            let mut trace = StoredTrace { functions, ..StoredTrace::default() };
            trace.read_tests(connection)?;
            trace.read_sets(connection)?;
            trace.check()?;
            Ok(trace)
        })
    }
}

impl StoredTrace {
    fn read_tests(&mut self, connection: &Connection) -> Result<(), Fault> {
        for (summary, sets) in summaries(connection)? {
            let [coverage, entered, edges] = sets;
            self.by_id.insert(summary.id.clone(), self.tests.len());
            self.tests.push(StoredTest { summary, coverage, entered, edges });
        }
        self.import_edges = import_edges(connection)?;
        Ok(())
    }

    fn read_sets(&mut self, connection: &Connection) -> Result<(), Fault> {
        let mut select = connection.prepare("SELECT id, path FROM path")?;
        let paths: HashMap<u32, String> = select
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        // Sets that no test has any more stay in the database until they are collected.
        let used = |of: fn(&StoredTest) -> u32| self.tests.iter().map(of).collect::<HashSet<_>>();
        let coverages = used(|test| test.coverage);
        each_set(connection, "coverage", &coverages, |id, data| {
            self.coverages.put(id, Reader(data).ids()?);
            Ok(())
        })?;
        let line_sets: HashSet<u32> =
            self.coverages.0.iter().flatten().flatten().copied().collect();
        let mut select = connection.prepare("SELECT id, path, data FROM line_set")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if line_sets.contains(&id) {
                let path = paths.get(&row.get(1)?).ok_or(Fault::Malformed("a path is missing"))?;
                let lines =
                    Reader(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?).lines()?;
                self.line_sets.put(id, (RepoPath::new(path), lines));
            }
        }
        let entered = self.tests.iter().map(|test| test.entered).collect();
        each_set(connection, "function_set", &entered, |id, data| {
            self.function_sets.put(id, Reader(data).ids()?);
            Ok(())
        })?;
        let edges = self.tests.iter().map(|test| test.edges).chain(self.import_edges).collect();
        each_set(connection, "edge_set", &edges, |id, data| {
            self.edge_sets.put(id, Reader(data).pairs()?);
            Ok(())
        })
    }

    fn check(&self) -> Result<(), Fault> {
        for test in &self.tests {
            self.coverages.has(test.coverage)?;
            self.function_sets.has(test.entered)?;
            self.edge_sets.has(test.edges)?;
        }
        self.import_edges.map_or(Ok(()), |set| self.edge_sets.has(set))?;
        for &set in self.coverages.0.iter().flatten().flatten() {
            self.line_sets.has(set)?;
        }
        let named = |number| self.functions.get(number).map(|_| ()).ok_or(MISSING);
        for &function in self.function_sets.0.iter().flatten().flatten() {
            named(function)?;
        }
        for &(caller, callee) in self.edge_sets.0.iter().flatten().flatten() {
            named(caller)?;
            named(callee)?;
        }
        Ok(())
    }
}

/// The names that the trace refers to by number.
pub(super) fn functions(connection: &Connection) -> Result<FunctionTable, Fault> {
    let mut paths: Table<RepoPath> = Table::default();
    let mut select = connection.prepare("SELECT id, path FROM path")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        paths.put(row.get(0)?, RepoPath::new(text(row, 1)?));
    }
    let mut table = FunctionTable::default();
    let mut select = connection.prepare("SELECT id, path, name FROM function")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let path = paths.get(row.get(1)?).cloned();
        let path = path.ok_or(Fault::Malformed("the file of a function is missing"))?;
        table.put(row.get(0)?, FunctionKey::new(path, QualName::new(text(row, 2)?)));
    }
    Ok(table)
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// The set of the imports' edges.
pub(super) fn import_edges(connection: &Connection) -> Result<Option<u32>, Fault> {
    let Some(bytes) = meta::get(connection, "import edges")? else { return Ok(None) };
    let number = bytes.try_into().map_err(|_| Fault::Malformed("the imports' edges"))?;
    Ok(Some(u32::from_le_bytes(number)))
}

/// The function that a joined row names, if it names one.
pub(super) fn known_function(path: Option<String>, name: Option<String>) -> Option<FunctionKey> {
    Some(FunctionKey::new(RepoPath::new(path?), QualName::new(name?)))
}

/// Every test in the order of collection, with the numbers of its coverage, of the functions that
/// it entered and of its edges.
pub(super) fn summaries(connection: &Connection) -> Result<Vec<(TestSummary, [u32; 3])>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT n.name, p.path, fp.path, f.name, position, outcome, microseconds, fork, alone_ok,
                digest, coverage, entered, edges, beyond, code
         FROM test t JOIN test_name n ON n.id = t.id LEFT JOIN path p ON p.id = t.path
         LEFT JOIN function f ON f.id = t.function LEFT JOIN path fp ON fp.id = f.path
         ORDER BY position, n.name",
    )?;
    let mut rows = select.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let path: Option<String> = row.get(1)?;
        let summary = TestSummary {
            id: TestId::new(row.get::<_, String>(0)?),
            path: path.map(RepoPath::new),
            function: known_function(row.get(2)?, row.get(3)?),
            position: row.get(4)?,
            outcome: outcome(row.get(5)?)?,
            microseconds: row.get::<_, i64>(6)?.cast_unsigned(),
            fork: row.get(7)?,
            alone_ok: row.get(8)?,
            digest: ReachDigest(row.get(9)?),
            code: ReachDigest(row.get(14)?),
            beyond: paths(row.get_ref(13)?.as_blob().map_err(rusqlite::Error::from)?)?,
        };
        found.push((summary, [row.get(10)?, row.get(11)?, row.get(12)?]));
    }
    Ok(found)
}

fn paths(bytes: &[u8]) -> Result<Vec<RepoPath>, Fault> {
    let mut reader = Reader(bytes);
    (0..reader.length()?).map(|_| reader.text().map(RepoPath::new)).collect()
}

/// Calls `take` for the rows `(id, data)` of a table whose id is wanted.
pub(super) fn each_set(
    connection: &Connection,
    table: &str,
    wanted: &HashSet<u32>,
    mut take: impl FnMut(u32, &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut read = |row: &Row<'_>| -> Result<(), Fault> {
        let id = row.get(0)?;
        if wanted.contains(&id) {
            take(id, row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        }
        Ok(())
    };
    let query = format!("SELECT id, data FROM {table}");
    // A look-up costs as much as some ten rows of a scan.
    if wanted.len() < FEW {
        let mut select = connection.prepare_cached(&format!("{query} WHERE id = ?"))?;
        for id in wanted {
            let mut rows = select.query([id])?;
            rows.next()?.map_or(Ok(()), &mut read)?;
        }
        return Ok(());
    }
    let mut select = connection.prepare_cached(&query)?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        read(row)?;
    }
    Ok(())
}

/// As many sets as are looked up one by one.
const FEW: usize = 100;
