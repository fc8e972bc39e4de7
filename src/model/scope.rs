//! Scope: the functions whose mutants a run decides, each with its reasons.
//!
//! Invariant: a function is in scope for at least one reason, and the nearest reason comes first.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{FunctionKey, LineRange, RepoPath, TestId};

/// How far a run looks from the diff (`--scope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKind {
    /// Mutants on changed lines only.
    Lines,
    /// Changed functions.
    Functions,
    /// Changed functions and their transitive callers.
    Callers,
    /// Every function of the project.
    All,
}

impl fmt::Display for ScopeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lines => "lines",
            Self::Functions => "functions",
            Self::Callers => "callers",
            Self::All => "all",
        })
    }
}

/// Why a function is in scope. Ordered by nearness to the diff.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Reason {
    /// Its fingerprint differs between the two sides, or it is new.
    Changed,
    /// It reaches a changed function through calls.
    CallerOf {
        /// The changed function that it is nearest to.
        function: FunctionKey,
        /// Calls between them, at least 1.
        distance: u32,
        /// Whether a test was seen to make the calls; otherwise only its text tells.
        #[serde(default = "seen")]
        seen: bool,
    },
    /// It uses names of a module or class whose own code changed.
    ImportsChangedModule {
        /// The changed module.
        path: RepoPath,
        /// The names that it uses, sorted; empty where all of the module counts as changed.
        #[serde(default)]
        names: Vec<String>,
    },
    /// A test that enters it changed.
    CoveredByChangedTest {
        /// The test.
        test: TestId,
        /// What became of it.
        #[serde(default)]
        how: TestChange,
    },
    /// The configuration ties it to a file that changed and is no Python.
    TiedToChangedFile {
        /// The file.
        path: RepoPath,
    },
    /// The run was asked for all functions, or for a mutant of this one.
    Asked,
}

/// What became of a test. Ordered by how much it puts in question.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TestChange {
    /// It is gone.
    Removed,
    /// It is skipped.
    Skipped,
    /// It, or something in a test file that it enters, is another.
    #[default]
    Changed,
    /// It was not there.
    New,
}

impl fmt::Display for TestChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "removed",
            Self::Skipped => "skipped",
            Self::Changed => "changed",
            Self::New => "new",
        })
    }
}

fn seen() -> bool {
    true
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("changed"),
            Self::CallerOf { function, distance, seen: true } => {
                write!(f, "caller of {} (distance {distance})", function.name)
            }
            Self::CallerOf { function, .. } => {
                write!(f, "mentions {}; no test reaches it", function.name)
            }
            Self::ImportsChangedModule { path, names } if names.is_empty() => {
                write!(f, "imports changed module code ({path})")
            }
            Self::ImportsChangedModule { path, names } => {
                write!(f, "uses {} of changed module code ({path})", names.join(", "))
            }
            Self::CoveredByChangedTest { test, how } => write!(f, "covered by {how} test {test}"),
            Self::TiedToChangedFile { path } => write!(f, "tied to changed file {path}"),
            Self::Asked => f.write_str("asked for"),
        }
    }
}

/// The reasons of a function, nearest first, never empty.
pub type Reasons = Vec<Reason>;

/// A function in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedFunction {
    /// The function.
    pub function: FunctionKey,
    /// Why it is in scope.
    pub reasons: Reasons,
    /// Lines of it that the diff touches on the new side.
    pub changed_lines: Vec<LineRange>,
}
