//! What a traced run of the tests saw: outcomes, durations, lines, edges.
//!
//! Invariant: a place in code is a [`CodePoint`] here; which function it belongs to is resolved
//! above, against the parsed file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LineNo, RepoPath, TestId, TestOutcome};

/// A code object as Python knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CodePoint {
    /// Its file.
    pub path: RepoPath,
    /// `co_firstlineno` (the first decorator's line of a decorated function), at least 1.
    pub first_line: LineNo,
    /// `co_name`: `f`, `<module>`, `<lambda>`, `<listcomp>`, a class's name for its body, ….
    pub name: String,
}

/// A caller → callee pair, library frames between them skipped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EdgeSeen {
    /// Who called.
    pub caller: CodePoint,
    /// Who was called.
    pub callee: CodePoint,
}

/// Lines reached, by file; the lines of a file are sorted and unique.
pub type LineSet = BTreeMap<RepoPath, Vec<LineNo>>;

/// A test as collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedTest {
    /// The runner's id.
    pub id: TestId,
    /// The file that holds it; `None` where the runner names none in the repository.
    pub path: Option<RepoPath>,
    /// The test function; parametrised cases share one.
    pub function: Option<CodePoint>,
}

/// What was reached before the first test: imports and collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportTrace {
    /// Lines that ran.
    pub lines: LineSet,
    /// Calls that were made.
    pub edges: Vec<EdgeSeen>,
    /// Which project file imports which (importer, imported), directly.
    pub imports: Vec<(RepoPath, RepoPath)>,
}

/// What one test did, unmutated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestTrace {
    /// The test.
    pub test: TestId,
    /// How it ended.
    pub outcome: TestOutcome,
    /// Wall time of set-up, call and tear-down.
    pub microseconds: u64,
    /// Lines that it reached, those of its fixtures of every scope included.
    pub lines: LineSet,
    /// Project code that it entered (its own function, fixtures, callees), sorted and unique.
    pub entered: Vec<CodePoint>,
    /// Calls that it made.
    pub edges: Vec<EdgeSeen>,
    /// The fork that it ran in; tests with one number shared a process, in this order.
    pub fork: u32,
}
