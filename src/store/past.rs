//! What tests did before they were traced anew: the base of a change knows itself by it.
//!
//! Invariant: a record that is replaced, removed or dropped with its environment is still here,
//! the newest few of each test, each of another state of the code that it entered.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

use super::encoding::Reader;
use super::error::Fault;
use super::interning::function_key;
use super::load::{each_set, known_function};
use super::stored_trace::Table;
use super::{ReachDigest, Store, StoreError};
use crate::model::{FunctionKey, RepoPath, TestId};

/// Records that are kept of a test beside the present one.
const KEPT: u32 = 4;

/// What a test did when the code that it enters was another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTest {
    /// The runner's id.
    pub id: TestId,
    /// The file that held it.
    pub path: Option<RepoPath>,
    /// The test function.
    pub function: Option<FunctionKey>,
    /// A digest of the functions that it entered.
    pub code: ReachDigest,
    /// The functions that it entered.
    pub entered: Vec<FunctionKey>,
    /// What selected tests then, beside the code.
    pub under: String,
    /// Caller → callee pairs that it made.
    pub edges: Vec<(FunctionKey, FunctionKey)>,
}

impl Store {
    /// What tests did in other states of the code, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn past_tests(&self) -> Result<Vec<PastTest>, StoreError> {
        self.read(read)
    }
}

fn read(connection: &Connection) -> Result<Vec<PastTest>, Fault> {
    let mut select = connection.prepare(
        "SELECT n.name, p.path, fp.path, f.name, t.code, t.entered, t.edges, t.under
         FROM past t JOIN test_name n ON n.id = t.test LEFT JOIN path p ON p.id = t.path
         LEFT JOIN function f ON f.id = t.function LEFT JOIN path fp ON fp.id = f.path
         ORDER BY t.id DESC",
    )?;
    let mut rows = select.query([])?;
    let mut found: Vec<(PastTest, u32, u32)> = Vec::new();
    while let Some(row) = rows.next()? {
        let path: Option<String> = row.get(1)?;
        let test = PastTest {
            id: TestId::new(row.get::<_, String>(0)?),
            path: path.map(RepoPath::new),
            function: known_function(row.get(2)?, row.get(3)?),
            code: ReachDigest(row.get(4)?),
            entered: Vec::new(),
            under: row.get(7)?,
            edges: Vec::new(),
        };
        found.push((test, row.get(5)?, row.get(6)?));
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let (mut entered, mut edges) = (Table::default(), Table::default());
    let wanted: HashSet<u32> = found.iter().map(|(_, entered, _)| *entered).collect();
    each_set(connection, "function_set", &wanted, |id, data| {
        entered.put(id, Reader(data).ids()?);
        Ok(())
    })?;
    let wanted: HashSet<u32> = found.iter().map(|(.., edges)| *edges).collect();
    each_set(connection, "edge_set", &wanted, |id, data| {
        edges.put(id, Reader(data).pairs()?);
        Ok(())
    })?;
    let numbers =
        entered.0.iter().flatten().flatten().copied().chain(
            edges.0.iter().flatten().flatten().flat_map(|&(caller, callee)| [caller, callee]),
        );
    let mut functions: Table<FunctionKey> = Table::default();
    let mut select = connection.prepare(
        "SELECT f.id, p.path, f.name FROM function f JOIN path p ON p.id = f.path WHERE f.id = ?",
    )?;
    for number in numbers.collect::<BTreeSet<u32>>() {
        if let Some(key) = select.query_row([number], function_key).optional()? {
            functions.put(number, key);
        }
    }
    let name =
        |id: u32| functions.get(id).cloned().ok_or(Fault::Malformed("a function is missing"));
    let missing = || Fault::Malformed("a set of an earlier trace is missing");
    found
        .into_iter()
        .map(|(mut test, set, pairs)| {
            let ids = entered.get(set).ok_or_else(missing)?;
            test.entered = ids.iter().map(|&id| name(id)).collect::<Result<_, _>>()?;
            let pairs = edges.get(pairs).ok_or_else(missing)?;
            let pairs = pairs.iter().map(|&(a, b)| Ok((name(a)?, name(b)?)));
            test.edges = pairs.collect::<Result<_, Fault>>()?;
            Ok(test)
        })
        .collect()
}

/// Columns of a present record that its past one has, of tests that said something of the code.
const MOVE: &str = "INSERT OR REPLACE INTO past(test, code, path, function, entered, edges, under)
     SELECT id, code, path, function, entered, edges,
       CAST(coalesce((SELECT value FROM meta WHERE key = 'under'), '') AS TEXT)
     FROM test WHERE outcome IN (0, 2)";

/// What there is to keep and to drop while tests are put: nothing in a first trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// No test has a present record behind this number.
    highest: Option<u32>,
    has_past: bool,
}

