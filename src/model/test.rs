//! Tests as the runner names them, and how they ended.
//!
//! Invariant: a [`TestId`] is the runner's own id (a pytest node id, a unittest dotted name).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;

/// The runner's own id of a test.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TestId(Text);

impl TestId {
    /// Wraps a runner's id.
    pub fn new(id: impl AsRef<str>) -> Self {
        Self(Text::new(id.as_ref()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It passed (an unexpected pass that is not strict included).
    Passed,
    /// It failed in set-up, call or tear-down.
    Failed,
    /// It was skipped, or failed as expected.
    Skipped,
    /// Its process died (exit, signal) before the test ended.
    Crashed,
    /// It did not end within its deadline.
    TimedOut,
    /// It and all that it started grew beyond the limit of memory.
    OutOfMemory,
}

impl TestOutcome {
    /// Whether a run of the suite would be red for it.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Crashed | Self::TimedOut | Self::OutOfMemory)
    }
}

/// A test that fails without a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTest {
    /// The test.
    pub test: TestId,
    /// How it ended.
    pub outcome: TestOutcome,
    /// What the runner printed about it.
    pub output: String,
}
