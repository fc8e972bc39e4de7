//! Deciding one mutant: which verdict the runs of its tests amount to.
//!
//! Invariant: `Killed` is given only for a test that failed alone with the mutant and passes alone
//! without it; `Survived` only when every test ended with the mutant in force and the mutated
//! statement was seen to be reached.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::engine::{Engine, Heat, Lane};
use super::planning::{Planned, Route};
use crate::model::{NotRunReason, TestId, Verdict};
use crate::schedule::order;
use crate::worker::{Ended, Record, SlotRun, WorkerError};

/// How a mutant was decided.
#[derive(Debug, Clone)]
pub(super) struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Tests that ran with the mutant.
    pub tests: Vec<TestId>,
    /// Wall time, without the runs of its killer that no mutant was in: those are made once a
    /// test, whichever of its mutants comes first.
    pub milliseconds: f64,
    /// Tests that failed with the mutant and without it alike.
    pub flaky: Vec<TestId>,
    /// Stands for the code that the mutant compiles to, where that is known.
    pub code: Option<String>,
}

/// What a child's records amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Every test passed.
    Passed,
    /// The test at this position failed, or died.
    Failed(usize),
    /// The test at this position did not end; `busy` when it used its processor all the while.
    TimedOut { position: usize, busy: bool },
    /// The test at this position grew beyond the limit of memory.
    OutOfMemory(usize),
    /// A test that exists only with the mutant failed.
    NewTestFailed(String),
    /// The mutant needs a fresh import.
    CannotPlace,
    /// The tests could not be collected.
    CollectionFailed,
    /// No test had to be run.
    Settled(Verdict),
    /// Stopped from outside.
    Interrupted,
}

/// Reads what a child did that was to run `count` tests.
pub(super) fn step(run: &SlotRun, count: usize) -> Step {
    let mut ended = 0;
    let mut new_ids: &[String] = &[];
    for record in &run.records {
        match record {
            Record::Test(test) => {
                ended = ended.max(test.position + 1);
                if test.outcome.is_failure() {
                    return match test.position.checked_sub(count) {
                        None => Step::Failed(test.position),
                        Some(beyond) => {
                            Step::NewTestFailed(new_ids.get(beyond).cloned().unwrap_or_default())
                        }
                    };
                }
            }
            Record::Missing { position } => ended = ended.max(position + 1),
            Record::NewTests { ids } => new_ids = ids,
            Record::CannotPlace { .. } => return Step::CannotPlace,
            Record::CollectionFailed { .. } => return Step::CollectionFailed,
            Record::Equivalent => return Step::Settled(Verdict::Equivalent),
            Record::Invalid { why } => {
                return Step::Settled(Verdict::Invalid { message: why.clone() });
            }
            Record::SourceChanged { why } => {
                let message = format!("{why} was changed while mutdiff ran");
                return Step::Settled(Verdict::Error { message });
            }
            Record::EngineError { why } => {
                return Step::Settled(Verdict::Error { message: why.clone() });
            }
            Record::More { .. } => {}
        }
    }
    match run.ended {
        Ended::Interrupted => Step::Interrupted,
        Ended::TimedOut { position, busy } => Step::TimedOut { position, busy },
        Ended::Crashed { position } => Step::Failed(position),
        Ended::OutOfMemory { position } => Step::OutOfMemory(position),
        Ended::Finished if ended >= count => Step::Passed,
        Ended::Finished => Step::Settled(Verdict::Error {
            message: format!("a child ended after {ended} of {count} tests"),
        }),
    }
}

/// How one test fares alone.
pub(super) enum Alone {
    Passes,
    Fails,
    OutOfMemory,
    TimesOut,
    Interrupted,
    Settled(Verdict),
}

