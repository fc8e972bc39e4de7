//! Functions that changed tests enter: a weakened assertion is a change like any other.
//!
//! Invariant: a function is given one changed test: one that is gone before one that is skipped, that
//! before one that changed otherwise, and a new one last; the first by id among equals.

use std::collections::BTreeMap;

use super::ScopeInput;
use crate::model::{FunctionKey, TestChange, TestId};

/// A changed test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedTest {
    /// What became of it.
    pub how: TestChange,
    /// The functions that it enters or entered at the base.
    pub entered: Vec<FunctionKey>,
}

/// The functions that a changed test enters, each with that test.
pub(super) fn covered<'a>(
    input: &ScopeInput<'a>,
) -> BTreeMap<&'a FunctionKey, (TestChange, &'a TestId)> {
    let mut tests: Vec<_> = input.changed_tests.iter().collect();
    tests.sort_by_key(|(id, test)| (test.how, *id));
    let mut covered = BTreeMap::new();
    for (id, test) in tests {
        for function in &test.entered {
            covered.entry(function).or_insert((test.how, id));
        }
    }
    covered
}
