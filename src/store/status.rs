//! What kind of store there is, how large it is, and how much it holds.
//!
//! Invariant: nothing is made or changed, and every kind of file has an answer, but for one that is
//! damaged.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, OpenFlags};

use super::by_function::ByFunction;
use super::error::Fault;
use super::open::{connect, database, files_of};
use super::schema::{APPLICATION, VERSION};
use super::{Store, StoreError};
use crate::model::{StoreCounts, StoreState, StoreStatus};

/// Looks at the store of the repository at `workdir`. The environment is left out: what it is made
/// of is known above.
///
/// # Errors
///
/// [`StoreError`].
pub fn status(workdir: &Path) -> Result<StoreStatus, StoreError> {
    let path = database(workdir);
    let (state, schema) = if path.exists() {
        let at = |fault: Fault| fault.at(&path);
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(at)?;
        kind(&connection).map_err(at)?
    } else {
        (StoreState::Missing, None)
    };
    let counts = match state {
        StoreState::Current => Store::open_to_read(workdir)?.map(|store| store.counts()),
        _ => None,
    };
    Ok(StoreStatus {
        state,
        schema,
        known_schema: VERSION,
        bytes: size(&path),
        written: files_of(&path).filter_map(|file| written(&file)).max(),
        environment: None,
        counts: counts.transpose()?,
        path,
    })
}

/// What a database is, and the version of its schema if it is a store.
pub(super) fn kind(connection: &Connection) -> Result<(StoreState, Option<i64>), Fault> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    let (version, application): (i64, i64) = (number("user_version")?, number("application_id")?);
    if application != APPLICATION {
        let pages: i64 = number("page_count")?;
        let state = if pages == 0 { StoreState::Missing } else { StoreState::Foreign };
        return Ok((state, None));
    }
    let state = match version {
        VERSION => StoreState::Current,
        newer if newer > VERSION => StoreState::Newer,
        _ => StoreState::Older,
    };
    Ok((state, Some(version)))
}

/// The size of a database with its logs. What holds nothing but an index of the log is left out.
pub(super) fn size(path: &Path) -> u64 {
    let real = files_of(path).filter(|file| !file.to_string_lossy().ends_with("-shm"));
    real.filter_map(|file| Some(fs::metadata(file).ok()?.len())).sum()
}

fn written(path: &Path) -> Option<i64> {
    if path.to_string_lossy().ends_with("-shm") {
        return None;
    }
    let since = fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

impl Store {
    /// How much it holds.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn counts(&self) -> Result<StoreCounts, StoreError> {
        let functions = self.all_files()?.iter().map(|file| file.functions.len() as u64).sum();
        self.read(|connection| {
            let edges = ByFunction::open(connection)?.edges()? as u64;
            let count = |what: &str| -> Result<u64, Fault> {
                let count = connection.query_row(&format!("SELECT count({what}"), [], |row| {
                    row.get::<_, i64>(0).map(i64::cast_unsigned)
                });
                Ok(count?)
            };
            Ok(StoreCounts {
                files: count("*) FROM file")?,
                functions,
                tests: count("*) FROM test")?,
                edges,
                mutants: count("DISTINCT mutant) FROM verdict")?,
                verdicts: count("*) FROM verdict")?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{record, store};

    #[test]
    fn each_kind_of_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let told = || {
            let status = status(dir.path()).unwrap();
            (status.state, status.schema)
        };
        assert_eq!(told(), (StoreState::Missing, None));
        assert!(!dir.path().join(".mutdiff").exists());
        drop(Store::open(dir.path()).unwrap());
        assert_eq!(told(), (StoreState::Current, Some(VERSION)));
        let connection = Connection::open(database(dir.path())).unwrap();
        for (version, state) in [(0, StoreState::Older), (VERSION + 1, StoreState::Newer)] {
            connection.pragma_update(None, "user_version", version).unwrap();
            assert_eq!(told(), (state, Some(version)));
        }
        connection.pragma_update(None, "application_id", 1).unwrap();
        assert_eq!(told(), (StoreState::Foreign, None));
    }

    #[test]
    fn what_it_holds_is_counted() {
        let (dir, mut store) = store();
        let edges = [("t", "f"), ("f", "g")];
        store.put_tests(&[record("one", 0, &[("a.py", &[1])], &["f"], &edges)]).unwrap();
        let status = status(dir.path()).unwrap();
        assert!(status.bytes > 0 && status.written.is_some());
        let expected = StoreCounts { tests: 1, edges: 2, ..StoreCounts::default() };
        assert_eq!(status.counts, Some(expected));
    }
}
