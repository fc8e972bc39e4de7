//! The trace in memory, for a run that asks much of it.
//!
//! Invariant: names and sets are held once and referred to by number; tests stand in the order
//! of collection.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use super::error::Fault;
use super::reach::Reach;
use super::trace::TestSummary;
use crate::model::{
    CallGraph, FunctionKey, FunctionTable, LineNo, Lists, QuickMap, RepoPath, TestId,
};

/// A test of a [`StoredTrace`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTest {
    /// All but what it reached.
    pub summary: TestSummary,
    pub(super) coverage: u32,
    pub(super) entered: u32,
    pub(super) edges: u32,
}

/// All that is known of all tests.
#[derive(Debug, Default)]
pub struct StoredTrace {
    pub(super) tests: Vec<StoredTest>,
    pub(super) by_id: QuickMap<TestId, usize>,
    pub(super) functions: Arc<FunctionTable>,
    pub(super) line_sets: Table<(RepoPath, Vec<LineNo>)>,
    pub(super) coverages: Table<Vec<u32>>,
    pub(super) function_sets: Table<Vec<u32>>,
    pub(super) edge_sets: Table<Vec<(u32, u32)>>,
    pub(super) import_edges: Option<u32>,
    pub(super) reach: OnceLock<Reach>,
    pub(super) enter: OnceLock<Lists>,
}

/// Values by their number in the database.
#[derive(Debug)]
pub(super) struct Table<T>(pub(super) Vec<Option<T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Table<T> {
    pub(super) fn put(&mut self, id: u32, value: T) {
        let at = id as usize;
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        self.0[at] = Some(value);
    }

    pub(super) fn get(&self, id: u32) -> Option<&T> {
        self.0.get(id as usize)?.as_ref()
    }

    pub(super) fn has(&self, id: u32) -> Result<(), Fault> {
        self.get(id).map(|_| ()).ok_or(MISSING)
    }
}

/// A number without its row.
pub(super) const MISSING: Fault = Fault::Malformed("a set or a name is missing");

impl StoredTrace {
    /// The tests, in the order of collection.
    pub fn tests(&self) -> &[StoredTest] {
        &self.tests
    }

    /// Where a test stands among [`StoredTrace::tests`].
    pub fn position(&self, test: &TestId) -> Option<usize> {
        self.by_id.get(test).copied()
    }

    /// The test of that id.
    pub fn test(&self, id: &TestId) -> Option<&StoredTest> {
        self.position(id).map(|at| &self.tests[at])
    }

    /// The lines that a test reached, by file.
    pub fn lines<'a>(
        &'a self,
        test: &StoredTest,
    ) -> impl Iterator<Item = (&'a RepoPath, &'a [LineNo])> {
        let sets = self.coverages.get(test.coverage).into_iter().flatten();
        sets.filter_map(|&set| self.line_sets.get(set)).map(|(path, lines)| (path, &lines[..]))
    }

    /// The functions that a test entered.
    pub fn entered<'a>(&'a self, test: &StoredTest) -> impl Iterator<Item = &'a FunctionKey> {
        let set = self.function_sets.get(test.entered).into_iter().flatten();
        set.filter_map(|&function| self.functions.get(function))
    }

    /// The edges that a test saw.
    pub fn edges<'a>(
        &'a self,
        test: &StoredTest,
    ) -> impl Iterator<Item = (&'a FunctionKey, &'a FunctionKey)> {
        self.edge_set(test.edges)
    }

    /// The edges that the imports saw.
    pub fn import_edges(&self) -> impl Iterator<Item = (&FunctionKey, &FunctionKey)> {
        self.import_edges.into_iter().flat_map(|set| self.edge_set(set))
    }

    fn edge_set(&self, set: u32) -> impl Iterator<Item = (&FunctionKey, &FunctionKey)> {
        let pairs = self.edge_sets.get(set).into_iter().flatten();
        pairs.filter_map(|&(a, b)| Some((self.functions.get(a)?, self.functions.get(b)?)))
    }

    /// All edges, those of the imports included.
    pub fn call_graph(&self) -> CallGraph {
        let sets: HashSet<u32> =
            self.tests.iter().map(|test| test.edges).chain(self.import_edges).collect();
        let pairs = sets.iter().filter_map(|&set| self.edge_sets.get(set)).flatten().copied();
        CallGraph::between(Arc::clone(&self.functions), pairs.collect())
    }
}
