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

/// Their positions in the stored trace. They wait for one another.
pub(super) fn writers(store: &Store, trace: &StoredTrace) -> Result<BTreeSet<usize>, LabError> {
    let named = named(store)?;
    let tests = (0..).zip(trace.tests());
    Ok(tests.filter(|(_, test)| named.contains(&test.summary.id)).map(|(at, _)| at).collect())
}

/// Forgets what was known of the tests that were `traced`, of which `found` are among them.
pub(super) fn replace(
    store: &mut Store,
    traced: &BTreeSet<&TestId>,
    found: impl Iterator<Item = TestId>,
) -> Result<(), LabError> {
    let mut named = named(store)?;
    named.retain(|id| !traced.contains(id));
    named.extend(found);
    let ids: Vec<&str> = named.iter().map(TestId::as_str).collect();
    store.put_note(NOTE, serde_json::json!(ids).to_string().as_bytes())?;
    Ok(())
}

fn named(store: &Store) -> Result<BTreeSet<TestId>, LabError> {
    let text = store.note(NOTE)?.unwrap_or_default();
    let ids: Vec<String> = serde_json::from_slice(&text).unwrap_or_default();
    Ok(ids.into_iter().map(TestId::new).collect())
}
