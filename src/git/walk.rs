//! A look at the disk that needs no contents: which paths may differ from the index.
//!
//! Invariant: a path that is not suspected is a file that the index knows, and its `stat` is the
//! one that the index remembers from before it was written. libgit2 judges the suspected ones.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::SystemTime;

use git2::{FileMode, Index, IndexEntry, IndexEntryFlag, IndexTime};

use super::tree::{self, os_path};
use crate::model::FileStat;

/// Never holds a project's sources, is in every package, and is asked about in vain.
const BYTECODE: &[u8] = b"__pycache__";

/// Whether the path lies in a directory of compiled files.
pub(super) fn is_bytecode(path: &[u8]) -> bool {
    path.split(|&byte| byte == b'/').any(|part| part == BYTECODE)
}

/// What a walk over the working tree found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Paths that the index does not know, or knows otherwise; a directory stands for all in it.
    pub(super) suspects: Vec<Vec<u8>>,
    /// What the disk says of the regular Python files that the index knows.
    pub(super) stats: HashMap<Vec<u8>, FileStat>,
}

/// Walks the directories that hold tracked files. `written` is when the index was written.
pub(super) fn walk(workdir: &std::path::Path, index: &Index, written: IndexTime) -> Walk {
    let entries: Vec<IndexEntry> = index.iter().collect();
    let mut walker = Walker {
        workdir: workdir.to_path_buf(),
        written,
        now: SystemTime::now(),
        tracked: entries.iter().enumerate().map(|(at, entry)| (&entry.path[..], at)).collect(),
        directories: directories(&entries),
        seen: vec![false; entries.len()],
        entries: &entries,
        walk: Walk::default(),
    };
    walker.directory(&mut Vec::new());
    let Walker { seen, mut walk, .. } = walker;
    for (entry, _) in entries.iter().zip(seen).filter(|(_, seen)| !seen) {
        // What a sparse checkout leaves out is not missing, nor is a submodule's directory.
        if !tree::is_sparse(entry) && tree::mode(entry.mode) != FileMode::Commit {
            walk.suspects.push(entry.path.clone());
        }
    }
    walk
}

struct Walker<'a> {
    workdir: PathBuf,
    written: IndexTime,
    now: SystemTime,
    entries: &'a [IndexEntry],
    tracked: HashMap<&'a [u8], usize>,
    directories: HashSet<&'a [u8]>,
    seen: Vec<bool>,
    walk: Walk,
}

impl Walker<'_> {
    /// Looks at a directory; `prefix` is empty or ends in a slash.
    fn directory(&mut self, prefix: &mut Vec<u8>) {
        let Ok(listing) = fs::read_dir(self.workdir.join(os_path(prefix))) else {
            // Its files are suspected, since they are not seen.
            return;
        };
        let length = prefix.len();
        for found in listing.flatten() {
            let name = found.file_name();
            let name = name.as_bytes();
            if name == BYTECODE || (length == 0 && matches!(name, b".git" | b".mutdiff")) {
                continue;
            }
            prefix.truncate(length);
            prefix.extend_from_slice(name);
            let Ok(kind) = found.file_type() else { continue };
            if kind.is_dir() && self.directories.contains(&prefix[..]) {
                prefix.push(b'/');
                self.directory(prefix);
            } else if let Some(&at) = self.tracked.get(&prefix[..]) {
                self.tracked_path(at, found.metadata());
            } else if kind.is_dir() || kind.is_file() || kind.is_symlink() {
                self.walk.suspects.push(prefix.clone());
            }
        }
        prefix.truncate(length);
    }

    fn tracked_path(&mut self, at: usize, metadata: io::Result<Metadata>) {
        let entry = &self.entries[at];
        self.seen[at] = true;
        if tree::mode(entry.mode) == FileMode::Commit {
            return;
        }
        let Ok(metadata) = metadata else {
            return self.walk.suspects.push(entry.path.clone());
        };
        if metadata.is_file() && entry.path.ends_with(b".py") {
            let stat = FileStat::of(&metadata, self.now);
            self.walk.stats.extend(stat.map(|stat| (entry.path.clone(), stat)));
        }
        if !is_unchanged(entry, &metadata, self.written) {
            self.walk.suspects.push(entry.path.clone());
        }
    }
}

