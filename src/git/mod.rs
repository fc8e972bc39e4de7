//! The repository: its base, its diff, its files. The only place that names `git2`.
//!
//! Invariant: nothing here writes to the working tree, the index or the references; the only
//! thing ever written is the empty directory that [`Repository::export`] is given.

mod base;
mod changes;
mod error;
mod export;
mod files;
mod hunks;
mod renames;
mod repository;
#[cfg(test)]
mod testing;
mod tree;
mod walk;
mod working_tree;

pub use base::Base;
pub use changes::{ChangeStatus, Diff, FileChange, Head};
pub use error::{GitError, Tried};
pub use files::{FileEntry, Files};
pub use hunks::{Hunk, HunkSide};
pub use repository::Repository;
