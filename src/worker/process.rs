//! A Python process of a run: started, collected, asked for slots.
//!
//! Invariant: its process group is its own, so a Ctrl-C in the terminal reaches Rust only; it
//! ends when the connection does.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::memory::Memory;
use super::protocol::{CodeRow, PROTOCOL};
use super::{Interpreter, RunDirectory, Slot, WorkerError, reap};
use crate::config::RunnerKind;
use crate::model::RepoPath;

/// Variables that never reach a test (guarantee 8: mutated code runs without tokens).
const SECRETS: [&str; 8] = [
    "MUTDIFF_GITHUB_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
];

/// Variables that git gives to hooks: a test that starts git would write to the user's repository.
const OF_GIT: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
];

/// Takes from a command's environment what no test and no tool of the project may see.
pub(super) fn without_secrets(command: &mut Command) {
    for name in SECRETS.into_iter().chain(OF_GIT) {
        command.env_remove(name);
    }
}

/// What a process has done before its slots are forked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Imported and collected.
    Warm,
    /// Imported what the project needs, and nothing of the project.
    Cold,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

/// How to start a process.
#[derive(Debug, Clone)]
pub struct ProcessOptions<'a> {
    /// The interpreter.
    pub interpreter: &'a Interpreter,
    /// The root of the project: working directory, and where its files are.
    pub root: &'a Path,
    /// The project's Python files; indexes in messages point here.
    pub files: &'a [RepoPath],
    /// Indexes of the test files among them.
    pub test_files: &'a [usize],
    /// Where to cache bytecode of the project.
    pub cache: Option<&'a Path>,
    /// The runner.
    pub runner: RunnerKind,
    /// What to hand it.
    pub arguments: &'a [String],
    /// Whether tests will be traced.
    pub trace: bool,
    /// Absolute paths of the only files to collect; `None` for all.
    pub only: Option<&'a [String]>,
    /// Modules to import ahead (cold).
    pub preload: &'a [String],
    /// Slots that will be asked for.
    pub jobs: usize,
    /// Bytes by which a child and all that it starts may grow.
    pub memory_limit: u64,
    /// Directories to search for modules before all others: a copy of a commit must win over an
    /// editable install of the working tree.
    pub search: &'a [PathBuf],
    /// Folders that packages of the project may lie in, each empty or with a slash at its end.
    pub roots: &'a [String],
}

/// A collected test: its id, its file's index, and the file, line and name of its code.
type CollectedRow = (String, Option<usize>, Option<(Option<usize>, u32, String)>);

/// What a warm process knows once it has collected.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Collected {
    /// The tests: id, file index, code of the test function.
    pub collected: Vec<CollectedRow>,
    /// Lines reached at import, `file << 32 | line`.
    #[serde(default)]
    pub lines: Vec<u64>,
    /// Edges seen at import, `caller << 32 | callee`.
    #[serde(default)]
    pub edges: Vec<u64>,
    /// Project files that import one another.
    #[serde(default)]
    pub imports: Vec<(usize, usize)>,
    /// The code objects that edges speak of.
    #[serde(default)]
    pub codes: Vec<CodeRow>,
    /// The files that were asked for tests, whether they had any or not.
    #[serde(default)]
    pub asked: Vec<usize>,
    /// Why files cannot be collected apart from one another; empty if they can.
    #[serde(default)]
    pub whole: String,
    /// Modules from elsewhere that stand in for files of the project: name, file, the project's file.
    #[serde(default)]
    pub elsewhere: Vec<(String, String, String)>,
    /// Loaded Python files below the root that are in no list, from the root.
    #[serde(default)]
    pub unlisted: Vec<String>,
    /// Modules that a cold process may import ahead.
    #[serde(default)]
    pub preload: Vec<String>,
}

/// A Python process; dropped, it ends with all its slots and their children.
#[derive(Debug)]
pub struct Process {
    mode: Mode,
    child: Child,
    log: PathBuf,
    link: Mutex<UnixStream>,
    listener: UnixListener,
    /// Slots that have answered and were not fetched yet: connection and process, by token.
    waiting: Mutex<BTreeMap<u64, (UnixStream, u32)>>,
    next_token: Mutex<u64>,
    memory_limit: u64,
}

#[derive(Serialize)]
struct ConfigFile<'a> {
    socket: &'a Path,
    root: &'a Path,
    files: &'a [RepoPath],
    test_files: &'a [usize],
    cache: Option<&'a Path>,
    runner: &'a str,
    arguments: &'a [String],
    trace: bool,
    mode: &'a str,
    only: Option<&'a [String]>,
    preload: &'a [String],
    scratch: &'a Path,
    jobs: usize,
    roots: &'a [String],
}