impl Engine<'_> {
    /// Decides a mutant. Faults of the engine become `Verdict::Error`; only the loss of the warm
    /// process is an error of the run.
    pub(super) fn decide(
        &self,
        lane: &mut Lane,
        planned: &Planned,
    ) -> Result<Decision, WorkerError> {
        let began = Instant::now();
        let mut attempt = Attempt {
            engine: self,
            planned,
            ran: Vec::new(),
            flaky: Vec::new(),
            tried: BTreeSet::new(),
            unmutated: Duration::ZERO,
        };
        let result = match &planned.route {
            Route::Nobody => Ok(planned.unreached()),
            Route::Hot(tests) => match attempt.decide(lane, Heat::Hot, tests) {
                Ok(None) => {
                    attempt.ran.clear();
                    attempt.decide(lane, Heat::Cold, tests).map(|verdict| {
                        verdict.unwrap_or_else(|| Verdict::Error {
                            message: "the mutant could not be placed".into(),
                        })
                    })
                }
                other => other.map(|verdict| verdict.expect("only `None` needs a fresh import")),
            },
            Route::Cold(tests) => attempt.decide(lane, Heat::Cold, tests).map(|verdict| {
                verdict.unwrap_or_else(|| Verdict::Error {
                    message: "the mutant could not be placed".into(),
                })
            }),
        };
        let verdict = match result {
            Ok(verdict) => verdict,
            Err(WorkerError::Interrupted) => Verdict::NotRun { reason: NotRunReason::Interrupted },
            Err(error @ (WorkerError::SlotLost | WorkerError::Protocol { .. })) => {
                Verdict::Error { message: error.to_string() }
            }
            Err(error) => return Err(error),
        };
        Ok(Decision {
            verdict,
            tests: attempt.ran.iter().map(|&test| self.id(test)).collect(),
            milliseconds: began.elapsed().saturating_sub(attempt.unmutated).as_secs_f64() * 1000.0,
            flaky: attempt.flaky.iter().map(|&test| self.id(test)).collect(),
            code: None,
        })
    }
}

/// A mutant that is being decided.
pub(super) struct Attempt<'a, 'e> {
    pub(super) engine: &'a Engine<'e>,
    pub(super) planned: &'a Planned,
    /// Tests that ran with it.
    pub(super) ran: Vec<usize>,
    flaky: Vec<usize>,
    /// Tests that were run alone since a later test's failure vanished.
    tried: BTreeSet<usize>,
    /// Time spent on tests without the mutant.
    unmutated: Duration,
}

