//! The store of a repository as a thing of its own: `mutdiff store`.
//!
//! Invariant: no Python is started, and no file of the project is read.

use std::path::{Path, PathBuf};

use super::LabError;
use super::surroundings::Surroundings;
use crate::git::Repository;
use crate::model::{Report, StoreCleared, StoreState, StoreStatus};
use crate::store::{self, Removed, Store};

/// What became of the store when it was tidied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tidied {
    /// What was removed.
    pub removed: Removed,
    /// Its size before, in bytes.
    pub before: u64,
    /// Its size now.
    pub after: u64,
}

/// What store there is, and what it holds.
///
/// # Errors
/// Without a repository, or with a damaged store.
pub fn store_status(repo: &Path) -> Result<StoreStatus, LabError> {
    let repository = Repository::discover(repo)?;
    let mut status = store::status(repository.workdir())?;
    if status.state == StoreState::Current
        && let Some(store) = Store::open_to_read(repository.workdir())?
        && let Some(key) = store.env()?
    {
        let bytes = store.note(super::environment::SURROUNDINGS)?;
        let known = bytes.and_then(|bytes| Surroundings::from_bytes(&bytes)).unwrap_or_default();
        status.environment = Some(known.shown(&key));
    }
    Ok(status)
}

/// Removes the store; `None` where there is none.
///
/// # Errors
/// Without a repository, or while a run goes on.
pub fn clear_store(repo: &Path) -> Result<Option<StoreCleared>, LabError> {
    Ok(store::clear(Repository::discover(repo)?.workdir())?)
}

/// Keeps the newest `keep` verdicts of each mutant, and removes what nothing refers to any more;
/// `None` where there is no store.
///
/// # Errors
/// Without a repository, with a damaged store, or while a run goes on.
pub fn tidy_store(repo: &Path, keep: u32) -> Result<Option<Tidied>, LabError> {
    let repository = Repository::discover(repo)?;
    let workdir = repository.workdir();
    let before = store::status(workdir)?;
    match before.state {
        // One that is newer is an error when it is opened.
        StoreState::Current | StoreState::Newer => {}
        StoreState::Missing | StoreState::Older | StoreState::Foreign => return Ok(None),
    }
    let mut store = Store::open(workdir)?;
    let removed = store.gc(keep)?;
    store.shrink()?;
    drop(store);
    let after = store::status(workdir)?.bytes;
    Ok(Some(Tidied { removed, before: before.bytes, after }))
}

/// Writes a copy of the store to `target`; returns its size.
///
/// # Errors
/// Without a repository or a store, or where `target` exists and `force` is not set.
pub fn export_store(repo: &Path, target: &Path, force: bool) -> Result<u64, LabError> {
    Ok(store::export(Repository::discover(repo)?.workdir(), target, force)?)
}

/// Replaces the store by those of the shards, with what it held before; `report`, if there is one, is then
/// that of the last run. Returns how many verdicts were added to those of the first.
///
/// # Errors
/// As [`import_store`], and where a store is of another environment.
pub fn join_stores(
    repo: &Path,
    sources: &[PathBuf],
    report: Option<&Report>,
) -> Result<usize, LabError> {
    let repository = Repository::discover(repo)?;
    let added = store::join(repository.workdir(), sources)?;
    if let Some(report) = report {
        let mut store = Store::open(repository.workdir())?;
        super::running::keep_shown(&mut store, report)?;
        super::report_state::remember(&repository, &mut store)?;
    }
    Ok(added)
}

/// Replaces the store by a copy of `source`; returns what there is then.
///
/// # Errors
/// Without a repository, while a run goes on, or where `source` is no store of this version.
pub fn import_store(repo: &Path, source: &Path) -> Result<StoreStatus, LabError> {
    store::import(Repository::discover(repo)?.workdir(), source)?;
    store_status(repo)
}
