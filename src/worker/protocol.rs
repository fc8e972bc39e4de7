//! The messages between the two sides, as data.
//!
//! Invariant: the shapes here are those of `python/_mutdiff/{server,child}.py`; a change of either
//! raises `PROTOCOL` there and here.

use serde::{Deserialize, Serialize};

use super::WorkerError;
use crate::model::TestOutcome;

/// Version of the messages; that of `_mutdiff/__init__.py`. Changelog: 1 = first; 2 = which files were
/// asked for tests, and whether they can be asked one by one.
pub(super) const PROTOCOL: u32 = 2;

/// `co_firstlineno` and `co_name` of a code object, with its file's index in the run's list.
pub type CodeRow = (usize, u32, String);

/// A mutant, as the Python side places it. Offsets are bytes of the decoded text in UTF-8.
#[derive(Debug, Clone, Serialize)]
pub struct MutantMessage {
    /// Index of the file in the run's list.
    pub file: usize,
    /// Where the replaced text starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The replacement.
    pub text: String,
    /// SHA-256 of the file on disk, in hexadecimal.
    pub digest: String,
    /// The function to compile for a swap.
    pub unit: Option<UnitMessage>,
}

/// The outermost function around a mutant, with its mutated text.
#[derive(Debug, Clone, Serialize)]
pub struct UnitMessage {
    /// The mutated text.
    pub text: String,
    /// Where the replacement starts in it.
    pub offset: usize,
    /// White space before the `def`.
    pub indent: String,
    /// `co_name`.
    pub name: String,
    /// `co_firstlineno`.
    pub first_line: u32,
    /// The line of the `def`.
    pub def_line: u32,
    /// The classes around it, outermost first.
    pub classes: Vec<crate::model::ClassHeader>,
}

/// What a slot is asked to run, in one fork.
#[derive(Debug, Clone, Serialize)]
pub struct RunOrder {
    /// Numbers of collected tests (warm), or their ids (cold).
    pub tests: serde_json::Value,
    /// The mutant in force.
    pub mutant: Option<MutantMessage>,
    /// Whether to say if the mutated statement was reached.
    pub probe: bool,
    /// Whether to record lines and edges.
    pub trace: bool,
    /// Whether a trace looks for places that another run of a test would change too.
    pub watch: bool,
    /// Whether to build the text of failures.
    pub report: bool,
    /// Whether to stop at the first failure.
    pub stop: bool,
    /// How many code objects the warm process knows.
    pub known_codes: usize,
    /// Cold only: absolute paths of the files to collect.
    pub only: Option<Vec<String>>,
    /// Cold only: every test id that these files have without the mutant.
    pub known: Vec<String>,
}

/// What a child wrote.
#[derive(Debug, Clone)]
pub enum Record {
    /// A test ended.
    Test(TestRecord),
    /// Room for records ran low before this position; the rest has to be asked for again.
    More {
        /// Position of the first test that did not run.
        position: usize,
    },
    /// The test was not collected (cold).
    Missing {
        /// Position of the test.
        position: usize,
    },
    /// Tests that exist only with the mutant (cold); they ran after the others.
    NewTests {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The mutant needs a fresh import.
    CannotPlace {
        /// Why.
        why: String,
    },
    /// The mutant is no valid Python.
    Invalid {
        /// What the compiler said.
        why: String,
    },
    /// The mutant compiles to the original's code.
    Equivalent,
    /// The file is not what it was when the run began.
    SourceChanged {
        /// Which.
        why: String,
    },
    /// The tests could not be collected (cold).
    CollectionFailed {
        /// What the runner said.
        why: String,
    },
    /// The runtime's own fault.
    EngineError {
        /// The traceback.
        why: String,
    },
}

/// A test that ended.
#[derive(Debug, Clone)]
pub struct TestRecord {
    /// Its position in the order.
    pub position: usize,
    /// How it ended.
    pub outcome: TestOutcome,
    /// How long it took.
    pub microseconds: u64,
    /// What the runner said, when asked for.
    pub output: String,
    /// Whether it changed a place that another run of it would change too.
    pub writes: bool,
    /// What it reached, when asked for.
    pub trace: Option<TraceRecord>,
}

/// What a test reached, as numbers.
#[derive(Debug, Clone, Default)]
pub struct TraceRecord {
    /// `file << 32 | line`, sorted.
    pub lines: Vec<u64>,
    /// `caller << 32 | callee`, sorted; a caller of `u32::MAX` is no project code.
    pub edges: Vec<u64>,
    /// Code objects beyond those that the warm process knows.
    pub codes: Vec<CodeRow>,
    /// Files that Python processes may have run which no hook could join, by their index.
    pub beyond: Vec<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "k", rename_all = "snake_case")]
pub(super) enum RecordHeader {
    Test {
        i: usize,
        w: TestOutcome,
        us: u64,
        #[serde(default)]
        o: String,
        n: Option<(usize, usize)>,
        #[serde(default)]
        codes: Vec<CodeRow>,
        #[serde(default)]
        b: Vec<usize>,
        #[serde(default)]
        x: bool,
    },
    More {
        i: usize,
    },
    Missing {
        i: usize,
    },
    NewTests {
        ids: Vec<String>,
    },
    CannotPlace {
        why: String,
    },
    Invalid {
        why: String,
    },
    Equivalent {},
    SourceChanged {
        why: String,
    },
    CollectionFailed {
        why: String,
    },
    EngineError {
        why: String,
    },
}

impl RecordHeader {
    /// Joins the header with the numbers behind it.
    pub(super) fn with_body(self, body: &[u8]) -> Result<Record, WorkerError> {
        Ok(match self {
            Self::Test { i, w, us, o, n, codes, b, x } => {
                let trace = n
                    .map(|(lines, edges)| numbers(body, lines, edges, codes))
                    .transpose()?
                    .map(|trace| TraceRecord { beyond: b, ..trace });
                Record::Test(TestRecord {
                    position: i,
                    outcome: w,
                    microseconds: us,
                    output: o,
                    writes: x,
                    trace,
                })
            }
            Self::More { i } => Record::More { position: i },
            Self::Missing { i } => Record::Missing { position: i },
            Self::NewTests { ids } => Record::NewTests { ids },
            Self::CannotPlace { why } => Record::CannotPlace { why },
            Self::Invalid { why } => Record::Invalid { why },
            Self::Equivalent {} => Record::Equivalent,
            Self::SourceChanged { why } => Record::SourceChanged { why },
            Self::CollectionFailed { why } => Record::CollectionFailed { why },
            Self::EngineError { why } => Record::EngineError { why },
        })
    }
}

fn numbers(
    body: &[u8],
    lines: usize,
    edges: usize,
    codes: Vec<CodeRow>,
) -> Result<TraceRecord, WorkerError> {
    let mut values = body
        .chunks_exact(8)
        .map(|chunk| u64::from_le_bytes(chunk.try_into().expect("chunks of eight bytes")));
    let trace = TraceRecord {
        lines: values.by_ref().take(lines).collect(),
        edges: values.by_ref().take(edges).collect(),
        codes,
        beyond: Vec::new(),
    };
    if trace.lines.len() == lines && trace.edges.len() == edges {
        Ok(trace)
    } else {
        Err(WorkerError::Protocol { message: "a trace that ends before its length".into() })
    }
}
