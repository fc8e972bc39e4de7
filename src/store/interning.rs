//! Numbers for names and sets, so that a row holds each once.
//!
//! Invariant: what is known here is in the database or in the transaction that is being written;
//! a transaction that fails takes its numbers with it (see `Store::write`).

use std::hash::Hash;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use sha2::{Digest, Sha256};

use super::error::Fault;
use crate::model::{FunctionKey, QualName, QuickMap, RepoPath, TestId};

/// Half a SHA-256: enough to never meet twice by accident.
type SetHash = [u8; 16];

/// The tables of sets.
#[derive(Debug, Clone, Copy)]
pub(super) enum SetTable {
    /// Line sets of a test.
    Coverage,
    /// Functions that a test entered.
    Functions,
    /// Edges.
    Edges,
}

/// The known numbers of each table. The database is asked for one that is not known here.
#[derive(Debug, Default)]
pub(super) struct Interner {
    paths: Option<Numbers<RepoPath>>,
    functions: Option<Numbers<FunctionKey>>,
    tests: Option<Numbers<TestId>>,
    lines: Option<Numbers<SetHash>>,
    coverages: Option<Numbers<SetHash>>,
    function_sets: Option<Numbers<SetHash>>,
    edge_sets: Option<Numbers<SetHash>>,
}

#[derive(Debug)]
struct Numbers<K> {
    known: QuickMap<K, u32>,
    next: u32,
    /// Whether all that the table holds is known here.
    all: bool,
}

impl<K: Clone + Hash + Eq> Numbers<K> {
    /// Those of a table: of an empty one, all are known.
    fn of(connection: &Connection, table: &str) -> Result<Self, Fault> {
        let select = format!("SELECT coalesce(max(id), 0) FROM {table}");
        let highest: u32 = connection.prepare_cached(&select)?.query_row([], |row| row.get(0))?;
        Ok(Self { known: QuickMap::default(), next: highest.saturating_add(1), all: highest == 0 })
    }

    fn get(
        &mut self,
        connection: &Connection,
        key: &K,
        select: &str,
        parameters: impl Params,
    ) -> Result<Option<u32>, Fault> {
        if let Some(known) = self.known.get(key) {
            return Ok(Some(*known));
        }
        if self.all {
            return Ok(None);
        }
        let mut select = connection.prepare_cached(select)?;
        let found: Option<u32> = select.query_row(parameters, |row| row.get(0)).optional()?;
        if let Some(id) = found {
            self.known.insert(key.clone(), id);
        }
        Ok(found)
    }

    fn give(&mut self, key: K) -> u32 {
        let id = self.next;
        self.next += 1;
        self.known.insert(key, id);
        id
    }
}

impl Interner {
    /// The number of a path.
    pub(super) fn path(&mut self, connection: &Connection, path: &RepoPath) -> Result<u32, Fault> {
        let numbers = match &mut self.paths {
            Some(numbers) => numbers,
            unread => unread.insert(Numbers::of(connection, "path")?),
        };
        let select = "SELECT id FROM path WHERE path = ?";
        if let Some(id) = numbers.get(connection, path, select, [path.as_str()])? {
            return Ok(id);
        }
        let id = numbers.give(path.clone());
        let mut insert = connection.prepare_cached("INSERT INTO path VALUES (?, ?)")?;
        insert.execute(params![id, path.as_str()])?;
        Ok(id)
    }

    /// The number of a function.
    pub(super) fn function(
        &mut self,
        connection: &Connection,
        function: &FunctionKey,
    ) -> Result<u32, Fault> {
        let path = self.path(connection, &function.path)?;
        let numbers = match &mut self.functions {
            Some(numbers) => numbers,
            unread => unread.insert(Numbers::of(connection, "function")?),
        };
        let select = "SELECT id FROM function WHERE path = ? AND name = ?";
        let parameters = params![path, function.name.as_str()];
        if let Some(id) = numbers.get(connection, function, select, parameters)? {
            return Ok(id);
        }
        let id = numbers.give(function.clone());
        let mut insert = connection.prepare_cached("INSERT INTO function VALUES (?, ?, ?)")?;
        insert.execute(params![id, path, function.name.as_str()])?;
        Ok(id)
    }

