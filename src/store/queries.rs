//! Questions to the trace that need not load it.
//!
//! Invariant: the answers are those that the loaded trace gives.

use std::collections::{BTreeSet, HashSet, VecDeque};

use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::by_function::{ByFunction, Kind};
use super::error::Fault;
use super::load::{functions, summaries};
use super::stored_trace::MISSING;
use super::trace::TestSummary;
use super::{Store, StoreError};
use crate::model::{FunctionKey, QualName, RepoPath, StoredCaller, StoredScope, TestId};

impl Store {
    /// The tests without what they reached, in the order of collection.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn tests(&self) -> Result<Vec<TestSummary>, StoreError> {
        self.read(|connection| {
            Ok(summaries(connection)?.into_iter().map(|(summary, _)| summary).collect())
        })
    }

    /// A number that no test's fork has, higher than all.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn next_fork(&self) -> Result<u32, StoreError> {
        self.read(|connection| {
            let next = "SELECT coalesce(max(fork) + 1, 0) FROM test";
            Ok(connection.query_row(next, [], |row| row.get(0))?)
        })
    }

    /// Who calls one of `changed`, at any distance up to `depth`, and the tests that enter any of these
    /// functions. What such a test begins with is no caller. A function that the
    /// trace does not know has no callers and no tests.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn scope_of(
        &self,
        changed: &BTreeSet<FunctionKey>,
        depth: Option<u32>,
    ) -> Result<StoredScope, StoreError> {
        self.read(|connection| {
            let mut lists = ByFunction::open(connection)?;
            let mut names = Names::of(connection)?;
            let mut inside: HashSet<u32> = HashSet::new();
            let mut queue: VecDeque<(u32, u32, &FunctionKey)> = VecDeque::new();
            for key in changed {
                if let Some(number) = names.number(key)? {
                    inside.insert(number);
                    queue.push_back((number, 0, key));
                }
            }
            let mut callers = Vec::new();
            while let Some((number, distance, reaches)) = queue.pop_front() {
                if depth.is_some_and(|depth| distance >= depth) {
                    continue;
                }
                let mut direct = Vec::new();
                for &caller in lists.list(Kind::Callers, number)? {
                    if inside.insert(caller) {
                        direct.push((names.key(caller)?, caller));
                    }
                }
                direct.sort();
                for (function, caller) in direct {
                    queue.push_back((caller, distance + 1, reaches));
                    let (distance, reaches) = (distance + 1, reaches.clone());
                    callers.push((caller, StoredCaller { function, distance, reaches }));
                }
            }
            let mut tests: BTreeSet<u32> = BTreeSet::new();
            for &number in &inside {
                tests.extend(lists.list(Kind::Tests, number)?);
            }
            let (tests, own) = in_order(connection, &tests)?;
            let mut callers: Vec<StoredCaller> = callers
                .into_iter()
                .filter_map(|(number, caller)| (!own.contains(&number)).then_some(caller))
                .collect();
            callers.sort_by(|a, b| (a.distance, &a.function).cmp(&(b.distance, &b.function)));
            Ok(StoredScope { functions: changed.iter().cloned().collect(), callers, tests })
        })
    }

    /// The functions that tests or imports called or entered, in no order.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn traced_functions(&self) -> Result<Vec<FunctionKey>, StoreError> {
        self.read(|connection| Ok(functions(connection)?.into_keys()))
    }

    /// Whether that function is one of [`Store::traced_functions`].
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn is_traced(&self, function: &FunctionKey) -> Result<bool, StoreError> {
        self.read(|connection| Ok(Names::of(connection)?.number(function)?.is_some()))
    }
}

/// Functions by number and back, a look-up each.
struct Names<'c> {
    number: CachedStatement<'c>,
    key: CachedStatement<'c>,
}

impl<'c> Names<'c> {
    fn of(connection: &'c Connection) -> Result<Self, Fault> {
        let number = "SELECT f.id FROM function f JOIN path p ON p.id = f.path
                      WHERE p.path = ? AND f.name = ?";
        let key = "SELECT p.path, f.name FROM function f JOIN path p ON p.id = f.path
                   WHERE f.id = ?";
        Ok(Self {
            number: connection.prepare_cached(number)?,
            key: connection.prepare_cached(key)?,
        })
    }

    fn number(&mut self, key: &FunctionKey) -> Result<Option<u32>, Fault> {
        let names = [key.path.as_str(), key.name.as_str()];
        Ok(self.number.query_row(names, |row| row.get(0)).optional()?)
    }

