//! Writing the trace: what each test did, and what the imports did.
//!
//! Invariant: lines, functions and edges belong to the test that saw them, so putting a test
//! again replaces all of them.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, params};

use super::encoding::{Reader, Writer, texts};
use super::error::Fault;
use super::interning::{Interner, SetTable};
use super::past::Kept;
use super::{Store, StoreError, meta, moved_lines};
use crate::model::{
    CodePoint, EdgeSeen, FunctionKey, ImportTrace, LineNo, LineSet, RepoPath, TestId, TestOutcome,
};

/// A digest of all that a test reaches, opaque here.
///
/// All zeros fits nothing: what the test reached is not known any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReachDigest(pub [u8; 32]);

/// A test without what it reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestSummary {
    /// The runner's id.
    pub id: TestId,
    /// The file that holds it.
    pub path: Option<RepoPath>,
    /// The test function.
    pub function: Option<FunctionKey>,
    /// Its place in the order of collection, 0-based.
    pub position: u32,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Wall time of set-up, call and tear-down.
    pub microseconds: u64,
    /// The fork that it ran in.
    pub fork: u32,
    /// Whether it passed in a fork of its own.
    pub alone_ok: bool,
    /// Files that processes which it starts may run, out of every hook's reach.
    pub beyond: Vec<RepoPath>,
    /// A digest of all that it reaches.
    pub digest: ReachDigest,
    /// A digest of the functions that it entered, and of nothing else.
    pub code: ReachDigest,
}

/// A test and what it reached, resolved to functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRecord {
    /// All but what it reached.
    pub summary: TestSummary,
    /// Lines that it reached.
    pub lines: LineSet,
    /// Functions that it entered, in any order.
    pub entered: Vec<FunctionKey>,
    /// Caller → callee pairs that it made, in any order.
    pub edges: Vec<(FunctionKey, FunctionKey)>,
}

/// Whose edges they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeOwner {
    /// Seen before the first test.
    Import,
    /// Seen in a test.
    Test(TestId),
}

impl Store {
    /// Remembers tests, each in place of what was known of it, in one transaction.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_tests(&mut self, records: &[TestRecord]) -> Result<(), StoreError> {
        self.write(|connection, interner| {
            let mut kept = Kept::find(connection)?;
            records.iter().try_for_each(|record| put_test(connection, interner, &mut kept, record))
        })
    }

    /// Forgets tests that are collected no more.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn remove_tests(&mut self, tests: &[TestId]) -> Result<(), StoreError> {
        self.write(|connection, interner| {
            let mut kept = Kept::find(connection)?;
            let mut delete = connection.prepare_cached("DELETE FROM test WHERE id = ?")?;
            for test in tests {
                let test = interner.test(connection, test)?;
                kept.keep(connection, test, None)?;
                delete.execute([test])?;
            }
            Ok(())
        })
    }

    /// Puts the known tests into the order of a new collection; tests that it does not name keep
    /// their place.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn set_order(&mut self, collected: &[TestId]) -> Result<(), StoreError> {
        self.write(|connection, interner| {
            let mut update =
                connection.prepare_cached("UPDATE test SET position = ? WHERE id = ?")?;
            for (position, test) in (0_u32..).zip(collected) {
                update.execute([position, interner.test(connection, test)?])?;
            }
            Ok(())
        })
    }

    /// Replaces the edges of the imports or of a known test.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_edges(
        &mut self,
        owner: &EdgeOwner,
        edges: &[(FunctionKey, FunctionKey)],
    ) -> Result<(), StoreError> {
        self.write(|connection, interner| {
            let set = edge_set(connection, interner, edges)?;
            match owner {
                EdgeOwner::Import => meta::put(connection, "import edges", &set.to_le_bytes()),
                EdgeOwner::Test(test) => {
                    let test = interner.test(connection, test)?;
                    connection.execute("UPDATE test SET edges = ? WHERE id = ?", [set, test])?;
                    Ok(())
                }
            }
        })
    }

    /// Remembers what imports and collection did, in place of what was known. Nothing of it is
    /// lost then.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_import_trace(&mut self, trace: &ImportTrace) -> Result<(), StoreError> {
        let bytes = write_import(trace);
        self.write(|connection, _| {
            moved_lines::put_lost_imports(connection, &BTreeSet::new())?;
            meta::put(connection, "import", &bytes)
        })
    }

    /// The functions whose lines at import are known no more, since their text is another;
    /// `<module>` for those of a file's module and class bodies.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn lost_imports(&self) -> Result<BTreeSet<FunctionKey>, StoreError> {
        self.read(moved_lines::lost_imports)
    }

    /// What imports and collection did; `None` before the first trace.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn import_trace(&self) -> Result<Option<ImportTrace>, StoreError> {
        self.read(|connection| {
            meta::get(connection, "import")?.map(|bytes| read_import(&bytes)).transpose()
        })
    }
}

