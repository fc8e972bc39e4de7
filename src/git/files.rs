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
