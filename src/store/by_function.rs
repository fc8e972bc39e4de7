//! The trace by function: who calls it, and which tests enter it.
//!
//! Invariant: what is in the table is so for the tests as they are. Triggers empty it with the first
//! change of what they did (`schema.rs`); without it, the same lists are made from the trace.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::encoding::{Reader, Writer};
use super::error::Fault;
use super::load::{each_set, import_edges};
use super::{Store, StoreError};
use crate::model::{Lists, QuickMap};

/// Functions a row: a question about one reads the lists of its neighbours, which are of its file.
const CHUNK: u32 = 64;

/// What is listed of a function. The numbers are those of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The numbers of its direct callers, ascending.
    Callers = 1,
    /// The numbers of the tests that enter it, ascending.
    Tests = 2,
}

type Chunk = (Kind, u32);

/// The lists, read where they are asked for.
#[derive(Debug)]
pub(super) struct ByFunction<'c> {
    connection: &'c Connection,
    /// The rows, where the table has none.
    made: Option<QuickMap<Chunk, Vec<u8>>>,
    read: QuickMap<Chunk, Vec<Vec<u32>>>,
}

impl Store {
    /// Keeps the trace by function, so that [`Store::scope_of`] need not read all of it. Does nothing
    /// where that is done.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn index(&mut self) -> Result<(), StoreError> {
        self.write(|connection, _| {
            let Some(rows) = ByFunction::open(connection)?.made else { return Ok(()) };
            let mut insert =
                connection.prepare_cached("INSERT INTO by_function VALUES (?, ?, ?)")?;
            for ((kind, chunk), data) in rows {
                insert.execute(params![kind as u8, chunk, data])?;
            }
            Ok(())
        })
    }
}

impl<'c> ByFunction<'c> {
    /// The lists of the trace as it is in the database.
    pub(super) fn open(connection: &'c Connection) -> Result<Self, Fault> {
        let any = "SELECT EXISTS(SELECT 1 FROM by_function)";
        let is_kept: bool = connection.query_row(any, [], |row| row.get(0))?;
        let made = if is_kept { None } else { Some(rows(connection)?) };
        Ok(Self { connection, made, read: QuickMap::default() })
    }

    /// A list of a function; empty where nothing is known of it.
    pub(super) fn list(&mut self, kind: Kind, function: u32) -> Result<&[u32], Fault> {
        let chunk = (kind, function / CHUNK);
        if !self.read.contains_key(&chunk) {
            let lists = match &self.made {
                Some(made) => made.get(&chunk).map_or(Ok(Vec::new()), |data| lists(data))?,
                None => self.kept(chunk)?,
            };
            self.read.insert(chunk, lists);
        }
        let list = self.read[&chunk].get((function % CHUNK) as usize);
        Ok(list.map_or(&[], Vec::as_slice))
    }

    /// How many edges there are.
    pub(super) fn edges(&self) -> Result<usize, Fault> {
        let callers =
            |data: &[u8]| -> Result<usize, Fault> { Ok(lists(data)?.iter().map(Vec::len).sum()) };
        if let Some(made) = &self.made {
            let rows = made.iter().filter(|((kind, _), _)| *kind == Kind::Callers);
            return rows.map(|(_, data)| callers(data)).sum();
        }
        let mut select = self.connection.prepare("SELECT data FROM by_function WHERE kind = ?")?;
        let mut rows = select.query([Kind::Callers as u8])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += callers(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        }
        Ok(count)
    }

    fn kept(&self, (kind, chunk): Chunk) -> Result<Vec<Vec<u32>>, Fault> {
        let select = "SELECT data FROM by_function WHERE kind = ? AND chunk = ?";
        let mut select = self.connection.prepare_cached(select)?;
        let data: Option<Vec<u8>> =
            select.query_row([kind as u32, chunk], |row| row.get(0)).optional()?;
        data.map_or(Ok(Vec::new()), |data| lists(&data))
    }
}

/// The lists of a row, one for each of its functions.
fn lists(data: &[u8]) -> Result<Vec<Vec<u32>>, Fault> {
    let mut reader = Reader(data);
    let mut lists = Vec::with_capacity(CHUNK as usize);
    while !reader.is_at_end() {
        let length = reader.length()?;
        lists.push(Reader(reader.raw(length)?).ids()?);
    }
    Ok(lists)
}

/// All rows, made from what each test did.
fn rows(connection: &Connection) -> Result<QuickMap<Chunk, Vec<u8>>, Fault> {
    let mut rows = QuickMap::default();
    let callers = edges(connection)?.into_iter().map(|(caller, callee)| (callee, caller));
    put(&mut rows, Kind::Callers, callers.collect());
    put(&mut rows, Kind::Tests, entered(connection)?);
    Ok(rows)
}

