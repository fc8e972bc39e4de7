//! The forks of a trace: which tests share one, and what is recorded of each.
//!
//! Invariant: a test that failed, or that shared its fork with one that failed or crashed, is traced
//! again alone before its failure counts.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use serde_json::json;

use super::basis::{Digests, code_digest};
use super::resolving::Resolver;
use super::run::Run;
use super::shared_forks::SharedForks;
use super::stale_tests::watched;
use super::warm::Warm;
use super::{LabError, recording};
use crate::model::{FailedTest, TestOutcome};
use crate::schedule::{BatchPlan, Sample, SampledFork, batches};
use crate::store::{Store, TestRecord, TestSummary};
use crate::worker::{Ended, Record, RunOrder, Slot, SlotRun, TestRecord as RanTest, WorkerError};

/// How long a test may take without a mutant before it is taken for stuck.
const STUCK: Duration = Duration::from_secs(600);
/// Forks that are traced first, to learn what a test and a fork cost here.
const SAMPLED_FORKS: usize = 4;
/// Tests in each of them: the first one fills caches, the others show what a test takes.
const SAMPLED_TESTS: usize = 6;

/// Traces tests in forks of the warm process.
pub(super) struct Tracer<'t> {
    run: &'t Run<'t>,
    /// Tests that share no fork.
    apart: BTreeSet<usize>,
    warm: &'t Warm,
    resolver: &'t Resolver<'t>,
    tests: &'t [TestSummary],
    next_fork: AtomicU32,
    writers: Mutex<BTreeSet<usize>>,
}

/// A test that was traced, as its slot saw it.
struct Ran {
    number: usize,
    /// Nothing if it died.
    ran: Option<RanTest>,
    outcome: TestOutcome,
    fork: u32,
    /// Whether no other test ran in the fork.
    alone: bool,
}

impl Ran {
    /// A test that died alone in its fork.
    fn died(number: usize, outcome: TestOutcome, fork: u32) -> Self {
        Self { number, ran: None, outcome, fork, alone: true }
    }
}

impl<'t> Tracer<'t> {
    /// Of `tests` that were collected, those in `apart` each in a fork of its own; forks are numbered
    /// from `first_fork` on.
    pub(super) fn new(
        run: &'t Run<'t>,
        warm: &'t Warm,
        resolver: &'t Resolver<'t>,
        tests: &'t [TestSummary],
        apart: BTreeSet<usize>,
        first_fork: u32,
    ) -> Self {
        let next_fork = AtomicU32::new(first_fork);
        Self { run, apart, warm, resolver, tests, next_fork, writers: Mutex::default() }
    }

    /// Traces the `stale` ones and stores them; returned are those that failed.
    pub(super) fn trace(
        &self,
        stale: &[usize],
        slots: &mut [Slot],
        store: &mut Store,
        digests: &mut Digests,
    ) -> Result<Vec<TestRecord>, LabError> {
        let mut failed = self.trace_all(stale, slots, store, digests)?;
        if slots.len() > 1 {
            // Another test at the same time may have been the reason: once more, one by one.
            let again = failed
                .extract_if(.., |record| record.summary.outcome != TestOutcome::TimedOut)
                .map(|record| vec![self.warm.numbers[&record.summary.id]])
                .collect();
            failed.extend(self.units(again, &mut slots[..1], store, digests, None)?);
        }
        Ok(failed)
    }

    /// The traced tests that may not run at the same time as others.
    pub(super) fn writers(&self) -> BTreeSet<usize> {
        self.writers.lock().expect("no thread panics with the lock").clone()
    }

    fn trace_all(
        &self,
        stale: &[usize],
        slots: &mut [Slot],
        store: &mut Store,
        digests: &mut Digests,
    ) -> Result<Vec<TestRecord>, LabError> {
        // What a changed test enters is in scope, so it must not owe anything to others of its fork.
        let is_apart = |test: &usize| self.apart.contains(test);
        let apart: VecDeque<Vec<usize>> =
            stale.iter().filter(|test| is_apart(test)).map(|&test| vec![test]).collect();
        let mut failed = self.units(apart, slots, store, digests, None)?;
        let stale: Vec<usize> = stale.iter().copied().filter(|test| !is_apart(test)).collect();
        let stale = stale.as_slice();
        // The sample is spread over the suite, since the first tests may be unlike the rest.
        let sample: VecDeque<Vec<usize>> = if stale.len() <= SAMPLED_FORKS * SAMPLED_TESTS {
            // So few that a fork each costs nothing to speak of.
            stale.iter().map(|&test| vec![test]).collect()
        } else {
            let cut = batches(stale, BatchPlan::of(SAMPLED_TESTS), |test| &self.tests[test].path);
            let step = (cut.len() / SAMPLED_FORKS).max(1);
            cut.into_iter().step_by(step).take(SAMPLED_FORKS).collect()
        };
        let sampled: BTreeSet<usize> = sample.iter().flatten().copied().collect();
        let rest: Vec<usize> =
            stale.iter().copied().filter(|test| !sampled.contains(test)).collect();
        let costs = Mutex::new(Vec::new());
        failed.extend(self.units(sample, slots, store, digests, Some(&costs))?);
        let costs = costs.into_inner().expect("no thread panics with the lock");
        let plan = Sample::of(&costs).map_or(BatchPlan::SINGLE, |sample| {
            BatchPlan::from_sample(sample, rest.len(), slots.len())
        });
        let units = batches(&rest, plan, |test| &self.tests[test].path);
        failed.extend(self.units(units.into(), slots, store, digests, None)?);
        Ok(failed)
    }

