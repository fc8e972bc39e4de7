//! What can go wrong with the Python processes.
//!
//! Invariant: a variant names what was tried; hints are made in `cli`.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::model::TypeChecker;

/// A failure of the Python side that is no verdict.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// No interpreter was found.
    #[error("no python interpreter found; tried {}", tried.join(", "))]
    NoInterpreter {
        /// What was tried, in order.
        tried: Vec<String>,
    },
    /// The interpreter does not run.
    #[error("{} does not run as a python interpreter: {reason}", path.display())]
    NotAnInterpreter {
        /// The interpreter.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
    /// The interpreter is too old or too new.
    #[error("{} is python {version}; mutdiff needs CPython 3.10 or later", path.display())]
    UnsupportedVersion {
        /// The interpreter.
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// pytest was asked for and is not importable.
    #[error("pytest cannot be imported by {}", path.display())]
    NoPytest {
        /// The interpreter.
        path: PathBuf,
    },
    /// The type checker that was asked for is not there.
    #[error("no {checker} found beside the interpreter ({}) or on PATH", tried.display())]
    NoTypeChecker {
        /// Which.
        checker: TypeChecker,
        /// Where it was looked for first.
        tried: PathBuf,
    },
    /// The type checker gave no answer that can be read.
    #[error("{checker} fails: {reason}")]
    TypeCheckerFailed {
        /// Which.
        checker: TypeChecker,
        /// Its exit status and what it said.
        reason: String,
    },
    /// The type checker cannot be started.
    #[error("{checker} cannot be started ({}): {source}", program.display())]
    TypeCheckerNotRun {
        /// Which.
        checker: TypeChecker,
        /// The program.
        program: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The type checker does not end.
    #[error("{checker} gave no answer within {} s", limit.as_secs())]
    TypeCheckerHangs {
        /// Which.
        checker: TypeChecker,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The runner could not collect the tests.
    #[error("the tests cannot be collected:\n{output}")]
    CollectionFailed {
        /// What the runner said.
        output: String,
    },
    /// The process ended before it was told to.
    #[error("the python process ended unexpectedly ({status}) while {during}:\n{log}")]
    Died {
        /// Its exit status.
        status: String,
        /// What it was doing.
        during: &'static str,
        /// The end of what it printed.
        log: String,
    },
    /// A slot (a fork of the warm process) went away.
    #[error("a test process killed the process that it was forked from")]
    SlotLost,
    /// The two sides do not understand each other.
    #[error("unexpected message from python: {message}")]
    Protocol {
        /// What came.
        message: String,
    },
    /// The run was interrupted.
    #[error("interrupted")]
    Interrupted,
    /// A file or socket of the run directory.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl WorkerError {
    /// Wraps an input or output error with what was tried on which path.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
