//! The diff: what changed between the merge base and the tested revision.
//!
//! Invariant: `new` holds the bytes that Python would read (those on the disk for the working
//! tree), and a file that is on both sides with equal bytes is not in the diff.

use std::collections::BTreeMap;
use std::fs;

use git2::{Delta, DiffOptions, Oid, Tree};

use super::renames::{self, Candidate};
use super::tree::{self, OWN_DIRECTORY, Side};
use super::working_tree::OnDisk;
use super::{GitError, Hunk, Repository, hunks};
use crate::model::{RepoPath, SkippedFile};

/// What is tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// The working tree: staged, unstaged and untracked files.
    WorkingTree,
    /// A commit, by its id.
    Commit(String),
}

/// How a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeStatus {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its contents changed.
    Modified,
    /// It was `old_path`; its contents may have changed too.
    Renamed,
    /// It became a file, a symbolic link or a submodule and was another of these.
    TypeChanged,
    /// It is a submodule that was added, removed or moved to another commit.
    Submodule,
}

/// A file that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Where it is; for a deleted file, where it was.
    pub path: RepoPath,
    /// Where it was, for a renamed file.
    pub old_path: Option<RepoPath>,
    /// How it changed.
    pub status: ChangeStatus,
    /// Whether it is a symbolic link now.
    pub is_link: bool,
    /// Its bytes at the merge base, for a Python file that was there.
    pub old: Option<Vec<u8>>,
    /// Its bytes now, for a Python file that is there.
    pub new: Option<Vec<u8>>,
    /// The changed lines of a Python file, top to bottom.
    pub hunks: Vec<Hunk>,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diff {
    /// The files, by path.
    pub files: Vec<FileChange>,
    /// Changed files that cannot be looked at, with why.
    pub skipped: Vec<SkippedFile>,
}

/// A path whose sides differ.
struct Differs {
    path: Vec<u8>,
    old: Option<Side>,
    new: Option<Side>,
}

