//! An interpreter that keeps a record of being started.
//!
//! Invariant: it becomes the project's own interpreter, so nothing but the record tells them apart.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Project;

/// A script that writes a line and becomes the real interpreter.
pub(crate) struct FakePython {
    path: PathBuf,
    record: PathBuf,
}

impl FakePython {
    /// Puts it into a folder of the project's scratch space, as `python3`.
    pub(crate) fn before(project: &Project) -> Self {
        let folder = project.everything().join("fake");
        fs::create_dir_all(&folder).expect("writable");
        let record = folder.join("started");
        let path = folder.join("python3");
        let real = project.python.path.display();
        let text = format!("#!/bin/sh\necho \"$@\" >> {}\nexec {real} \"$@\"\n", record.display());
        fs::write(&path, text).expect("writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("writable");
        Self { path, record }
    }

    /// The script.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How often it was started since it was made or [`FakePython::forget`] was called.
    pub(crate) fn starts(&self) -> usize {
        fs::read_to_string(&self.record).map_or(0, |text| text.lines().count())
    }

    /// Begins a new record.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(&self.record);
    }
}
