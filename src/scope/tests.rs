//! Functions that changed tests enter: a weakened assertion is a change like any other.
//!
//! Invariant: a function is given one changed test, the first by id.

use std::collections::BTreeMap;

use super::ScopeInput;
use crate::model::{FunctionKey, TestId};

/// The functions that a changed test enters, each with that test.
pub(super) fn covered<'a>(input: &ScopeInput<'a>) -> BTreeMap<&'a FunctionKey, &'a TestId> {
    let mut covered = BTreeMap::new();
    for (test, entered) in input.changed_tests {
        for function in entered {
            covered.entry(function).or_insert(test);
        }
    }
    covered
}