    /// The number of a test's name.
    pub(super) fn test(&mut self, connection: &Connection, test: &TestId) -> Result<u32, Fault> {
        let numbers = match &mut self.tests {
            Some(numbers) => numbers,
            unread => unread.insert(Numbers::of(connection, "test_name")?),
        };
        let select = "SELECT id FROM test_name WHERE name = ?";
        if let Some(id) = numbers.get(connection, test, select, [test.as_str()])? {
            return Ok(id);
        }
        let id = numbers.give(test.clone());
        let mut insert = connection.prepare_cached("INSERT INTO test_name VALUES (?, ?)")?;
        insert.execute(params![id, test.as_str()])?;
        Ok(id)
    }

    /// The number of a set of lines of one file.
    pub(super) fn lines(
        &mut self,
        connection: &Connection,
        path: u32,
        data: &[u8],
    ) -> Result<u32, Fault> {
        let numbers = match &mut self.lines {
            Some(numbers) => numbers,
            unread => unread.insert(Numbers::of(connection, "line_set")?),
        };
        let hash = line_set_hash(path, data);
        let select = "SELECT id FROM line_set WHERE hash = ?";
        if let Some(id) = numbers.get(connection, &hash, select, [&hash])? {
            return Ok(id);
        }
        let id = numbers.give(hash);
        let mut insert = connection.prepare_cached("INSERT INTO line_set VALUES (?, ?, ?, ?)")?;
        insert.execute(params![id, hash, path, data])?;
        Ok(id)
    }

    /// Forgets the numbers of line sets, whose rows are about to be others.
    pub(super) fn forget_lines(&mut self) {
        self.lines = None;
    }

    /// The number of any other set.
    pub(super) fn set(
        &mut self,
        connection: &Connection,
        table: SetTable,
        data: &[u8],
    ) -> Result<u32, Fault> {
        let (numbers, table, select, insert) = match table {
            SetTable::Coverage => (
                &mut self.coverages,
                "coverage",
                "SELECT id FROM coverage WHERE hash = ?",
                "INSERT INTO coverage VALUES (?, ?, ?)",
            ),
            SetTable::Functions => (
                &mut self.function_sets,
                "function_set",
                "SELECT id FROM function_set WHERE hash = ?",
                "INSERT INTO function_set VALUES (?, ?, ?)",
            ),
            SetTable::Edges => (
                &mut self.edge_sets,
                "edge_set",
                "SELECT id FROM edge_set WHERE hash = ?",
                "INSERT INTO edge_set VALUES (?, ?, ?)",
            ),
        };
        let numbers = match numbers {
            Some(numbers) => numbers,
            unread => unread.insert(Numbers::of(connection, table)?),
        };
        let hash = digest(&[data]);
        if let Some(id) = numbers.get(connection, &hash, select, [&hash])? {
            return Ok(id);
        }
        let id = numbers.give(hash);
        connection.prepare_cached(insert)?.execute(params![id, hash, data])?;
        Ok(id)
    }
}

/// The function of a row `(_, path, name)`.
pub(super) fn function_key(row: &Row<'_>) -> rusqlite::Result<FunctionKey> {
    let (path, name): (String, String) = (row.get(1)?, row.get(2)?);
    Ok(FunctionKey::new(RepoPath::new(path), QualName::new(name)))
}

/// What a row of lines is known by.
pub(super) fn line_set_hash(path: u32, data: &[u8]) -> SetHash {
    digest(&[&path.to_le_bytes(), data])
}

fn digest(parts: &[&[u8]]) -> SetHash {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    let mut half = SetHash::default();
    half.copy_from_slice(&hash.finalize()[..16]);
    half
}
