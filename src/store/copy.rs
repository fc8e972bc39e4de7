//! A private copy of the store, for one who must not wait for the run that holds it.
//!
//! Invariant: the copy is one state of the store, as committed; what is written to it is lost with it.

use std::path::Path;

use rusqlite::OpenFlags;
use tempfile::TempDir;

use super::error::Fault;
use super::open::{Store, connect, database};
use super::{StoreError, schema};

impl Store {
    /// Opens the store of the repository at `workdir`, or a copy of it while another process holds
    /// it. What is written to a copy is of use to the caller alone.
    ///
    /// # Errors
    ///
    /// As [`Store::open`], but for [`StoreError::Locked`].
    pub fn open_or_copy(workdir: &Path) -> Result<Self, StoreError> {
        match Self::open(workdir) {
            Err(StoreError::Locked { .. }) => Self::open_copy(workdir),
            other => other,
        }
    }

    fn open_copy(workdir: &Path) -> Result<Self, StoreError> {
        let path = database(workdir);
        let unusable = |source| StoreError::Unusable { path: path.clone(), source };
        let folder = TempDir::with_prefix("mutdiff-copy-").map_err(unusable)?;
        let copy = database(folder.path());
        if let Some(parent) = copy.parent() {
            std::fs::create_dir_all(parent).map_err(unusable)?;
        }
        if path.exists() {
            copy_to(&path, &copy).map_err(|fault| fault.at(&path))?;
        }
        let mut store = Self::open(folder.path())?;
        store.keep_folder(folder);
        Ok(store)
    }
}

/// Writes what is committed to another file. A database that is still being made has nothing.
fn copy_to(from: &Path, to: &Path) -> Result<(), Fault> {
    let connection = connect(from, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if matches!(schema::inspect(&connection)?, schema::Found::Nothing) {
        return Ok(());
    }
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_what_is_committed_and_keeps_its_own_writes_to_itself() {
        let dir = tempfile::tempdir().unwrap();
        let mut held = Store::open(dir.path()).unwrap();
        held.put_note("traced", b"then").unwrap();
        let mut copy = Store::open_or_copy(dir.path()).unwrap();
        held.put_note("traced", b"now").unwrap();
        assert_eq!(copy.note("traced").unwrap(), Some(b"then".to_vec()));
        copy.put_note("traced", b"mine").unwrap();
        assert_eq!(held.note("traced").unwrap(), Some(b"now".to_vec()));
        let folder = copy.path().to_owned();
        assert!(!folder.starts_with(dir.path()));
        drop(copy);
        assert!(!folder.exists());
        drop(held);
        assert!(Store::open_or_copy(dir.path()).unwrap().path().starts_with(dir.path()));
    }

    #[test]
    fn a_store_that_is_held_and_not_yet_made_is_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let _lock = super::super::open::claim(dir.path()).unwrap();
        let copy = Store::open_or_copy(dir.path()).unwrap();
        assert_eq!(copy.note("traced").unwrap(), None);
    }
}
