//! The embedded Python runtime, and the directory of a run that it is unpacked into.
//!
//! Invariant: nothing is written outside the run's own directory, which is removed at the end.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::WorkerError;

macro_rules! runtime_files {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("python/", $name)))),*] };
}

/// The files of the runtime.
const FILES: [(&str, &str); 30] = runtime_files![
    "_mutdiff/__init__.py",
    "_mutdiff/alike.py",
    "_mutdiff/apart.py",
    "_mutdiff/beyond.py",
    "_mutdiff/channel.py",
    "_mutdiff/child.py",
    "_mutdiff/codes.py",
    "_mutdiff/elsewhere.py",
    "_mutdiff/following.py",
    "_mutdiff/frozen.py",
    "_mutdiff/handlers.py",
    "_mutdiff/hits.py",
    "_mutdiff/imports.py",
    "_mutdiff/kept.py",
    "_mutdiff/mutation.py",
    "_mutdiff/project.py",
    "_mutdiff/pytest_phases.py",
    "_mutdiff/pytest_runner.py",
    "_mutdiff/runner.py",
    "_mutdiff/scripts.py",
    "_mutdiff/server.py",
    "_mutdiff/spawning.py",
    "_mutdiff/startup.py",
    "_mutdiff/swap.py",
    "_mutdiff/tracer.py",
    "_mutdiff/tracer_monitoring.py",
    "_mutdiff/tracer_settrace.py",
    "_mutdiff/unittest_runner.py",
    "_mutdiff/writes.py",
    "site/sitecustomize.py",
];

/// A run's own directory: the runtime, the socket, scratch space of the tests.
#[derive(Debug)]
pub struct RunDirectory {
    directory: TempDir,
    memory: TempDir,
}

impl RunDirectory {
    /// Makes one and unpacks the runtime.
    ///
    /// # Errors
    /// When the system's temporary directory cannot be written.
    pub fn create() -> Result<Self, WorkerError> {
        let make = |place: &Path| {
            tempfile::Builder::new()
                .prefix("mutdiff-")
                .tempdir_in(place)
                .map_err(WorkerError::io("cannot create a directory in", place))
        };
        let directory = make(&std::env::temp_dir())?;
        // Shared memory that is a file on disk would be written back to it now and then.
        let memory = make(Path::new("/dev/shm")).or_else(|_| make(directory.path()))?;
        for (name, text) in FILES {
            let path = directory.path().join("runtime").join(name);
            let folder = path.parent().expect("a runtime file lies in a folder");
            fs::create_dir_all(folder).map_err(WorkerError::io("cannot create", folder))?;
            fs::write(&path, text).map_err(WorkerError::io("cannot write", &path))?;
        }
        Ok(Self { directory, memory })
    }

    /// Where the runtime was unpacked.
    pub fn runtime(&self) -> PathBuf {
        self.directory.path().join("runtime")
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A path for shared memory.
    pub(super) fn memory(&self, name: &str) -> PathBuf {
        self.memory.path().join(name)
    }
}
