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
        let mut change =
            FileChange { path, old_path: None, status, old: None, new: None, hunks: Vec::new() };
        if !change.path.is_python() {
            return Ok(Some(change));
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
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// `status path <- old_path`, then the hunks.
    fn shown(diff: &Diff) -> Vec<String> {
        let mut shown = Vec::new();
        for file in &diff.files {
            let mut line = format!("{:?} {}", file.status, file.path);
            if let Some(old) = &file.old_path {
                line.push_str(&format!(" <- {old}"));
            }
            for hunk in &file.hunks {
                let (old, new) = (hunk.old, hunk.new);
                line.push_str(&format!(" -{},{} +{},{}", old.start, old.len, new.start, new.len));
            }
            shown.push(line);
        }
        shown
    }

    /// The working tree against `base`.
    fn dirty(repo: &TestRepo, base: &str) -> Diff {
        repo.open().diff(base, &Head::WorkingTree).unwrap()
    }

    #[test]
    fn committed_staged_unstaged_and_untracked_changes_are_one_diff() {
        let repo = TestRepo::new();
        for name in ["committed", "staged", "unstaged", "both", "same", "reverted", "deleted"] {
            repo.write(&format!("{name}.py"), format!("{name} = 1\n"));
        }
        let base = repo.commit("first");
        repo.write("committed.py", "committed = 2\n");
        repo.write("reverted.py", "reverted = 2\n");
        repo.commit("second");
        repo.write("staged.py", "staged = 2\n");
        repo.write("both.py", "both = 2\n");
        repo.git(&["add", "-A"]);
        repo.write("both.py", "both = 2\nmore = 3\n");
        repo.write("unstaged.py", "unstaged = 2\n");
        repo.write("reverted.py", "reverted = 1\n");
        repo.write("new/untracked.py", "a\nb\n");
        repo.remove("deleted.py");
        let index = fs::read(repo.path().join(".git/index")).unwrap();
        let diff = dirty(&repo, &base);
        assert_eq!(
            shown(&diff),
            [
                "Modified both.py -1,1 +1,2",
                "Modified committed.py -1,1 +1,1",
                "Deleted deleted.py -1,1 +0,0",
                "Added new/untracked.py -0,0 +1,2",
                "Modified staged.py -1,1 +1,1",
                "Modified unstaged.py -1,1 +1,1",
            ]
        );
        let both = &diff.files[0];
        assert_eq!(both.old.as_deref(), Some(&b"both = 1\n"[..]));
        assert_eq!(both.new.as_deref(), Some(&b"both = 2\nmore = 3\n"[..]));
        assert_eq!(fs::read(repo.path().join(".git/index")).unwrap(), index);
    }

    #[test]
    fn two_commits_are_compared_without_the_working_tree() {
        let repo = TestRepo::new();
        repo.write("a.py", "x = 1\n");
        repo.write("b.py", "x = 1\n");
        let base = repo.commit("first");
        repo.write("a.py", "x = 2\n");
        repo.remove("b.py");
        let head = repo.commit("second");
        repo.write("a.py", "x = 3\n");
        let diff = repo.open().diff(&base, &Head::Commit(head)).unwrap();
        assert_eq!(shown(&diff), ["Modified a.py -1,1 +1,1", "Deleted b.py -1,1 +0,0"]);
        assert_eq!(diff.files[0].new.as_deref(), Some(&b"x = 2\n"[..]));
    }

    #[test]
    fn a_staged_deletion_of_a_file_still_on_the_disk_is_no_deletion() {
        let repo = TestRepo::new();
        repo.write("kept.py", "x = 1\n");
        repo.write("changed.py", "x = 1\n");
        let base = repo.commit("first");
        repo.git(&["rm", "-q", "--cached", "kept.py", "changed.py"]);
        repo.write("changed.py", "x = 2\n");
        assert_eq!(shown(&dirty(&repo, &base)), ["Modified changed.py -1,1 +1,1"]);
    }

    #[test]
    fn a_file_announced_with_intent_to_add_is_added() {
        let repo = TestRepo::new();
        let base = repo.commit("first");
        repo.write("new.py", "x = 1\n");
        repo.git(&["add", "-N", "new.py"]);
        assert_eq!(shown(&dirty(&repo, &base)), ["Added new.py -0,0 +1,1"]);
    }

    #[test]
    fn renames_are_followed_staged_or_not() {
        let body = "def f():\n    return 1\n\n\ndef g():\n    return 2\n";
        for stage in [true, false] {
            let repo = TestRepo::new();
            repo.write("old.py", body);
            let base = repo.commit("first");
            repo.remove("old.py");
            repo.write("pkg/new.py", body.replace("return 2", "return 3"));
            if stage {
                repo.git(&["add", "-A"]);
            }
            let diff = dirty(&repo, &base);
            assert_eq!(shown(&diff), ["Renamed pkg/new.py <- old.py -6,1 +6,1"]);
            assert_eq!(diff.files[0].old.as_deref(), Some(body.as_bytes()));
        }
    }

    #[test]
    fn files_that_are_not_python_have_no_contents() {
        let repo = TestRepo::new();
        repo.write("a.toml", "a = 1\n");
        let base = repo.commit("first");
        repo.write("a.toml", "a = 2\n");
        repo.write("stub.pyi", "x: int\n");
        let diff = dirty(&repo, &base);
        assert_eq!(shown(&diff), ["Modified a.toml", "Added stub.pyi"]);
        assert!(diff.files.iter().all(|file| file.old.is_none() && file.new.is_none()));
    }

    #[test]
    fn new_bytes_are_those_on_the_disk_whatever_git_converts() {
        let repo = TestRepo::new();
        repo.git(&["config", "core.autocrlf", "true"]);
        repo.write("a.py", "a = 1\r\nb = 1\r\n");
        repo.write("same.py", "a = 1\r\n");
        let base = repo.commit("first");
        assert_eq!(dirty(&repo, &base).files, []);
        repo.write("a.py", "a = 1\r\nb = 2\r\n");
        // Its time stamp changes and its contents do not.
        repo.write("same.py", "a = 1\r\n");
        let diff = dirty(&repo, &base);
        assert_eq!(shown(&diff), ["Modified a.py -2,1 +2,1"]);
        assert_eq!(diff.files[0].old.as_deref(), Some(&b"a = 1\nb = 1\n"[..]));
        assert_eq!(diff.files[0].new.as_deref(), Some(&b"a = 1\r\nb = 2\r\n"[..]));
    }

    #[test]
    fn an_executable_bit_is_no_change() {
        let repo = TestRepo::new();
        repo.write("run.py", "x = 1\n");
        let base = repo.commit("first");
        let path = repo.path().join("run.py");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(dirty(&repo, &base).files, []);
        let head = repo.commit("second");
        assert_eq!(repo.open().diff(&base, &Head::Commit(head)).unwrap().files, []);
    }

    #[test]
    fn a_file_that_becomes_a_link_changes_its_type() {
        let repo = TestRepo::new();
        repo.write("a.py", "x = 1\n");
        repo.write("b.py", "y = 1\n");
        symlink("b.py", repo.path().join("link.py")).unwrap();
        let base = repo.commit("first");
        repo.remove("a.py");
        symlink("b.py", repo.path().join("a.py")).unwrap();
        repo.remove("link.py");
        repo.write("link.py", "z = 1\n");
        symlink("/nowhere", repo.path().join("new.py")).unwrap();
        let diff = dirty(&repo, &base);
        assert_eq!(
            shown(&diff),
            ["TypeChanged a.py -1,1 +0,0", "TypeChanged link.py -0,0 +1,1", "Added new.py",]
        );
        assert_eq!(diff.files[2].new, None);
    }

    #[test]
    fn a_file_may_become_a_directory() {
        let repo = TestRepo::new();
        repo.write("a.py", "x = 1\n");
        let base = repo.commit("first");
        repo.remove("a.py");
        repo.write("a.py/inner.py", "unlike = 2\n");
        let diff = dirty(&repo, &base);
        assert_eq!(shown(&diff), ["Deleted a.py -1,1 +0,0", "Added a.py/inner.py -0,0 +1,1"]);
    }

    #[test]
    fn a_moved_submodule_is_named() {
        let repo = TestRepo::new();
        let first = repo.commit("first");
        let at = |commit: &str| format!("160000,{commit},sub");
        repo.git(&["update-index", "--add", "--cacheinfo", &at(&first)]);
        repo.git(&["commit", "-q", "-m", "with a submodule"]);
        let base = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
        assert_eq!(dirty(&repo, &base).files, []);
        repo.git(&["update-index", "--cacheinfo", &at(&base)]);
        assert_eq!(shown(&dirty(&repo, &base)), ["Submodule sub"]);
        assert_eq!(shown(&dirty(&repo, &first)), ["Submodule sub"]);
    }

    #[test]
    fn a_nested_repository_is_skipped_and_said_so() {
        let repo = TestRepo::new();
        let base = repo.commit("first");
        repo.git(&["init", "-q", "nested"]);
        repo.write("nested/a.py", "x = 1\n");
        let diff = dirty(&repo, &base);
        assert_eq!(diff.files, []);
        assert_eq!(diff.skipped[0].path.as_str(), "nested/");
    }

    #[test]
    fn names_that_are_not_utf8_are_skipped_and_said_so() {
        let repo = TestRepo::new();
        let base = repo.commit("first");
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
        fs::write(repo.path().join(name), "x = 1\n").unwrap();
        repo.write("ok é.py", "x = 1\n");
        let diff = dirty(&repo, &base);
        assert_eq!(shown(&diff), ["Added ok é.py -0,0 +1,1"]);
        assert_eq!(diff.skipped[0].reason, "its name is not UTF-8");
    }

    #[test]
    fn a_file_in_conflict_is_compared_as_it_is_on_the_disk() {
        let repo = TestRepo::new();
        repo.write("a.py", "x = 1\n");
        let base = repo.commit("first");
        repo.git(&["checkout", "-q", "-b", "other"]);
        repo.write("a.py", "x = 2\n");
        repo.commit("other");
        repo.git(&["checkout", "-q", "main"]);
        repo.write("a.py", "x = 3\n");
        repo.commit("mine");
        // The merge fails, which `git` here would take for a failed test.
        repo.git(&["-c", "alias.try=!git merge -q other || true", "try"]);
        let diff = dirty(&repo, &base);
        assert_eq!(diff.files.len(), 1);
        assert_eq!(diff.files[0].status, ChangeStatus::Modified);
        let new = String::from_utf8(diff.files[0].new.clone().unwrap()).unwrap();
        assert!(new.starts_with("<<<<<<<"), "{new}");
        let files = repo.open().files(&Head::WorkingTree).unwrap();
        assert_eq!(files.entries.len(), 1);
    }

    #[test]
    fn mutdiff_s_own_directory_is_no_part_of_the_project() {
        let repo = TestRepo::new();
        repo.write(".mutdiff/tracked.py", "x = 1\n");
        let base = repo.commit("first");
        repo.write(".mutdiff/tracked.py", "x = 2\n");
        repo.write(".mutdiff/new.py", "x = 1\n");
        assert_eq!(dirty(&repo, &base).files, []);
    }

    #[test]
    fn an_unknown_merge_base_is_named() {
        let repo = TestRepo::new();
        repo.commit("first");
        let error = repo.open().diff(&"1".repeat(40), &Head::WorkingTree).unwrap_err();
        assert!(matches!(error, GitError::RevisionNotFound { .. }));
    }

    #[test]
    fn a_linked_worktree_is_a_repository_too() {
        let repo = TestRepo::new();
        repo.write("a.py", "x = 1\n");
        let base = repo.commit("first");
        repo.git(&["worktree", "add", "-q", "linked"]);
        repo.write("linked/a.py", "x = 2\n");
        let linked = Repository::discover(&repo.path().join("linked")).unwrap();
        assert!(linked.workdir().ends_with("linked"));
        let diff = linked.diff(&base, &Head::WorkingTree).unwrap();
        assert_eq!(shown(&diff), ["Modified a.py -1,1 +1,1"]);
    }
}
