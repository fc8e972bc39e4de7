//! Verdicts on their way out of the store and into it.
//!
//! Invariant: a verdict is taken from the store only if all that it rests on is as it was; one that
//! is not sure to come out again, or rests on nothing that is known, is not kept.

use super::LabError;
use super::deciding::Decision;
use super::planning::{Foundations, Planned};
use crate::model::Verdict;
use crate::store::{Basis, Store, StoredVerdict};

/// The newest stored verdict whose foundation is the present one.
pub(super) fn standing(
    store: &Store,
    planned: &Planned,
    foundations: &Foundations,
) -> Result<Option<StoredVerdict>, LabError> {
    let stands = |verdict: &Verdict, basis: &Basis| {
        foundations.basis(planned, verdict).is_some_and(|present| present == *basis)
    };
    Ok(store.verdict_that(&planned.mutant.id, stands)?)
}

/// The decision that such a verdict stands for.
pub(super) fn reusable(
    store: &Store,
    planned: &Planned,
    foundations: &Foundations,
) -> Result<Option<Decision>, LabError> {
    Ok(standing(store, planned, foundations)?.map(|stored| Decision {
        verdict: stored.verdict,
        tests: stored.tests,
        milliseconds: stored.milliseconds,
        flaky: Vec::new(),
        code: stored.code,
    }))
}

/// A decision as it is kept; `None` for one that is not.
pub(super) fn stored(
    planned: &Planned,
    foundations: &Foundations,
    decision: &Decision,
) -> Option<StoredVerdict> {
    if !decision.verdict.is_decided() || !decision.flaky.is_empty() {
        return None;
    }
    Some(StoredVerdict {
        id: planned.mutant.id.clone(),
        basis: foundations.basis(planned, &decision.verdict)?,
        verdict: decision.verdict.clone(),
        tests: decision.tests.clone(),
        milliseconds: decision.milliseconds,
        original: planned.mutant.original.clone(),
        replacement: planned.mutant.replacement.clone(),
        code: decision.code.clone(),
        recorded_at: StoredVerdict::now(),
    })
}
