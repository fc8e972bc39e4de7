//! Verdicts, each with a digest of all that it rests on.
//!
//! Invariant: a verdict is found again only under the basis that it was recorded with, and only
//! decided ones are recorded.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::encoding::{Reader, Writer};
use super::error::Fault;
use super::{Store, StoreError};
use crate::model::{MutantId, TestId, Verdict};

/// A digest of all that a verdict rests on: the mutated function and what it calls, the tests
/// that decided it, module-level code, fixtures, the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Basis(pub [u8; 32]);

/// What became of a mutant, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVerdict {
    /// The mutant.
    pub id: MutantId,
    /// What the verdict rests on.
    pub basis: Basis,
    /// What became of it.
    pub verdict: Verdict,
    /// The tests that ran with it, in that order.
    pub tests: Vec<TestId>,
    /// Wall time of its runs.
    pub milliseconds: f64,
    /// The text that was replaced.
    pub original: String,
    /// The text that stood in its place.
    pub replacement: String,
    /// Stands for the code that it compiles to, where that is known: mutants of a function with the same are
    /// duplicates.
    pub code: Option<String>,
    /// When it was decided, in seconds since 1970 ([`StoredVerdict::now`]).
    pub recorded_at: i64,
}

impl StoredVerdict {
    /// The present, as `recorded_at` wants it.
    pub fn now() -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since.as_secs().cast_signed()
    }
}

/// The column of a verdict.
#[derive(Serialize, Deserialize)]
struct Column {
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

pub(super) const COLUMNS: &str =
    "mutant, basis, verdict, tests, milliseconds, original, replacement, recorded_at";

impl Store {
    /// The verdict on a mutant under a basis.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn verdict(
        &self,
        mutant: &MutantId,
        basis: &Basis,
    ) -> Result<Option<StoredVerdict>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM verdict WHERE mutant = ? AND basis = ?"
            ))?;
            let row = select.query_row(params![mutant.as_str(), basis.0], columns).optional()?;
            row.map(|row| stored(connection, row)).transpose()
        })
    }

    /// The newest verdict on a mutant that `stands`, told from the verdict and its basis.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn verdict_that(
        &self,
        mutant: &MutantId,
        stands: impl Fn(&Verdict, &Basis) -> bool,
    ) -> Result<Option<StoredVerdict>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM verdict WHERE mutant = ? ORDER BY recorded_at DESC, basis"
            ))?;
            for row in select.query_map([mutant.as_str()], columns)? {
                let row = row?;
                if stands(&column_of(&row.1)?.verdict, &row.0.basis) {
                    return stored(connection, row).map(Some);
                }
            }
            Ok(None)
        })
    }

    /// The newest verdict on a mutant, whatever it rests on: a guess at which test kills it.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn latest_verdict(&self, mutant: &MutantId) -> Result<Option<StoredVerdict>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM verdict WHERE mutant = ?
                 ORDER BY recorded_at DESC, basis LIMIT 1"
            ))?;
            let row = select.query_row([mutant.as_str()], columns).optional()?;
            row.map(|row| stored(connection, row)).transpose()
        })
    }

    /// Records a verdict in place of the one under the same basis, in a transaction of its own:
    /// it outlives a `kill -9` of this process from the return of the call on. A verdict that is
    /// not decided (see [`Verdict::is_decided`]) is not recorded.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_verdict(&mut self, verdict: &StoredVerdict) -> Result<(), StoreError> {
        self.put_verdicts(std::slice::from_ref(verdict))
    }

    /// Records several verdicts, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_verdicts(&mut self, verdicts: &[StoredVerdict]) -> Result<(), StoreError> {
        self.write(|connection, interner| {
            let mut insert = connection.prepare_cached(&format!(
                "INSERT OR REPLACE INTO verdict({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            ))?;
            for verdict in verdicts.iter().filter(|stored| stored.verdict.is_decided()) {
                let mut tests = Writer::default();
                for test in &verdict.tests {
                    tests.number(u64::from(interner.test(connection, test)?));
                }
                let column =
                    Column { verdict: verdict.verdict.clone(), code: verdict.code.clone() };
                let json = serde_json::to_string(&column)
                    .map_err(|_| Fault::Malformed("a verdict has no JSON"))?;
                insert.execute(params![
                    verdict.id.as_str(),
                    verdict.basis.0,
                    json,
                    tests.0,
                    verdict.milliseconds,
                    verdict.original,
                    verdict.replacement,
                    verdict.recorded_at,
                ])?;
            }
            Ok(())
        })
    }
}