fn put_test(
    connection: &Connection,
    interner: &mut Interner,
    kept: &mut Kept,
    record: &TestRecord,
) -> Result<(), Fault> {
    let mut line_sets = Vec::with_capacity(record.lines.len());
    for (path, lines) in &record.lines {
        let path = interner.path(connection, path)?;
        let mut writer = Writer::default();
        if lines.is_sorted_by(|a, b| a < b) {
            writer.lines(lines);
        } else {
            let mut sorted = lines.clone();
            sorted.sort_unstable();
            sorted.dedup();
            writer.lines(&sorted);
        }
        line_sets.push(interner.lines(connection, path, &writer.0)?);
    }
    let coverage = id_set(connection, interner, SetTable::Coverage, line_sets)?;
    let mut functions = Vec::with_capacity(record.entered.len());
    for function in &record.entered {
        functions.push(interner.function(connection, function)?);
    }
    let entered = id_set(connection, interner, SetTable::Functions, functions)?;
    let edges = edge_set(connection, interner, &record.edges)?;

    let test = &record.summary;
    let id = interner.test(connection, &test.id)?;
    let path = test.path.as_ref().map(|path| interner.path(connection, path)).transpose()?;
    let function = test.function.as_ref();
    let function = function.map(|key| interner.function(connection, key)).transpose()?;
    let beyond = texts(test.beyond.iter().map(RepoPath::as_str));
    kept.keep(connection, id, Some(&test.code))?;
    let mut insert = connection.prepare_cached(
        "INSERT OR REPLACE INTO test VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        id,
        path,
        function,
        test.position,
        outcome_number(test.outcome),
        test.microseconds.cast_signed(),
        test.fork,
        test.alone_ok,
        coverage,
        entered,
        edges,
        test.digest.0,
        beyond,
        test.code.0,
    ])?;
    Ok(())
}

fn id_set(
    connection: &Connection,
    interner: &mut Interner,
    table: SetTable,
    mut ids: Vec<u32>,
) -> Result<u32, Fault> {
    ids.sort_unstable();
    ids.dedup();
    let mut writer = Writer::default();
    writer.ids(&ids);
    interner.set(connection, table, &writer.0)
}

fn edge_set(
    connection: &Connection,
    interner: &mut Interner,
    edges: &[(FunctionKey, FunctionKey)],
) -> Result<u32, Fault> {
    let mut pairs = Vec::with_capacity(edges.len());
    for (caller, callee) in edges {
        let caller = interner.function(connection, caller)?;
        pairs.push((caller, interner.function(connection, callee)?));
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut writer = Writer::default();
    writer.pairs(&pairs);
    interner.set(connection, SetTable::Edges, &writer.0)
}

fn outcome_number(outcome: TestOutcome) -> u8 {
    match outcome {
        TestOutcome::Passed => 0,
        TestOutcome::Failed => 1,
        TestOutcome::Skipped => 2,
        TestOutcome::Crashed => 3,
        TestOutcome::TimedOut => 4,
        TestOutcome::OutOfMemory => 5,
    }
}

pub(super) fn outcome(number: u8) -> Result<TestOutcome, Fault> {
    Ok(match number {
        0 => TestOutcome::Passed,
        1 => TestOutcome::Failed,
        2 => TestOutcome::Skipped,
        3 => TestOutcome::Crashed,
        4 => TestOutcome::TimedOut,
        5 => TestOutcome::OutOfMemory,
        _ => return Err(Fault::Malformed("a test ended in no known way")),
    })
}

pub(super) fn write_import(trace: &ImportTrace) -> Vec<u8> {
    let mut numbers: HashMap<&str, u64> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    let mut body = Writer::default();
    let mut name = |body: &mut Writer, text| {
        let next = names.len() as u64;
        body.number(*numbers.entry(text).or_insert_with(|| {
            names.push(text);
            next
        }));
    };
    body.length(trace.lines.len());
    for (path, lines) in &trace.lines {
        name(&mut body, path.as_str());
        let mut runs = Writer::default();
        runs.lines(lines);
        body.length(runs.0.len());
        body.raw(&runs.0);
    }
    body.length(trace.edges.len());
    for point in trace.edges.iter().flat_map(|edge| [&edge.caller, &edge.callee]) {
        name(&mut body, point.path.as_str());
        body.number(u64::from(point.first_line.get()));
        name(&mut body, point.name.as_str());
    }
    body.length(trace.imports.len());
    for path in trace.imports.iter().flat_map(|(importer, imported)| [importer, imported]) {
        name(&mut body, path.as_str());
    }
    let mut bytes = texts(names.into_iter());
    bytes.extend_from_slice(&body.0);
    bytes
}

pub(super) fn read_import(bytes: &[u8]) -> Result<ImportTrace, Fault> {
    let mut reader = Reader(bytes);
    let mut names = Vec::new();
    for _ in 0..reader.length()? {
        names.push(reader.text()?);
    }
    let name = |reader: &mut Reader<'_>| -> Result<&str, Fault> {
        names.get(reader.length()?).copied().ok_or(Fault::Malformed("an import has no name"))
    };
    let path = |reader: &mut Reader<'_>| name(reader).map(RepoPath::new);
    let mut trace = ImportTrace::default();
    for _ in 0..reader.length()? {
        let file = path(&mut reader)?;
        let length = reader.length()?;
        let lines: Vec<LineNo> = Reader(reader.raw(length)?).lines()?;
        trace.lines.insert(file, lines);
    }
    for _ in 0..reader.length()? {
        let mut point = || -> Result<CodePoint, Fault> {
            let file = path(&mut reader)?;
            let first_line = reader.line()?;
            Ok(CodePoint { path: file, first_line, name: name(&mut reader)?.to_owned() })
        };
        trace.edges.push(EdgeSeen { caller: point()?, callee: point()? });
    }
    for _ in 0..reader.length()? {
        trace.imports.push((path(&mut reader)?, path(&mut reader)?));
    }
    Ok(trace)
}
