//! The book of a run: what is known of each of its mutants, from the first look to the report.
//!
//! Invariant: of mutants that compile to the same code one is decided, and its verdict is that of the
//! others; a verdict that an earlier run found is never taken for one of this run.

use std::collections::{BTreeMap, BTreeSet};

use super::LabError;
use super::against::AgainstBase;
use super::alike;
use super::assembling::{Parts, decided, not_run};
use super::deciding::Decision;
use super::planning::{Foundations, Planned};
use super::run::Run;
use super::standing::{reusable, stored};
use super::subject::Subject;
use crate::model::{DecidedMutant, NotRunReason, Part, TestId, Verdict};
use crate::store::{Store, StoredVerdict};

/// What is known of the mutants of a plan. A mutant is a number: its place there.
pub(super) struct Book<'p> {
    /// The mutants.
    pub mutants: &'p [Planned],
    foundations: &'p Foundations,
    /// The decisions, and whether an earlier run made them.
    decisions: Vec<Option<(Decision, bool)>>,
    /// What each compiles to.
    digests: alike::Digests,
    /// The one that each is decided by: itself, or one that compiles to the same.
    stands: Vec<usize>,
}

impl<'p> Book<'p> {
    /// Opens the book with what needs no test: the mutants that a type checker `rejected`, those that
    /// nobody wants tested, and where `reuse` allows it those of which the store knows the verdict.
    pub(super) fn open(
        store: &Store,
        mutants: &'p [Planned],
        foundations: &'p Foundations,
        rejected: &BTreeMap<usize, String>,
        reuse: bool,
    ) -> Result<Self, LabError> {
        let mut decisions = Vec::with_capacity(mutants.len());
        for (number, planned) in mutants.iter().enumerate() {
            // Not kept: it rests on more than the tests' verdicts do, and is found anew each time.
            let refused =
                rejected.get(&number).map(|message| Verdict::Invalid { message: message.clone() });
            decisions.push(match refused.or_else(|| planned.suppressed()) {
                Some(verdict) => Some((given(verdict), false)),
                None if reuse => {
                    reusable(store, planned, foundations)?.map(|decision| (decision, true))
                }
                None => None,
            });
        }
        let digests = vec![None; mutants.len()];
        let stands = (0..mutants.len()).collect();
        Ok(Self { mutants, foundations, decisions, digests, stands })
    }

    /// Finds out what the mutants without a verdict compile to: the original's code is a verdict, and
    /// of those that are the same code one stands for the others where `fold` says so.
    pub(super) fn compare(
        &mut self,
        run: &Run<'_>,
        subject: &Subject,
        store: &mut Store,
        fold: bool,
    ) -> Result<(), LabError> {
        let known = |one: &Option<(Decision, bool)>| one.as_ref()?.0.code.clone();
        self.digests = self.decisions.iter().map(known).collect();
        let open: Vec<usize> = self.open_ones().collect();
        if !open.is_empty() {
            let mut equivalent = Vec::new();
            for (number, code) in alike::ask(run, subject, self.mutants, &open)? {
                self.digests[number] = Some(code.digest);
                if code.is_original {
                    equivalent.extend(self.put(number, given(Verdict::Equivalent)));
                }
            }
            store.put_verdicts(&equivalent)?;
        }
        if fold {
            self.stands = alike::folded(self.mutants, &self.digests);
        }
        self.share(store)
    }

    /// The mutants that have their turn: those without a verdict, and one of those that are alike.
    pub(super) fn todo(&self) -> Vec<usize> {
        let mut turns = BTreeSet::new();
        self.open_ones().filter(|&number| turns.insert(self.stands[number])).collect()
    }

    fn open_ones(&self) -> impl Iterator<Item = usize> {
        (0..self.mutants.len()).filter(|&number| self.decisions[number].is_none())
    }

    /// Enters a decision of this run; what of it is to be stored.
    pub(super) fn put(&mut self, number: usize, mut decision: Decision) -> Option<StoredVerdict> {
        decision.code.clone_from(&self.digests[number]);
        let kept = stored(&self.mutants[number], self.foundations, &decision);
        self.decisions[number] = Some((decision, false));
        kept
    }

    /// What is entered for a mutant, as it is told while the run goes on.
    pub(super) fn told(&self, number: usize) -> Option<DecidedMutant> {
        let (decision, reused) = self.decisions[number].as_ref()?;
        Some(decided(&self.mutants[number], decision, *reused, &AgainstBase::default()))
    }

    /// Gives mutants that no test reaches their verdict, and stores it.
    pub(super) fn settle_unreached(
        &mut self,
        store: &mut Store,
        todo: &[usize],
    ) -> Result<(), LabError> {
        let mut kept = Vec::new();
        for &number in todo {
            kept.extend(self.put(number, given(self.mutants[number].unreached())));
        }
        Ok(store.put_verdicts(&kept)?)
    }

    /// Of the mutants `todo`, those that one of these tests killed.
    pub(super) fn killed_by(&self, tests: &[TestId], todo: &[usize]) -> Vec<usize> {
        let is_one = |number: &usize| {
            let decision = self.decisions[*number].as_ref().map(|(decision, _)| &decision.verdict);
            matches!(decision, Some(Verdict::Killed { by }) if tests.contains(by))
        };
        todo.iter().copied().filter(is_one).collect()
    }

    /// Gives those without a verdict that of one that compiles to the same code, and stores it.
    pub(super) fn share(&mut self, store: &mut Store) -> Result<(), LabError> {
        let given = alike::shared(&self.stands, &mut self.decisions);
        let kept = given.into_iter().filter_map(|number| {
            let (decision, _) = self.decisions[number].as_ref()?;
            stored(&self.mutants[number], self.foundations, decision)
        });
        Ok(store.put_verdicts(&kept.collect::<Vec<_>>())?)
    }

    /// Closes the book into the report: duplicates under those that stand for them.
    pub(super) fn close(self, against: &AgainstBase, parts: &mut Parts) {
        let unfinished = || (not_run(NotRunReason::Interrupted), false);
        let decisions: Vec<(Decision, bool)> =
            self.decisions.into_iter().map(|one| one.unwrap_or_else(unfinished)).collect();
        let verdicts: Vec<&Verdict> = decisions.iter().map(|(one, _)| &one.verdict).collect();
        let folded: Vec<bool> = (0..verdicts.len())
            .map(|number| alike::is_duplicate(number, &self.stands, &verdicts))
            .collect();
        for (number, (planned, (decision, reused))) in
            self.mutants.iter().zip(&decisions).enumerate()
        {
            if folded[number] {
                let of = &self.mutants[self.stands[number]];
                parts.duplicates.push(alike::duplicate(planned, of));
                continue;
            }
            for test in &decision.flaky {
                if !parts.flaky.contains(test) {
                    parts.flaky.push(test.clone());
                }
            }
            parts.mutants.push(decided(planned, decision, *reused, against));
        }
        if let Some(Part::Shard(part)) = &mut parts.part {
            let places = std::mem::take(&mut part.positions);
            for (place, is_folded) in places.into_iter().zip(folded) {
                if is_folded {
                    part.duplicates.push(place);
                } else {
                    part.positions.push(place);
                }
            }
        }
    }
}

/// The decision of a verdict that needed no test.
fn given(verdict: Verdict) -> Decision {
    Decision { verdict, ..not_run(NotRunReason::NotAsked) }
}
