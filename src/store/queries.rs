//! Questions to the trace that need not load it.
//!
//! Invariant: the answers are those that the loaded trace gives.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::encoding::Reader;
use super::error::Fault;
use super::load::{each_set, functions, import_edges, summaries};
use super::trace::TestSummary;
use super::{Store, StoreError};
use crate::model::{CallGraph, FunctionKey, LineRange, RepoPath, TestId};

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

    /// The tests that reach one of `lines`, in the order of collection.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn tests_reaching(
        &self,
        path: &RepoPath,
        lines: LineRange,
    ) -> Result<Vec<TestId>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT s.id, s.data FROM line_set s JOIN path p ON p.id = s.path
                 WHERE p.path = ?",
            )?;
            let mut rows = select.query([path.as_str()])?;
            let mut line_sets: HashSet<u32> = HashSet::new();
            while let Some(row) = rows.next()? {
                let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                if Reader(data).lines()?.into_iter().any(|line| lines.contains(line)) {
                    line_sets.insert(row.get(0)?);
                }
            }
            let summaries = summaries(connection)?;
            let all = summaries.iter().map(|(_, [coverage, ..])| *coverage).collect();
            let mut coverages: HashSet<u32> = HashSet::new();
            each_set(connection, "coverage", &all, |id, data| {
                if Reader(data).ids()?.iter().any(|set| line_sets.contains(set)) {
                    coverages.insert(id);
                }
                Ok(())
            })?;
            let reaching = summaries
                .into_iter()
                .filter(|(_, [coverage, ..])| coverages.contains(coverage))
                .map(|(summary, _)| summary.id);
            Ok(reaching.collect())
        })
    }

    /// The tests that enter a function, in the order of collection.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn tests_entering(&self, function: &FunctionKey) -> Result<Vec<TestId>, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT f.id FROM function f JOIN path p ON p.id = f.path
                 WHERE p.path = ? AND f.name = ?",
            )?;
            let names = [function.path.as_str(), function.name.as_str()];
            let Some(id) = select.query_row(names, |row| row.get::<_, u32>(0)).optional()? else {
                return Ok(Vec::new());
            };
            let summaries = summaries(connection)?;
            let all = summaries.iter().map(|(_, [_, entered, _])| *entered).collect();
            let mut sets: HashSet<u32> = HashSet::new();
            each_set(connection, "function_set", &all, |set, data| {
                if Reader(data).ids()?.binary_search(&id).is_ok() {
                    sets.insert(set);
                }
                Ok(())
            })?;
            let entering = summaries
                .into_iter()
                .filter(|(_, [_, entered, _])| sets.contains(entered))
                .map(|(summary, _)| summary.id);
            Ok(entering.collect())
        })
    }

    /// All edges, those of the imports included.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn edges(&self) -> Result<CallGraph, StoreError> {
        self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT DISTINCT edges FROM test")?;
            let mut used =
                select.query_map([], |row| row.get(0))?.collect::<Result<HashSet<u32>, _>>()?;
            used.extend(import_edges(connection)?);
            let mut pairs: Vec<(u32, u32)> = Vec::new();
            each_set(connection, "edge_set", &used, |_, data| {
                pairs.extend(Reader(data).pairs()?);
                Ok(())
            })?;
            let functions = functions(connection)?;
            if pairs.iter().any(|&(a, b)| functions.get(a).is_none() || functions.get(b).is_none())
            {
                return Err(Fault::Malformed("an edge has no name"));
            }
            Ok(CallGraph::between(Arc::new(functions), pairs))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LineNo, TestOutcome};
    use crate::store::testing::{function, import_trace, lines, record, store};
    use crate::store::{EdgeOwner, EnvKey, ReachDigest};
    use proptest::collection::vec;
    use proptest::prelude::*;

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
        let graph = store.edges().unwrap();
        let edges: Vec<_> = graph.edges().map(|(a, b)| (a.clone(), b.clone())).collect();
        assert_eq!(edges, [(function("t"), function("f")), (function("t"), function("h"))]);
        let path = RepoPath::new("a.py");
        assert_eq!(store.tests_reaching(&path, range(1, 1)).unwrap(), [TestId::new("two")]);
        assert_eq!(store.tests_entering(&function("f")).unwrap(), [TestId::new("two")]);
        assert_eq!(store.tests_entering(&function("h")).unwrap(), [TestId::new("one")]);
        assert_eq!(store.tests_entering(&function("nowhere")).unwrap(), []);
    }

    #[test]
    fn edges_can_be_put_apart() {
        let (_dir, mut store) = store();
        store.put_tests(&[record("one", 0, &[], &[], &[("t", "f")])]).unwrap();
        store.put_edges(&EdgeOwner::Import, &[(function("m"), function("d"))]).unwrap();
        let test = EdgeOwner::Test(TestId::new("one"));
        store.put_edges(&test, &[(function("t"), function("g"))]).unwrap();
        let graph = store.edges().unwrap();
        assert_eq!(graph.callers(&function("d")).collect::<Vec<_>>(), [&function("m")]);
        assert_eq!(graph.callers(&function("f")).count(), 0);
        let trace = store.load_trace().unwrap();
        assert_eq!(trace.call_graph(), graph);
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
        let path = RepoPath::new("a.py");
        assert_eq!(store.tests_reaching(&path, range(1, 9)).unwrap(), [one.summary.id]);
    }

    #[test]
    fn a_set_without_its_row_is_an_error() {
        let (_dir, mut store) = store();
        store.put_tests(&[record("one", 0, &[("a.py", &[1])], &["f"], &[])]).unwrap();
        store.connection.execute("DELETE FROM coverage", []).unwrap();
        let error = store.load_trace().unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn both_ways_of_asking_agree_with_the_records(
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
                prop_assert_eq!(&store.tests_reaching(&path, wanted).unwrap(), &expected);
                prop_assert_eq!(named(trace.tests_reaching(&path, wanted)), expected);
                let key = function(&format!("f{file}"));
                let expected: Vec<_> = records.iter().filter(|record| record.entered.contains(&key))
                    .map(|record| record.summary.id.clone()).collect();
                prop_assert_eq!(&store.tests_entering(&key).unwrap(), &expected);
                prop_assert_eq!(named(trace.tests_entering(&key)), expected);
            }
        }
    }
}
