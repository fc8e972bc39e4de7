//! Numbers for names and sets, so that a row holds each once.
//!
//! Invariant: what is known here is in the database or in the transaction that is being written;
//! a transaction that fails takes its numbers with it (see `Store::write`).

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use rusqlite::{Connection, Row, params};
use sha2::{Digest, Sha256};

use super::error::Fault;
use crate::model::{FunctionKey, QualName, RepoPath, TestId};

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

/// The known numbers of each table; a table is read when it is first needed.
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
    known: HashMap<K, u32>,
    next: u32,
}

impl<K: Hash + Eq> Numbers<K> {
    /// Reads a table whose query gives the number first.
    fn read(
        connection: &Connection,
        query: &str,
        key: impl Fn(&Row<'_>) -> rusqlite::Result<K>,
    ) -> Result<Self, Fault> {
        let mut statement = connection.prepare(query)?;
        let mut rows = statement.query([])?;
        let mut numbers = Self { known: HashMap::new(), next: 1 };
        while let Some(row) = rows.next()? {
            let id: u32 = row.get(0)?;
            numbers.next = numbers.next.max(id.saturating_add(1));
            numbers.known.insert(key(row)?, id);
        }
        Ok(numbers)
    }

    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        self.known.get(key).copied()
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
            unread => {
                unread.insert(Numbers::read(connection, "SELECT id, path FROM path", |row| {
                    Ok(RepoPath::new(row.get::<_, String>(1)?))
                })?)
            }
        };
        if let Some(id) = numbers.get(path) {
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
        let numbers = match &mut self.functions {
            Some(numbers) => numbers,
            unread => unread.insert(Numbers::read(
                connection,
                "SELECT f.id, p.path, f.name FROM function f JOIN path p ON p.id = f.path",
                function_key,
            )?),
        };
        if let Some(id) = numbers.get(function) {
            return Ok(id);
        }
        let id = numbers.give(function.clone());
        let path = self.path(connection, &function.path)?;
        let mut insert = connection.prepare_cached("INSERT INTO function VALUES (?, ?, ?)")?;
        insert.execute(params![id, path, function.name.as_str()])?;
        Ok(id)
    }

    /// The number of a test's name.
    pub(super) fn test(&mut self, connection: &Connection, test: &TestId) -> Result<u32, Fault> {
        let numbers = match &mut self.tests {
            Some(numbers) => numbers,
            unread => {
                unread.insert(Numbers::read(connection, "SELECT id, name FROM test_name", |row| {
                    Ok(TestId::new(row.get::<_, String>(1)?))
                })?)
            }
        };
        if let Some(id) = numbers.get(test) {
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
            unread => {
                unread.insert(Numbers::read(connection, "SELECT id, hash FROM line_set", |row| {
                    row.get(1)
                })?)
            }
        };
        let hash = line_set_hash(path, data);
        if let Some(id) = numbers.get(&hash) {
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
        let (numbers, select, insert) = match table {
            SetTable::Coverage => (
                &mut self.coverages,
                "SELECT id, hash FROM coverage",
                "INSERT INTO coverage VALUES (?, ?, ?)",
            ),
            SetTable::Functions => (
                &mut self.function_sets,
                "SELECT id, hash FROM function_set",
                "INSERT INTO function_set VALUES (?, ?, ?)",
            ),
            SetTable::Edges => (
                &mut self.edge_sets,
                "SELECT id, hash FROM edge_set",
                "INSERT INTO edge_set VALUES (?, ?, ?)",
            ),
        };
        let numbers = match numbers {
            Some(numbers) => numbers,
            unread => unread.insert(Numbers::read(connection, select, |row| row.get(1))?),
        };
        let hash = digest(&[data]);
        if let Some(id) = numbers.get(&hash) {
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
