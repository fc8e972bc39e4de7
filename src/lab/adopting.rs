//! A linked working tree without a store begins with what the main one knows.
//!
//! Invariant: a copy is taken, once, where there is nothing yet; what is in it holds by digests alone, in
//! one working tree as in another. Where it cannot be had, there is none.

use tempfile::TempDir;

use crate::git::Repository;
use crate::store;

/// Gives the store of the main working tree to a linked one that has none.
pub(super) fn adopt(repository: &Repository) {
    let workdir = repository.workdir();
    if let Some(main) = repository.main_workdir()
        && !store::is_there(workdir)
        && store::is_there(&main)
        && let Ok(folder) = TempDir::with_prefix("mutdiff-adopt-")
    {
        let copy = folder.path().join("store.db");
        // Nothing in a store is needed: without it, tests are traced.
        let _ = store::export(&main, &copy, false).and_then(|_| store::import(workdir, &copy));
    }
}