impl Attempt<'_, '_> {
    /// `None` when a hot mutant needs a fresh import.
    fn decide(
        &mut self,
        lane: &mut Lane,
        heat: Heat,
        tests: &[usize],
    ) -> Result<Option<Verdict>, WorkerError> {
        let engine = self.engine;
        let mut rest = tests.to_vec();
        let stored = engine.known.trace.tests();
        let killers = engine.killers_of(&self.planned.mutant.function);
        order(&mut rest, &killers, &self.planned.reaching, |test| {
            stored[test].summary.microseconds
        });
        let all = rest.clone();
        // A flaky test proves nothing, whether it passes or fails.
        rest.retain(|&test| !engine.is_flaky(test));
        while !rest.is_empty() {
            let run = engine.fork(lane, heat, &rest, Some(&self.planned.message), false)?;
            let (position, fails) = match step(&run, rest.len()) {
                Step::Passed => {
                    self.ran.append(&mut rest);
                    break;
                }
                Step::Settled(verdict) => return Ok(Some(verdict)),
                Step::Interrupted => return Err(WorkerError::Interrupted),
                Step::CannotPlace => return Ok(None),
                Step::CollectionFailed => {
                    return self.collection_failed(lane, &rest).map(Some);
                }
                Step::NewTestFailed(id) => {
                    // It exists only with the mutant, so it cannot pass without it; its failure
                    // makes the suite red all the same, in a process of its own.
                    self.ran.append(&mut rest);
                    return Ok(Some(Verdict::Killed { by: TestId::new(id) }));
                }
                Step::Failed(0) => (0, Alone::Fails),
                Step::OutOfMemory(0) => (0, Alone::OutOfMemory),
                Step::TimedOut { position: 0, busy: true } => (0, Alone::TimesOut),
                Step::Failed(position)
                | Step::OutOfMemory(position)
                | Step::TimedOut { position, .. } => {
                    let position = position.min(rest.len() - 1);
                    (position, self.alone(lane, heat, rest[position])?)
                }
            };
            let test = rest[position];
            let before = rest[..position].to_vec();
            self.ran.extend(rest.drain(..=position));
            let vanished = matches!(fails, Alone::Passes);
            if let Some(verdict) = self.settle(lane, heat, test, fails)? {
                if matches!(verdict, Verdict::Timeout { .. })
                    && let Some(kill) = self.kill_behind(lane, heat, rest)?
                {
                    return Ok(Some(kill));
                }
                return Ok(Some(verdict));
            }
            // What fails only after other tests is no kill by this one. It may be the tear-down
            // of a fixture that they share, which the last of them pays for: then one of those
            // that passed fails alone.
            if vanished && let Some(verdict) = self.search(lane, heat, before)? {
                return Ok(Some(verdict));
            }
        }
        if !all.is_empty() && all.iter().all(|&test| engine.is_flaky(test)) {
            let message = format!(
                "no test can decide it: {} fails now and then without a mutant",
                engine.id(all[0])
            );
            return Ok(Some(Verdict::Error { message }));
        }
        if heat == Heat::Cold
            && let Some(&test) = self.flaky.first()
        {
            let message =
                format!("{} fails in a fresh process without the mutant", engine.id(test));
            return Ok(Some(Verdict::Error { message }));
        }
        if self.reached(lane, heat, &all)? {
            return Ok(Some(Verdict::Survived));
        }
        // A line that is reached without its statement (a lambda that nobody calls), or code that
        // is not the code that runs: a fresh import tells one from the other.
        Ok((heat == Heat::Cold).then(|| {
            self.ran.clear();
            self.planned.unreached()
        }))
    }

    /// The verdict that a test's run alone leads to; none when the test notices nothing, or fails
    /// without the mutant too.
    pub(super) fn settle(
        &mut self,
        lane: &mut Lane,
        heat: Heat,
        test: usize,
        alone: Alone,
    ) -> Result<Option<Verdict>, WorkerError> {
        let engine = self.engine;
        match alone {
            Alone::Passes => return Ok(None),
            Alone::Interrupted => return Err(WorkerError::Interrupted),
            Alone::Settled(verdict) => return Ok(Some(verdict)),
            Alone::Fails | Alone::OutOfMemory | Alone::TimesOut => {}
        }
        // A trace says nothing of memory: the limit may have been another one when it was made.
        let again = matches!(alone, Alone::OutOfMemory);
        if !self.passes_without(lane, heat, test, again)? {
            self.flaky.push(test);
            return Ok(None);
        }
        if matches!(alone, Alone::TimesOut) {
            return Ok(Some(Verdict::Timeout { test: engine.id(test) }));
        }
        engine.killed(&self.planned.mutant.function, test);
        Ok(Some(Verdict::Killed { by: engine.id(test) }))
    }

    /// Whether a test passes alone without the mutant; `again` when its trace is no answer.
    fn passes_without(
        &mut self,
        lane: &mut Lane,
        heat: Heat,
        test: usize,
        again: bool,
    ) -> Result<bool, WorkerError> {
        let began = Instant::now();
        let passes = if again {
            self.engine.passes_again(lane, heat, test)
        } else {
            self.engine.passes_alone(lane, heat, test)
        };
        self.unmutated += began.elapsed();
        passes
    }