impl Kept {
    /// Looks at what is there.
    pub(super) fn find(connection: &Connection) -> Result<Self, Fault> {
        let mut select = connection
            .prepare_cached("SELECT (SELECT max(id) FROM test), EXISTS (SELECT 1 FROM past)")?;
        Ok(select.query_row([], |row| Ok(Self { highest: row.get(0)?, has_past: row.get(1)? }))?)
    }

    /// Keeps the record of a test that is about to be replaced by one with another `code`, or
    /// removed. A past record with the code of the next is the same once more, and goes.
    pub(super) fn keep(
        &mut self,
        connection: &Connection,
        test: u32,
        next: Option<&ReachDigest>,
    ) -> Result<(), Fault> {
        if let (true, Some(next)) = (self.has_past, next) {
            let mut delete = connection.prepare_cached(
                "DELETE FROM past WHERE test = ? AND code = ? AND under =
                 CAST(coalesce((SELECT value FROM meta WHERE key = 'under'), '') AS TEXT)",
            )?;
            delete.execute(params![test, next.0])?;
        }
        if self.highest.is_none_or(|highest| test > highest) {
            return Ok(());
        }
        let mut insert =
            connection.prepare_cached(&format!("{MOVE} AND id = ? AND code IS NOT ?"))?;
        if insert.execute(params![test, next.map(|code| code.0)])? > 0 {
            self.has_past = true;
            let mut trim = connection.prepare_cached(
                "DELETE FROM past WHERE test = ?1 AND id NOT IN
                 (SELECT id FROM past WHERE test = ?1 ORDER BY id DESC LIMIT ?2)",
            )?;
            trim.execute(params![test, KEPT])?;
        }
        Ok(())
    }
}

/// Keeps the records of all tests.
pub(super) fn keep_all(connection: &Connection) -> Result<(), Fault> {
    connection.execute(MOVE, [])?;
    connection.execute(
        "DELETE FROM past WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (
           PARTITION BY test ORDER BY id DESC) AS age FROM past) WHERE age > ?)",
        [KEPT],
    )?;
    Ok(())
}

/// The sets and names that past records refer to: functions entered, edges, test functions, tests.
pub(super) fn references(connection: &Connection) -> Result<Vec<[Option<u32>; 4]>, Fault> {
    let mut select = connection.prepare("SELECT entered, edges, function, test FROM past")?;
    let rows = select
        .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use crate::model::{TestId, TestOutcome};
    use crate::store::testing::{function, record, store};
    use crate::store::{EnvKey, ReachDigest, TestRecord};

    fn in_state(state: u8, entered: &[&str]) -> TestRecord {
        let mut record = record("one", 0, &[], entered, &[("t", "f")]);
        record.summary.code = ReachDigest([state; 32]);
        record
    }

    #[test]
    fn a_record_that_is_replaced_or_removed_is_kept_once() {
        let (_dir, mut store) = store();
        store.put_tests(&[in_state(1, &["f", "g"])]).unwrap();
        store.put_tests(&[in_state(1, &["f", "g"])]).unwrap();
        assert_eq!(store.past_tests().unwrap(), []);
        store.put_tests(&[in_state(2, &[])]).unwrap();
        store.remove_tests(&[TestId::new("one")]).unwrap();
        let past = store.past_tests().unwrap();
        let states: Vec<u8> = past.iter().map(|test| test.code.0[0]).collect();
        assert_eq!(states, [2, 1]);
        assert_eq!(past[1].entered, [function("f"), function("g")]);
        assert_eq!(past[1].edges, [(function("t"), function("f"))]);
        assert_eq!(past[1].function, Some(function("t")));
    }

    #[test]
    fn the_newest_few_are_kept_and_outlive_the_environment_and_the_collection() {
        let (_dir, mut store) = store();
        for state in 1..9 {
            store.put_tests(&[in_state(state, &["f"])]).unwrap();
        }
        store.set_env(&EnvKey("another".into()), "").unwrap();
        store.gc(1).unwrap();
        let past = store.past_tests().unwrap();
        let states: Vec<u8> = past.iter().map(|test| test.code.0[0]).collect();
        assert_eq!(states, [8, 7, 6, 5]);
        assert_eq!(past[3].entered, [function("f")]);
    }

    #[test]
    fn a_state_that_is_the_present_again_is_no_past() {
        let (_dir, mut store) = store();
        store.put_tests(&[in_state(1, &["f"])]).unwrap();
        store.set_env(&EnvKey("another".into()), "").unwrap();
        assert_eq!(store.past_tests().unwrap().len(), 1);
        store.put_tests(&[in_state(1, &["f"])]).unwrap();
        assert_eq!(store.past_tests().unwrap(), []);
    }

    #[test]
    fn a_test_that_failed_has_no_past() {
        let (_dir, mut store) = store();
        let mut failed = in_state(1, &["f"]);
        failed.summary.outcome = TestOutcome::Failed;
        store.put_tests(&[failed]).unwrap();
        store.put_tests(&[in_state(2, &["f"])]).unwrap();
        assert_eq!(store.past_tests().unwrap(), []);
    }
}
