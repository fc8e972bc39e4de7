//! What was saved since one looked last: `mutdiff watch`.
//!
//! Invariant: reads names and stats only, of the files that a run would look at; nothing is opened.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::LabError;
use crate::git::{Head, Repository};
use crate::model::RepoPath;

/// What the disk says of a file: another one after each save.
type Stamp = (i64, i64, u64, u64);

/// The files as they were at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look(BTreeMap<RepoPath, Stamp>);

impl Look {
    /// The files that are others in a later look, new ones and those that are gone among them.
    pub fn changes(&self, later: &Self) -> Vec<RepoPath> {
        let differs = |path: &&RepoPath| self.0.get(*path) != later.0.get(*path);
        let gone = self.0.keys().filter(|path| !later.0.contains_key(*path));
        let mut changed: Vec<RepoPath> =
            later.0.keys().filter(differs).chain(gone).cloned().collect();
        changed.sort();
        changed
    }
}

/// Looks at the files of a repository.
#[derive(Debug)]
pub struct Watcher {
    root: PathBuf,
}

impl Watcher {
    /// Over the repository around a directory.
    ///
    /// # Errors
    /// Where there is none.
    pub fn open(repo: &Path) -> Result<Self, LabError> {
        Ok(Self { root: Repository::discover(repo)?.workdir().to_owned() })
    }

    /// The files as they are now: tracked and untracked ones, and none that git ignores.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn look(&self) -> Result<Look, LabError> {
        let repository = Repository::discover(&self.root)?;
        let listed = repository.files(&Head::WorkingTree)?;
        let stamp = |path: &RepoPath| {
            let data = fs::symlink_metadata(self.root.join(path.as_str())).ok()?;
            let nanoseconds = data.mtime().saturating_mul(1_000_000_000) + data.mtime_nsec();
            let changed = data.ctime().saturating_mul(1_000_000_000) + data.ctime_nsec();
            Some((nanoseconds, changed, data.size(), data.ino()))
        };
        let stamps = listed.entries.into_iter().filter_map(|entry| {
            let stamp = stamp(&entry.path)?;
            Some((entry.path, stamp))
        });
        Ok(Look(stamps.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_new_and_removed_files_are_changes() {
        let look = |files: &[(&str, i64)]| {
            Look(files.iter().map(|(path, at)| (RepoPath::new(path), (*at, 0, 0, 0))).collect())
        };
        let (one, other) =
            (look(&[("a", 1), ("b", 1), ("c", 1)]), look(&[("a", 1), ("b", 2), ("d", 1)]));
        assert_eq!(one.changes(&other), ["b", "c", "d"].map(RepoPath::new));
        assert_eq!(one.changes(&one), []);
    }
}
