//! Paths and entries as git's trees and index hold them.
//!
//! Invariant: a path is bytes until it is proved to be UTF-8; one that is not is reported, never
//! dropped in silence.

use std::path::Path;

use git2::{FileMode, IndexEntry, IndexEntryExtendedFlag, ObjectType, Oid, Tree, TreeEntry};

use super::{GitError, Repository};
use crate::model::{RepoPath, SkippedFile};

/// mutdiff's own directory in the working tree, which is no part of the project.
pub(super) const OWN_DIRECTORY: &[u8] = b".mutdiff/";

/// What one side of a comparison holds at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) mode: FileMode,
    /// The blob or commit; `None` where it would have to be computed from the disk.
    pub(super) oid: Option<Oid>,
}

impl Side {
    pub(super) fn is_file(self) -> bool {
        matches!(self.mode, FileMode::Blob | FileMode::BlobExecutable | FileMode::BlobGroupWritable)
    }

    pub(super) fn is_submodule(self) -> bool {
        self.mode == FileMode::Commit
    }

    /// Whether both are of one type: a changed executable bit does not count.
    pub(super) fn same_type(self, other: Self) -> bool {
        self.mode == other.mode || (self.is_file() && other.is_file())
    }

    /// Whether both are known to hold the same thing.
    pub(super) fn same_as(self, other: Self) -> bool {
        self.same_type(other) && self.oid.is_some() && self.oid == other.oid
    }
}

/// The file mode that a raw mode of an index entry stands for.
pub(super) fn mode(raw: u32) -> FileMode {
    match raw {
        0o120_000 => FileMode::Link,
        0o160_000 => FileMode::Commit,
        0o040_000 => FileMode::Tree,
        raw if raw & 0o111 != 0 => FileMode::BlobExecutable,
        _ => FileMode::Blob,
    }
}

/// The file mode of a tree's entry.
pub(super) fn mode_of(entry: &TreeEntry<'_>) -> FileMode {
    mode(u32::try_from(entry.filemode()).unwrap_or_default())
}

/// Whether a sparse checkout leaves the file out of the working tree.
pub(super) fn is_sparse(entry: &IndexEntry) -> bool {
    let flags = IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended);
    flags.is_skip_worktree()
}

/// Whether `git add -N` announced the file.
pub(super) fn is_intent_to_add(entry: &IndexEntry) -> bool {
    let flags = IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended);
    flags.is_intent_to_add()
}

/// What a tree holds at a path; `None` for nothing and for a directory.
pub(super) fn at(tree: &Tree<'_>, path: &[u8]) -> Option<Side> {
    let entry = tree.get_path(os_path(path)).ok()?;
    let side = Side { mode: mode_of(&entry), oid: Some(entry.id()) };
    (side.mode != FileMode::Tree).then_some(side)
}

/// A path of git's as one of the system's.
pub(super) fn os_path(path: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(path))
}

/// The path as text, or the note that it is left out.
pub(super) fn repo_path(path: &[u8]) -> Result<RepoPath, SkippedFile> {
    std::str::from_utf8(path).map(RepoPath::new).map_err(|_| SkippedFile {
        path: RepoPath::new(String::from_utf8_lossy(path)),
        reason: "its name is not UTF-8".to_owned(),
        holds_change: false,
    })
}

/// Takes a path and the entry at it.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &TreeEntry<'_>) -> Result<(), GitError> + 'a;

impl Repository {
    /// Calls `visit` for everything below `tree`, a directory before what it holds; `prefix` is
    /// the path of `tree` itself, empty or ending in a slash.
    pub(super) fn walk(
        &self,
        tree: &Tree<'_>,
        prefix: &mut Vec<u8>,
        visit: &mut Visit<'_>,
    ) -> Result<(), GitError> {
        let length = prefix.len();
        for entry in tree {
            prefix.extend_from_slice(entry.name_bytes());
            visit(prefix, &entry)?;
            if entry.kind() == Some(ObjectType::Tree) {
                let below = self.inner.find_tree(entry.id());
                let below = below.map_err(|source| self.failed("read a directory", source))?;
                prefix.push(b'/');
                self.walk(&below, prefix, visit)?;
            }
            prefix.truncate(length);
        }
        Ok(())
    }
}
