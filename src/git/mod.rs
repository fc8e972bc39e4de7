//! The repository: its base, its diff, its files. The only place that names `git2`.
//!
//! Invariant: nothing here writes to the working tree, the index or the references; the only
//! things ever written are the empty directories that [`Repository::export`] and [`create`] are given.

mod base;
mod changes;
mod create;
mod error;
mod export;
mod files;
mod hooks;
mod hunks;
mod lines;
mod pull_merge;
mod renames;
mod repository;
mod submodules;
#[cfg(test)]
mod testing;
mod tree;
mod walk;
mod working_tree;
mod written;

pub use base::{Base, Ci};
pub use changes::{ChangeStatus, Diff, FileChange, Head};
pub use create::{NewCommit, create};
pub use error::{GitError, Tried};
pub use files::{FileEntry, Files};
pub use hunks::{Hunk, HunkSide};
pub use lines::LineMap;
pub use pull_merge::PullMerge;
pub use repository::Repository;
pub use submodules::Submodule;

/// The version of libgit2 that is built in.
pub fn libgit2_version() -> String {
    let (major, minor, patch) = git2::Version::get().libgit2_version();
    format!("{major}.{minor}.{patch}")
}
