//! A slot's shared memory, seen from Rust: what a child wrote, readable after any death.
//!
//! Invariant: a record counts only when the `used` word covers it, which a child writes last.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::WorkerError;
use super::protocol::{Record, RecordHeader};

/// Bytes of a slot's memory; untouched pages cost nothing.
const SIZE: u64 = 64 << 20;
/// Layout, shared with `python/_mutdiff/channel.py`.
const DATA_AT: u64 = 64;
const FLAG_PROBE_REACHED: u32 = 1;
const FLAG_FINISHED: u32 = 1 << 8;

/// A file that a slot's children map and write, read here with plain reads.
#[derive(Debug)]
pub(super) struct Memory {
    file: File,
    path: PathBuf,
}

/// The first words of a slot's memory.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Header {
    /// The child, 0 before it said so.
    pub pid: u32,
    /// The 1-based number of the test under way, 0 before the first.
    pub started: u32,
    /// Bytes of records.
    pub used: u32,
    flags: u32,
    /// Monotonic times: child began, code swapped, tests done, current test began.
    pub times: [f64; 4],
}

impl Header {
    /// Whether a probe in the mutated code was reached.
    pub(super) fn probe_reached(&self) -> bool {
        self.flags & FLAG_PROBE_REACHED != 0
    }

    /// Whether the child came to its end by itself.
    pub(super) fn finished(&self) -> bool {
        self.flags & FLAG_FINISHED != 0
    }
}

impl Memory {
    /// Creates the file of a slot, in memory where the system has such a place.
    pub(super) fn create(path: &Path) -> Result<Self, WorkerError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .map_err(WorkerError::io("cannot create", path))?;
        file.set_len(SIZE).map_err(WorkerError::io("cannot size", path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Where it is, for the Python side.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Forgets the last child.
    pub(super) fn clear(&self) -> Result<(), WorkerError> {
        self.file
            .write_all_at(&[0; DATA_AT as usize], 0)
            .map_err(WorkerError::io("cannot write", &self.path))
    }

    /// The header as it is now.
    pub(super) fn header(&self) -> Result<Header, WorkerError> {
        let mut bytes = [0; DATA_AT as usize];
        self.file
            .read_exact_at(&mut bytes, 0)
            .map_err(WorkerError::io("cannot read", &self.path))?;
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let mut times = [0.0; 4];
        for (time, chunk) in times.iter_mut().zip(bytes[16..48].chunks_exact(8)) {
            *time = f64::from_le_bytes(chunk.try_into().expect("chunks of eight bytes"));
        }
        Ok(Header { pid: word(0), started: word(4), used: word(8), flags: word(12), times })
    }

    /// The records that the child wrote.
    pub(super) fn records(&self, used: u32) -> Result<Vec<Record>, WorkerError> {
        let mut bytes = vec![0; used as usize];
        self.file
            .read_exact_at(&mut bytes, DATA_AT)
            .map_err(WorkerError::io("cannot read", &self.path))?;
        let mut records = Vec::new();
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (head, body, after) = split(rest).ok_or_else(|| WorkerError::Protocol {
                message: "a record that ends before its length".into(),
            })?;
            let header: RecordHeader =
                serde_json::from_slice(head).map_err(|error| WorkerError::Protocol {
                    message: format!("{error} in {}", String::from_utf8_lossy(head)),
                })?;
            records.push(header.with_body(body)?);
            rest = after;
        }
        Ok(records)
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let length = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize);
    let head = length(bytes.get(..4)?)?;
    let body = length(bytes.get(4..8)?)?;
    let rest = bytes.get(8..)?;
    Some((rest.get(..head)?, rest.get(head..head + body)?, rest.get(head + body..)?))
}

impl Drop for Memory {
    fn drop(&mut self) {
        // Nothing more can be done about a file that cannot be removed; it lies in the run's own
        // directory or in shared memory under the run's name.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Now, on the clock that the Python side stamps with.
pub(super) fn monotonic() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC)
        .map(Duration::from)
        .expect("the monotonic clock is always there")
}