    fn key(&mut self, number: u32) -> Result<FunctionKey, Fault> {
        let named =
            self.key.query_row([number], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (path, name): (String, String) = named.ok_or(MISSING)?;
        Ok(FunctionKey::new(RepoPath::new(path), QualName::new(name)))
    }
}

/// The names of tests, in the order of collection, and the functions that they begin with.
fn in_order(
    connection: &Connection,
    tests: &BTreeSet<u32>,
) -> Result<(Vec<TestId>, HashSet<u32>), Fault> {
    let select = "SELECT t.position, n.name, t.function FROM test t JOIN test_name n ON n.id = t.id
                  WHERE t.id = ?";
    let mut select = connection.prepare_cached(select)?;
    let mut found: Vec<(u32, String)> = Vec::with_capacity(tests.len());
    let mut own = HashSet::new();
    for test in tests {
        let mut rows = select.query([test])?;
        let row = rows.next()?.ok_or(MISSING)?;
        found.push((row.get(0)?, row.get(1)?));
        own.extend(row.get::<_, Option<u32>>(2)?);
    }
    found.sort();
    Ok((found.into_iter().map(|(_, name)| TestId::new(name)).collect(), own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineNo, LineRange, TestOutcome};
    use crate::store::testing::{function, import_trace, lines, record, store};
    use crate::store::{EdgeOwner, EnvKey, ReachDigest};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn of(store: &Store, name: &str) -> StoredScope {
        store.scope_of(&[function(name)].into(), None).unwrap()
    }

    fn range(first: u32, last: u32) -> LineRange {
        LineRange { first: LineNo::new(first).unwrap(), last: LineNo::new(last).unwrap() }
    }

    #[test]
    fn tests_are_read_as_written() {
        let (_dir, mut store) = store();
        let mut one = record("t::one", 1, &[("a.py", &[1, 2, 7])], &["f"], &[("t", "f")]);
        one.summary.outcome = TestOutcome::Crashed;
        one.summary.microseconds = 5_000_000_000;
        one.summary.fork = 3;
        one.summary.alone_ok = false;
        one.summary.beyond = vec![RepoPath::new("é.py"), RepoPath::new("b.py")];
        one.summary.digest = ReachDigest([9; 32]);
        let mut two = record("t::two", 0, &[], &[], &[]);
        two.summary.path = None;
        two.summary.function = None;
        store.put_tests(&[one.clone(), two.clone()]).unwrap();
        let summaries = [two.summary.clone(), one.summary.clone()];
        assert_eq!(store.tests().unwrap(), summaries);

        let trace = store.load_trace().unwrap();
        let loaded: Vec<_> = trace.tests().iter().map(|test| test.summary.clone()).collect();
        assert_eq!(loaded, summaries);
        let test = trace.test(&one.summary.id).unwrap();
        let read: Vec<_> = trace.lines(test).collect();
        assert_eq!(read, [(&RepoPath::new("a.py"), &lines(&[1, 2, 7])[..])]);
        assert_eq!(trace.entered(test).collect::<Vec<_>>(), [&function("f")]);
        assert_eq!(trace.edges(test).collect::<Vec<_>>(), [(&function("t"), &function("f"))]);
    }

    #[test]
    fn putting_a_test_again_replaces_its_lines_and_edges() {
        let (_dir, mut store) = store();
        store
            .put_tests(&[
                record("one", 0, &[("a.py", &[1])], &["f"], &[("t", "f"), ("f", "g")]),
                record("two", 1, &[("a.py", &[1])], &["f"], &[("t", "f")]),
            ])
            .unwrap();
        store.put_tests(&[record("one", 0, &[("a.py", &[2])], &["h"], &[("t", "h")])]).unwrap();
        let trace = store.load_trace().unwrap();
        let graph = trace.call_graph();
        let edges: Vec<_> = graph.edges().map(|(a, b)| (a.clone(), b.clone())).collect();
        assert_eq!(edges, [(function("t"), function("f")), (function("t"), function("h"))]);
        assert_eq!(trace.tests_reaching(&RepoPath::new("a.py"), range(1, 1)), [1]);
        assert_eq!(trace.tests_entering(&function("f")), [1]);
        assert_eq!(trace.tests_entering(&function("h")), [0]);
        assert_eq!(trace.tests_entering(&function("nowhere")), [0; 0]);
        assert_eq!(of(&store, "f").tests, [TestId::new("two")]);
        assert_eq!(of(&store, "nowhere").tests, []);
    }

    #[test]
    fn edges_can_be_put_apart() {
        let (_dir, mut store) = store();
        store.put_tests(&[record("one", 0, &[], &[], &[("t", "f")])]).unwrap();
        store.put_edges(&EdgeOwner::Import, &[(function("m"), function("d"))]).unwrap();
        let test = EdgeOwner::Test(TestId::new("one"));
        store.put_edges(&test, &[(function("t"), function("g"))]).unwrap();
        let trace = store.load_trace().unwrap();
        let graph = trace.call_graph();
        assert_eq!(graph.callers(&function("d")).collect::<Vec<_>>(), [&function("m")]);
        assert_eq!(graph.callers(&function("f")).count(), 0);
        assert_eq!(of(&store, "d").callers[0].function, function("m"));
        assert_eq!(of(&store, "f").callers, []);
        assert_eq!(trace.import_edges().count(), 1);
    }

    #[test]
    fn tests_are_removed_and_put_in_order() {
        let (_dir, mut store) = store();
        let records: Vec<_> =
            ["a", "b", "c"].iter().zip(0..).map(|(id, at)| record(id, at, &[], &[], &[])).collect();
        store.put_tests(&records).unwrap();
        store.remove_tests(&[TestId::new("b"), TestId::new("unknown")]).unwrap();
        store.set_order(&[TestId::new("c"), TestId::new("new"), TestId::new("a")]).unwrap();
        assert_eq!(store.next_fork().unwrap(), 3);
        let ids: Vec<_> = store.tests().unwrap().into_iter().map(|t| (t.id, t.position)).collect();
        assert_eq!(ids, [(TestId::new("c"), 0), (TestId::new("a"), 2)]);
    }

    #[test]
    fn another_environment_drops_the_trace() {
        let (_dir, mut store) = store();
        let env = EnvKey("3.13".into());
        assert!(!store.set_env(&env, "").unwrap());
        let one = record("one", 0, &[("a.py", &[1])], &["f"], &[("t", "f")]);
        store.put_tests(std::slice::from_ref(&one)).unwrap();
        store.put_import_trace(&import_trace()).unwrap();
        assert!(store.set_env(&env, "").unwrap());
        assert_eq!(store.import_trace().unwrap(), Some(import_trace()));
        assert!(!store.set_env(&EnvKey("3.12".into()), "").unwrap());
        assert_eq!(store.env().unwrap(), Some(EnvKey("3.12".into())));
        assert_eq!(store.tests().unwrap(), []);
        assert_eq!(store.import_trace().unwrap(), None);
        store.put_tests(std::slice::from_ref(&one)).unwrap();
        assert_eq!(of(&store, "f").tests, [one.summary.id]);
    }

    #[test]
    fn a_set_without_its_row_is_an_error() {
        let (_dir, mut store) = store();
        store.put_tests(&[record("one", 0, &[("a.py", &[1])], &["f"], &[])]).unwrap();
        store.connection.execute("DELETE FROM coverage", []).unwrap();
        let error = store.load_trace().unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }));
    }

    #[test]
    fn callers_come_nearest_first_with_what_they_reach() {
        let (_dir, mut store) = store();
        let edges = [("t", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("z", "c"), ("q", "f")];
        store.put_tests(&[record("one", 0, &[], &["a", "b", "c"], &edges)]).unwrap();
        let changed = BTreeSet::from([function("c"), function("f"), function("unknown")]);
        let scope = store.scope_of(&changed, None).unwrap();
        let told = |callers: &[StoredCaller]| -> Vec<String> {
            let told = |caller: &StoredCaller| {
                let StoredCaller { function, distance, reaches } = caller;
                format!("{} {distance} {}", function.name, reaches.name)
            };
            callers.iter().map(told).collect()
        };
        assert_eq!(told(&scope.callers), ["b 1 c", "q 1 f", "z 1 c", "a 2 c"]);
        let near = store.scope_of(&changed, Some(1)).unwrap();
        assert_eq!(told(&near.callers), ["b 1 c", "q 1 f", "z 1 c"]);
        assert_eq!(near.functions, scope.functions);
        assert!(store.is_traced(&function("f")).unwrap());
        assert!(!store.is_traced(&function("unknown")).unwrap());
        assert_eq!(store.traced_functions().unwrap().len(), 7);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn tests_are_found_by_lines_and_functions_as_the_records_say(
            tests in vec((vec((0..3_u32, vec(1..12_u32, 0..6)), 0..3), vec(0..4_u32, 0..3)), 0..6),
            first in 1..12_u32, length in 0..4_u32,
        ) {
            let (_dir, mut store) = store();
            let records: Vec<_> = tests.iter().zip(0..).map(|((files, functions), at)| {
                let mut one = record(&format!("t{at}"), at, &[], &[], &[]);
                for (file, numbers) in files {
                    let mut numbers = numbers.clone();
                    numbers.sort_unstable();
                    numbers.dedup();
                    one.lines.insert(RepoPath::new(format!("{file}.py")), lines(&numbers));
                }
                one.entered = functions.iter().map(|f| function(&format!("f{f}"))).collect();
                one
            }).collect();
            store.put_tests(&records).unwrap();
            let trace = store.load_trace().unwrap();
            let named = |found: Vec<usize>| -> Vec<TestId> {
                found.into_iter().map(|at| trace.tests()[at].summary.id.clone()).collect()
            };
            for file in 0..3 {
                let path = RepoPath::new(format!("{file}.py"));
                let wanted = range(first, first + length);
                let expected: Vec<_> = records.iter().filter(|record| {
                    let lines = record.lines.get(&path);
                    lines.is_some_and(|lines| lines.iter().any(|&line| wanted.contains(line)))
                }).map(|record| record.summary.id.clone()).collect();
                prop_assert_eq!(named(trace.tests_reaching(&path, wanted)), expected);
                let name = format!("f{file}");
                let expected: Vec<_> = records.iter()
                    .filter(|record| record.entered.contains(&function(&name)))
                    .map(|record| record.summary.id.clone()).collect();
                prop_assert_eq!(&of(&store, &name).tests, &expected);
                prop_assert_eq!(named(trace.tests_entering(&function(&name))), expected);
            }
        }

        #[test]
        fn the_index_answers_as_the_loaded_trace_does(
            tests in vec((vec(0..150_u32, 0..8), vec((0..150_u32, 0..150_u32), 0..30)), 0..6),
            gone in vec(0..6_u32, 0..2), changed in vec(0..150_u32, 1..4), depth in 0..5_u32,
        ) {
            let (_dir, mut store) = store();
            let name = |number: &u32| format!("f{number}");
            let records: Vec<_> = tests.iter().zip(0..).map(|((entered, edges), at)| {
                let mut one = record(&format!("t{at}"), at, &[], &[], &[]);
                one.summary.function = Some(function("f149"));
                one.entered = entered.iter().map(|f| function(&name(f))).collect();
                one.edges = edges.iter().map(|(a, b)| (function(&name(a)), function(&name(b)))).collect();
                one
            }).collect();
            store.put_tests(&records).unwrap();
            store.index().unwrap();
            store.remove_tests(&gone.iter().map(|at| TestId::new(format!("t{at}"))).collect::<Vec<_>>())
                .unwrap();
            let changed: BTreeSet<FunctionKey> = changed.iter().map(|f| function(&name(f))).collect();
            let depth = (depth > 0).then_some(depth);
            let without = store.scope_of(&changed, depth).unwrap();
            store.index().unwrap();
            let scope = store.scope_of(&changed, depth).unwrap();
            prop_assert_eq!(&without, &scope);

            let trace = store.load_trace().unwrap();
            let graph = trace.call_graph();
            let callers = graph.transitive_callers(&changed, depth);
            let mut told = callers.clone();
            if !scope.tests.is_empty() {
                told.remove(&function("f149"));
            }
            let found = scope.callers.iter().map(|caller| {
                (caller.function.clone(), (caller.distance, caller.reaches.clone()))
            });
            prop_assert_eq!(&found.collect::<std::collections::BTreeMap<_, _>>(), &told);
            let inside = changed.iter().chain(callers.keys());
            let tests: BTreeSet<usize> = inside.flat_map(|key| trace.tests_entering(key)).collect();
            let tests: Vec<TestId> =
                tests.into_iter().map(|at| trace.tests()[at].summary.id.clone()).collect();
            prop_assert_eq!(scope.tests, tests);
            prop_assert_eq!(store.counts().unwrap().edges as usize, graph.edges().count());
        }
    }
}
