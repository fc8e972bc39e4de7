//! Opening the repository and resolving revisions.
//!
//! Invariant: a [`Repository`] has a working tree; the working tree is read once per value, so
//! that the diff and the list of files of one run speak of the same moment.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{Commit, ErrorClass, ErrorCode, Oid};

use super::working_tree::WorkingTree;
use super::{GitError, Head};

/// A git repository with a working tree.
pub struct Repository {
    pub(super) inner: git2::Repository,
    workdir: PathBuf,
    pub(super) working_tree: OnceCell<WorkingTree>,
}

impl Repository {
    /// Opens the repository that `dir` lies in.
    ///
    /// # Errors
    ///
    /// [`GitError::NotARepository`], [`GitError::UnsafeOwnership`], [`GitError::Bare`], or
    /// [`GitError::Libgit2`] for a repository that libgit2 cannot read.
    pub fn discover(dir: &Path) -> Result<Self, GitError> {
        // libgit2 takes a missing directory's parents into account, which would hide a typing error.
        let start = fs::canonicalize(dir)
            .map_err(|_| GitError::NotARepository { path: dir.to_path_buf() })?;
        // git does not digest objects as it reads them either, and it takes longer than reading.
        git2::opts::strict_hash_verification(false);
        let inner = git2::Repository::discover(&start).map_err(|source| match source.code() {
            ErrorCode::NotFound => GitError::NotARepository { path: dir.to_path_buf() },
            ErrorCode::Owner => GitError::UnsafeOwnership { path: owned_by_another(&start) },
            _ => GitError::Libgit2 { action: "open the repository", path: start.clone(), source },
        })?;
        let Some(workdir) = inner.workdir() else {
            return Err(GitError::Bare { path: inner.path().to_path_buf() });
        };
        // libgit2 ends it in a slash, which does not show well.
        let workdir = workdir.components().collect();
        Ok(Self { inner, workdir, working_tree: OnceCell::new() })
    }