/// The directories that hold tracked files, without a slash at the end.
fn directories(entries: &[IndexEntry]) -> HashSet<&[u8]> {
    let mut directories = HashSet::new();
    for entry in entries {
        let mut path = &entry.path[..];
        while let Some(end) = path.iter().rposition(|&byte| byte == b'/') {
            path = &path[..end];
            if !directories.insert(path) {
                break;
            }
        }
    }
    directories
}

/// Whether the file is, by its stat, what the index entry was made of.
fn is_unchanged(entry: &IndexEntry, metadata: &Metadata, written: IndexTime) -> bool {
    // `git update-index --assume-unchanged`.
    if IndexEntryFlag::from_bits_truncate(entry.flags).is_valid() {
        return true;
    }
    let same_type = match tree::mode(entry.mode) {
        FileMode::Link => metadata.is_symlink(),
        _ => metadata.is_file(),
    };
    // The index keeps the lower half of these; some writers keep no nanoseconds or no inode.
    let truncated = |number: u64| number as u32;
    let same_time = |kept: IndexTime, seconds: i64, nanoseconds: i64| {
        kept.seconds() == seconds as i32
            && (kept.nanoseconds() == 0 || i64::from(kept.nanoseconds()) == nanoseconds)
    };
    same_type
        && entry.flags & STAGE_BITS == 0
        && !tree::is_intent_to_add(entry)
        && entry.file_size == truncated(metadata.size())
        && same_time(entry.mtime, metadata.mtime(), metadata.mtime_nsec())
        && same_time(entry.ctime, metadata.ctime(), metadata.ctime_nsec())
        && (entry.ino == 0 || entry.ino == truncated(metadata.ino()))
        && is_before(entry.mtime, written)
}

/// The stage of an entry in conflict.
const STAGE_BITS: u16 = 0x3000;

/// Whether a file of that time was finished when the index was written: one whose time lies less
/// than a clock tick before may have changed after it was looked at.
fn is_before(file: IndexTime, written: IndexTime) -> bool {
    const TICK: i64 = 10_000_000;
    if file.nanoseconds() == 0 || written.nanoseconds() == 0 {
        return file.seconds() < written.seconds();
    }
    let total =
        |time: IndexTime| i64::from(time.seconds()) * 1_000_000_000 + i64::from(time.nanoseconds());
    total(file) + TICK < total(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::TestRepo;

    fn suspects(repo: &TestRepo) -> Vec<String> {
        let index = repo.open().inner.index().unwrap();
        // As if the index had been written long after the files.
        let mut found = walk(repo.path(), &index, IndexTime::new(i32::MAX, 1)).suspects;
        found.sort();
        found.iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
    }

    #[test]
    fn a_clean_tree_has_no_suspects() {
        let repo = TestRepo::new();
        repo.write("pkg/a.py", "x = 1\n");
        repo.write("pkg/__pycache__/a.pyc", "");
        std::os::unix::fs::symlink("pkg/a.py", repo.path().join("link.py")).unwrap();
        repo.git(&["add", "pkg/a.py", "link.py"]);
        assert_eq!(suspects(&repo), Vec::<String>::new());
    }

    #[test]
    fn unknown_directories_stand_for_all_in_them() {
        let repo = TestRepo::new();
        repo.write("pkg/a.py", "x = 1\n");
        repo.write("pkg/gone.py", "x = 1\n");
        repo.commit("first");
        repo.remove("pkg/gone.py");
        repo.write("pkg/new/b.py", "");
        repo.write("venv/lib/c.py", "");
        repo.write("top.py", "");
        assert_eq!(suspects(&repo), ["pkg/gone.py", "pkg/new", "top.py", "venv"]);
    }

    #[test]
    fn a_file_as_young_as_the_index_may_have_changed_after_it() {
        let time = IndexTime::new;
        assert!(is_before(time(5, 1), time(5, 20_000_000)));
        assert!(!is_before(time(5, 15_000_000), time(5, 20_000_000)));
        assert!(is_before(time(5, 995_000_000), time(6, 20_000_000)));
        assert!(!is_before(time(5, 0), time(5, 20_000_000)));
        assert!(is_before(time(5, 0), time(6, 0)));
    }
}