/// A row, before its verdict and tests are read.
pub(super) type Columns = (StoredVerdict, String, Vec<u8>);

pub(super) fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    let verdict = StoredVerdict {
        id: MutantId::from_text(row.get::<_, String>(0)?),
        basis: Basis(row.get(1)?),
        // Replaced by `stored`, which can say that the JSON is damaged.
        verdict: Verdict::Survived,
        code: None,
        tests: Vec::new(),
        milliseconds: row.get(4)?,
        original: row.get(5)?,
        replacement: row.get(6)?,
        recorded_at: row.get(7)?,
    };
    Ok((verdict, row.get(2)?, row.get(3)?))
}

fn column_of(json: &str) -> Result<Column, Fault> {
    serde_json::from_str(json).map_err(|_| Fault::Malformed("a verdict is of no known kind"))
}

pub(super) fn stored(
    connection: &Connection,
    (mut verdict, json, tests): Columns,
) -> Result<StoredVerdict, Fault> {
    Column { verdict: verdict.verdict, code: verdict.code } = column_of(&json)?;
    let mut select = connection.prepare_cached("SELECT name FROM test_name WHERE id = ?")?;
    for id in test_numbers(&tests)? {
        let name: String = select.query_row([id], |row| row.get(0))?;
        verdict.tests.push(TestId::new(name));
    }
    Ok(verdict)
}

/// The tests of a verdict's row, by number.
pub(super) fn test_numbers(data: &[u8]) -> Result<Vec<u32>, Fault> {
    let mut reader = Reader(data);
    let mut numbers = Vec::new();
    while !reader.is_at_end() {
        numbers.push(reader.id()?);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NotRunReason;

    fn verdict(mutant: &str, basis: u8, verdict: Verdict, recorded_at: i64) -> StoredVerdict {
        StoredVerdict {
            id: MutantId::from_text(mutant),
            basis: Basis([basis; 32]),
            verdict,
            tests: vec![TestId::new("t.py::test_b[é]"), TestId::new("t.py::test_a")],
            milliseconds: 1.5,
            original: "a < b".into(),
            replacement: "a <= b".into(),
            code: Some("0123".into()),
            recorded_at,
        }
    }

    fn killed() -> Verdict {
        Verdict::Killed { by: TestId::new("t.py::test_a") }
    }

    #[test]
    fn a_verdict_is_found_under_its_basis_only() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let one = verdict("m", 1, killed(), 10);
        store.put_verdict(&one).unwrap();
        assert_eq!(store.verdict(&one.id, &one.basis).unwrap(), Some(one.clone()));
        assert_eq!(store.verdict(&one.id, &Basis([2; 32])).unwrap(), None);
        assert_eq!(store.verdict(&MutantId::from_text("n"), &one.basis).unwrap(), None);
    }

    #[test]
    fn the_newest_verdict_replaces_and_is_found_without_a_basis() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let old = verdict("m", 1, Verdict::Survived, 10);
        let new = verdict("m", 1, killed(), 20);
        let other = verdict("m", 2, Verdict::Survived, 15);
        store.put_verdicts(&[old, new.clone(), other]).unwrap();
        assert_eq!(store.verdict(&new.id, &new.basis).unwrap(), Some(new.clone()));
        assert_eq!(store.latest_verdict(&new.id).unwrap(), Some(new));
    }

    #[test]
    fn what_is_not_decided_is_not_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let error = verdict("m", 1, Verdict::Error { message: "x".into() }, 10);
        let reason = NotRunReason::Budget;
        let not_run = verdict("n", 1, Verdict::NotRun { reason }, 10);
        store.put_verdicts(&[error.clone(), not_run.clone()]).unwrap();
        assert_eq!(store.latest_verdict(&error.id).unwrap(), None);
        assert_eq!(store.latest_verdict(&not_run.id).unwrap(), None);
    }
}