    /// The root of the working tree, absolute, without a slash at its end.
    pub fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// The git directory (`.git`, or a linked worktree's own).
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// What to test: the working tree, or the commit that `requested` names.
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`].
    pub fn head(&self, requested: Option<&str>) -> Result<Head, GitError> {
        requested.map_or(Ok(Head::WorkingTree), |revision| self.resolve(revision).map(Head::Commit))
    }

    /// The directory of the working tree that this one was made from, if it is a linked one.
    pub fn main_workdir(&self) -> Option<PathBuf> {
        if !self.inner.is_worktree() {
            return None;
        }
        let main = git2::Repository::open(self.inner.commondir()).ok()?;
        main.workdir().map(Path::to_owned)
    }

    /// The id of the commit that a revision names.
    ///
    /// # Errors
    ///
    /// [`GitError::RevisionNotFound`].
    pub fn resolve(&self, revision: &str) -> Result<String, GitError> {
        self.commit(revision).map(|commit| commit.id().to_string())
    }

    /// The id of the commit that is checked out.
    ///
    /// # Errors
    ///
    /// [`GitError::UnbornBranch`] before the first commit.
    pub fn head_commit(&self) -> Result<String, GitError> {
        self.checked_out().map(|oid| oid.to_string())
    }

    pub(super) fn commit(&self, revision: &str) -> Result<Commit<'_>, GitError> {
        let not_found = |error: &git2::Error| GitError::RevisionNotFound {
            revision: revision.to_owned(),
            why: why(revision, error),
        };
        let object = self.inner.revparse_single(revision).map_err(|error| not_found(&error))?;
        object.peel_to_commit().map_err(|error| not_found(&error))
    }

    pub(super) fn checked_out(&self) -> Result<Oid, GitError> {
        let head = self.inner.head().map_err(|source| match source.code() {
            ErrorCode::UnbornBranch => GitError::UnbornBranch {
                path: self.workdir.clone(),
                branch: self.branch().unwrap_or_else(|| "HEAD".to_owned()),
            },
            _ => self.failed("read HEAD", source),
        })?;
        let commit = head.peel_to_commit().map_err(|source| self.failed("read HEAD", source))?;
        Ok(commit.id())
    }

    /// The branch that is checked out, also one without a commit; `None` where none is.
    pub fn branch(&self) -> Option<String> {
        let head = self.inner.find_reference("HEAD").ok()?;
        let target = head.symbolic_target().ok()??;
        Some(target.strip_prefix("refs/heads/").unwrap_or(target).to_owned())
    }

    pub(super) fn failed(&self, action: &'static str, source: git2::Error) -> GitError {
        GitError::Libgit2 { action, path: self.workdir.clone(), source }
    }
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("workdir", &self.workdir).finish_non_exhaustive()
    }
}

/// libgit2's words for why a revision cannot be read, made shorter where they name internals.
fn why(revision: &str, error: &git2::Error) -> String {
    let is_hash = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (error.code(), error.class()) {
        (ErrorCode::NotFound, _) if is_hash => "no such commit in this clone".to_owned(),
        (ErrorCode::NotFound, ErrorClass::Reference) => "no such ref".to_owned(),
        (ErrorCode::NotFound, ErrorClass::Odb | ErrorClass::Object) => {
            "its commit is not in this clone".to_owned()
        }
        (ErrorCode::Ambiguous, _) => "the abbreviation fits several objects".to_owned(),
        (ErrorCode::InvalidSpec, _) => "not a valid revision".to_owned(),
        _ => error.message().to_owned(),
    }
}

/// The directory to trust: the nearest that holds a `.git`, else `start` (a bare repository).
fn owned_by_another(start: &Path) -> PathBuf {
    start.ancestors().find(|dir| dir.join(".git").exists()).unwrap_or(start).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    #[test]
    fn directories_outside_a_repository_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Repository::discover(dir.path()).unwrap_err();
        assert!(matches!(&error, GitError::NotARepository { path } if path == dir.path()));
        let missing = dir.path().join("missing");
        assert!(matches!(
            Repository::discover(&missing).unwrap_err(),
            GitError::NotARepository { path } if path == missing
        ));
    }

    #[test]
    fn a_missing_directory_in_a_repository_is_not_found() {
        let repo = TestRepo::new();
        let error = Repository::discover(&repo.path().join("missing")).unwrap_err();
        assert!(matches!(error, GitError::NotARepository { .. }));
    }

    #[test]
    fn discovery_starts_from_any_directory_below() {
        let repo = TestRepo::new();
        repo.write("pkg/sub/m.py", "x = 1\n");
        let found = Repository::discover(&repo.path().join("pkg/sub")).unwrap();
        assert_eq!(found.workdir(), repo.path().canonicalize().unwrap());
        assert_eq!(found.git_dir(), repo.path().canonicalize().unwrap().join(".git"));
    }

    #[test]
    fn a_bare_repository_is_refused() {
        let repo = TestRepo::new();
        repo.git(&["init", "-q", "--bare", "inner.git"]);
        let error = Repository::discover(&repo.path().join("inner.git")).unwrap_err();
        assert!(matches!(error, GitError::Bare { path } if path.ends_with("inner.git")));
    }

    #[test]
    fn a_repository_of_another_user_is_refused_with_the_directory_to_trust() {
        let repo = TestRepo::new();
        repo.write("pkg/m.py", "x = 1\n");
        let root = repo.path().canonicalize().unwrap();
        for path in [root.clone(), root.join(".git")] {
            if std::os::unix::fs::chown(&path, Some(54_321), None).is_err() {
                return; // only root can give files away
            }
        }
        let error = Repository::discover(&root.join("pkg")).unwrap_err();
        assert!(matches!(error, GitError::UnsafeOwnership { path } if path == root));
    }

    #[test]
    fn an_unborn_branch_is_named() {
        let repo = TestRepo::new();
        let error = repo.open().head_commit().unwrap_err();
        assert!(matches!(error, GitError::UnbornBranch { branch, .. } if branch == "main"));
    }

    #[test]
    fn revisions_resolve_to_commits() {
        let repo = TestRepo::new();
        repo.write("m.py", "x = 1\n");
        let first = repo.commit("first");
        repo.git(&["tag", "-a", "v1", "-m", "v1"]);
        repo.write("m.py", "x = 2\n");
        let second = repo.commit("second");
        let opened = repo.open();
        assert_eq!(opened.resolve("HEAD~1").unwrap(), first);
        assert_eq!(opened.resolve("v1").unwrap(), first);
        assert_eq!(opened.resolve(&first[..10]).unwrap(), first);
        assert_eq!(opened.head(Some("main")).unwrap(), Head::Commit(second));
        assert_eq!(opened.head(None).unwrap(), Head::WorkingTree);
        for revision in ["nowhere", "HEAD~7", "HEAD:m.py", "a..b", ""] {
            let error = opened.resolve(revision).unwrap_err();
            assert!(
                matches!(error, GitError::RevisionNotFound { revision: r, .. } if r == revision)
            );
        }
    }
}
