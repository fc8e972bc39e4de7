//! Mutants on their lanes: several are decided at the same time, each by a thread with processes of
//! its own.
//!
//! Invariant: before the first mutant, code that is placed as mutants are has been seen to take
//! effect; a lane that fails stops the others, and what they had decided is stored.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use super::LabError;
use super::clock::Clock;
use super::deciding::{Decision, Step, step};
use super::engine::{Engine, Heat, Lane};
use super::planning::{Planned, Route, unmutated};
use super::recording;
use crate::model::Phase;
use crate::store::{Store, StoredVerdict};
use crate::worker::{Record, SlotRun, WorkerError, kill_strays};

/// Mutants that the self-check tries before it gives up.
const CANDIDATES: usize = 8;

/// Proves that code placed by each route takes effect in this run.
pub(super) fn check_self(
    engine: &Engine<'_>,
    mutants: &[Planned],
    todo: &[usize],
) -> Result<(), LabError> {
    let mut lane = Lane::new(0);
    for heat in [Heat::Hot, Heat::Cold] {
        let mut failed = None;
        // A function each: one may be reached only after other tests have run.
        let mut functions = BTreeSet::new();
        let candidates = todo.iter().map(|&number| &mutants[number]).filter_map(|planned| {
            match (&planned.route, heat) {
                // Tests that may only reach it prove nothing when they do not.
                (Route::Hot(_), Heat::Hot) if !planned.reaching.is_empty() => {
                    Some((planned, &planned.reaching))
                }
                (Route::Cold(tests), Heat::Cold) => Some((planned, tests)),
                _ => None,
            }
        });
        let candidates =
            candidates.filter(|(planned, _)| functions.insert(&planned.mutant.function));
        for (planned, tests) in candidates.take(CANDIDATES) {
            let few = &tests[..tests.len().min(3)];
            let run = match engine.fork(&mut lane, heat, few, Some(&unmutated(planned)), true) {
                Err(WorkerError::SlotLost) => continue,
                other => other?,
            };
            if run.probe_reached {
                failed = None;
                break;
            }
            match step(&run, few.len()) {
                Step::Interrupted => return Err(WorkerError::Interrupted.into()),
                Step::CannotPlace => {}
                _ => failed = Some((planned, few[0], instead(&run))),
            }
        }
        if let Some((planned, test, instead)) = failed {
            return Err(LabError::SelfCheck {
                function: planned.mutant.function.to_string(),
                test: engine.id(test),
                instead,
            });
        }
    }
    Ok(())
}

/// Why a child ran no test, as the end of a sentence.
fn instead(run: &SlotRun) -> String {
    let reason = run.records.iter().find_map(|record| match record {
        Record::CollectionFailed { why } => why.lines().rfind(|line| !line.trim().is_empty()),
        _ => None,
    });
    reason.map_or_else(String::new, |why| {
        format!("; its file could not be collected: {}", why.trim())
    })
}

/// Decides the mutants `todo` on all lanes, and stores what `decided` makes of each decision.
pub(super) fn decide(
    engine: &Engine<'_>,
    store: &mut Store,
    mutants: &[Planned],
    todo: &[usize],
    clock: &mut Clock,
    mut decided: impl FnMut(usize, Decision) -> Option<StoredVerdict>,
) -> Result<(), LabError> {
    let run = &engine.run;
    let jobs = run.options.jobs.get().min(todo.len());
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel::<(usize, Decision)>();
    let (stored_sender, stored_receiver) = mpsc::channel::<StoredVerdict>();
    let began = Instant::now();
    std::thread::scope(|scope| -> Result<(), LabError> {
        let lanes: Vec<_> = (0..jobs)
            .map(|number| {
                let sender = sender.clone();
                let (next, stop) = (&next, &stop);
                scope.spawn(move || -> Result<(), WorkerError> {
                    let mut lane = Lane::new(number);
                    while !stop.load(Ordering::Relaxed) && !run.interrupted.load(Ordering::Relaxed)
                    {
                        let Some(&number) = todo.get(next.fetch_add(1, Ordering::Relaxed)) else {
                            break;
                        };
                        match engine.decide(&mut lane, &mutants[number]) {
                            Ok(decision) => {
                                if sender.send((number, decision)).is_err() {
                                    break;
                                }
                            }
                            Err(error) => {
                                stop.store(true, Ordering::Relaxed);
                                return Err(error);
                            }
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        drop(sender);
        let writing = scope.spawn(move || recording::verdicts(store, &stored_receiver));
        for (number, decision) in receiver {
            if let Some(verdict) = decided(number, decision) {
                // The other end is gone only after a store error, which is returned below.
                let _ = stored_sender.send(verdict);
            }
        }
        drop(stored_sender);
        let worked: Result<(), WorkerError> =
            lanes.into_iter().try_for_each(|lane| lane.join().expect("a lane does not panic"));
        writing.join().expect("the storing thread does not panic")?;
        worked.map_err(LabError::from)
    })?;
    kill_strays();
    let spent = engine.spent();
    clock.add(Phase::Fork, spent.fork);
    clock.add(Phase::Swap, spent.swap);
    clock.add(Phase::Tests, spent.tests);
    clock.add(Phase::Reap, spent.reap);
    let busy = spent.fork + spent.swap + spent.tests + spent.reap;
    let all = began.elapsed() * u32::try_from(jobs).unwrap_or(1);
    clock.add(Phase::Idle, all.saturating_sub(busy));
    Ok(())
}
