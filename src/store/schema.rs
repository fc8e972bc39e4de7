//! The tables, and what happens to those of another version.
//!
//! Invariant: a database whose `user_version` is [`VERSION`] has exactly these tables.

use rusqlite::Connection;

use super::error::Fault;

/// Version of the tables.
///
/// Changelog:
/// * 1: first.
/// * 2: `test.beyond`.
/// * 3: `test.code`, `past`.
/// * 4: `recorded_tree`, `recorded`.
/// * 5: `file_functions.marks`, headers of functions, digests of their docstrings' examples;
///   `past.under`.
/// * 6: `lead`.
/// * 7: `by_function`, with the triggers that empty it.
///
/// An older version is deleted and built anew (all of it can be found again by running the
/// tests); a newer one is an error.
pub const VERSION: i64 = 7;

/// Tells a store from any other SQLite file: "mutd".
pub(super) const APPLICATION: i64 = 0x6d75_7464;

/// Sets of one kind are kept once however many tests have them: `hash` is the first half of the
/// SHA-256 of what the row holds.
const TABLES: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- Files as they were when they were last parsed. The stat is NULL where it proves nothing.
CREATE TABLE file(
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, hash BLOB NOT NULL,
  mtime_ns INTEGER, ctime_ns INTEGER, size INTEGER, inode INTEGER
);
-- Apart, so that reading every stat touches few pages.
CREATE TABLE file_functions(
  file INTEGER PRIMARY KEY, data BLOB NOT NULL, marks BLOB NOT NULL
);

-- What the code of each file may lead to, by the words in it.
CREATE TABLE lead(path TEXT PRIMARY KEY, hash BLOB NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;

-- Names that the trace and the verdicts refer to by number.
CREATE TABLE path(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE function(
  id INTEGER PRIMARY KEY, path INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE(path, name)
);
CREATE TABLE test_name(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- Lines of one file; line sets of one test; functions entered; edges seen.
CREATE TABLE line_set(
  id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, path INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX line_set_path ON line_set(path);
CREATE TABLE coverage(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, data BLOB NOT NULL);
CREATE TABLE function_set(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, data BLOB NOT NULL);
CREATE TABLE edge_set(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, data BLOB NOT NULL);

CREATE TABLE test(
  id INTEGER PRIMARY KEY, path INTEGER, function INTEGER, position INTEGER NOT NULL,
  outcome INTEGER NOT NULL, microseconds INTEGER NOT NULL, fork INTEGER NOT NULL,
  alone_ok INTEGER NOT NULL, coverage INTEGER NOT NULL, entered INTEGER NOT NULL,
  edges INTEGER NOT NULL, digest BLOB NOT NULL, beyond BLOB NOT NULL,
  code BLOB NOT NULL
);

-- What tests did in other states of the code that they entered (`code`), the newest last. `under`
-- stands for what selects tests beside the code: runner, arguments, interpreter, ....
CREATE TABLE past(
  id INTEGER PRIMARY KEY, test INTEGER NOT NULL, code BLOB NOT NULL, path INTEGER,
  function INTEGER, entered INTEGER NOT NULL, edges INTEGER NOT NULL, under TEXT NOT NULL,
  UNIQUE(test, code, under)
);

-- The trace by function (`by_function.rs`): lists for so many functions a row. It holds for the tests
-- as they are, so whatever changes what they did empties it.
CREATE TABLE by_function(
  kind INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(kind, chunk)
) WITHOUT ROWID;
CREATE TRIGGER test_added AFTER INSERT ON test BEGIN DELETE FROM by_function; END;
CREATE TRIGGER test_removed AFTER DELETE ON test BEGIN DELETE FROM by_function; END;
CREATE TRIGGER test_changed AFTER UPDATE OF id, entered, edges ON test
  BEGIN DELETE FROM by_function; END;
CREATE TRIGGER imports_added AFTER INSERT ON meta WHEN NEW.key = 'import edges'
  BEGIN DELETE FROM by_function; END;
CREATE TRIGGER imports_removed AFTER DELETE ON meta WHEN OLD.key = 'import edges'
  BEGIN DELETE FROM by_function; END;
CREATE TRIGGER imports_changed AFTER UPDATE ON meta WHEN NEW.key = 'import edges'
  BEGIN DELETE FROM by_function; END;

CREATE TABLE verdict(
  mutant TEXT NOT NULL, basis BLOB NOT NULL, verdict TEXT NOT NULL, tests BLOB NOT NULL,
  milliseconds REAL NOT NULL, original TEXT NOT NULL, replacement TEXT NOT NULL,
  recorded_at INTEGER NOT NULL, PRIMARY KEY(mutant, basis)
) WITHOUT ROWID;

-- Which mutants of a committed state were noticed; the trees by git's ids.
CREATE TABLE recorded_tree(id INTEGER PRIMARY KEY, tree TEXT NOT NULL UNIQUE);
CREATE TABLE recorded(
  tree INTEGER NOT NULL, mutant TEXT NOT NULL, text BLOB NOT NULL, noticed INTEGER NOT NULL,
  PRIMARY KEY(tree, mutant)
) WITHOUT ROWID;

CREATE TABLE report(
  id INTEGER PRIMARY KEY CHECK(id = 1), run_key BLOB NOT NULL, json TEXT NOT NULL
);
";

/// What a database file turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A store of this version.
    Current,
    /// An empty file.
    Nothing,
    /// A store of an older version, or some other database.
    Other,
    /// A store of a newer version.
    Newer(i64),
}

/// Looks at a database without changing it.
pub(super) fn inspect(connection: &Connection) -> Result<Found, Fault> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
    let (version, application): (i64, i64) = (number("user_version")?, number("application_id")?);
    if application == APPLICATION {
        return Ok(match version {
            VERSION => Found::Current,
            newer if newer > VERSION => Found::Newer(newer),
            _ => Found::Other,
        });
    }
    let pages: i64 = number("page_count")?;
    Ok(if pages == 0 { Found::Nothing } else { Found::Other })
}

/// Builds the tables in an empty database.
pub(super) fn create(connection: &Connection) -> Result<(), Fault> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE; {TABLES}
         PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
    ))?;
    Ok(())
}