impl Process {
    /// Starts a process and waits until its runtime answers.
    ///
    /// # Errors
    /// When it cannot be started or ends before it answers.
    pub fn start(
        directory: &RunDirectory,
        mode: Mode,
        options: &ProcessOptions<'_>,
        interrupted: &AtomicBool,
    ) -> Result<Self, WorkerError> {
        let name = mode.name();
        let socket = directory.path(&format!("{name}.sock"));
        let _ = fs::remove_file(&socket);
        let listener =
            UnixListener::bind(&socket).map_err(WorkerError::io("cannot listen on", &socket))?;
        listener.set_nonblocking(true).map_err(WorkerError::io("cannot listen on", &socket))?;
        let scratch = directory.path(&format!("{name}-scratch"));
        fs::create_dir_all(&scratch).map_err(WorkerError::io("cannot create", &scratch))?;
        if let Some(cache) = options.cache {
            fs::create_dir_all(cache).map_err(WorkerError::io("cannot create", cache))?;
        }
        let config = directory.path(&format!("{name}.json"));
        let text = serde_json::to_string(&ConfigFile {
            socket: &socket,
            root: options.root,
            files: options.files,
            test_files: options.test_files,
            cache: options.cache,
            runner: options.runner.name(),
            arguments: options.arguments,
            trace: options.trace,
            mode: name,
            only: options.only,
            preload: options.preload,
            scratch: &scratch,
            jobs: options.jobs,
            roots: options.roots,
        })
        .map_err(|error| WorkerError::Protocol { message: error.to_string() })?;
        fs::write(&config, text).map_err(WorkerError::io("cannot write", &config))?;
        let log = directory.path(&format!("{name}.log"));
        let output = File::create(&log).map_err(WorkerError::io("cannot create", &log))?;
        let errors = output.try_clone().map_err(WorkerError::io("cannot create", &log))?;
        let runtime = directory.runtime();
        let python = &options.interpreter.path;
        let mut command = Command::new(python);
        command
            .args([
                "-c",
                "import sys; d = sys.argv.pop(); c = sys.argv.pop(); sys.path[0] = d; \
                from _mutdiff.server import start; import os; sys.path[0] = os.getcwd(); \
                start(c, d)",
            ])
            .arg(&config)
            .arg(&runtime)
            .current_dir(options.root)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        without_secrets(&mut command);
        if !options.search.is_empty() {
            let before = std::env::var_os("PYTHONPATH").unwrap_or_default();
            let parts = options.search.iter().cloned().chain(std::env::split_paths(&before));
            if let Ok(path) = std::env::join_paths(parts) {
                command.env("PYTHONPATH", path);
            }
        }
        if std::env::var_os("PYTHONHASHSEED").is_none() {
            // One order of sets in all processes, so that a verdict is the same in each.
            command.env("PYTHONHASHSEED", "0");
        }
        let child = reap::start(&mut command).map_err(WorkerError::io("cannot start", python))?;
        let mut process = Self {
            mode,
            child,
            log,
            // Replaced by the real connection below; a pair needs no second type.
            link: Mutex::new(
                UnixStream::pair().map_err(WorkerError::io("cannot open", &socket))?.0,
            ),
            listener,
            waiting: Mutex::new(BTreeMap::new()),
            next_token: Mutex::new(0),
            memory_limit: options.memory_limit,
        };
        let mut link = process.accept("starting python", interrupted)?;
        let hello = receive(&mut link, &socket)?;
        if hello["protocol"] != json!(PROTOCOL) {
            return Err(WorkerError::Protocol { message: hello.to_string() });
        }
        process.link = Mutex::new(link);
        Ok(process)
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a warm process has collected.
    ///
    /// # Errors
    /// When the tests cannot be collected, the process dies, or the run is interrupted.
    pub fn collected(&mut self, interrupted: &AtomicBool) -> Result<Collected, WorkerError> {
        let message = self.wait_message("collecting the tests", interrupted)?;
        if let Some(output) = message["collection_failed"].as_str() {
            // A usage error is on the runner's standard error and nowhere else.
            let log = self.log_tail();
            let output = if output.lines().count() > 1 || log.is_empty() {
                output.to_owned()
            } else {
                format!("{output}\n{log}")
            };
            return Err(WorkerError::CollectionFailed { output });
        }
        serde_json::from_value(message)
            .map_err(|error| WorkerError::Protocol { message: error.to_string() })
    }

    /// Waits until a cold process is ready; returns the project's modules that its preloading
    /// imported by accident (such a process must not be used).
    ///
    /// # Errors
    /// When the process dies or the run is interrupted.
    pub fn ready(&mut self, interrupted: &AtomicBool) -> Result<Vec<String>, WorkerError> {
        let message = self.wait_message("importing libraries", interrupted)?;
        serde_json::from_value(message["leaked"].clone())
            .map_err(|error| WorkerError::Protocol { message: error.to_string() })
    }

    /// Forks a slot.
    ///
    /// # Errors
    /// When the process has died.
    pub fn slot(
        &self,
        directory: &RunDirectory,
        number: usize,
        interrupted: &AtomicBool,
    ) -> Result<Slot, WorkerError> {
        let token = {
            let mut next = self.next_token.lock().expect("no thread panics with the lock");
            *next += 1;
            *next
        };
        let memory =
            Memory::create(&directory.memory(&format!("{}-{number}-{token}", self.mode.name())))?;
        {
            let mut link = self.link.lock().expect("no thread panics with the lock");
            let request = json!({"slot": number, "token": token, "memory": memory.path()});
            send(&mut link, &request, &self.log)?;
        }
        loop {
            let mut waiting = self.waiting.lock().expect("no thread panics with the lock");
            if let Some((stream, pid)) = waiting.remove(&token) {
                return Ok(Slot::new(stream, memory, pid, self.memory_limit));
            }
            if let Some(mut stream) = self.try_accept()? {
                let hello = receive(&mut stream, &self.log)?;
                let pid = hello["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok());
                let (Some(whose), Some(pid)) = (hello["token"].as_u64(), pid) else {
                    return Err(WorkerError::Protocol { message: hello.to_string() });
                };
                waiting.insert(whose, (stream, pid));
                continue;
            }
            drop(waiting);
            if interrupted.load(Ordering::Relaxed) {
                return Err(WorkerError::Interrupted);
            }
            if !Path::new(&format!("/proc/{}", self.child.id())).exists()
                && Path::new("/proc/self").exists()
            {
                return Err(self.died("forking", "gone".into()));
            }
            sleep(Duration::from_micros(200));
        }
    }

    fn wait_message(
        &mut self,
        during: &'static str,
        interrupted: &AtomicBool,
    ) -> Result<Value, WorkerError> {
        let log = self.log.clone();
        loop {
            {
                let mut link = self.link.lock().expect("no thread panics with the lock");
                let wait = Duration::from_millis(50);
                if super::slot::readable(&link, wait)? {
                    match receive(&mut link, &log) {
                        Err(WorkerError::Io { source, .. })
                            if source.kind() == ErrorKind::UnexpectedEof => {}
                        other => return other,
                    }
                    drop(link);
                    let status = self.exit_status();
                    return Err(self.died(during, status));
                }
            }
            if interrupted.load(Ordering::Relaxed) {
                return Err(WorkerError::Interrupted);
            }
        }
    }

    fn exit_status(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.to_string();
            }
            sleep(Duration::from_millis(5));
        }
        "still running, connection closed".into()
    }

