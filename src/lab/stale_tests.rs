//! Which tests must be traced again.
//!
//! Invariant: the record of a test that is not named here is what a trace of it would yield now.

use std::collections::{BTreeSet, HashSet};

use super::basis::Digests;
use super::collecting::Extent;
use super::resolving::Resolved;
use super::warm::Warm;
use super::{LabError, writers};
use crate::config::Options;
use crate::model::{FunctionKey, RepoPath, TestId};
use crate::store::{Store, StoredTest, StoredTrace, TestSummary};

/// The note of the highest limit of memory that a stored test was traced under.
pub(super) const HIGHEST: &str = "memory limit";

/// That limit.
pub(super) fn highest_limit(store: &Store) -> Result<Option<u64>, LabError> {
    let note = store.note(HIGHEST)?;
    Ok(note.and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?))))
}

/// Whether every test has to be traced again: one that passed under a higher limit of memory has not
/// shown that it passes now.
pub(super) fn all_again(options: &Options, store: &Store) -> Result<bool, LabError> {
    Ok(highest_limit(store)?.is_some_and(|highest| options.memory_limit < highest))
}

/// The tests that must be traced, among those that were collected.
pub(super) fn stale_tests(
    options: &Options,
    store: &Store,
    stored: &StoredTrace,
    digests: &mut Digests,
    (tests, warmed): (&[TestSummary], &BTreeSet<RepoPath>),
) -> Result<Vec<usize>, LabError> {
    let unwatched = unwatched(options, store)?;
    let all = all_again(options, store)?;
    let mut stale = Vec::new();
    for (number, test) in tests.iter().enumerate() {
        let holds = !all
            && stored.test(&test.id).is_some_and(|known| {
                known.summary.path == test.path
                    && holds(stored, known, digests, &unwatched)
                    && !test.path.as_ref().is_some_and(|path| digests.sees(path, warmed))
            });
        if !holds {
            stale.push(number);
        }
    }
    let loose = loose_forks(stored, tests, &stale);
    for (number, test) in tests.iter().enumerate() {
        if stored.test(&test.id).is_some_and(|known| loose.contains(&known.summary.fork)) {
            stale.push(number);
        }
    }
    stale.sort_unstable();
    stale.dedup();
    Ok(stale)
}

/// Files with functions that imports call now and did not before, or the other way round. What they
/// left in the process that all tests are forked from (a cache of C, that no edge tells of) hides
/// lines from tests that never imported the caller.
pub(super) fn warmed_otherwise(
    ran: &Resolved,
    stored: &StoredTrace,
    (warm, extent): (&Warm, &Extent),
) -> BTreeSet<RepoPath> {
    if stored.tests().is_empty() {
        return BTreeSet::new();
    }
    let now: BTreeSet<&(FunctionKey, FunctionKey)> = ran.edges.iter().collect();
    let loaded = warm.loaded();
    let is_comparable = |(caller, _): &(&FunctionKey, &FunctionKey)| {
        matches!(extent, Extent::Whole(_)) || loaded.contains(&caller.path)
    };
    let before: BTreeSet<(FunctionKey, FunctionKey)> = stored
        .import_edges()
        .filter(is_comparable)
        .map(|(caller, callee)| (caller.clone(), callee.clone()))
        .collect();
    let is_function = |(_, callee): &&(FunctionKey, FunctionKey)| !callee.name.is_body();
    let gone = before.iter().filter(|edge| !now.contains(edge));
    let come = now.iter().copied().filter(|edge| !before.contains(*edge));
    gone.chain(come).filter(is_function).map(|(_, callee)| callee.path.clone()).collect()
}

/// The forks of which a test is gone or is traced again. What it had warmed for the others (a cache of
/// C that no edge tells of) they may have to reach themselves now, so none of their records holds. A
/// fork has tests of one file, which is collected whole or not at all.
fn loose_forks(stored: &StoredTrace, tests: &[TestSummary], stale: &[usize]) -> BTreeSet<u32> {
    let present: HashSet<&TestId> = tests.iter().map(|test| &test.id).collect();
    let files: HashSet<&RepoPath> = tests.iter().filter_map(|test| test.path.as_ref()).collect();
    let is_gone = |test: &&StoredTest| {
        let path = test.summary.path.as_ref();
        path.is_some_and(|path| files.contains(path)) && !present.contains(&test.summary.id)
    };
    let again = stale.iter().filter_map(|&number| stored.test(&tests[number].id));
    let loose = stored.tests().iter().filter(is_gone).chain(again);
    loose.map(|test| test.summary.fork).collect()
}

/// Whether the record of a test is what a trace of it would yield.
pub(super) fn holds(
    stored: &StoredTrace,
    test: &StoredTest,
    digests: &mut Digests,
    unwatched: &BTreeSet<TestId>,
) -> bool {
    let summary = &test.summary;
    let entered = stored.entered(test).cloned();
    let path = summary.path.as_ref();
    let digest = digests.test(&summary.id, path, &summary.beyond, entered);
    digest == summary.digest && !summary.outcome.is_failure() && !unwatched.contains(&summary.id)
}

/// The tests whose trace did not look for what it has to look for.
pub(super) fn unwatched(options: &Options, store: &Store) -> Result<BTreeSet<TestId>, LabError> {
    if watched(options) { writers::unwatched(store) } else { Ok(BTreeSet::new()) }
}

/// Whether a trace looks for tests that another run of them would disturb: not where one test
/// runs at a time, since to look costs time.
pub(super) fn watched(options: &Options) -> bool {
    options.jobs.get() > 1
}
