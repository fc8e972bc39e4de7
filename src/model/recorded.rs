//! What `mutdiff record` found: the tests' traces, counted.
//!
//! Invariant: the counts are those of the store after the command, not only of what it ran.

use super::{FailedTest, Notice, SkippedFile};

/// What is known of the tests after they were traced.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceSummary {
    /// The interpreter's version.
    pub python: String,
    /// The runner's name.
    pub runner: String,
    /// All tests.
    pub tests: usize,
    /// Those that were run for it; the records of the others still held.
    pub traced: usize,
    /// Functions of the project that tests enter, tests themselves left out.
    pub functions: usize,
    /// Caller → callee edges.
    pub edges: usize,
    /// Tests that fail without a mutant.
    pub failing_tests: Vec<FailedTest>,
    /// Whether these are the end of it.
    pub tests_fail: bool,
    /// Files that were left out.
    pub skipped_files: Vec<SkippedFile>,
    /// Things that the reader should know.
    pub notices: Vec<Notice>,
    /// Wall time.
    pub milliseconds: f64,
}
