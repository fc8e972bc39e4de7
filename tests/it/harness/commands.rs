//! Commands from an empty environment, and what came of them.
//!
//! Invariant: a child of a test sees a home without configuration, no token, no `PYTHON*`, no
//! `VIRTUAL_ENV`; the environment of cargo does not reach it.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Python;

/// A command that finds `python` first on its path and the folder `home` as home and scratch space.
pub(crate) fn clean(program: impl AsRef<OsStr>, home: &Path, python: &Python) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", python.bin().display()))
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("LANG", "C.UTF-8")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null());
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "test")
            .env(format!("GIT_{role}_EMAIL"), "test@mutdiff.invalid")
            .env(format!("GIT_{role}_DATE"), "2025-01-01T00:00:00Z");
    }
    command
}

/// A command that has ended.
pub(crate) struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Ran {
    /// Runs it to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let began = Instant::now();
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self::from_output(output, began)
    }

    fn from_output(output: Output, began: Instant) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took: began.elapsed(),
        }
    }

    /// Demands an exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Demands that a text is nowhere in what was printed.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(!self.prose().contains(text), "says {text:?}: {self}");
        self
    }

    /// Demands a text in what was printed, on either stream; line breaks count as spaces.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.prose().contains(text), "{text:?} is not in:\n{self}");
        self
    }

    /// Both streams without line breaks and without spaces that do not break.
    pub(crate) fn prose(&self) -> String {
        let all = format!("{}\n{}", self.stdout, self.stderr);
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr, took } = self;
        write!(f, "exit code {code:?} after {took:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    began: Instant,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, began: Instant::now() }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id fits");
        kill(Pid::from_raw(pid), signal).expect("the process was not waited for yet");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_some()
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ran {
        let output = self.child.wait_with_output().expect("our own child");
        Ran::from_output(output, self.began)
    }
}
