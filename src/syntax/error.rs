//! What can be wrong with a file before anything is mutated.
//!
//! Invariant: every message names the file.

use thiserror::Error;

use crate::model::{LineNo, RepoPath};

/// Why a file could not be read as Python.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SyntaxError {
    /// Its encoding declaration names an encoding that mutdiff does not know.
    #[error("{path}: unknown encoding `{name}` in the encoding declaration")]
    UnknownEncoding {
        /// The file.
        path: RepoPath,
        /// The name in the declaration.
        name: String,
    },
    /// It starts with a UTF-8 byte order mark and declares another encoding.
    #[error("{path}: has a UTF-8 byte order mark but declares the encoding `{name}`")]
    ConflictingEncoding {
        /// The file.
        path: RepoPath,
        /// The name in the declaration.
        name: String,
    },
    /// A byte is not of its encoding.
    #[error("{path}: the byte at offset {offset} is not {encoding}")]
    Undecodable {
        /// The file.
        path: RepoPath,
        /// Offset of the byte in the file on disk.
        offset: usize,
        /// The encoding's usual name.
        encoding: &'static str,
    },
    /// It holds a NUL byte, which CPython refuses.
    #[error("{path}: holds a NUL byte at offset {offset}")]
    NulByte {
        /// The file.
        path: RepoPath,
        /// Offset of the byte in the file on disk.
        offset: usize,
    },
    /// It is larger than 2 GiB, more than offsets are kept for.
    #[error("{path}: is larger than 2 GiB")]
    TooLarge {
        /// The file.
        path: RepoPath,
    },
    /// It is no Python that mutdiff's grammar knows.
    #[error("{path}:{line}: cannot be parsed as Python 3")]
    Unparsable {
        /// The file.
        path: RepoPath,
        /// The first line that the grammar does not take.
        line: LineNo,
    },
}
