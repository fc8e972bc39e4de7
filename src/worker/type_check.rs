//! Runs a type checker once over some files, and reads what it says.
//!
//! Invariant: it is started in a folder of ours and is told to keep what it remembers there; an answer that
//! cannot be read is an error, and never "no faults"; it is over, with all of its group, when it has answered,
//! when its time is up and when the run is interrupted.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::Deserialize;

use super::process::without_secrets;
use super::{Interpreter, WorkerError, reap};
use crate::model::TypeChecker;

/// Something that a type checker calls an error.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TypeFault {
    /// The file's name, without its folder.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What it says, its rule included.
    pub message: String,
}

/// How long a checker may take: more than any takes that ends.
pub const CHECKER_LIMIT: Duration = Duration::from_secs(600);
/// How often it is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// What a checker says of `files`, which are relative to `folder`.
///
/// # Errors
/// When there is no such checker, it cannot be started, it fails or does not end within `limit`, and when the
/// run is interrupted.
pub fn type_faults(
    checker: TypeChecker,
    interpreter: &Interpreter,
    folder: &Path,
    files: &[String],
    (limit, interrupted): (Duration, &AtomicBool),
) -> Result<Vec<TypeFault>, WorkerError> {
    let program = locate(checker, interpreter)?;
    let list = folder.join("mutdiff-files");
    std::fs::write(&list, files.join("\n")).map_err(WorkerError::io("cannot write", &list))?;
    let mut command = Command::new(&program);
    without_secrets(&mut command);
    let python = interpreter.path.as_os_str();
    command.current_dir(folder).stdin(Stdio::null());
    match checker {
        TypeChecker::Mypy => {
            command
                .args(["--no-error-summary", "--hide-error-context", "--show-error-codes"])
                .args(["--no-color-output", "--no-pretty", "--no-warn-unused-configs"])
                .arg("--cache-dir")
                .arg(folder.join("mutdiff-cache"))
                .arg("--python-executable")
                .arg(python)
                .arg("@mutdiff-files");
        }
        TypeChecker::Pyright => {
            let input = File::open(&list).map_err(WorkerError::io("cannot read", &list))?;
            command.args(["--outputjson", "--pythonpath"]).arg(python).arg("-").stdin(input);
        }
        TypeChecker::Ty => {
            command.args(["check", "--output-format", "concise", "--color", "never", "--python"]);
            command.arg(python).args(files);
        }
        TypeChecker::Pyrefly => {
            command.args(["check", "--output-format", "json", "--python-interpreter-path"]);
            command.arg(python).args(files);
        }
    }
    let said = ["mutdiff-stdout", "mutdiff-stderr"].map(|name| folder.join(name));
    // Files, not pipes: a process that the checker leaves behind would hold those open.
    let [out, err] = &said;
    let create = |path: &PathBuf| File::create(path).map_err(WorkerError::io("cannot write", path));
    command.process_group(0).stdout(create(out)?).stderr(create(err)?);
    let child = reap::start(&mut command).map_err(|source| WorkerError::TypeCheckerNotRun {
        checker,
        program,
        source,
    })?;
    let status = waited(checker, child, limit, interrupted)?;
    let read = |path: &PathBuf| std::fs::read(path).map_err(WorkerError::io("cannot read", path));
    let output = Output { status, stdout: read(out)?, stderr: read(err)? };
    let faults = match checker {
        TypeChecker::Mypy | TypeChecker::Ty => of_lines(&output),
        TypeChecker::Pyright => of_pyright(&output),
        TypeChecker::Pyrefly => of_pyrefly(&output),
    };
    faults.ok_or_else(|| {
        let said = [&output.stderr, &output.stdout].map(|text| String::from_utf8_lossy(text));
        let said = said.iter().flat_map(|text| text.lines()).find(|line| !line.trim().is_empty());
        WorkerError::TypeCheckerFailed {
            checker,
            reason: format!("{}: {}", output.status, said.unwrap_or("it printed nothing")),
        }
    })
}

/// Waits for a checker, and ends its group.
fn waited(
    checker: TypeChecker,
    mut child: Child,
    limit: Duration,
    interrupted: &AtomicBool,
) -> Result<ExitStatus, WorkerError> {
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if interrupted.load(Ordering::Relaxed) => break Err(WorkerError::Interrupted),
            Ok(None) if began.elapsed() > limit => {
                break Err(WorkerError::TypeCheckerHangs { checker, limit });
            }
            Ok(None) => std::thread::sleep(GLANCE),
            Err(error) => {
                break Err(WorkerError::io("cannot wait for", checker.to_string())(error));
            }
        }
    };
    if let Ok(group) = i32::try_from(child.id()) {
        // It is gone where the checker left nothing behind.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _ = child.wait();
    reap::ended(child.id());
    status
}

