//! Asks Python which mutants compile to the same code.
//!
//! Invariant: a process of its own answers, which compiles and runs nothing; without an answer no two
//! are alike.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Interpreter, MutantMessage, RunDirectory, WorkerError};

/// What a mutant compiles to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeDigest {
    /// Stands for its code, constants and lines.
    pub digest: String,
    /// Whether that is the original's.
    pub is_original: bool,
}

/// What each mutant compiles to, in their order; `None` where that cannot be told. `files` are those that
/// the messages count, below `root`.
///
/// # Errors
/// When the question cannot be written.
pub fn code_digests(
    interpreter: &Interpreter,
    directory: &RunDirectory,
    root: &Path,
    files: &[String],
    mutants: &[&MutantMessage],
) -> Result<Vec<Option<CodeDigest>>, WorkerError> {
    let runtime = directory.runtime();
    let path = directory.path("alike.json");
    let paths: Vec<_> = files.iter().map(|file| root.join(file)).collect();
    let question = json!({ "files": paths, "mutants": mutants });
    std::fs::write(&path, question.to_string()).map_err(WorkerError::io("cannot write", &path))?;
    let input = File::open(&path).map_err(WorkerError::io("cannot read", &path))?;
    let output = Command::new(&interpreter.path)
        .args(["-I", "-S", "-c"])
        .arg("import sys; sys.path.insert(0, sys.argv[1]); from _mutdiff.alike import main; main()")
        .arg(&runtime)
        .env("PYTHONHASHSEED", "0")
        .stdin(input)
        .stderr(Stdio::null())
        .output();
    // Not to know is no fault: each is decided then.
    let unknown = || vec![None; mutants.len()];
    let Ok(output) = output else { return Ok(unknown()) };
    let answer: Option<Vec<Option<(String, bool)>>> = serde_json::from_slice(&output.stdout).ok();
    let answer = answer.filter(|answer| answer.len() == mutants.len());
    let digest = |one: Option<(String, bool)>| {
        one.map(|(digest, is_original)| CodeDigest { digest, is_original })
    };
    Ok(answer.map_or_else(unknown, |answer| answer.into_iter().map(digest).collect()))
}
