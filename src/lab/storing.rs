//! The store of a repository as a thing of its own: `mutdiff store`.
//!
//! Invariant: no Python is started, and no file of the project is read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::LabError;
use super::naming::{self, TargetError};
use super::surroundings::Surroundings;
use crate::git::Repository;
use crate::model::{
    FunctionKey, QualName, Report, StoreCleared, StoreState, StoreStatus, StoredScope,
};
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

/// Who calls the functions that `names` mean, at any distance up to `depth`, and the tests that enter any of
/// them, by the trace of the last runs alone. A name is `PATH::FUNCTION`, a qualified name or the end of one.
///
/// # Errors
/// Without a repository, with a damaged store, where nothing was traced yet, and where a name means no
/// function or several.
pub fn store_scope(
    repo: &Path,
    names: &[String],
    depth: Option<u32>,
) -> Result<StoredScope, LabError> {
    let repository = Repository::discover(repo)?;
    let root = repository.workdir();
    let not_traced = || LabError::NotTraced { root: root.to_path_buf() };
    let store = Store::open_to_read(root)?.ok_or_else(not_traced)?;
    if store.env()?.is_none() {
        return Err(not_traced());
    }
    let mut functions = BTreeSet::new();
    let mut known: Option<BTreeSet<FunctionKey>> = None;
    for name in names {
        let whole = whole(root, name);
        if let Some(exact) = traced(&store, &whole)? {
            functions.insert(exact);
            continue;
        }
        let all = match &mut known {
            Some(all) => all,
            unread => unread.insert(all_functions(&store)?),
        };
        functions.insert(meant(root, name, &whole, all)?);
    }
    Ok(store.scope_of(&functions, depth)?)
}

/// The functions that a name with a path may mean.
fn whole(root: &Path, name: &str) -> Vec<FunctionKey> {
    let Some((path, own)) = name.split_once("::") else { return Vec::new() };
    let paths = naming::paths(root, path).into_iter();
    paths.map(|path| FunctionKey::new(path, QualName::new(own))).collect()
}

/// The first of `functions` that the trace knows.
fn traced(store: &Store, functions: &[FunctionKey]) -> Result<Option<FunctionKey>, LabError> {
    for function in functions {
        if store.is_traced(function)? {
            return Ok(Some(function.clone()));
        }
    }
    Ok(None)
}

/// The functions of the files that the store knows, and those that tests entered.
fn all_functions(store: &Store) -> Result<BTreeSet<FunctionKey>, LabError> {
    let mut all: BTreeSet<FunctionKey> = store.traced_functions()?.into_iter().collect();
    let functions = store.all_files()?.into_iter().flat_map(|file| file.functions);
    all.extend(functions.map(|function| function.key));
    Ok(all)
}

fn meant(
    root: &Path,
    name: &str,
    whole: &[FunctionKey],
    all: &BTreeSet<FunctionKey>,
) -> Result<FunctionKey, TargetError> {
    let own = name.split_once("::").map_or(name, |(_, own)| own);
    let fits = |key: &FunctionKey| {
        let of_path = whole.is_empty() || whole.iter().any(|asked| asked.path == key.path);
        of_path && naming::names(key, own)
    };
    let found: Vec<&FunctionKey> = all.iter().filter(|key| fits(key)).collect();
    // One whose file is gone is meant only where there is no other.
    let is_there = |key: &&FunctionKey| root.join(key.path.as_str()).is_file();
    let is_any = found.iter().any(is_there);
    let found = found.into_iter().filter(|key| !is_any || is_there(key)).cloned().collect();
    let found = naming::exact_first(found, own);
    naming::one(name, found, || all.iter().cloned()).map_err(|error| match error {
        TargetError::Nothing { name, near } => TargetError::NoFunction { name, near },
        other => other,
    })
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
