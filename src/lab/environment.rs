//! What verdicts rest on beside the code: interpreter, installed distributions, runner, options.
//!
//! Invariant: a changed environment gives another key, and the key of an unchanged one is found
//! without starting Python.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::subject::{Subject, TRACED};
use super::surroundings::Surroundings;
use super::{LabError, last_collection};
use crate::config::{Options, RunnerKind};
use crate::model::Notice;
use crate::store::{EnvKey, Store};
use crate::worker::{Interpreter, WorkerError, find_interpreter};

/// The interpreter and the runner of a run.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// The runner.
    pub runner: RunnerKind,
    /// What verdicts rest on beside the code.
    pub surroundings: Surroundings,
    /// What stands for all of it.
    pub key: EnvKey,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    stamps: Vec<u128>,
    interpreter: Interpreter,
}

impl Environment {
    /// Finds out, asking the interpreter only if it was not asked before.
    pub(super) fn find(
        options: &Options,
        subject: &Subject,
        store: &mut Store,
    ) -> Result<Self, LabError> {
        let path = Interpreter::locate(options.python.as_deref(), &subject.root)?;
        let interpreter = match recall(&path, store)? {
            Some(known) => known,
            None => {
                let note = note(&path);
                let stamps = stamps(&path);
                let interpreter = find_interpreter(options.python.as_deref(), &subject.root)?;
                let remembered = Remembered { stamps, interpreter: interpreter.clone() };
                let bytes = serde_json::to_vec(&remembered).expect("plain data has a JSON form");
                store.put_note(&note, &bytes)?;
                interpreter
            }
        };
        Self::with(options, subject, interpreter)
    }

    /// Like [`Environment::find`], but `None` where Python would have to be started or is missing.
    pub(super) fn remembered(
        options: &Options,
        subject: &Subject,
        store: &Store,
    ) -> Result<Option<Self>, LabError> {
        let Ok(path) = Interpreter::locate(options.python.as_deref(), &subject.root) else {
            return Ok(None);
        };
        recall(&path, store)?
            .map(|interpreter| Self::with(options, subject, interpreter))
            .transpose()
    }

    fn with(
        options: &Options,
        subject: &Subject,
        interpreter: Interpreter,
    ) -> Result<Self, LabError> {
        let runner = match options.runner {
            Some(RunnerKind::Pytest) if !interpreter.pytest => {
                return Err(WorkerError::NoPytest { path: interpreter.path }.into());
            }
            Some(runner) => runner,
            None if interpreter.pytest => RunnerKind::Pytest,
            None => RunnerKind::Unittest,
        };
        let surroundings = Surroundings::find(&interpreter, runner, &options.tests, &subject.data);
        let key = surroundings.key();
        Ok(Self { interpreter, runner, surroundings, key })
    }
}

fn note(path: &Path) -> String {
    format!("interpreter {}", path.display())
}

/// What the interpreter said when it was last asked, if it is still the same.
fn recall(path: &Path, store: &Store) -> Result<Option<Interpreter>, LabError> {
    let bytes = store.note(&note(path))?;
    let known: Option<Remembered> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(known.filter(|known| known.stamps == stamps(path)).map(|known| known.interpreter))
}

/// What changes when the interpreter or what can be imported does.
fn stamps(path: &Path) -> Vec<u128> {
    let stamp = |path: &Path| {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
        Some(modified.duration_since(UNIX_EPOCH).ok()?.as_nanos())
    };
    let environment = path.parent().and_then(Path::parent).unwrap_or(path);
    let mut stamps =
        vec![stamp(path).unwrap_or(0), stamp(&environment.join("pyvenv.cfg")).unwrap_or(0)];
    // Installing pytest changes the folder that it is installed to.
    if let Ok(libraries) = fs::read_dir(environment.join("lib")) {
        let mut folders: Vec<u128> = libraries
            .flatten()
            .filter_map(|library| stamp(&library.path().join("site-packages")))
            .collect();
        folders.sort_unstable();
        stamps.extend(folders);
    }
    stamps
}

/// The note of the surroundings that the trace was made in.
pub(super) const SURROUNDINGS: &str = "surroundings";

/// Makes an environment that of the store; says what differs where it was another's.
pub(super) fn enter(
    environment: &Environment,
    store: &mut Store,
) -> Result<Option<Notice>, LabError> {
    let had_one = store.env()?.is_some();
    if store.set_env(&environment.key, &environment.surroundings.under())? {
        return Ok(None);
    }
    let before = store.note(SURROUNDINGS)?.and_then(|bytes| Surroundings::from_bytes(&bytes));
    store.put_note(SURROUNDINGS, &environment.surroundings.to_bytes())?;
    // The trace was another environment's and is gone: nothing is traced until it is again.
    store.put_note(TRACED, &[])?;
    store.put_note(last_collection::NOTE, &[])?;
    Ok(before.filter(|_| had_one).and_then(|before| environment.surroundings.notice(&before)))
}
