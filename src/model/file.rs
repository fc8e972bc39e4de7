//! Files as the disk has them: what tells a changed file from an unchanged one.
//!
//! Invariant: two equal [`FileStat`]s of one path mean equal contents.

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 of a file's bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Wraps a finished digest.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Digests `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// What `lstat` says of a file and its contents cannot change without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileStat {
    /// When its contents last changed, in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// When its inode last changed, likewise: `touch -r` does not bring it back.
    pub ctime_ns: i64,
    /// Its length in bytes.
    pub size: u64,
    /// Its inode number.
    pub inode: u64,
}

impl FileStat {
    /// From the operating system's answer, which was asked for after `now`. `None` for a file
    /// that changed so shortly before that its next change could get the same time stamp. (Such
    /// an answer equals no earlier one, so nothing is lost.)
    pub fn of(metadata: &Metadata, now: SystemTime) -> Option<Self> {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        let stat = Self {
            mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.size(),
            inode: metadata.ino(),
        };
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        stat.is_settled_at(i64::try_from(now).unwrap_or(i64::MAX)).then_some(stat)
    }

    /// A clock tick is at most 10 ms on Linux; file systems without parts of seconds count in
    /// steps of up to 2 s.
    fn is_settled_at(&self, now_ns: i64) -> bool {
        let coarse = self.ctime_ns % 1_000_000_000 == 0;
        let step = if coarse { 2_000_000_000 } else { 20_000_000 };
        now_ns.saturating_sub(self.mtime_ns.max(self.ctime_ns)) > step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changed_within_a_clock_tick_is_not_settled() {
        let stat = FileStat { mtime_ns: 5_000_000_001, ctime_ns: 5_000_000_001, size: 1, inode: 1 };
        assert!(!stat.is_settled_at(5_010_000_000));
        assert!(stat.is_settled_at(5_030_000_000));
        let coarse = FileStat { ctime_ns: 5_000_000_000, mtime_ns: 5_000_000_000, ..stat };
        assert!(!coarse.is_settled_at(6_500_000_000));
    }

    #[test]
    fn a_file_that_was_just_written_has_no_stat() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.py");
        std::fs::write(&path, "x = 1\n").unwrap();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        assert_eq!(FileStat::of(&metadata, SystemTime::now()), None);
        let later = SystemTime::now() + std::time::Duration::from_secs(3);
        assert_eq!(FileStat::of(&metadata, later).unwrap().size, 6);
    }
}
