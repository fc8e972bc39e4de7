//! A new repository with a few commits, for a bundled example.
//!
//! Invariant: only the directory that is given is written to, and the user's name, hooks and
//! templates play no part.

use std::fs;
use std::path::Path;

use git2::{ErrorCode, RepositoryInitOptions, Signature, Time};

use super::GitError;

/// Seconds since 1970 at which the commits are made (2026-01-01), so that their ids do not change.
const COMMITTED_AT: i64 = 1_767_225_600;

/// A commit to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    /// The branch that it is made on.
    pub branch: &'a str,
    /// Its message.
    pub message: &'a str,
    /// Files that it adds or replaces: path from the root, text.
    pub files: &'a [(&'a str, &'a str)],
}

/// Makes a repository in `dir`: the commits one upon the other, the last one's branch checked out.
///
/// # Errors
///
/// [`GitError::File`] where a file cannot be written, [`GitError::Libgit2`] for the rest (such as
/// a repository that is there already).
pub fn create(dir: &Path, commits: &[NewCommit<'_>]) -> Result<(), GitError> {
    let failed = |action| {
        move |source: git2::Error| GitError::Libgit2 { action, path: dir.to_path_buf(), source }
    };
    let mut options = RepositoryInitOptions::new();
    options.no_reinit(true).external_template(false);
    if let Some(first) = commits.first() {
        options.initial_head(first.branch);
    }
    let repository =
        git2::Repository::init_opts(dir, &options).map_err(failed("make a repository"))?;
    let signature = Signature::new("mutdiff", "mutdiff@localhost", &Time::new(COMMITTED_AT, 0))
        .map_err(failed("sign a commit"))?;
    for commit in commits {
        let mut index = repository.index().map_err(failed("open the index"))?;
        for (path, text) in commit.files {
            write(&dir.join(path), text)?;
            index.add_path(Path::new(path)).map_err(failed("add a file"))?;
        }
        index.write().map_err(failed("write the index"))?;
        let tree = index
            .write_tree()
            .and_then(|id| repository.find_tree(id))
            .map_err(failed("write a tree"))?;
        let parent = match repository.head().and_then(|head| head.peel_to_commit()) {
            Ok(parent) => Some(parent),
            Err(error) if error.code() == ErrorCode::UnbornBranch => None,
            Err(error) => return Err(failed("read HEAD")(error)),
        };
        let parents: Vec<_> = parent.iter().collect();
        let branch = format!("refs/heads/{}", commit.branch);
        repository
            .commit(Some(&branch), &signature, &signature, commit.message, &tree, &parents)
            .and_then(|_| repository.set_head(&branch))
            .map_err(failed("commit"))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), GitError> {
    let parent = path.parent().map_or(Ok(()), fs::create_dir_all);
    parent
        .and_then(|()| fs::write(path, text))
        .map_err(|source| GitError::File { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Repository;

    #[test]
    fn the_last_branch_is_checked_out_clean_and_leaves_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let commit = |branch, files| NewCommit { branch, message: "m", files };
        create(
            dir.path(),
            &[
                commit("main", &[("a/b.py", "x = 1\n"), ("c.py", "")]),
                commit("new", &[("c.py", "y = 2\n")]),
            ],
        )
        .unwrap();
        let inner = git2::Repository::open(dir.path()).unwrap();
        assert_eq!(inner.head().unwrap().shorthand().unwrap(), "new");
        assert!(inner.statuses(None).unwrap().is_empty());
        let repository = Repository::discover(dir.path()).unwrap();
        let head = repository.head_commit().unwrap();
        assert_ne!(repository.resolve("main").unwrap(), head);
        assert_eq!(repository.resolve("new~1").unwrap(), repository.resolve("main").unwrap());
        assert_eq!(fs::read_to_string(dir.path().join("c.py")).unwrap(), "y = 2\n");
    }

    #[test]
    fn a_repository_is_not_made_twice() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), &[]).unwrap();
        assert!(matches!(create(dir.path(), &[]), Err(GitError::Libgit2 { .. })));
    }
}