    /// Looks among tests that passed before another one for those that fail by themselves. They run
    /// in groups, of which each that fails is halved: a test that only disturbs those behind it,
    /// which is the other reason, costs a fork or two, and not one for each test of the suite.
    fn search(
        &mut self,
        lane: &mut Lane,
        heat: Heat,
        tests: Vec<usize>,
    ) -> Result<Option<Verdict>, WorkerError> {
        let engine = self.engine;
        let untried = tests.into_iter().filter(|&test| self.tried.insert(test)).collect();
        let mut groups: Vec<Vec<usize>> = vec![untried];
        while let Some(mut group) = groups.pop() {
            if let [test] = *group {
                let alone = self.alone(lane, heat, test)?;
                if let Some(verdict) = self.settle(lane, heat, test, alone)? {
                    return Ok(Some(verdict));
                }
            } else if !group.is_empty() {
                let run = engine.fork(lane, heat, &group, Some(&self.planned.message), false)?;
                match step(&run, group.len()) {
                    Step::Passed => {}
                    Step::Interrupted => return Err(WorkerError::Interrupted),
                    _ => {
                        let behind = group.split_off(group.len() / 2);
                        groups.push(behind);
                        groups.push(group);
                    }
                }
            }
        }
        Ok(None)
    }

    /// One test with the mutant, in a fork of its own.
    pub(super) fn alone(
        &self,
        lane: &mut Lane,
        heat: Heat,
        test: usize,
    ) -> Result<Alone, WorkerError> {
        let run = self.engine.fork(lane, heat, &[test], Some(&self.planned.message), false)?;
        Ok(match step(&run, 1) {
            Step::Passed => Alone::Passes,
            Step::Failed(_) | Step::NewTestFailed(_) | Step::CollectionFailed => Alone::Fails,
            Step::OutOfMemory(_) => Alone::OutOfMemory,
            Step::TimedOut { .. } => Alone::TimesOut,
            Step::Interrupted => Alone::Interrupted,
            Step::Settled(verdict) => Alone::Settled(verdict),
            Step::CannotPlace => Alone::Settled(Verdict::Error {
                message: "the mutant could be placed once and not twice".into(),
            }),
        })
    }

    /// Whether the mutated statement is reached with the mutant in force: in the quickest tests,
    /// else in all of them.
    fn reached(&self, lane: &mut Lane, heat: Heat, tests: &[usize]) -> Result<bool, WorkerError> {
        let few = tests.len().min(2);
        for part in [&tests[..few], &tests[few..]] {
            if part.is_empty() {
                continue;
            }
            let run = self.engine.fork(lane, heat, part, Some(&self.planned.message), true)?;
            if run.ended == Ended::Interrupted {
                return Err(WorkerError::Interrupted);
            }
            if run.probe_reached {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The import of the mutated file fails. That is a kill by a test which cannot be collected
    /// with the mutant in a fresh process of its own, and passes there without it.
    fn collection_failed(
        &mut self,
        lane: &mut Lane,
        tests: &[usize],
    ) -> Result<Verdict, WorkerError> {
        let engine = self.engine;
        let mut files = BTreeSet::new();
        for &test in tests {
            if !files.insert(engine.file(test)) {
                continue;
            }
            self.ran.push(test);
            match self.alone(lane, Heat::Cold, test)? {
                Alone::Passes => continue,
                Alone::Interrupted => return Err(WorkerError::Interrupted),
                Alone::Settled(verdict) => return Ok(verdict),
                Alone::TimesOut => return Ok(Verdict::Timeout { test: engine.id(test) }),
                Alone::Fails | Alone::OutOfMemory => {}
            }
            if self.passes_without(lane, Heat::Cold, test, false)? {
                engine.killed(&self.planned.mutant.function, test);
                return Ok(Verdict::Killed { by: engine.id(test) });
            }
            self.flaky.push(test);
        }
        Ok(Verdict::Error {
            message: "the tests cannot be collected with the mutant, and no test alone shows why"
                .into(),
        })
    }
}
