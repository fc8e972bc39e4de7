//! Python files that git ignores and the project loads: generated versions, local settings.
//!
//! Invariant: every test rests on all of them that were ever loaded when tests were collected; they
//! are never in scope and never mutated.

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::LabError;
use crate::store::Store;

/// The note of their paths, a line each.
const NOTE: &str = "unlisted files";

/// Remembers those that a collection has loaded, beside those of earlier ones that still exist.
pub(super) fn keep(store: &mut Store, root: &Path, loaded: &[String]) -> Result<(), LabError> {
    let mut paths = paths(store)?;
    paths.retain(|path| root.join(path).is_file());
    paths.extend(loaded.iter().cloned());
    paths.sort();
    paths.dedup();
    Ok(store.put_note(NOTE, paths.join("\n").as_bytes())?)
}

/// A digest of their contents below `root`.
pub(super) fn digest(store: &Store, root: &Path) -> Result<[u8; 32], LabError> {
    let mut hash = Sha256::new();
    for path in paths(store)? {
        // One that is gone is as good as one that was never there.
        if let Ok(bytes) = fs::read(root.join(&path)) {
            hash.update(path.as_bytes());
            hash.update([0]);
            hash.update(Sha256::digest(bytes));
        }
    }
    Ok(hash.finalize().into())
}

fn paths(store: &Store) -> Result<Vec<String>, LabError> {
    let note = store.note(NOTE)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&note).lines().map(str::to_owned).collect())
}
