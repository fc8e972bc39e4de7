//! Opening the store: its directory, its lock, its database.
//!
//! Invariant: who may write holds an exclusive lock on `.mutdiff/lock` for as long as the
//! [`Store`] lives; the system drops it with the process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::StoreError;
use super::error::Fault;
use super::interning::Interner;
use super::schema::{self, Found, VERSION};

/// The open store.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    path: PathBuf,
    /// Numbers of names and sets; `None` until the first write and after a failed one.
    interner: Option<Interner>,
    /// Held, never read.
    _lock: Option<File>,
    /// Where a copy is; held, never read.
    _folder: Option<TempDir>,
}

impl Store {
    /// Opens the store of the repository at `workdir` to read and write, and makes it if it is
    /// not there or of an older version.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] while another process has it open so, [`StoreError::Newer`],
    /// [`StoreError::Corrupt`], [`StoreError::Unusable`].
    pub fn open(workdir: &Path) -> Result<Self, StoreError> {
        let (path, lock) = claim(workdir)?;
        let connection = match Self::open_current(&path)? {
            Some(connection) => connection,
            None => {
                remove(&path)?;
                Self::open_current(&path)?.ok_or_else(|| StoreError::Corrupt {
                    path: path.clone(),
                    what: "it was deleted and is still of another version".to_owned(),
                })?
            }
        };
        Ok(Self { connection, path, interner: None, _lock: Some(lock), _folder: None })
    }

    /// Opens the store to read only, without the lock: what a run in progress has committed is
    /// seen. `None` where there is no store, or one of an older version.
    ///
    /// # Errors
    ///
    /// [`StoreError::Newer`], [`StoreError::Corrupt`].
    pub fn open_to_read(workdir: &Path) -> Result<Option<Self>, StoreError> {
        let path = database(workdir);
        if !path.exists() {
            return Ok(None);
        }
        let at = |fault: Fault| fault.at(&path);
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(at)?;
        match schema::inspect(&connection).map_err(at)? {
            Found::Current => {}
            Found::Nothing | Found::Other => return Ok(None),
            Found::Newer(found) => return Err(StoreError::Newer { path, found, known: VERSION }),
        }
        connection.pragma_update(None, "query_only", true).map_err(|e| at(e.into()))?;
        Ok(Some(Self { connection, path, interner: None, _lock: None, _folder: None }))
    }

