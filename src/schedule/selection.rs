//! The tests that decide a mutant.
//!
//! Invariant: no test that could notice a hot mutant is left out: those that reach its lines, and
//! those whose view of the lines may have been hidden by a cache that a test before them in the
//! same traced process had warmed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{CallGraph, FunctionKey, LineRange, RepoPath};
use crate::store::StoredTrace;

/// The tests that decide a mutant, by what is known of them; each in collection order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deciding {
    /// Seen to reach the mutant's lines.
    pub reaching: Vec<usize>,
    /// May reach them when they run alone.
    pub hidden: Vec<usize>,
}

/// Answers which tests reach a place, over one stored trace.
#[derive(Debug)]
pub struct Selection<'t> {
    trace: &'t StoredTrace,
    graph: &'t CallGraph,
    /// Tests by the fork that they were traced in, for forks that several tests shared.
    shared: BTreeMap<u32, Vec<usize>>,
}

impl<'t> Selection<'t> {
    /// Prepares for a trace and its call graph.
    pub fn new(trace: &'t StoredTrace, graph: &'t CallGraph) -> Self {
        let mut forks: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (number, test) in trace.tests().iter().enumerate() {
            forks.entry(test.summary.fork).or_default().push(number);
        }
        forks.retain(|_, tests| tests.len() > 1);
        Self { trace, graph, shared: forks }
    }

    /// Positions of the tests that decide a mutant of `function` on `lines`.
    pub fn tests_for(&self, path: &RepoPath, lines: LineRange, function: &FunctionKey) -> Deciding {
        let tests: BTreeSet<usize> = self.trace.tests_reaching(path, lines).into_iter().collect();
        let mut hidden: BTreeSet<usize> = BTreeSet::new();
        let forks: BTreeSet<u32> = tests
            .iter()
            .map(|&test| self.trace.tests()[test].summary.fork)
            .filter(|fork| self.shared.contains_key(fork))
            .collect();
        if !forks.is_empty() {
            let roots = BTreeSet::from([function.clone()]);
            let callers = self.graph.transitive_callers(&roots, None);
            let mut candidates: BTreeSet<usize> = BTreeSet::new();
            for caller in callers.keys().chain(&roots) {
                candidates.extend(self.trace.tests_entering(caller));
            }
            let siblings = forks.iter().flat_map(|fork| &self.shared[fork]).copied();
            hidden
                .extend(siblings.filter(|test| candidates.contains(test) && !tests.contains(test)));
        }
        Deciding { reaching: tests.into_iter().collect(), hidden: hidden.into_iter().collect() }
    }
}
