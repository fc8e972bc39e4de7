//! The files of the tested revision.
//!
//! Invariant: a listed file is tracked, or untracked and not ignored, and exists; paths come
//! sorted and once.

use std::fs;
use std::time::SystemTime;

use git2::FileMode;

use super::tree::{self, OWN_DIRECTORY};
use super::working_tree::OnDisk;
use super::{GitError, Head, Repository};
use crate::model::{FileStat, RepoPath, SkippedFile};

/// A file of the tested revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Where it is.
    pub path: RepoPath,
    /// Whether it is a symbolic link.
    pub is_symlink: bool,
    /// What the disk says of it: for the regular Python files of the working tree only, and not
    /// for one that changed just now (its contents must be looked at).
    pub stat: Option<FileStat>,
}

/// The files of the tested revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// The files, by path.
    pub entries: Vec<FileEntry>,
    /// Files that cannot be named, with why.
    pub skipped: Vec<SkippedFile>,
}

impl Files {
    /// The regular Python files.
    pub fn python(&self) -> impl Iterator<Item = &FileEntry> {
        self.entries.iter().filter(|entry| entry.path.is_python() && !entry.is_symlink)
    }

    fn push(&mut self, path: &[u8], is_symlink: bool) {
        if path.starts_with(OWN_DIRECTORY) {
            return;
        }
        match tree::repo_path(path) {
            Ok(path) => self.entries.push(FileEntry { path, is_symlink, stat: None }),
            Err(skipped) => self.skipped.push(skipped),
        }
    }
}