/// The edges (caller, callee) of all tests and of the imports.
fn edges(connection: &Connection) -> Result<HashSet<(u32, u32)>, Fault> {
    let mut select = connection.prepare_cached("SELECT DISTINCT edges FROM test")?;
    let mut used = select.query_map([], |row| row.get(0))?.collect::<Result<HashSet<u32>, _>>()?;
    used.extend(import_edges(connection)?);
    let mut found = HashSet::new();
    each_set(connection, "edge_set", &used, |_, data| {
        found.extend(Reader(data).pairs()?);
        Ok(())
    })?;
    Ok(found)
}

/// Each function with each test that enters it.
fn entered(connection: &Connection) -> Result<Vec<(u32, u32)>, Fault> {
    let mut tests: QuickMap<u32, Vec<u32>> = QuickMap::default();
    let mut select = connection.prepare_cached("SELECT entered, id FROM test")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        tests.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let mut found = Vec::new();
    each_set(connection, "function_set", &tests.keys().copied().collect(), |set, data| {
        let functions = Reader(data).ids()?;
        found
            .extend(tests[&set].iter().flat_map(|&test| functions.iter().map(move |&f| (f, test))));
        Ok(())
    })?;
    Ok(found)
}

/// Adds the rows of the lists that `pairs` of a function and an item make.
fn put(rows: &mut QuickMap<Chunk, Vec<u8>>, kind: Kind, mut pairs: Vec<(u32, u32)>) {
    pairs.sort_unstable();
    let count = pairs.last().map_or(0, |&(function, _)| function as usize + 1);
    let all = Lists::of(count, pairs.iter().copied());
    for chunk in pairs.chunk_by(|one, next| one.0 / CHUNK == next.0 / CHUNK) {
        let number = chunk[0].0 / CHUNK;
        let mut writer = Writer::default();
        for function in number * CHUNK..=chunk[chunk.len() - 1].0 {
            let mut list = Writer::default();
            list.ids(all.get(function));
            writer.length(list.0.len());
            writer.raw(&list.0);
        }
        rows.insert((kind, number), writer.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TestId;
    use crate::store::EdgeOwner;
    use crate::store::testing::{function, record, store};

    fn kept(store: &Store) -> bool {
        let any = "SELECT EXISTS(SELECT 1 FROM by_function)";
        store.connection.query_row(any, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn whatever_changes_what_tests_did_drops_the_index() {
        let (_dir, mut store) = store();
        let one = record("one", 0, &[], &["f"], &[("t", "f")]);
        let edges = [(function("t"), function("g"))];
        type Change<'c> = &'c dyn Fn(&mut Store);
        let changes: [(&str, Change<'_>); 7] = [
            ("a test is put", &|store| store.put_tests(std::slice::from_ref(&one)).unwrap()),
            ("a test is put again", &|store| {
                store.put_tests(&[record("one", 0, &[], &["g"], &[])]).unwrap();
            }),
            ("edges of the imports are put", &|store| {
                store.put_edges(&EdgeOwner::Import, &edges).unwrap();
            }),
            ("they are put again", &|store| store.put_edges(&EdgeOwner::Import, &[]).unwrap()),
            ("edges of a test are put", &|store| {
                let test = EdgeOwner::Test(TestId::new("one"));
                store.put_edges(&test, &edges).unwrap();
            }),
            ("a test is removed", &|store| store.remove_tests(&[TestId::new("two")]).unwrap()),
            ("the environment is another", &|store| {
                assert!(!store.set_env(&crate::store::EnvKey("3.12".into()), "").unwrap());
            }),
        ];
        store.put_tests(&[record("two", 1, &[], &["h"], &[("t", "h")])]).unwrap();
        for (name, change) in changes {
            store.index().unwrap();
            assert!(kept(&store), "before {name}");
            change(&mut store);
            assert!(!kept(&store), "{name}");
        }
    }

    #[test]
    fn what_does_not_change_what_tests_did_keeps_the_index() {
        let (_dir, mut store) = store();
        store.put_tests(&[record("one", 0, &[], &["f"], &[("t", "f")])]).unwrap();
        store.index().unwrap();
        store.set_order(&[TestId::new("new"), TestId::new("one")]).unwrap();
        store.gc(8).unwrap();
        store.index().unwrap();
        assert!(kept(&store));
    }

    #[test]
    fn rows_that_are_damaged_are_an_error() {
        let (_dir, mut store) = store();
        store.put_tests(&[record("one", 0, &[], &["f"], &[("t", "f")])]).unwrap();
        store.index().unwrap();
        store.connection.execute("UPDATE by_function SET data = x'09ff'", []).unwrap();
        let error = store.scope_of(&[function("f")].into(), None).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }));
    }
}
