//! The tests that change places which other runs of them would change too: files of a fixed name,
//! databases, ports.
//!
//! Invariant: a test is among them if its latest trace saw it do so, or saw it die.

use std::collections::BTreeSet;

use super::LabError;
use crate::model::TestId;
use crate::store::{Store, StoredTrace};

/// The note of the store that names them.
const NOTE: &str = "writers";
/// The note of the store that names the tests whose latest trace did not look: it was made one
/// test at a time.
const UNWATCHED: &str = "unwatched_tests";

/// Their positions in the stored trace. They wait for one another.
pub(super) fn writers(store: &Store, trace: &StoredTrace) -> Result<BTreeSet<usize>, LabError> {
    let named = named(store, NOTE)?;
    let tests = (0..).zip(trace.tests());
    Ok(tests.filter(|(_, test)| named.contains(&test.summary.id)).map(|(at, _)| at).collect())
}

/// The tests of which it is not known.
pub(super) fn unwatched(store: &Store) -> Result<BTreeSet<TestId>, LabError> {
    named(store, UNWATCHED)
}

/// Forgets what was known of the tests that were `traced`, of which `found` are among them;
/// `watched` says whether the trace looked.
pub(super) fn replace(
    store: &mut Store,
    traced: &BTreeSet<&TestId>,
    found: impl Iterator<Item = TestId>,
    watched: bool,
) -> Result<(), LabError> {
    let mut writers = named(store, NOTE)?;
    writers.retain(|id| !traced.contains(id));
    writers.extend(found);
    put(store, NOTE, &writers)?;
    let mut unwatched = named(store, UNWATCHED)?;
    unwatched.retain(|id| !traced.contains(id));
    if !watched {
        unwatched.extend(traced.iter().map(|&id| id.clone()));
    }
    put(store, UNWATCHED, &unwatched)
}

fn put(store: &mut Store, note: &str, tests: &BTreeSet<TestId>) -> Result<(), LabError> {
    let ids: Vec<&str> = tests.iter().map(TestId::as_str).collect();
    store.put_note(note, serde_json::json!(ids).to_string().as_bytes())?;
    Ok(())
}

fn named(store: &Store, note: &str) -> Result<BTreeSet<TestId>, LabError> {
    let text = store.note(note)?.unwrap_or_default();
    let ids: Vec<String> = serde_json::from_slice(&text).unwrap_or_default();
    Ok(ids.into_iter().map(TestId::new).collect())
}