impl Repository {
    /// Lists the files of the tested revision. Those of the working tree are not opened; its
    /// Python files are `lstat`ed.
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`] for an unknown commit, [`GitError::Libgit2`].
    pub fn files(&self, head: &Head) -> Result<Files, GitError> {
        let mut files = Files::default();
        match head {
            Head::WorkingTree => self.files_on_disk(&mut files)?,
            Head::Commit(commit) => {
                let tree = self.tree(commit)?;
                self.walk(&tree, &mut Vec::new(), &mut |path, entry| {
                    match tree::mode_of(entry) {
                        FileMode::Tree | FileMode::Commit => {}
                        mode => files.push(path, mode == FileMode::Link),
                    }
                    Ok(())
                })?;
            }
        }
        files.entries.sort_by(|a, b| a.path.cmp(&b.path));
        files.entries.dedup_by(|a, b| a.path == b.path);
        Ok(files)
    }

    fn files_on_disk(&self, files: &mut Files) -> Result<(), GitError> {
        let working = self.working_tree()?;
        for entry in working.index.iter() {
            let mut mode = tree::mode(entry.mode);
            match working.dirty.get(&entry.path) {
                None if tree::is_sparse(&entry) => {
                    if fs::symlink_metadata(self.workdir().join(tree::os_path(&entry.path)))
                        .is_err()
                    {
                        continue;
                    }
                }
                None | Some(OnDisk::Conflicted | OnDisk::Unreadable) => {}
                Some(OnDisk::Changed(side)) => mode = side.mode,
                Some(OnDisk::Absent | OnDisk::Untracked(_) | OnDisk::NestedRepository) => continue,
            }
            if mode != FileMode::Commit {
                files.push(&entry.path, mode == FileMode::Link);
            }
        }
        for (path, on_disk) in &working.dirty {
            if let OnDisk::Untracked(side) = on_disk {
                files.push(path, side.mode == FileMode::Link);
            }
        }
        let now = SystemTime::now();
        let mut buffer = self.workdir().to_path_buf();
        files.entries.retain_mut(|entry| {
            if !entry.path.is_python() || entry.is_symlink {
                return true;
            }
            entry.stat = working.stats.get(entry.path.as_str().as_bytes()).copied();
            if entry.stat.is_some() {
                return true;
            }
            buffer.clear();
            buffer.push(self.workdir());
            buffer.push(entry.path.as_str());
            match fs::symlink_metadata(&buffer) {
                Ok(metadata) => {
                    entry.is_symlink = metadata.is_symlink();
                    entry.stat = FileStat::of(&metadata, now).filter(|_| metadata.is_file());
                    entry.is_symlink || metadata.is_file()
                }
                // Removed since the walk.
                Err(_) => false,
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn names(files: &Files) -> Vec<&str> {
        files.entries.iter().map(|entry| entry.path.as_str()).collect()
    }

    #[test]
    fn tracked_and_untracked_files_are_listed_and_ignored_ones_are_not() {
        let repo = TestRepo::new();
        repo.write(".gitignore", "*.log\nbuild/\n");
        repo.write("pkg/tracked.py", "x = 1\n");
        repo.write("gone.py", "");
        let commit = repo.commit("first");
        repo.remove("gone.py");
        repo.write("pkg/new.py", "");
        repo.write("new/deep/n.py", "");
        repo.write("staged.py", "");
        repo.git(&["add", "staged.py"]);
        repo.write("a.log", "");
        repo.write("build/b.py", "");
        repo.write(".mutdiff/store.py", "");
        let opened = repo.open();
        let files = opened.files(&Head::WorkingTree).unwrap();
        assert_eq!(
            names(&files),
            [".gitignore", "new/deep/n.py", "pkg/new.py", "pkg/tracked.py", "staged.py"]
        );
        let at_commit = opened.files(&Head::Commit(commit)).unwrap();
        assert_eq!(names(&at_commit), [".gitignore", "gone.py", "pkg/tracked.py"]);
    }

    #[test]
    fn settled_python_files_have_a_stat() {
        let repo = TestRepo::new();
        repo.write("old.py", "x = 1\n");
        repo.write("data.txt", "x");
        std::thread::sleep(std::time::Duration::from_millis(40));
        repo.write("fresh.py", "x = 1\n");
        let files = repo.open().files(&Head::WorkingTree).unwrap();
        let stats: Vec<_> =
            files.entries.iter().map(|f| (f.path.as_str(), f.stat.map(|s| s.size))).collect();
        assert_eq!(stats, [("data.txt", None), ("fresh.py", None), ("old.py", Some(6))]);
    }

    #[test]
    fn links_are_told_from_files() {
        let repo = TestRepo::new();
        repo.write("m.py", "");
        symlink("m.py", repo.path().join("tracked_link.py")).unwrap();
        repo.commit("first");
        symlink("m.py", repo.path().join("new_link.py")).unwrap();
        symlink("/nowhere", repo.path().join("broken.py")).unwrap();
        let opened = repo.open();
        let files = opened.files(&Head::WorkingTree).unwrap();
        assert_eq!(names(&files), ["broken.py", "m.py", "new_link.py", "tracked_link.py"]);
        let python: Vec<_> = files.python().map(|file| file.path.as_str()).collect();
        assert_eq!(python, ["m.py"]);
        let at_commit = opened.files(&Head::Commit("HEAD".into())).unwrap();
        assert_eq!(at_commit.python().count(), 1);
    }

    #[test]
    fn names_that_are_not_utf8_are_reported() {
        let repo = TestRepo::new();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
        fs::write(repo.path().join(name), "").unwrap();
        let files = repo.open().files(&Head::WorkingTree).unwrap();
        assert!(files.entries.is_empty());
        assert_eq!(files.skipped[0].path.as_str(), "caf\u{fffd}.py");
        repo.commit("first");
        let opened = repo.open();
        for head in [Head::WorkingTree, Head::Commit("HEAD".into())] {
            assert_eq!(opened.files(&head).unwrap().skipped.len(), 1);
        }
    }

    #[test]
    fn a_sparse_checkout_lists_what_is_there() {
        let repo = TestRepo::new();
        repo.write("in/a.py", "");
        repo.write("out/b.py", "");
        let first = repo.commit("first");
        repo.git(&["sparse-checkout", "set", "in"]);
        let opened = repo.open();
        assert_eq!(names(&opened.files(&Head::WorkingTree).unwrap()), ["in/a.py"]);
        assert_eq!(opened.diff(&first, &Head::WorkingTree).unwrap().files, []);
    }
}