    fn accept(
        &mut self,
        during: &'static str,
        interrupted: &AtomicBool,
    ) -> Result<UnixStream, WorkerError> {
        loop {
            if let Some(stream) = self.try_accept()? {
                return Ok(stream);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.died(during, status.to_string()));
            }
            if interrupted.load(Ordering::Relaxed) {
                return Err(WorkerError::Interrupted);
            }
            sleep(Duration::from_micros(500));
        }
    }

    fn try_accept(&self) -> Result<Option<UnixStream>, WorkerError> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream
                    .set_nonblocking(false)
                    .map_err(WorkerError::io("cannot use the connection to", &self.log))?;
                Ok(Some(stream))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(source) => {
                Err(WorkerError::Io { action: "cannot accept for", path: self.log.clone(), source })
            }
        }
    }

    fn died(&self, during: &'static str, status: String) -> WorkerError {
        WorkerError::Died { status, during, log: self.log_tail() }
    }

    /// The end of what the process printed.
    fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(link) = self.link.get_mut() {
            // The process ends at the end of the connection; shutting down is that end.
            let _ = link.shutdown(std::net::Shutdown::Both);
        }
        let deadline = Instant::now() + Duration::from_millis(500);
        while Instant::now() < deadline {
            if let Ok(Some(_)) = self.child.try_wait() {
                reap::ended(self.child.id());
                return;
            }
            sleep(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        reap::ended(self.child.id());
    }
}

/// Sends one length-prefixed JSON message.
pub(super) fn send(
    stream: &mut UnixStream,
    message: &impl Serialize,
    name: &Path,
) -> Result<(), WorkerError> {
    let body = serde_json::to_vec(message)
        .map_err(|error| WorkerError::Protocol { message: error.to_string() })?;
    let length = u32::try_from(body.len())
        .map_err(|_| WorkerError::Protocol { message: "a message over 4 GiB".into() })?;
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(&body);
    stream.write_all(&bytes).map_err(WorkerError::io("cannot write to python,", name))
}

/// Receives one length-prefixed JSON message; blocks.
pub(super) fn receive(stream: &mut UnixStream, name: &Path) -> Result<Value, WorkerError> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(WorkerError::io("cannot read from python,", name))?;
    let mut body = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut body).map_err(WorkerError::io("cannot read from python,", name))?;
    serde_json::from_slice(&body)
        .map_err(|error| WorkerError::Protocol { message: error.to_string() })
}