    /// Keeps the folder of a copy for as long as the store is open.
    pub(super) fn keep_folder(&mut self, folder: TempDir) {
        self._folder = Some(folder);
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `None` for a database of an older version.
    fn open_current(path: &Path) -> Result<Option<Connection>, StoreError> {
        let at = |fault: Fault| fault.at(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = connect(path, flags).map_err(at)?;
        match schema::inspect(&connection).map_err(at)? {
            Found::Current => {}
            Found::Other => return Ok(None),
            Found::Newer(found) => {
                let path = path.to_path_buf();
                return Err(StoreError::Newer { path, found, known: VERSION });
            }
            Found::Nothing => {
                connection
                    .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
                    .map_err(|error| at(error.into()))?;
                schema::create(&connection).map_err(at)?;
            }
        }
        Ok(Some(connection))
    }

    /// Reads within one snapshot.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let at = |fault: Fault| fault.at(&self.path);
        let transaction = self.connection.unchecked_transaction().map_err(|e| at(e.into()))?;
        read(&transaction).map_err(at)
    }

    /// Writes as one transaction: all of it, or nothing.
    pub(super) fn write<T>(
        &mut self,
        write: impl FnOnce(&Connection, &mut Interner) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let path = self.path.clone();
        // Taken out, so that numbers given in a transaction that fails are forgotten with it.
        let known = self.interner.take();
        let result = (|| {
            let transaction = self.connection.unchecked_transaction()?;
            let mut interner = known.unwrap_or_default();
            let value = write(&transaction, &mut interner)?;
            transaction.commit()?;
            Ok((value, interner))
        })();
        let (value, interner) = result.map_err(|fault: Fault| fault.at(&path))?;
        self.interner = Some(interner);
        Ok(value)
    }

    /// Forgets the numbers, after rows were deleted.
    pub(super) fn forget_numbers(&mut self) {
        self.interner = None;
    }
}

/// Whether the repository at `workdir` has a store, of whatever version.
pub fn is_there(workdir: &Path) -> bool {
    database(workdir).exists()
}

/// The database of the repository at `workdir`, if there is one.
pub(super) fn database(workdir: &Path) -> PathBuf {
    workdir.join(".mutdiff").join("store.db")
}

/// Makes the directory and takes the lock; returns the path of the database with it.
pub(super) fn claim(workdir: &Path) -> Result<(PathBuf, File), StoreError> {
    let directory = workdir.join(".mutdiff");
    let unusable = |path: &Path| {
        let path = path.to_path_buf();
        |source| StoreError::Unusable { path, source }
    };
    fs::create_dir_all(&directory).map_err(unusable(&directory))?;
    let ignore = directory.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n").map_err(unusable(&ignore))?;
    }
    let lock = lock(&directory.join("lock"))?;
    Ok((database(workdir), lock))
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    // In WAL mode a killed process loses no committed transaction even so; only a crash of the
    // whole machine can, and then the database is whole still.
    connection.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;
         PRAGMA mmap_size = 268435456; PRAGMA foreign_keys = OFF;",
    )?;
    Ok(connection)
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let unusable = |source: io::Error| StoreError::Unusable { path: path.to_path_buf(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(unusable)?;
    let mut found = file.try_lock();
    // A process that another thread is just starting holds a copy of a lock until it has begun.
    for _ in 0..20 {
        if !matches!(found, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        found = file.try_lock();
    }
    match found {
        Ok(()) => {
            let id = format!("{}\n", std::process::id());
            file.set_len(0).and_then(|()| file.write_all(id.as_bytes())).map_err(unusable)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Who holds it is only told for the reader's convenience.
            let process =
                file.read_to_string(&mut holder).ok().and_then(|_| holder.trim().parse().ok());
            Err(StoreError::Locked { path: path.to_path_buf(), process })
        }
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

/// A database with its log files, whether they are there or not.
pub(super) fn files_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm", "-journal"].into_iter().map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

/// Deletes a database with its log files.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    for path in files_of(path) {
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Unusable { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_ignores_itself() {
        let dir = tempfile::tempdir().unwrap();
        Store::open(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(".mutdiff/.gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn a_second_writer_is_told_who_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let first = Store::open(dir.path()).unwrap();
        let error = Store::open(dir.path()).unwrap_err();
        let me = std::process::id();
        assert!(matches!(error, StoreError::Locked { process: Some(id), .. } if id == me));
        assert!(Store::open_to_read(dir.path()).unwrap().is_some());
        drop(first);
        Store::open(dir.path()).unwrap();
    }

    #[test]
    fn reading_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Store::open_to_read(dir.path()).unwrap().is_none());
        assert!(!dir.path().join(".mutdiff").exists());
    }

    #[test]
    fn a_newer_store_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
        drop(store);
        for error in
            [Store::open(dir.path()).unwrap_err(), Store::open_to_read(dir.path()).unwrap_err()]
        {
            assert!(matches!(error, StoreError::Newer { found, .. } if found == VERSION + 1));
        }
    }

    #[test]
    fn an_older_store_is_built_anew() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.connection.execute_batch("CREATE TABLE old(x); PRAGMA user_version = 0").unwrap();
        drop(store);
        assert!(Store::open_to_read(dir.path()).unwrap().is_none());
        let store = Store::open(dir.path()).unwrap();
        assert!(store.connection.prepare("SELECT * FROM old").is_err());
        assert!(store.connection.prepare("SELECT * FROM test").is_ok());
    }

    #[test]
    fn a_damaged_store_is_named() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        let path = database(dir.path());
        fs::write(&path, "this is no database, but a text that is long enough to be one").unwrap();
        for error in
            [Store::open(dir.path()).unwrap_err(), Store::open_to_read(dir.path()).unwrap_err()]
        {
            assert!(matches!(error, StoreError::Corrupt { path: p, .. } if p == path));
        }
    }

    #[test]
    fn a_directory_in_the_place_of_the_database_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(database(dir.path())).unwrap();
        let error = Store::open(dir.path()).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { path, .. } if path.ends_with("store.db")));
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".mutdiff"), "a file").unwrap();
        let error = Store::open(dir.path()).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { path, .. } if path.ends_with(".mutdiff")));
    }
}
