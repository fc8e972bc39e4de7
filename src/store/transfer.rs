//! The store as a file of its own: handed out, taken in, removed.
//!
//! Invariant: a file appears whole or not at all, here and elsewhere; what is taken in is a sound
//! store of this version, and what was there before is replaced only by that.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use thiserror::Error;

use super::error::Fault;
use super::open::{claim, connect, database, remove};
use super::schema::VERSION;
use super::{Store, StoreError, status};
use crate::model::{StoreCleared, StoreState};

/// Why a store was not handed out or taken in.
#[derive(Debug, Error)]
pub enum TransferError {
    /// There is no store that could be exported.
    #[error("{}: there is no store to export{}", path.display(), of(*schema))]
    NothingToExport {
        /// Where it would be.
        path: PathBuf,
        /// The version of one that this mutdiff does not read.
        schema: Option<i64>,
    },
    /// The file to export to is there already.
    #[error("{} exists", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What should be imported is something else.
    #[error("{}: this is no store of mutdiff's", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// What should be imported has another schema.
    #[error(
        "{}: a store of {} mutdiff (schema {found}; this one reads schema {VERSION})",
        path.display(),
        if *found > VERSION { "a newer" } else { "an older" }
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// What should be imported is damaged.
    #[error("{}: the store is damaged ({what})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// Stores that cannot be joined.
    #[error("{} and {} are of different environments", one.display(), other.display())]
    OtherEnvironment {
        /// One.
        one: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// The store of the repository.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn of(schema: Option<i64>) -> String {
    schema.map(|schema| format!(" (it is of schema {schema}, not {VERSION})")).unwrap_or_default()
}

/// Writes a copy of the store of `workdir` to `target`, as it is at one moment, also while a run
/// goes on. Returns its size.
///
/// # Errors
///
/// [`TransferError`]; an existing `target` is one unless `force` is set.
pub fn export(workdir: &Path, target: &Path, force: bool) -> Result<u64, TransferError> {
    let status = status(workdir)?;
    let Some(store) = Store::open_to_read(workdir)? else {
        return Err(TransferError::NothingToExport { path: status.path, schema: status.schema });
    };
    if target.exists() && !force {
        return Err(TransferError::Exists { path: target.to_path_buf() });
    }
    let unusable = |source| TransferError::Unusable { path: target.to_path_buf(), source };
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let scratch =
        tempfile::Builder::new().prefix(".mutdiff-export-").tempdir_in(folder).map_err(unusable)?;
    let copy = scratch.path().join("store.db");
    let name = copy.to_str().ok_or_else(|| {
        unusable(io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8"))
    })?;
    let copied = store
        .connection
        .pragma_update(None, "query_only", false)
        .and_then(|()| store.connection.execute("VACUUM INTO ?", [name]));
    copied.map_err(|error| Fault::from(error).at(target))?;
    if force {
        fs::rename(&copy, target).map_err(unusable)?;
    } else {
        // Unlike a rename, this fails if the target has come to be meanwhile.
        fs::hard_link(&copy, target).or_else(|_| fs::rename(&copy, target)).map_err(unusable)?;
    }
    Ok(status::size(target))
}

/// Puts a copy of `source` in the place of the store of `workdir`.
///
/// # Errors
///
/// [`TransferError`]; then the store is as it was.
pub fn import(workdir: &Path, source: &Path) -> Result<(), TransferError> {
    let unusable = |path: &Path| {
        let path = path.to_path_buf();
        |source| TransferError::Unusable { path, source }
    };
    fs::File::open(source).map_err(unusable(source))?;
    if source.is_dir() {
        return Err(TransferError::NotAStore { path: source.to_path_buf() });
    }
    let (path, _lock) = claim(workdir)?;
    let folder = path.parent().unwrap_or(workdir);
    let scratch =
        tempfile::Builder::new().prefix("import-").tempdir_in(folder).map_err(unusable(folder))?;
    let copy = scratch.path().join("store.db");
    // A store that is in use somewhere else has part of it in its log.
    for (from, to) in super::open::files_of(source).zip(super::open::files_of(&copy)) {
        if from.exists() && !from.to_string_lossy().ends_with("-shm") {
            fs::copy(&from, &to).map_err(unusable(&from))?;
        }
    }
    prepare(&copy, source)?;
    retire(&path)?;
    fs::rename(&copy, &path).map_err(unusable(&path))
}

/// Checks a copy of `source`, and makes it one that a store may be.
fn prepare(copy: &Path, source: &Path) -> Result<(), TransferError> {
    let told = |fault: Fault| match fault.at(source) {
        StoreError::Corrupt { path, what } => TransferError::Damaged { path, what },
        other => other.into(),
    };
    let checked = (|| -> Result<_, Fault> {
        let connection = connect(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let (state, schema) = status::kind(&connection)?;
        Ok((connection, state, schema))
    })();
    let path = source.to_path_buf();
    let (connection, state, schema) = match checked {
        // Anything that SQLite does not take for a database.
        Err(Fault::Sqlite(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) =>
        {
            return Err(TransferError::NotAStore { path });
        }
        other => other.map_err(told)?,
    };
    match (state, schema) {
        (StoreState::Current, _) => {}
        (StoreState::Older | StoreState::Newer, Some(found)) => {
            return Err(TransferError::Schema { path, found });
        }
        _ => return Err(TransferError::NotAStore { path }),
    }
    let sound: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| told(error.into()))?;
    if sound != "ok" {
        return Err(TransferError::Damaged { path, what: sound });
    }
    settle(&connection).map_err(|error| told(error.into()))
}

/// What the disk of another machine said of its files proves nothing here.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "UPDATE file SET mtime_ns = NULL, ctime_ns = NULL, size = NULL, inode = NULL;",
    )?;
    // Its log is in it, and gone, once the connection is closed.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
}

/// Leaves nothing of a database but its one file, so that a rename replaces it at once.
fn retire(path: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let checkpoint = |connection: Connection| {
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").map_err(Fault::from)
    };
    if path.exists() && connect(path, flags).and_then(checkpoint).is_ok() {
        // Its logs are in it now, and gone with the last that had it open.
        for log in super::open::files_of(path).skip(1) {
            let _ = fs::remove_file(log);
        }
        return Ok(());
    }
    // What cannot be read is no loss.
    remove(path)
}

/// Removes the store of `workdir` and what is cached beside it; `None` where there is none.
///
/// # Errors
///
/// [`StoreError`], [`StoreError::Locked`] while a run goes on.
pub fn clear(workdir: &Path) -> Result<Option<StoreCleared>, StoreError> {
    if !workdir.join(".mutdiff").exists() {
        return Ok(None);
    }
    let (path, _lock) = claim(workdir)?;
    let cache = workdir.join(".mutdiff").join("bytecode");
    if !path.exists() && !cache.exists() {
        return Ok(None);
    }
    // One that cannot be read can be removed all the same.
    let counts = status(workdir).ok().and_then(|status| status.counts);
    let bytes = status::size(&path) + size_of_folder(&cache);
    remove(&path)?;
    match fs::remove_dir_all(&cache) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(StoreError::Unusable { path: cache, source });
        }
        _ => {}
    }
    Ok(Some(StoreCleared { path: database(workdir), counts, bytes }))
}

