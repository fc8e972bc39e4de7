//! What mutdiff remembers between runs: files, traces, verdicts. The only place that names
//! `rusqlite`.
//!
//! Invariant: one process at a time writes; each write is one transaction, so that a `kill -9`
//! leaves the state before it or after it.

mod by_function;
mod copy;
mod encoding;
mod error;
mod files;
mod garbage;
mod interning;
mod joining;
mod leads;
mod load;
mod meta;
mod moved_lines;
mod open;
mod past;
mod queries;
mod reach;
mod recorded;
mod schema;
mod status;
mod stored_trace;
#[cfg(test)]
mod testing;
mod trace;
mod transfer;
mod verdicts;

pub use error::StoreError;
pub use files::{KnownFile, StoredFile};
pub use garbage::Removed;
pub use joining::join;
pub use meta::{EnvKey, LastReport, RunKey};
pub use open::{Store, is_there};
pub use past::PastTest;
pub use recorded::{MutantText, RecordedMutant};
pub use schema::VERSION;
pub use status::status;
pub use stored_trace::{StoredTest, StoredTrace};
pub use trace::{EdgeOwner, ReachDigest, TestRecord, TestSummary};
pub use transfer::{TransferError, clear, export, import};
pub use verdicts::{Basis, StoredVerdict};

/// The version of SQLite that is built in.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