impl Repository {
    /// Compares the tested revision with `merge_base` (a commit's id). Executable bits do not
    /// count, nor does anything in `.mutdiff/`.
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`] for an unknown commit, [`GitError::Libgit2`].
    pub fn diff(&self, merge_base: &str, head: &Head) -> Result<Diff, GitError> {
        let base = self.tree(merge_base)?;
        let mut diff = Diff::default();
        let differs = match head {
            Head::WorkingTree => self.differs_on_disk(&base, &mut diff.skipped)?,
            Head::Commit(commit) => self.differs_in_commit(&base, commit)?,
        };
        for differs in differs {
            match tree::repo_path(&differs.path) {
                Ok(path) => match self.change(path, &differs, head) {
                    Ok(change) => diff.files.extend(change),
                    Err(GitError::File { path: _, source }) => diff.skipped.push(SkippedFile {
                        path: RepoPath::new(String::from_utf8_lossy(&differs.path)),
                        reason: format!("it cannot be read: {source}"),
                        holds_change: false,
                    }),
                    Err(error) => return Err(error),
                },
                Err(skipped) => diff.skipped.push(skipped),
            }
        }
        follow_renames(&mut diff.files);
        for file in &mut diff.files {
            if file.old.is_some() || file.new.is_some() {
                let text = |side: &'_ Option<Vec<u8>>| side.clone().unwrap_or_default();
                file.hunks = hunks::between(&text(&file.old), &text(&file.new))
                    .map_err(|source| self.failed("compare two files", source))?;
            }
        }
        diff.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(diff)
    }

    /// The paths at which the tested revision differs from `merge_base`; only files of the disk that git
    /// cannot tell apart from those of the base are read for it.
    ///
    /// # Errors
    ///
    /// As [`Repository::diff`].
    pub fn changed_paths(&self, merge_base: &str, head: &Head) -> Result<Vec<RepoPath>, GitError> {
        let base = self.tree(merge_base)?;
        let differs = match head {
            Head::WorkingTree => self.differs_on_disk(&base, &mut Vec::new())?,
            Head::Commit(commit) => self.differs_in_commit(&base, commit)?,
        };
        let differing = differs.into_iter().filter(|differs| match (differs.old, differs.new) {
            (Some(old), Some(new)) => {
                !old.same_as(new) && !self.is_unchanged(differs).unwrap_or(false)
            }
            (old, new) => old.is_some() || new.is_some(),
        });
        Ok(differing.filter_map(|differs| tree::repo_path(&differs.path).ok()).collect())
    }

    pub(super) fn tree(&self, commit: &str) -> Result<Tree<'_>, GitError> {
        self.commit(commit)?.tree().map_err(|source| self.failed("read a commit's tree", source))
    }

    fn differs_in_commit(&self, base: &Tree<'_>, commit: &str) -> Result<Vec<Differs>, GitError> {
        let head = self.tree(commit)?;
        let mut options = DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true);
        let diff = self
            .inner
            .diff_tree_to_tree(Some(base), Some(&head), Some(&mut options))
            .map_err(|source| self.failed("compare two commits", source))?;
        Ok(from_deltas(&diff).collect())
    }

    fn differs_on_disk(
        &self,
        base: &Tree<'_>,
        skipped: &mut Vec<SkippedFile>,
    ) -> Result<Vec<Differs>, GitError> {
        let working = self.working_tree()?;
        let mut options = DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true);
        let staged = self
            .inner
            .diff_tree_to_index(Some(base), Some(&working.index), Some(&mut options))
            .map_err(|source| self.failed("compare the index with the base", source))?;
        let mut differs: BTreeMap<Vec<u8>, Differs> =
            from_deltas(&staged).map(|differs| (differs.path.clone(), differs)).collect();
        for (path, on_disk) in &working.dirty {
            let new = match *on_disk {
                OnDisk::Absent => None,
                OnDisk::Changed(side) | OnDisk::Untracked(side) => Some(side),
                OnDisk::Conflicted => self.side_on_disk(path),
                OnDisk::NestedRepository | OnDisk::Unreadable => {
                    let reason = match on_disk {
                        OnDisk::NestedRepository => "it is a git repository of its own",
                        _ => "it cannot be read",
                    };
                    skipped.push(SkippedFile {
                        path: RepoPath::new(String::from_utf8_lossy(path)),
                        reason: reason.to_owned(),
                        holds_change: false,
                    });
                    differs.remove(path);
                    continue;
                }
            };
            differs
                .entry(path.clone())
                .and_modify(|known| known.new = new)
                .or_insert_with(|| Differs { path: path.clone(), old: tree::at(base, path), new });
        }
        Ok(differs
            .into_values()
            .filter(|found| !working.is_sparse(&found.path, found.new.is_none()))
            .collect())
    }

    /// The change at a path; `None` where the two sides turn out to be equal.
    fn change(
        &self,
        path: RepoPath,
        differs: &Differs,
        head: &Head,
    ) -> Result<Option<FileChange>, GitError> {
        let (old, new) = (differs.old, differs.new);
        let status = match (old, new) {
            (None, None) => return Ok(None),
            (Some(old), Some(new)) if old.same_as(new) => return Ok(None),
            (Some(one), Some(other)) if one.same_type(other) && !one.is_submodule() => {
                ChangeStatus::Modified
            }
            (Some(one), Some(other)) if !one.same_type(other) => ChangeStatus::TypeChanged,
            (Some(side), _) | (_, Some(side)) if side.is_submodule() => ChangeStatus::Submodule,
            (None, Some(_)) => ChangeStatus::Added,
            (Some(_), None) => ChangeStatus::Deleted,
            (Some(_), Some(_)) => ChangeStatus::Modified,
        };
        let mut change = FileChange {
            path,
            old_path: None,
            status,
            is_link: new.is_some_and(|side| side.mode == git2::FileMode::Link),
            old: None,
            new: None,
            hunks: Vec::new(),
        };
        if !change.path.is_python() {
            let equal = status == ChangeStatus::Modified && self.is_unchanged(differs)?;
            return Ok((!equal).then_some(change));
        }
        if let Some(old) = old.filter(|side| side.is_file()) {
            change.old = self.content(&differs.path, old, &Head::Commit(String::new()))?;
        }
        if let Some(new) = new.filter(|side| side.is_file()) {
            change.new = self.content(&differs.path, new, head)?;
        }
        let equal = change.old.is_some() && change.old == change.new;
        Ok((!equal).then_some(change))
    }

    /// Whether a file of the disk that git took for another holds what it held at the base: its mode
    /// may be what differs.
    fn is_unchanged(&self, differs: &Differs) -> Result<bool, GitError> {
        let (Some(Side { oid: Some(old), .. }), Some(Side { oid: None, mode })) =
            (differs.old, differs.new)
        else {
            return Ok(false);
        };
        if mode == git2::FileMode::Link {
            return Ok(false);
        }
        let on_disk = fs::read(self.workdir().join(tree::os_path(&differs.path)));
        Ok(on_disk.is_ok_and(|bytes| self.blob(old).is_ok_and(|old| old == bytes)))
    }

    fn content(&self, path: &[u8], side: Side, head: &Head) -> Result<Option<Vec<u8>>, GitError> {
        match (head, side.oid) {
            (Head::WorkingTree, _) => {
                let path = self.workdir().join(tree::os_path(path));
                fs::read(&path).map(Some).map_err(|source| GitError::File { path, source })
            }
            (Head::Commit(_), Some(oid)) => self.blob(oid).map(Some),
            (Head::Commit(_), None) => Ok(None),
        }
    }

    pub(super) fn blob(&self, oid: Oid) -> Result<Vec<u8>, GitError> {
        let blob = self.inner.find_blob(oid);
        blob.map(|blob| blob.content().to_vec())
            .map_err(|source| self.failed("read a file's old contents", source))
    }

    fn side_on_disk(&self, path: &[u8]) -> Option<Side> {
        let metadata = fs::symlink_metadata(self.workdir().join(tree::os_path(path))).ok()?;
        let mode = if metadata.is_symlink() {
            git2::FileMode::Link
        } else if metadata.is_file() {
            git2::FileMode::Blob
        } else {
            return None;
        };
        Some(Side { mode, oid: None })
    }
}

fn from_deltas(diff: &git2::Diff<'_>) -> impl Iterator<Item = Differs> {
    diff.deltas().filter_map(|delta| {
        let (old, new) = (delta.old_file(), delta.new_file());
        let path = new.path_bytes().or_else(|| old.path_bytes())?.to_vec();
        let side = |file: &git2::DiffFile<'_>| {
            file.exists().then(|| Side { mode: file.mode(), oid: Some(file.id()) })
        };
        let (old, new) = match delta.status() {
            Delta::Added => (None, side(&new)),
            Delta::Deleted => (side(&old), None),
            _ => (side(&old), side(&new)),
        };
        (!path.starts_with(OWN_DIRECTORY)).then_some(Differs { path, old, new })
    })
}

/// Joins a deleted and an added Python file of like contents into a renamed one.
fn follow_renames(files: &mut Vec<FileChange>) {
    let with_status = |status: ChangeStatus| -> Vec<usize> {
        let fits = |file: &FileChange| file.status == status && file.path.is_python();
        files.iter().enumerate().filter(|(_, file)| fits(file)).map(|(at, _)| at).collect()
    };
    let (deleted, added) = (with_status(ChangeStatus::Deleted), with_status(ChangeStatus::Added));
    let candidate = |&at: &usize| {
        let file: &FileChange = &files[at];
        let text = file.old.as_deref().or(file.new.as_deref()).unwrap_or_default();
        Candidate { path: file.path.as_str(), text }
    };
    let pairs = renames::pair(
        &deleted.iter().map(candidate).collect::<Vec<_>>(),
        &added.iter().map(candidate).collect::<Vec<_>>(),
    );
    let mut gone = Vec::new();
    for (to, from) in pairs {
        let (to, from) = (added[to], deleted[from]);
        let (old, old_path) = (files[from].old.take(), files[from].path.clone());
        let file = &mut files[to];
        file.status = ChangeStatus::Renamed;
        file.old = old;
        file.old_path = Some(old_path);
        gone.push(from);
    }
    let mut at = 0;
    files.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
}

#[cfg(test)]
mod tests;
