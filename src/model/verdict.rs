//! Verdicts: what became of a mutant.
//!
//! Invariant: `Killed` is a proof (the test passes alone without the mutant and fails alone with
//! it); the engine's own faults are `Error` and never a kill.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::TestId;

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Verdict {
    /// A test notices it.
    Killed {
        /// The test that fails with the mutant and passes without it, each time alone.
        by: TestId,
    },
    /// Every test known to reach it ran to its end with it in force, and passed.
    Survived,
    /// A test did not end within its deadline, and no test killed it.
    Timeout {
        /// The test that did not end.
        test: TestId,
    },
    /// No test reaches it.
    NoTests,
    /// It compiles to the same code as the original.
    Equivalent,
    /// A rule says that nobody wants it tested.
    Suppressed {
        /// The rule's id.
        rule: String,
    },
    /// It is no valid Python.
    Invalid {
        /// What the compiler said.
        message: String,
    },
    /// The run ended before its turn.
    NotRun {
        /// Why.
        reason: NotRunReason,
    },
    /// mutdiff's own fault; never counted as a kill.
    Error {
        /// What went wrong.
        message: String,
    },
}

impl Verdict {
    /// The word for it in output (`no tests`, `not run`, …).
    pub fn word(&self) -> &'static str {
        match self {
            Self::Killed { .. } => "killed",
            Self::Survived => "survived",
            Self::Timeout { .. } => "timeout",
            Self::NoTests => "no tests",
            Self::Equivalent => "equivalent",
            Self::Suppressed { .. } => "suppressed",
            Self::Invalid { .. } => "invalid",
            Self::NotRun { .. } => "not run",
            Self::Error { .. } => "error",
        }
    }

    /// Whether no test notices the mutant.
    pub fn is_unnoticed(&self) -> bool {
        matches!(self, Self::Survived | Self::NoTests)
    }

    /// Whether it says something final about the tests, so that it may be stored and used again.
    pub fn is_decided(&self) -> bool {
        !matches!(self, Self::NotRun { .. } | Self::Error { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed { by } => write!(f, "killed by {by}"),
            Self::Timeout { test } => write!(f, "timeout in {test}"),
            Self::Suppressed { rule } => write!(f, "suppressed by {rule}"),
            Self::Invalid { message } => write!(f, "invalid: {message}"),
            Self::NotRun { reason } => write!(f, "not run ({reason})"),
            Self::Error { message } => write!(f, "error: {message}"),
            Self::Survived | Self::NoTests | Self::Equivalent => f.write_str(self.word()),
        }
    }
}

/// Why a mutant was not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRunReason {
    /// The budget was used up.
    Budget,
    /// The run was interrupted.
    Interrupted,
    /// Only the plan was asked for.
    NotAsked,
    /// No test reaches it but, perhaps, through Python processes started with `-I`, `-S` or `-E`,
    /// which no start-up hook can join.
    OutOfReach,
}

impl fmt::Display for NotRunReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Budget => "budget",
            Self::Interrupted => "interrupted",
            Self::NotAsked => "plan only",
            Self::OutOfReach => "out of reach",
        })
    }
}

/// How a verdict compares with the base's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOfVerdict {
    /// It survives in changed code.
    New,
    /// It was killed on the base and survives now.
    Regressed,
    /// It survived on the base too.
    Known,
    /// It survived on the base and is killed now.
    Fixed,
    /// It survives in unchanged code, and the base's verdict is not known.
    Unseen,
}
