//! Files of the working tree that mutdiff wrote itself: reports, copies of the store.
//!
//! Invariant: an untracked file that is listed is no part of what is tested, so that a report in the
//! project puts no verdict in question; a tracked one is, listed or not. Nothing that is Python is listed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Repository;
use super::tree::OWN_DIRECTORY;

/// The list, a path a line, beside the store.
const LIST: &str = ".mutdiff/written";

impl Repository {
    /// Notes that mutdiff wrote `file`, where that lies in the working tree and `.mutdiff/` is there.
    ///
    /// # Errors
    /// When the list cannot be written; the file then counts as one of the project's.
    pub fn note_written(&self, file: &Path) -> io::Result<()> {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let Some(name) = file.file_name() else { return Ok(()) };
        let file = fs::canonicalize(folder)?.join(name);
        let Ok(path) = file.strip_prefix(self.workdir()) else { return Ok(()) };
        let bytes = path.as_os_str().as_bytes();
        let is_python = path.extension().is_some_and(|ending| ending == "py" || ending == "pyi");
        if bytes.starts_with(OWN_DIRECTORY) || bytes.contains(&b'\n') || is_python {
            return Ok(());
        }
        let mut all = self.written();
        let list = self.list();
        if !list.parent().is_some_and(Path::is_dir) || !all.insert(bytes.to_vec()) {
            return Ok(());
        }
        let still = |path: &Vec<u8>| self.workdir().join(super::tree::os_path(path)).exists();
        let lines: Vec<Vec<u8>> = all.into_iter().filter(still).collect();
        fs::write(list, [lines.join(&b'\n'), b"\n".to_vec()].concat())
    }

    /// What is listed, from the root of the working tree.
    pub(super) fn written(&self) -> BTreeSet<Vec<u8>> {
        let text = fs::read(self.list()).unwrap_or_default();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(<[u8]>::to_vec).collect()
    }

    fn list(&self) -> PathBuf {
        self.workdir().join(LIST)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::TestRepo;
    use super::*;

    #[test]
    fn what_lies_elsewhere_or_is_python_is_not_listed() {
        let repo = TestRepo::new();
        let opened = repo.open();
        let root = opened.workdir().to_owned();
        fs::write(root.join("a.json"), "").unwrap();
        opened.note_written(&root.join("a.json")).unwrap();
        assert!(opened.written().is_empty(), "there is no folder for the list");
        fs::create_dir(root.join(".mutdiff")).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        for path in [root.join("a.json"), elsewhere.path().join("b.json"), root.join("c.py")] {
            fs::write(&path, "").unwrap();
            opened.note_written(&path).unwrap();
            opened.note_written(&path).unwrap();
        }
        assert_eq!(opened.written(), BTreeSet::from([b"a.json".to_vec()]));
        fs::remove_file(root.join("a.json")).unwrap();
        fs::write(root.join("d.json"), "").unwrap();
        opened.note_written(&root.join("d.json")).unwrap();
        assert_eq!(opened.written(), BTreeSet::from([b"d.json".to_vec()]));
    }
}