/// The program: of the interpreter's environment, else on the path.
fn locate(checker: TypeChecker, interpreter: &Interpreter) -> Result<PathBuf, WorkerError> {
    let name = checker.to_string();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let beside = interpreter.path.with_file_name(&name);
    let mut places =
        std::iter::once(beside.clone()).chain(std::env::split_paths(&path).map(|p| p.join(&name)));
    places
        .find(|place| place.is_file())
        .ok_or(WorkerError::NoTypeChecker { checker, tried: beside })
}

fn name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

/// `path:line: error: message` or `path:line:column: error[rule] message`; other lines are notes and
/// sums. The exit code is 1 where there are errors, and 2 or more where there is no answer.
fn of_lines(output: &Output) -> Option<Vec<TypeFault>> {
    if !matches!(output.status.code(), Some(0 | 1)) {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let fault = |line: &str| {
        let (place, message) = line.split_once(": error")?;
        let mut parts = place.split(':');
        let (path, number) = (parts.next()?, parts.next()?);
        let message = message.trim_start_matches(':').trim();
        Some(TypeFault {
            file: name(path),
            line: number.parse().ok()?,
            message: message.to_owned(),
        })
    };
    let faults: Vec<TypeFault> = text.lines().filter_map(fault).collect();
    (output.status.success() || !faults.is_empty()).then_some(faults)
}

fn of_pyright(output: &Output) -> Option<Vec<TypeFault>> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "generalDiagnostics")]
        diagnostics: Vec<Diagnostic>,
    }
    #[derive(Deserialize)]
    struct Diagnostic {
        file: Option<String>,
        severity: String,
        message: String,
        range: Option<Range>,
        rule: Option<String>,
    }
    #[derive(Deserialize)]
    struct Range {
        start: Start,
    }
    #[derive(Deserialize)]
    struct Start {
        line: u32,
    }
    let answer: Answer = serde_json::from_slice(&output.stdout).ok()?;
    let errors = answer.diagnostics.into_iter().filter(|one| one.severity == "error");
    let faults = errors.filter_map(|one| {
        let rule = one.rule.map(|rule| format!(" [{rule}]")).unwrap_or_default();
        let first = one.message.lines().next().unwrap_or_default();
        Some(TypeFault {
            file: name(&one.file?),
            line: one.range?.start.line + 1,
            message: format!("{first}{rule}"),
        })
    });
    Some(faults.collect())
}

fn of_pyrefly(output: &Output) -> Option<Vec<TypeFault>> {
    #[derive(Deserialize)]
    struct Answer {
        errors: Vec<Fault>,
    }
    #[derive(Deserialize)]
    struct Fault {
        line: u32,
        path: String,
        name: String,
        concise_description: String,
        severity: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(&output.stdout).ok()?;
    let is_error =
        |fault: &Fault| fault.severity.as_ref().is_none_or(|severity| severity == "error");
    let faults = answer.errors.into_iter().filter(is_error).map(|fault| TypeFault {
        file: name(&fault.path),
        line: fault.line,
        message: format!("{} [{}]", fault.concise_description, fault.name),
    });
    Some(faults.collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// What a script in the place of mypy comes to, and how long that takes.
    fn checked(script: &str, limit: Duration) -> (Result<Vec<TypeFault>, WorkerError>, Duration) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("mypy");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let interpreter = Interpreter {
            path: folder.path().join("python"),
            version: "3.13.0".into(),
            tag: "cpython-313".into(),
            site: Vec::new(),
            pytest: true,
        };
        let began = Instant::now();
        let watch = (limit, &AtomicBool::new(false));
        let found = type_faults(TypeChecker::Mypy, &interpreter, folder.path(), &[], watch);
        (found, began.elapsed())
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_checker_that_does_not_end_is_ended() {
        let (found, took) = checked("#!/bin/sh\nsleep 30\n", Duration::from_millis(100));
        assert!(matches!(found, Err(WorkerError::TypeCheckerHangs { .. })), "{found:?}");
        assert!(took < LONG / 4, "{took:?}");
    }

    #[test]
    fn what_a_checker_leaves_behind_is_not_waited_for() {
        let (found, took) =
            checked("#!/bin/sh\nsleep 30 &\necho 'a.py:1: error: b'\nexit 1\n", LONG);
        assert_eq!(found.unwrap().len(), 1);
        assert!(took < LONG / 4, "{took:?}");
    }

    #[test]
    fn a_checker_that_cannot_be_started_is_named() {
        let (found, _) = checked("#!/no/such/program\n", LONG);
        assert!(matches!(found, Err(WorkerError::TypeCheckerNotRun { .. })), "{found:?}");
    }
}
