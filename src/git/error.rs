//! What can go wrong with the repository.
//!
//! Invariant: each mishap that a person can mend has a variant of its own, so that `cli` can say
//! how.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// A ref that was tried as the base, and why it was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The ref as it was looked up.
    pub name: String,
    /// Why it is not the base.
    pub why: String,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.why)
    }
}

/// What can go wrong with the repository.
#[derive(Debug, Error)]
pub enum GitError {
    /// The directory is in no repository (or does not exist).
    #[error("{}: not in a git repository", path.display())]
    NotARepository {
        /// The directory asked about.
        path: PathBuf,
    },
    /// The repository belongs to another user, and libgit2 refuses to trust its configuration.
    #[error("{}: the repository is owned by another user", path.display())]
    UnsafeOwnership {
        /// The directory that would have to be a `safe.directory`.
        path: PathBuf,
    },
    /// The repository has no working tree.
    #[error("{}: a bare repository has no files to test", path.display())]
    Bare {
        /// Its git directory.
        path: PathBuf,
    },
    /// The branch has no commit yet.
    #[error("{}: the branch {branch} has no commit yet", path.display())]
    UnbornBranch {
        /// The working tree.
        path: PathBuf,
        /// The branch that HEAD names.
        branch: String,
    },
    /// The history that would hold the merge base was not fetched.
    #[error("the clone is shallow and does not reach back to {}", reach(base, head, *depth))]
    ShallowClone {
        /// The base.
        base: String,
        /// The tested revision.
        head: String,
        /// The depth that would do, where it can be told.
        depth: Option<u32>,
    },
    /// The two share no history.
    #[error("{base} and {head} have no merge base: they share no commit")]
    NoMergeBase {
        /// The base.
        base: String,
        /// The tested revision.
        head: String,
    },
    /// No ref could be taken as the base.
    #[error("no base to compare with; tried {}", list(tried))]
    BaseNotFound {
        /// What was tried, in that order.
        tried: Vec<Tried>,
        /// Whether the clone is shallow, so that the ref may only not have been fetched.
        shallow: bool,
    },
    /// A revision that was asked for does not exist.
    #[error("revision {revision} not found: {why}")]
    RevisionNotFound {
        /// As asked for.
        revision: String,
        /// What libgit2 said.
        why: String,
    },
    /// A file of the working tree, or of an export, could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A tree holds a name that no checkout may have (`..`, `.git`, …).
    #[error("{commit} holds an entry that may not be written to disk: {path}")]
    UnsafeEntry {
        /// The commit.
        commit: String,
        /// The entry.
        path: String,
    },
    /// Anything else that libgit2 reports.
    #[error("{}: cannot {action}: {}", path.display(), source.message())]
    Libgit2 {
        /// What was being done.
        action: &'static str,
        /// The repository.
        path: PathBuf,
        /// What libgit2 said.
        source: git2::Error,
    },
}

fn reach(base: &str, head: &str, depth: Option<u32>) -> String {
    match depth {
        Some(_) => format!("{base}, of {head}"),
        None => format!("where {head} left {base}"),
    }
}

fn list(tried: &[Tried]) -> String {
    tried.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
