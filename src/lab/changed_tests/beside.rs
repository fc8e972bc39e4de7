//! Files beside the code of which nobody knows what their tests did at the base.
//!
//! Invariant: an example that is new was not at the base, so nothing of it is unknown.

use std::collections::BTreeSet;

use crate::lab::base_tests::BaseTests;
use crate::lab::beside_code::{is_doctest_of, is_text_test};
use crate::lab::change::Change;
use crate::lab::scoping::Known;
use crate::model::{RepoPath, TestId};

/// Files with changed examples or settings, where nobody knows what their tests did at the base.
pub(super) fn unknown_beside(
    change: &Change,
    known: &Known,
    base: &BaseTests,
) -> BTreeSet<RepoPath> {
    let beside = &change.beside;
    let mut unknown = BTreeSet::new();
    if known.is_base_recorded {
        return unknown;
    }
    let known_at_base =
        |is_it: &dyn Fn(&TestId) -> bool| base.iter().any(|(id, test)| test.is_known && is_it(id));
    for key in &beside.docstrings {
        let had_examples = change.base_side(&key.path).is_some_and(|side| {
            side.module.functions().iter().any(|f| f.key.name == key.name && f.doctest.is_some())
        });
        if had_examples && !known_at_base(&|id| is_doctest_of(id, key)) {
            unknown.insert(key.path.clone());
        }
    }
    for (text, had_examples) in &beside.texts {
        if *had_examples && !known_at_base(&|id| is_text_test(id, text)) {
            unknown.insert(text.clone());
        }
    }
    if !base.iter().any(|(_, test)| test.is_known) {
        unknown.extend(beside.settings.iter().cloned());
    }
    unknown
}
