//! Validated options: what a run is asked to do.
//!
//! Invariant: an [`Options`] value holds no contradiction; the layers below need not check it.

mod excluded;
mod file;
mod memory;
mod project;
mod runner_settings;
mod test_names;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

pub use excluded::{Excluded, exclude_pattern};
pub use file::{ConfigError, OWN_FILE, PROJECT_FILE, SettingsFile, nearest};
pub use memory::{default_memory_limit, memory_size, memory_text};
pub use project::{Invalidates, ProjectConfig, TABLES, Wanted, without_own_settings};
pub use runner_settings::runner_settings;
pub use test_names::{NamePattern, test_names};

use crate::model::{Gate, MutantId, ScopeKind, Shard, TypeChecker};

/// What a run is asked to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// A directory in the repository.
    pub repo: PathBuf,
    /// The ref to compare with; `None` asks for the default.
    pub base: Option<String>,
    /// The revision to test; `None` is the working tree.
    pub head: Option<String>,
    /// How far to look from the diff.
    pub scope: ScopeKind,
    /// The largest distance of a caller; `None` is unlimited.
    pub depth: Option<u32>,
    /// Tests that run side by side.
    pub jobs: NonZeroUsize,
    /// The interpreter; `None` asks for the default.
    pub python: Option<PathBuf>,
    /// The test runner; `None` asks for pytest where importable, else unittest.
    pub runner: Option<RunnerKind>,
    /// What to hand the runner.
    pub tests: Vec<String>,
    /// Which operators are on, over what the project says; empty is what that says.
    pub operators: Vec<String>,
    /// Which rules of suppression hold, over what the project says; empty is what that says.
    pub suppress: Vec<String>,
    /// Files that are not mutated.
    pub exclude: Vec<globset::Glob>,
    /// The type checker whose rejects are no mutants; `None` asks none.
    pub type_check: Option<TypeChecker>,
    /// Leave out tests that fail without a mutant instead of stopping.
    pub allow_failing: bool,
    /// Bytes by which a test and all that it starts may grow.
    pub memory_limit: u64,
    /// How long a test may take under a mutant.
    pub deadline: DeadlineOptions,
    /// What makes the run fail.
    pub gate: Gate,
    /// How long the run may take, from its start; `None` is as long as it needs.
    pub budget: Option<Duration>,
    /// The only mutants that are wanted, by id or its beginning; empty is all of the scope.
    pub only: Vec<MutantId>,
    /// The part of the run that is done here; `None` is all of it.
    pub shard: Option<Shard>,
    /// Whether stored verdicts on those hold too; all others do whenever they can.
    pub reuse: bool,
}

/// A test runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunnerKind {
    /// pytest, from the project's environment.
    Pytest,
    /// The standard library's unittest.
    Unittest,
}

impl RunnerKind {
    /// Its name in output and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pytest => "pytest",
            Self::Unittest => "unittest",
        }
    }
}

/// How long a test may take under a mutant: `factor` × its traced time + `floor`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeadlineOptions {
    /// Multiplies the traced time.
    pub factor: f64,
    /// Added to it.
    pub floor: Duration,
}

impl Default for DeadlineOptions {
    fn default() -> Self {
        Self { factor: 10.0, floor: Duration::from_secs(2) }
    }
}
