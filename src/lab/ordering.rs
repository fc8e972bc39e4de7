//! The order of the tests, where only some files were collected.
//!
//! Invariant: tests of one file stand in the order in which they were collected; files keep their places,
//! and a new one stands behind those whose paths come before its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::LabError;
use super::collecting::Extent;
use super::subject::Subject;
use super::warm::Warm;
use crate::model::{RepoPath, TestId};
use crate::store::{Store, StoredTrace};

/// All tests, those that were collected and those that are known.
#[derive(Debug)]
pub(super) struct Order {
    positions: HashMap<TestId, u32>,
    /// In order.
    all: Vec<TestId>,
}

impl Order {
    /// After a collection.
    pub(super) fn of(warm: &Warm, extent: &Extent, stored: &StoredTrace) -> Self {
        let mut collected: BTreeMap<Option<&RepoPath>, Vec<TestId>> = BTreeMap::new();
        let mut all: Vec<TestId> = Vec::new();
        for (id, file, _) in &warm.collected.collected {
            let id = TestId::new(id);
            match extent {
                Extent::Whole(_) => all.push(id),
                Extent::Part(_) => {
                    let path = file.and_then(|file| warm.files.get(file));
                    collected.entry(path).or_default().push(id);
                }
            }
        }
        if let Extent::Part(_) = extent {
            let files: BTreeSet<&RepoPath> = warm.asked().collect();
            all = merged(stored, &files, collected);
        }
        let positions = all.iter().cloned().zip(0..).collect();
        Self { positions, all }
    }

    /// Where a test stands.
    pub(super) fn position(&self, id: &str) -> u32 {
        self.positions.get(&TestId::new(id)).copied().unwrap_or(u32::MAX)
    }

    /// Forgets known tests that are no more, and puts the others in order.
    pub(super) fn settle(
        &self,
        store: &mut Store,
        stored: &StoredTrace,
        subject: &Subject,
    ) -> Result<(), LabError> {
        let is_there = |path: Option<&RepoPath>| path.is_none_or(|p| subject.files.contains_key(p));
        let mut gone: Vec<TestId> = Vec::new();
        let mut moved = false;
        for test in stored.tests() {
            let summary = &test.summary;
            match self.positions.get(&summary.id) {
                Some(position) if is_there(summary.path.as_ref()) => {
                    moved |= *position != summary.position;
                }
                _ => gone.push(summary.id.clone()),
            }
        }
        if !gone.is_empty() {
            store.remove_tests(&gone)?;
        }
        if moved {
            store.set_order(&self.all)?;
        }
        Ok(())
    }
}

/// The known tests, with those of `files` as they were collected now.
fn merged<'t>(
    stored: &'t StoredTrace,
    files: &BTreeSet<&RepoPath>,
    mut collected: BTreeMap<Option<&'t RepoPath>, Vec<TestId>>,
) -> Vec<TestId> {
    let mut all: Vec<TestId> = Vec::new();
    let known: BTreeSet<&RepoPath> =
        stored.tests().iter().filter_map(|test| test.summary.path.as_ref()).collect();
    let new: Vec<&RepoPath> = collected.keys().flatten().copied().collect();
    let mut new = new.into_iter().filter(|path| !known.contains(path)).peekable();
    for test in stored.tests() {
        let path = test.summary.path.as_ref();
        while let Some(before) = new.next_if(|new| path.is_some_and(|path| *new < path)) {
            all.extend(collected.remove(&Some(before)).unwrap_or_default());
        }
        if path.is_none_or(|path| files.contains(path)) {
            all.extend(collected.remove(&path).unwrap_or_default());
        } else {
            all.push(test.summary.id.clone());
        }
    }
    all.extend(collected.into_values().flatten());
    all
}
