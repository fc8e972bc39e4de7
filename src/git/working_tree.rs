//! The working tree: where the disk differs from the index.
//!
//! Invariant: the index is read, never refreshed or written; a file whose `stat` the index
//! remembers is not opened.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;

use git2::{Delta, DiffOptions, FileMode, Index, IndexTime, Oid};

use super::tree::{self, OWN_DIRECTORY, Side, os_path};
use super::walk::{self, Walk};
use super::{GitError, Repository};
use crate::model::FileStat;

/// From so many suspected paths on, it is cheaper to look at all.
const MANY: usize = 2_000;

/// One look at the working tree.
pub(super) struct WorkingTree {
    pub(super) index: Index,
    /// Paths at which the disk differs from the index.
    pub(super) dirty: BTreeMap<Vec<u8>, OnDisk>,
    /// What the disk says of the regular Python files that the index knows.
    pub(super) stats: HashMap<Vec<u8>, FileStat>,
}

/// What the disk holds at a path, where that is not what the index says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDisk {
    /// Nothing (or a directory).
    Absent,
    /// Other contents, or a thing of another type.
    Changed(Side),
    /// A file or symbolic link that the index does not know; its contents are not hashed.
    Untracked(Side),
    /// A file in an unresolved merge.
    Conflicted,
    /// Another git repository, as a directory.
    NestedRepository,
    /// A file that may not be read.
    Unreadable,
}

impl Repository {
    /// The working tree as it was when it was first asked for.
    pub(super) fn working_tree(&self) -> Result<&WorkingTree, GitError> {
        if let Some(known) = self.working_tree.get() {
            return Ok(known);
        }
        let read = self.read_working_tree()?;
        Ok(self.working_tree.get_or_init(|| read))
    }

    fn read_working_tree(&self) -> Result<WorkingTree, GitError> {
        let index = self.inner.index().map_err(|source| self.failed("read the index", source))?;
        let written = index.path().and_then(|path| fs::metadata(path).ok());
        let written = written.map_or(IndexTime::new(0, 0), |metadata| {
            IndexTime::new(metadata.mtime() as i32, metadata.mtime_nsec() as u32)
        });
        // libgit2's own walk asks the ignore rules about every file, which costs many times this.
        let Walk { suspects, stats } = walk::walk(self.workdir(), &index, written);
        if suspects.is_empty() {
            return Ok(WorkingTree { index, dirty: BTreeMap::new(), stats });
        }
        let mut options = DiffOptions::new();
        if suspects.len() < MANY {
            options.disable_pathspec_match(true);
            for path in suspects {
                options.pathspec(path);
            }
        }
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .include_typechange(true)
            .include_unreadable(true)
            .ignore_submodules(true)
            .skip_binary_check(true)
            .update_index(false);
        let diff = self
            .inner
            .diff_index_to_workdir(Some(&index), Some(&mut options))
            .map_err(|source| self.failed("compare the working tree with the index", source))?;
        let own = self.written();
        let mut dirty = BTreeMap::new();
        for delta in diff.deltas() {
            let (old, new) = (delta.old_file(), delta.new_file());
            let Some(path) = new.path_bytes().or_else(|| old.path_bytes()) else { continue };
            // A submodule that is not checked out is not a submodule that was removed.
            let is_missing_submodule =
                delta.status() == Delta::Deleted && old.mode() == FileMode::Commit;
            let is_unwanted = delta.status() == Delta::Untracked
                && (walk::is_bytecode(path) || own.contains(path));
            if path.starts_with(OWN_DIRECTORY) || is_missing_submodule || is_unwanted {
                continue;
            }
            let side = Side {
                mode: new.mode(),
                oid: (new.is_valid_id() && new.id() != Oid::ZERO_SHA1).then(|| new.id()),
            };
            let on_disk = match delta.status() {
                Delta::Deleted => OnDisk::Absent,
                Delta::Conflicted => OnDisk::Conflicted,
                Delta::Unreadable => OnDisk::Unreadable,
                Delta::Untracked if path.ends_with(b"/") => OnDisk::NestedRepository,
                Delta::Untracked => OnDisk::Untracked(side),
                _ => OnDisk::Changed(side),
            };
            dirty.insert(path.to_vec(), on_disk);
        }
        drop(diff);
        Ok(WorkingTree { index, dirty, stats })
    }
}

impl WorkingTree {
    /// Whether a path that is not on the disk is left out of it by a sparse checkout.
    pub(super) fn is_sparse(&self, path: &[u8], absent: bool) -> bool {
        absent && self.index.get_path(os_path(path), 0).is_some_and(|entry| tree::is_sparse(&entry))
    }
}