    /// Runs units on all slots, and stores what they yield from this thread.
    fn units(
        &self,
        units: VecDeque<Vec<usize>>,
        slots: &mut [Slot],
        store: &mut Store,
        digests: &mut Digests,
        costs: Option<&Mutex<Vec<SampledFork>>>,
    ) -> Result<Vec<TestRecord>, LabError> {
        let queue = Mutex::new(units);
        let (sender, receiver) = mpsc::channel::<Ran>();
        let (stored_sender, stored_receiver) = mpsc::channel();
        let mut failed = Vec::new();
        let result = std::thread::scope(|scope| {
            let workers: Vec<_> = slots
                .iter_mut()
                .enumerate()
                .map(|(number, slot)| {
                    let (sender, queue) = (sender.clone(), &queue);
                    scope.spawn(move || self.work(number, slot, queue, &sender, costs))
                })
                .collect();
            drop(sender);
            let writing = scope.spawn(move || recording::traces(store, &stored_receiver));
            let mut forks = SharedForks::default();
            for traced in receiver {
                self.run.events.advance(1);
                let alone = traced.alone;
                let mut record = self.record(traced);
                if !alone {
                    forks.settle(&mut record);
                }
                let summary = &mut record.summary;
                let entered = record.entered.iter().cloned();
                summary.digest =
                    digests.test(&summary.id, summary.path.as_ref(), &summary.beyond, entered);
                let ran = summary.outcome != TestOutcome::Skipped;
                let reached = record.entered.iter().chain(&summary.function);
                summary.code = code_digest(reached, ran, |key| digests.fingerprint(key));
                if summary.outcome.is_failure() {
                    failed.push(record);
                    continue;
                }
                if stored_sender.send(record).is_err() {
                    break;
                }
            }
            drop(stored_sender);
            let worked: Result<(), WorkerError> = workers
                .into_iter()
                .try_for_each(|worker| worker.join().expect("a tracing thread does not panic"));
            writing.join().expect("the storing thread does not panic").map_err(LabError::from)?;
            worked.map_err(LabError::from)
        });
        result.map(|()| failed)
    }

    fn work(
        &self,
        number: usize,
        slot: &mut Slot,
        queue: &Mutex<VecDeque<Vec<usize>>>,
        sender: &mpsc::Sender<Ran>,
        costs: Option<&Mutex<Vec<SampledFork>>>,
    ) -> Result<(), WorkerError> {
        loop {
            let next = queue.lock().expect("no thread panics with the lock").pop_front();
            let Some(mut unit) = next else { return Ok(()) };
            while !unit.is_empty() {
                if self.run.interrupted.load(Ordering::Relaxed) {
                    return Err(WorkerError::Interrupted);
                }
                unit = self.fork(number, slot, unit, sender, costs)?;
            }
        }
    }

