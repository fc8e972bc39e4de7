//! Why a run ends without a report.
//!
//! Invariant: a variant says what was tried; hints and exit codes are made in `cli`.

use std::path::PathBuf;

use thiserror::Error;

use super::{SkipError, TargetError};
use crate::config::ConfigError;
use crate::git::GitError;
use crate::model::{MutantId, TestId};
use crate::mutate::SelectionError;
use crate::store::{StoreError, TransferError};
use crate::syntax::SyntaxError;
use crate::worker::WorkerError;

/// Why there is no report.
#[derive(Debug, Error)]
pub enum LabError {
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The project's settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The operators that are asked for.
    #[error(transparent)]
    Operators(#[from] SelectionError),
    /// A file that everything else needs.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// What is remembered between runs.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is to be explained.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A mutant that is to be left out.
    #[error(transparent)]
    Skip(#[from] SkipError),
    /// A store that is handed out or taken in.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The Python processes.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// A mutant placed in the code had no effect, so no verdict could be trusted.
    #[error(
        "self-check failed: code placed in {function} was not reached by {test}, which reaches \
         it{instead}"
    )]
    SelfCheck {
        /// The function.
        function: String,
        /// The test that should have reached it.
        test: TestId,
        /// What happened instead, if it is known: a clause of its own.
        instead: String,
    },
    /// The time was up before a mutant had its turn.
    #[error("the budget of {budget:?} was spent before the first mutant had its turn")]
    Budget {
        /// The time that was given.
        budget: std::time::Duration,
    },
    /// The runner found no test.
    #[error("{runner} collected no tests in {}", root.display())]
    NoTestsCollected {
        /// The runner.
        runner: &'static str,
        /// Where it looked.
        root: PathBuf,
    },
    /// The package under test is imported from somewhere else.
    #[error("{module} is imported from {} and not from {}", imported.display(), expected.display())]
    WrongCopy {
        /// The module.
        module: String,
        /// Where Python found it.
        imported: PathBuf,
        /// Where the repository has it.
        expected: PathBuf,
    },
    /// A scratch directory.
    #[error("cannot prepare a copy of {revision}: {source}")]
    Export {
        /// The revision.
        revision: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A stored report that cannot be read.
    #[error("the stored report cannot be read: {reason}")]
    UnreadableReport {
        /// What is wrong with it.
        reason: String,
    },
    /// No run has stored a report.
    #[error("no run is stored for {}", repo.display())]
    NoReport {
        /// The repository.
        repo: PathBuf,
    },
    /// There is no such mutant.
    #[error("no mutant has an id that begins with `{id}`")]
    UnknownMutant {
        /// What was asked for.
        id: MutantId,
    },
    /// A plan to a time, where no time is known.
    #[error("no test was traced in {} yet, so nothing tells how long mutants take", root.display())]
    NoTimes {
        /// The repository.
        root: PathBuf,
    },
    /// A question to the trace, where there is none.
    #[error("no test was traced in {} yet, so callers and tests are not known", root.display())]
    NotTraced {
        /// The repository.
        root: PathBuf,
    },
    /// A mutant of the last run that the present code does not have.
    #[error("mutant {id} of the last run is no more: {function} is not what it was")]
    MutantGone {
        /// Its id.
        id: MutantId,
        /// The function that had it.
        function: String,
    },
    /// A prefix of several ids.
    #[error("several mutants have an id that begins with `{id}`")]
    AmbiguousMutant {
        /// What was asked for.
        id: MutantId,
        /// The ids that begin so.
        candidates: Vec<MutantId>,
    },
}
