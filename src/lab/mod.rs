//! Conducts a run: baseline, trace, mutants, report. (The signatures only, until the layer lands.)
//!
//! Invariant: the working tree is never written to.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use crate::config::Options;
use crate::git::GitError;
use crate::model::{DecidedMutant, MutantId, Notice, Phase, Report};
use crate::store::StoreError;
use crate::syntax::SyntaxError;
use crate::worker::WorkerError;

/// What a run tells while it goes on.
pub trait Events: Sync {
    /// A phase begins; `total` is the number of its steps, where it is known.
    fn phase(&self, phase: Phase, total: Option<usize>);
    /// `n` more steps of the phase are done.
    fn advance(&self, n: usize);
    /// A verdict is in (told beside `advance`).
    fn decided(&self, mutant: &DecidedMutant);
    /// Something that the reader should know; it is in the report too, if one is made.
    fn notice(&self, notice: &Notice);
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file that everything else needs.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// What is kept between runs.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The Python processes.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// No run has stored a report.
    #[error("no run is stored for {}", repo.display())]
    NoReport {
        /// The repository.
        repo: PathBuf,
    },
    /// The last run had no such mutant.
    #[error("no mutant of the last run has an id that begins with `{id}`")]
    UnknownMutant {
        /// What was asked for.
        id: MutantId,
    },
    /// A prefix of several ids.
    #[error("several mutants of the last run have an id that begins with `{id}`")]
    AmbiguousMutant {
        /// What was asked for.
        id: MutantId,
        /// The ids that begin so.
        candidates: Vec<MutantId>,
    },
}

/// The plan: scope and mutants; starts no Python.
pub fn list(options: &Options, _events: &dyn Events) -> Result<Report, LabError> {
    Err(LabError::NoReport { repo: options.repo.clone() })
}

/// The run.
pub fn run(
    options: &Options,
    _events: &dyn Events,
    _interrupted: &AtomicBool,
) -> Result<Report, LabError> {
    Err(LabError::NoReport { repo: options.repo.clone() })
}

/// A mutant of the last run, by its id or a unique prefix of it.
pub fn show(options: &Options, _id: &MutantId) -> Result<DecidedMutant, LabError> {
    Err(LabError::NoReport { repo: options.repo.clone() })
}