fn size_of_folder(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size_of_folder(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{record, store};
    use tempfile::TempDir;

    fn filled() -> (TempDir, Store) {
        let (dir, mut store) = store();
        store.put_tests(&[record("one", 0, &[("a.py", &[1])], &["f"], &[("t", "f")])]).unwrap();
        (dir, store)
    }

    #[test]
    fn what_is_exported_is_imported_as_it_was_also_while_it_is_open() {
        let (dir, store) = filled();
        let file = dir.path().join("out.db");
        export(dir.path(), &file, false).unwrap();
        let other = tempfile::tempdir().unwrap();
        let mut old = Store::open(other.path()).unwrap();
        old.put_note("mine", b"x").unwrap();
        assert!(matches!(
            import(other.path(), &file),
            Err(TransferError::Store(StoreError::Locked { .. }))
        ));
        drop(old);
        import(other.path(), &file).unwrap();
        let new = Store::open(other.path()).unwrap();
        assert_eq!(new.tests().unwrap(), store.tests().unwrap());
        assert_eq!(
            new.load_trace().unwrap().call_graph(),
            store.load_trace().unwrap().call_graph()
        );
        assert_eq!(new.note("mine").unwrap(), None);
        let mode: String =
            new.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        let left: Vec<_> = fs::read_dir(other.path().join(".mutdiff")).unwrap().flatten().collect();
        assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().contains("import")));
    }

    #[test]
    fn an_export_overwrites_only_if_it_is_told_to() {
        let (dir, _store) = filled();
        let file = dir.path().join("out.db");
        fs::write(&file, "mine").unwrap();
        let refused = export(dir.path(), &file, false).unwrap_err();
        assert!(matches!(refused, TransferError::Exists { .. }));
        assert_eq!(fs::read(&file).unwrap(), b"mine");
        assert_eq!(export(dir.path(), &file, true).unwrap(), fs::metadata(&file).unwrap().len());
        let empty = tempfile::tempdir().unwrap();
        let none = export(empty.path(), &file, true).unwrap_err();
        assert!(matches!(none, TransferError::NothingToExport { .. }));
    }

    #[test]
    fn only_a_sound_store_of_this_version_is_taken_in() {
        let (dir, store) = filled();
        let file = dir.path().join("in.db");
        export(dir.path(), &file, false).unwrap();
        let good = fs::read(&file).unwrap();
        let refused = || import(dir.path(), &file).unwrap_err();
        drop(store);
        let before = Store::open(dir.path()).unwrap().tests().unwrap();
        for version in [VERSION - 1, VERSION + 1] {
            let connection = Connection::open(&file).unwrap();
            connection.pragma_update(None, "user_version", version).unwrap();
            drop(connection);
            assert!(matches!(refused(), TransferError::Schema { found, .. } if found == version));
        }
        fs::write(&file, "no database, but a text that is long enough to be one").unwrap();
        assert!(matches!(refused(), TransferError::NotAStore { .. }));
        fs::write(&file, "").unwrap();
        assert!(matches!(refused(), TransferError::NotAStore { .. }));
        let mut torn = good.clone();
        torn[4096..].fill(0xff);
        fs::write(&file, torn).unwrap();
        assert!(matches!(refused(), TransferError::Damaged { .. }));
        fs::remove_file(&file).unwrap();
        assert!(matches!(refused(), TransferError::Unusable { .. }));
        assert_eq!(Store::open(dir.path()).unwrap().tests().unwrap(), before);
    }

    #[test]
    fn clearing_says_what_was_there_and_needs_no_sound_store() {
        let (dir, store) = filled();
        assert!(matches!(clear(dir.path()), Err(StoreError::Locked { .. })));
        drop(store);
        fs::create_dir(dir.path().join(".mutdiff/bytecode")).unwrap();
        let cleared = clear(dir.path()).unwrap().unwrap();
        assert_eq!(cleared.counts.unwrap().tests, 1);
        assert!(!dir.path().join(".mutdiff/bytecode").exists() && !cleared.path.exists());
        assert_eq!(clear(dir.path()).unwrap(), None);
        fs::write(&cleared.path, "damaged, and long enough to be looked at as a database").unwrap();
        assert_eq!(clear(dir.path()).unwrap().unwrap().counts, None);
    }
}
