//! What the tests did at the base of the change, as far as the store knows.
//!
//! Invariant: a record counts for the base if what it entered has the base's fingerprints; of a test
//! that was there and has no such record, all that is known counts. Files that moved since have
//! their new names.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::basis::code_digest;
use super::change::Change;
use super::scoping::Known;
use super::subject::Subject;
use crate::model::{CallGraph, Fingerprint, FunctionKey, RepoPath, TestId, TestOutcome};
use crate::store::{PastTest, ReachDigest, StoredTest};

/// What a test did at the base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BaseTest {
    /// The file that held it.
    pub path: Option<RepoPath>,
    /// The test function.
    pub function: Option<FunctionKey>,
    /// The functions that it entered.
    pub entered: BTreeSet<FunctionKey>,
    /// Whether that is known, and not only what it entered in other states of the code.
    pub is_known: bool,
    /// Whether what selects tests beside the code was then as it is now.
    pub selected_alike: bool,
    edges: BTreeSet<(FunctionKey, FunctionKey)>,
}

/// Tests whose record of the base is not the present one.
#[derive(Debug, Default)]
pub(super) struct BaseTests {
    tests: BTreeMap<TestId, BaseTest>,
}

impl BaseTests {
    /// Finds them.
    pub(super) fn find(subject: &Subject, change: &Change, known: &Known) -> Self {
        let mut found = Self::default();
        if known.past.is_empty() {
            return found;
        }
        let at_base = at_base(subject, change);
        let mut by_test: BTreeMap<&TestId, Vec<&PastTest>> = BTreeMap::new();
        for test in &known.past {
            by_test.entry(&test.id).or_default().push(test);
        }
        for (id, past) in by_test {
            // Several, where they differ in what is no code: arguments, text of doctests.
            let mut counting: Vec<&&PastTest> = past
                .iter()
                .filter(|test| {
                    let reached = test.entered.iter().chain(&test.function);
                    code_digest(reached, true, at_base) == test.code
                })
                .collect();
            let mut test = BaseTest {
                is_known: !counting.is_empty(),
                selected_alike: counting.iter().any(|past| past.under == known.under),
                ..BaseTest::default()
            };
            if counting.is_empty() {
                let present = known.trace.test(id);
                if present.is_some_and(|test| code(known, test, at_base) == test.summary.code) {
                    continue;
                }
                // A test that came and went on the way here was not at the base.
                let was_there = |test: &&&PastTest| {
                    test.function.as_ref().is_none_or(|key| at_base(key).is_some())
                };
                counting = past.iter().filter(was_there).collect();
            }
            for past in counting {
                test.path = past.path.as_ref().map(|path| change.now_at(path).clone());
                test.function = past.function.as_ref().map(|key| renamed(change, key));
                test.entered.extend(past.entered.iter().map(|key| renamed(change, key)));
                let edges = past.edges.iter();
                test.edges.extend(edges.map(|(a, b)| (renamed(change, a), renamed(change, b))));
            }
            if !test.entered.is_empty() || test.function.is_some() {
                found.tests.insert(id.clone(), test);
            }
        }
        found
    }

    /// What a test did, where that is not what its present record says.
    pub(super) fn get(&self, id: &TestId) -> Option<&BaseTest> {
        self.tests.get(id)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// The tests, by id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&TestId, &BaseTest)> {
        self.tests.iter()
    }

    /// The calls of the present with those of the base.
    pub(super) fn graph<'g>(&self, change: &Change, present: &'g CallGraph) -> Cow<'g, CallGraph> {
        if !change.moves_files() && self.tests.is_empty() {
            return Cow::Borrowed(present);
        }
        let mut graph = if change.moves_files() {
            let mut graph = CallGraph::default();
            for (caller, callee) in present.edges() {
                graph.add(renamed(change, caller), renamed(change, callee));
            }
            graph
        } else {
            present.clone()
        };
        for (caller, callee) in self.tests.values().flat_map(|test| &test.edges) {
            graph.add(caller.clone(), callee.clone());
        }
        Cow::Owned(graph)
    }
}

/// Whether the present record of a test tells what it did at the base.
pub(super) fn is_of_base(
    subject: &Subject,
    change: &Change,
    known: &Known,
    test: &StoredTest,
) -> bool {
    let at_base = at_base(subject, change);
    // What is skipped enters nothing, and may have done so by code that has no fingerprint.
    test.summary.outcome == TestOutcome::Passed && code(known, test, at_base) == test.summary.code
}

/// The fingerprints that functions had at the base.
fn at_base<'s>(
    subject: &'s Subject,
    change: &'s Change,
) -> impl Fn(&FunctionKey) -> Option<Fingerprint> + Copy + 's {
    |key| match change.fingerprint_at_base(key) {
        Some(known) => known,
        None => subject.function(key).map(|function| function.fingerprint),
    }
}

fn code(
    known: &Known,
    test: &StoredTest,
    fingerprint: impl Fn(&FunctionKey) -> Option<Fingerprint>,
) -> ReachDigest {
    code_digest(known.trace.entered(test).chain(&test.summary.function), true, fingerprint)
}

/// A function of the base under the name that its file has now.
pub(super) fn renamed(change: &Change, key: &FunctionKey) -> FunctionKey {
    FunctionKey::new(change.now_at(&key.path).clone(), key.name.clone())
}