    /// Traces a unit in one fork; returns what of it is still to be traced.
    fn fork(
        &self,
        number: usize,
        slot: &mut Slot,
        unit: Vec<usize>,
        sender: &mpsc::Sender<Ran>,
        costs: Option<&Mutex<Vec<SampledFork>>>,
    ) -> Result<Vec<usize>, WorkerError> {
        let fork = self.next_fork.fetch_add(1, Ordering::Relaxed);
        let alone = unit.len() == 1;
        let tell = |traced| {
            // The receiver is gone only when storing failed, which ends the run with that error.
            let _ = sender.send(traced);
        };
        let order = self.order(&unit, true, false);
        let run = match slot.run(&order, |_| STUCK, self.run.interrupted) {
            Ok(run) => run,
            Err(WorkerError::SlotLost) => {
                *slot = self.warm.process.slot(self.run.directory, number, self.run.interrupted)?;
                if alone {
                    tell(Ran::died(unit[0], TestOutcome::Crashed, fork));
                    return Ok(Vec::new());
                }
                // Which of them does it shows when each is alone.
                for test in unit {
                    self.fork(number, slot, vec![test], sender, None)?;
                }
                return Ok(Vec::new());
            }
            Err(other) => return Err(other),
        };
        let mut again = Vec::new();
        let mut rest = Vec::new();
        let mut done = 0;
        let mut in_tests = Vec::new();
        for record in run.records {
            match record {
                Record::Test(test) => {
                    done = test.position + 1;
                    in_tests.push(Duration::from_micros(test.microseconds));
                    let which = unit[test.position];
                    if test.outcome.is_failure() && !alone {
                        again.push(which);
                    } else {
                        let outcome = test.outcome;
                        tell(Ran { number: which, ran: Some(test), outcome, fork, alone });
                    }
                }
                Record::More { position } => rest = unit[position..].to_vec(),
                Record::EngineError { why } => {
                    return Err(WorkerError::Protocol { message: why });
                }
                other => return Err(WorkerError::Protocol { message: format!("{other:?}") }),
            }
        }
        match run.ended {
            Ended::Finished => {}
            Ended::Interrupted => return Err(WorkerError::Interrupted),
            Ended::Crashed { .. } | Ended::TimedOut { .. } | Ended::OutOfMemory { .. } => {
                let outcome = match run.ended {
                    Ended::TimedOut { .. } => TestOutcome::TimedOut,
                    Ended::OutOfMemory { .. } => TestOutcome::OutOfMemory,
                    _ => TestOutcome::Crashed,
                };
                let broken = unit[done.min(unit.len() - 1)];
                if alone {
                    tell(Ran::died(broken, outcome, fork));
                } else {
                    again.push(broken);
                }
                rest = unit.get(done + 1..).unwrap_or_default().to_vec();
            }
        }
        if let Some(costs) = costs {
            let fork = SampledFork { tests: in_tests, whole: run.times.whole };
            costs.lock().expect("no thread panics with the lock").push(fork);
        }
        for test in again {
            self.fork(number, slot, vec![test], sender, None)?;
        }
        Ok(rest)
    }

    /// What is stored of a traced test. Not made by the slots' threads, which the next fork waits
    /// for.
    fn record(&self, traced: Ran) -> TestRecord {
        let Ran { number, ran, outcome, fork, alone } = traced;
        let ran = ran.as_ref();
        let resolved = ran
            .and_then(|ran| ran.trace.as_ref())
            .map(|trace| self.resolver.resolve(trace))
            .unwrap_or_default();
        if ran.is_none_or(|ran| ran.writes) {
            self.writers.lock().expect("no thread panics with the lock").insert(number);
        }
        TestRecord {
            summary: TestSummary {
                outcome,
                microseconds: ran.map_or(0, |ran| ran.microseconds),
                fork,
                alone_ok: alone && !outcome.is_failure(),
                beyond: resolved.beyond,
                ..self.tests[number].clone()
            },
            lines: resolved.lines,
            entered: resolved.entered,
            edges: resolved.edges,
        }
    }

    fn order(&self, tests: &[usize], trace: bool, report: bool) -> RunOrder {
        RunOrder {
            tests: json!(tests),
            mutant: None,
            probe: false,
            trace,
            watch: watched(self.run.options),
            report,
            stop: false,
            known_codes: self.resolver.known_codes(),
            only: None,
            known: Vec::new(),
        }
    }

    /// Runs tests that failed while they were traced once more, without a tracer, for what the
    /// runner says of them. One that passes then (a tracer takes stack frames, for example) has
    /// passed; it keeps what its trace saw.
    pub(super) fn untraced(
        &self,
        failed: &mut [TestRecord],
        slots: &mut [Slot],
    ) -> Result<Vec<FailedTest>, LabError> {
        let Some(slot) = slots.first_mut() else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for record in failed {
            let summary = &mut record.summary;
            let mut output = String::new();
            if summary.outcome == TestOutcome::Failed {
                let order = self.order(&[self.warm.numbers[&summary.id]], false, true);
                let SlotRun { records, .. } = slot.run(&order, |_| STUCK, self.run.interrupted)?;
                for record in records {
                    if let Record::Test(test) = record {
                        summary.outcome = test.outcome;
                        summary.microseconds = test.microseconds;
                        output = test.output;
                    }
                }
            }
            if summary.outcome.is_failure() {
                let (test, outcome) = (summary.id.clone(), summary.outcome);
                found.push(FailedTest { test, outcome, output });
            } else {
                summary.alone_ok = true;
            }
        }
        Ok(found)
    }
}
