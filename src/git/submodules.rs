//! Submodules: other repositories' files, which are named and not mutated.
//!
//! Invariant: two equal states mean that the submodule's checked-out files are the same.

use std::fs;

use git2::{FileMode, Oid, StatusOptions};
use sha2::{Digest, Sha256};

use super::tree::{self, os_path};
use super::{GitError, Head, Repository};
use crate::model::RepoPath;

/// A submodule of the tested revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submodule {
    /// Where it is.
    pub path: RepoPath,
    /// Its commit, and a digest of what differs from that on the disk.
    pub state: String,
    /// Whether something of it is another than at the commit that the repository names.
    pub is_dirty: bool,
}

impl Repository {
    /// The submodules of the tested revision. One that is not checked out is as it was committed.
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`] for an unknown commit, [`GitError::Libgit2`].
    pub fn submodules(&self, head: &Head) -> Result<Vec<Submodule>, GitError> {
        let mut found = Vec::new();
        let mut add = |path: &[u8], committed: Oid, on_disk: Option<(Oid, Option<String>)>| {
            let Ok(path) = tree::repo_path(path) else { return };
            let (commit, changes) = on_disk.unwrap_or((committed, None));
            let is_dirty = commit != committed || changes.is_some();
            let state = format!("{commit} {}", changes.unwrap_or_default());
            found.push(Submodule { path, state, is_dirty });
        };
        match head {
            Head::WorkingTree => {
                for entry in self.working_tree()?.index.iter() {
                    if tree::mode(entry.mode) == FileMode::Commit {
                        add(&entry.path, entry.id, self.checked_out_at(&entry.path));
                    }
                }
            }
            Head::Commit(commit) => {
                let root = self.tree(commit)?;
                self.walk(&root, &mut Vec::new(), &mut |path, entry| {
                    if tree::mode_of(entry) == FileMode::Commit {
                        add(path, entry.id(), None);
                    }
                    Ok(())
                })?;
            }
        }
        Ok(found)
    }

    /// The commit that a submodule's directory is at, with a digest of the changes on top.
    fn checked_out_at(&self, path: &[u8]) -> Option<(Oid, Option<String>)> {
        let folder = self.workdir().join(os_path(path));
        if !folder.join(".git").exists() {
            return None;
        }
        let inner = git2::Repository::open(&folder).ok()?;
        let commit = inner.head().ok()?.peel_to_commit().ok()?.id();
        let mut options = StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).exclude_submodules(true);
        let statuses = inner.statuses(Some(&mut options)).ok()?;
        let mut hash = Sha256::new();
        for entry in statuses.iter() {
            hash.update(entry.path_bytes());
            hash.update([0]);
            hash.update(fs::read(folder.join(os_path(entry.path_bytes()))).unwrap_or_default());
            hash.update([0]);
        }
        let changes = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Some((commit, (!statuses.is_empty()).then_some(changes)))
    }
}
