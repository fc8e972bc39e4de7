//! The environment that the trace was made in, and the last report.
//!
//! Invariant: a trace in the store was made in the environment that the store names.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::Fault;
use super::{Store, StoreError, past};

/// What tests were run in: a digest of interpreter, installed distributions, runner, its
/// arguments and mutdiff's version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnvKey(pub String);

/// A digest of all that a report rests on: with an equal one a run would report the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunKey(pub [u8; 32]);

/// The report of the last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastReport {
    /// What it rests on.
    pub key: RunKey,
    /// The report.
    pub json: String,
}

impl Store {
    /// The environment of the trace; `None` before the first.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn env(&self) -> Result<Option<EnvKey>, StoreError> {
        self.read(env)
    }

    /// Makes `key` the environment. Where it is another than before, the trace is dropped (files
    /// and verdicts stay: neither speaks of an environment by itself), and what tests entered is
    /// kept as their past. `under` stands for the part of it that selects tests beside the code.
    /// Returns whether the trace was kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn set_env(&mut self, key: &EnvKey, under: &str) -> Result<bool, StoreError> {
        let kept = self.write(|connection, _| {
            let kept = env(connection)?.as_ref() == Some(key);
            if !kept {
                past::keep_all(connection)?;
                connection.execute_batch(
                    "DELETE FROM test; DELETE FROM line_set; DELETE FROM coverage;
                     DELETE FROM meta WHERE key IN ('import', 'import edges');",
                )?;
                put(connection, "env", key.0.as_bytes())?;
                put(connection, "under", under.as_bytes())?;
            }
            Ok(kept)
        })?;
        if !kept {
            self.forget_numbers();
        }
        Ok(kept)
    }

    /// What selects tests beside the code, as [`Store::set_env`] was told.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn under(&self) -> Result<String, StoreError> {
        let found = self.read(|connection| get(connection, "under"))?;
        Ok(found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default())
    }

    /// Remembers the report of a run and what it rests on, in place of the one before.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_last_report(&mut self, json: &str, key: &RunKey) -> Result<(), StoreError> {
        self.write(|connection, _| {
            connection
                .execute("INSERT OR REPLACE INTO report VALUES (1, ?, ?)", params![key.0, json])?;
            Ok(())
        })
    }

    /// The report of the last run.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn last_report(&self) -> Result<Option<LastReport>, StoreError> {
        self.read(|connection| {
            let row = connection.query_row("SELECT run_key, json FROM report", [], |row| {
                Ok(LastReport { key: RunKey(row.get(0)?), json: row.get(1)? })
            });
            Ok(row.optional()?)
        })
    }

    /// What the report of the last run rests on; the report itself is not read.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn last_run_key(&self) -> Result<Option<RunKey>, StoreError> {
        self.read(|connection| {
            let row = connection.query_row("SELECT run_key FROM report", [], |row| row.get(0));
            Ok(row.optional()?.map(RunKey))
        })
    }

    /// A value that the caller keeps here under a name of its own (a digest, a version, …).
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn note(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| get(connection, &format!("note {name}")))
    }

    /// Keeps a value under a name, in place of the one before.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn put_note(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.write(|connection, _| put(connection, &format!("note {name}"), value))
    }
}

fn env(connection: &Connection) -> Result<Option<EnvKey>, Fault> {
    get(connection, "env")?
        .map(|bytes| String::from_utf8(bytes).map(EnvKey))
        .transpose()
        .map_err(|_| Fault::Malformed("the environment is not UTF-8"))
}

pub(super) fn get(connection: &Connection, key: &str) -> Result<Option<Vec<u8>>, Fault> {
    let mut select = connection.prepare_cached("SELECT value FROM meta WHERE key = ?")?;
    Ok(select.query_row([key], |row| row.get(0)).optional()?)
}

pub(super) fn put(connection: &Connection, key: &str, value: &[u8]) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?, ?)")?;
    insert.execute(params![key, value])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_report_replaces_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        assert_eq!(store.last_report().unwrap(), None);
        assert_eq!(store.last_run_key().unwrap(), None);
        store.put_last_report("{}", &RunKey([1; 32])).unwrap();
        store.put_last_report("{\"a\":1}", &RunKey([2; 32])).unwrap();
        assert_eq!(store.last_run_key().unwrap(), Some(RunKey([2; 32])));
        assert_eq!(store.last_report().unwrap().unwrap().json, "{\"a\":1}");
    }

    #[test]
    fn notes_are_kept_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.put_note("env", b"x").unwrap();
        assert_eq!(store.note("env").unwrap().as_deref(), Some(&b"x"[..]));
        assert_eq!(store.env().unwrap(), None);
    }
}
