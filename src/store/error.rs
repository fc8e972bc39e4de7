//! What can go wrong with the store.
//!
//! Invariant: every variant names the file, since deleting it is always a way out.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

/// What can go wrong with the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another mutdiff has the store open.
    #[error("{}: in use by another mutdiff{}", path.display(), by(*process))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The other's process id, where it could be read.
        process: Option<u32>,
    },
    /// A later mutdiff wrote the store.
    #[error("{}: written by a newer mutdiff (store version {found}, known up to {known})", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this mutdiff writes.
        known: i64,
    },
    /// The file is no database, or its contents make no sense.
    #[error("{}: the store is damaged ({what})", path.display())]
    Corrupt {
        /// The database; it may be deleted, at the cost of tracing again.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The directory or a file in it cannot be made or opened.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full.
    #[error("{}: the disk is full", path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// Anything else that SQLite reports.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

fn by(process: Option<u32>) -> String {
    process.map(|id| format!(" (process {id})")).unwrap_or_default()
}

/// What goes wrong inside this folder, before the path is put to it.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    /// A value that this version never writes.
    Malformed(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_path_buf();
        match self {
            Self::Malformed(what) => StoreError::Corrupt { path, what: what.to_owned() },
            Self::Sqlite(source) => match source.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                    StoreError::Corrupt { path, what: source.to_string() }
                }
                Some(ErrorCode::DiskFull) => StoreError::DiskFull { path },
                Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                    StoreError::Unusable { path, source: io::Error::other(source) }
                }
                _ => StoreError::Sqlite { path, source },
            },
        }
    }
}
