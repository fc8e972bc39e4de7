//! A run from the diff to the report.
//!
//! Invariant: Python is started only when something has to be traced or decided; each verdict is
//! on its way into the store before the next mutant of its lane starts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use super::against::{self, AgainstBase};
use super::assembling::{Parts, decided, not_run, report};
use super::budget::{self, Budget};
use super::change::Change;
use super::choosing::{self, Chosen};
use super::clock::Clock;
use super::deciding::{Decision, Step, step};
use super::engine::{Engine, Heat, Lane};
use super::environment::Environment;
use super::planning::{Foundations, Plan, Planned, Route, plan, unmutated};
use super::run::Run;
use super::scoping::{Known, scope};
use super::sharding::{self, Sharding};
use super::subject::Subject;
use super::warming::{able_to_decide, traced};
use super::writers::writers;
use super::{
    Events, LabError, alike, environment, recording, showing, type_checked, unlisted, untied,
};
use crate::config::Options;
use crate::model::{
    Conclusion, Counts, FailedTest, FunctionKey, NotRunReason, Notice, Part, Phase, RepoPath,
    Report, ScopeKind, ScopedFunction, Verdict,
};
use crate::store::{Basis, RunKey, Store, StoredVerdict};
use crate::worker::{RunDirectory, WorkerError, become_subreaper, kill_strays};

/// A key that no run has: a report under it is shown, and never taken for an answer.
const NO_KEY: RunKey = RunKey([0; 32]);
/// Mutants that the self-check tries before it gives up.
const CANDIDATES: usize = 8;

/// The run. On an interrupt, a report with [`Conclusion::Interrupted`] and the verdicts so far.
///
/// # Errors
/// When there can be no report: see [`LabError`].
pub fn run(
    options: &Options,
    events: &dyn Events,
    interrupted: &AtomicBool,
) -> Result<Report, LabError> {
    let mut clock = Clock::start();
    events.phase(Phase::Plan, None);
    let (mut subject, mut store) = Subject::open(options)?;
    if options.only.is_empty()
        && options.shard.is_none()
        // Who answers for a type checker that may be another by now?
        && options.type_check.is_none()
        && let Some(environment) = Environment::remembered(options, &subject, &store)?
    {
        let key = RunKey(subject.digest(options, &environment.key.0, &store)?);
        if store.last_run_key()? == Some(key)
            && let Some(last) = store.last_report()?
        {
            return again(showing::read(&last.json)?, &subject, options, &mut clock);
        }
    }
    let chosen = Chosen::find(options, &mut subject, &store)?;
    let change = Change::find(options, &subject)?;
    if change.is_empty(&subject) && options.scope != ScopeKind::All && chosen.is_none() {
        let mut parts = Parts { conclusion: Some(Conclusion::NothingToTest), ..Parts::default() };
        if let Some(sharding) = Sharding::begin(options, &subject, None, &store)? {
            parts.part = Some(Part::Shard(Box::new(sharding.of_nothing())));
        }
        return Ok(report(options, &subject, &change, parts, &mut clock));
    }
    let environment = Environment::find(options, &subject, &mut store)?;
    let dropped = environment::enter(&environment, &mut store)?;
    subject.load_functions(&mut store)?;
    subject.load_leads(&mut store)?;
    subject.check_out()?;
    become_subreaper();
    let directory = RunDirectory::create()?;
    let result = Budget::watch(options.budget, clock.began(), interrupted, |interrupted| {
        let run =
            Run { options, environment: &environment, directory: &directory, events, interrupted };
        conduct(&run, &mut subject, &mut store, &change, chosen.as_ref(), &mut clock)
    });
    // The run's own processes have ended with `conduct`; what is left was started by tests.
    kill_strays();
    let report = match result {
        (Ok(mut parts), spent) => {
            if spent {
                budget::charge(&mut parts);
            }
            parts.notices.extend(dropped);
            clock.enter(Phase::Finish);
            report(options, &subject, &change, parts, &mut clock)
        }
        (Err(error), spent) => {
            return Err(match (options.budget, error) {
                (Some(budget), LabError::Worker(WorkerError::Interrupted)) if spent => {
                    LabError::Budget { budget }
                }
                (_, error) => error,
            });
        }
    };
    against::record(&subject, &mut store, &report)?;
    // What tests load is known only now.
    let key = RunKey(subject.digest(options, &environment.key.0, &store)?);
    keep(&mut store, &report, key)?;
    Ok(report)
}

fn keep(store: &mut Store, report: &Report, key: RunKey) -> Result<(), LabError> {
    if report.part == Some(Part::Chosen) {
        let joined = choosing::joined(store, report);
        return keep_shown(store, &joined);
    }
    let json = json(report)?;
    let whole = report.part.is_none()
        && matches!(report.conclusion, Conclusion::Passed | Conclusion::Failed)
        && report.counts.error == 0
        && report.mutants.iter().all(|mutant| match mutant.verdict {
            Verdict::NotRun { reason } => reason == NotRunReason::OutOfReach,
            _ => true,
        })
        && report.notices.iter().all(|notice| notice.code != "flaky_tests");
    store.put_last_report(&json, if whole { &key } else { &NO_KEY })?;
    Ok(())
}

/// Keeps a report that is shown, and never taken for an answer.
pub(super) fn keep_shown(store: &mut Store, report: &Report) -> Result<(), LabError> {
    Ok(store.put_last_report(&json(report)?, &NO_KEY)?)
}

fn json(report: &Report) -> Result<String, LabError> {
    serde_json::to_string(report)
        .map_err(|error| LabError::UnreadableReport { reason: error.to_string() })
}

/// The functions of a run: of the scope, or of the mutants that were chosen.
pub(super) fn narrowed(
    scope: Vec<ScopedFunction>,
    chosen: Option<&Chosen>,
    parts: &mut Parts,
) -> Vec<ScopedFunction> {
    let Some(chosen) = chosen else { return scope };
    parts.part = Some(Part::Chosen);
    parts.notices.extend(chosen.notices.iter().cloned());
    let functions = chosen.functions(scope);
    let is_in = |key: &FunctionKey| functions.iter().any(|scoped| scoped.function == *key);
    parts.calls.retain(|call| is_in(&call.caller) && is_in(&call.callee));
    functions
}

/// The last report, since nothing that it rests on has changed.
fn again(
    mut report: Report,
    subject: &Subject,
    options: &Options,
    clock: &mut Clock,
) -> Result<Report, LabError> {
    for mutant in &mut report.mutants {
        mutant.reused = !matches!(mutant.verdict, Verdict::Suppressed { .. });
    }
    let duplicates = report.duplicates.len();
    report.counts = Counts { duplicates, ..Counts::of(&report.mutants) };
    report.gate = options.gate;
    report.conclusion =
        Conclusion::of(options.gate, &report.counts, &report.mutants, &report.skipped_files);
    // Files that no verdict rests on may be others than in the last run.
    let paths = subject.repository.changed_paths(&subject.base.merge_base, &subject.head)?;
    let others: Vec<_> = paths.into_iter().filter(|path| !path.is_python()).collect();
    let untied = untied::notices(&subject.config, &others);
    report.notices.retain(|notice| {
        notice.code != "nothing_changed"
            && notice.code != "environment_changed"
            && !untied::CODES.contains(&notice.code.as_str())
    });
    report.notices.extend(untied);
    report.notices.push(Notice {
        code: "nothing_changed".into(),
        message: "nothing has changed since the last run: its verdicts hold, none was decided anew"
            .into(),
    });
    report.timings = clock.timings(options.jobs.get());
    Ok(report)
}

/// All between the plan and the report: trace, scope, mutants, verdicts.
fn conduct(
    run: &Run<'_>,
    subject: &mut Subject,
    store: &mut Store,
    change: &Change,
    chosen: Option<&Chosen>,
    clock: &mut Clock,
) -> Result<Parts, LabError> {
    let mut parts = Parts {
        python: run.environment.interpreter.version.clone(),
        runner: run.environment.runner.name().to_owned(),
        ..Parts::default()
    };
    let sharding = Sharding::begin(run.options, subject, Some(run.environment), store)?;
    parts.part = sharding.as_ref().map(|sharding| Part::Shard(Box::new(sharding.part())));
    let began = Instant::now();
    subject.keep_apart(change.functions.keys());
    let mut warm = traced(run, subject, store, &mut parts, clock)?;
    if parts.conclusion.is_some() {
        return Ok(parts);
    }
    let started = began.elapsed();
    clock.enter(Phase::Plan);
    let known = known(subject, store)?;
    if parts.failing.is_empty() {
        parts.failing = stored_failures(&known);
    }
    let scoped = scope(run.options, subject, change, &known)?;
    parts.notices.extend(scoped.notices);
    parts.calls = scoped.calls;
    let functions = narrowed(scoped.functions, chosen, &mut parts);
    let mut plan = plan(run.options, subject, Some(run.environment), &functions, &known, chosen)?;
    if let Some(sharding) = sharding {
        let stands = sharding::classes(run, subject, store, &plan)?;
        let part = sharding.narrow(store, &mut plan, &known, Some(&stands))?;
        parts.part = Some(Part::Shard(Box::new(part)));
    }
    let Plan { functions, mutants, notices, foundations } = plan;
    parts.functions = functions;
    parts.notices.extend(notices);
    let runs =
        |path: &&RepoPath| run.environment.interpreter.compiles(&subject.root.join(path.as_str()));
    parts.unread = change.unread.iter().filter(runs).cloned().collect();
    parts.beyond = known.tests_beyond();
    let rejected = match run.options.type_check {
        Some(checker) => type_checked::rejected(run, subject, &mutants, checker)?,
        None => BTreeMap::new(),
    };
    let mut decisions: Vec<Option<(Decision, bool)>> = Vec::with_capacity(mutants.len());
    for (number, planned) in mutants.iter().enumerate() {
        if let Some(message) = rejected.get(&number) {
            // Not kept: it rests on more than the tests' verdicts do, and is found anew each time.
            let verdict = Verdict::Invalid { message: message.clone() };
            let decision = Decision { verdict, ..not_run(NotRunReason::NotAsked) };
            decisions.push(Some((decision, false)));
            continue;
        }
        if let Some(verdict) = planned.suppressed() {
            let decision = Decision { verdict, ..not_run(NotRunReason::NotAsked) };
            decisions.push(Some((decision, false)));
            continue;
        }
        let reused = match chosen {
            Some(_) if !run.options.reuse => None,
            _ => reusable(store, planned, &foundations)?,
        };
        decisions.push(reused.map(|decision| (decision, true)));
    }
    let todo: Vec<usize> =
        (0..mutants.len()).filter(|&number| decisions[number].is_none()).collect();
    let digests = told_alike(run, subject, store, (&mutants, &foundations), &todo, &mut decisions)?;
    // Who asks for a mutant by its id wants that one.
    let stands = if chosen.is_some() {
        (0..mutants.len()).collect()
    } else {
        alike::folded(&mutants, &digests)
    };
    keep_given(store, &mutants, &foundations, alike::shared(&stands, &mut decisions), &decisions)?;
    // One of those that are alike has its turn.
    let mut turns = BTreeSet::new();
    let todo: Vec<usize> = todo
        .into_iter()
        .filter(|&number| decisions[number].is_none() && turns.insert(stands[number]))
        .collect();
    if !todo.is_empty() {
        warm = able_to_decide(run, subject, store, warm, &known, (&mutants, &todo), clock)?;
        clock.enter(Phase::Mutants);
        run.events.phase(Phase::Mutants, Some(todo.len()));
        match &warm {
            Some(warm) => {
                let engine = Engine::new(*run, subject, &known, warm, started.max(began.elapsed()));
                check_self(&engine, &mutants, &todo)?;
                let planned = (mutants.as_slice(), &foundations, &digests);
                decide(&engine, store, planned, &todo, &mut decisions, clock)?;
                clock.enter(Phase::Finish);
                engine.verify_killers()?;
                // A test that turned out to be flaky has proved nothing before that either.
                let flaky = engine.flaky();
                let void: Vec<usize> = todo
                    .into_iter()
                    .filter(|&number| {
                        let decision = decisions[number].as_ref().map(|(decision, _)| decision);
                        matches!(decision.map(|decision| &decision.verdict),
                            Some(Verdict::Killed { by }) if flaky.contains(by))
                    })
                    .collect();
                if !void.is_empty() {
                    clock.enter(Phase::Mutants);
                    decide(&engine, store, planned, &void, &mut decisions, clock)?;
                }
                parts.flaky = engine.flaky();
            }
            None => {
                for &number in &todo {
                    let verdict = mutants[number].unreached();
                    let decision = Decision { verdict, ..not_run(NotRunReason::NotAsked) };
                    decisions[number] = Some((decision, false));
                }
            }
        }
    }
    keep_given(store, &mutants, &foundations, alike::shared(&stands, &mut decisions), &decisions)?;
    let against = AgainstBase::find(subject, change, store, &mutants)?;
    let decisions: Vec<(Decision, bool)> = decisions
        .into_iter()
        .map(|one| one.unwrap_or_else(|| (not_run(NotRunReason::Interrupted), false)))
        .collect();
    let verdicts: Vec<&Verdict> = decisions.iter().map(|(decision, _)| &decision.verdict).collect();
    for (number, (planned, (decision, reused))) in mutants.iter().zip(&decisions).enumerate() {
        if alike::is_duplicate(number, &stands, &verdicts) {
            parts.duplicates.push(alike::duplicate(planned, &mutants[stands[number]]));
            continue;
        }
        for test in &decision.flaky {
            if !parts.flaky.contains(test) {
                parts.flaky.push(test.clone());
            }
        }
        parts.mutants.push(decided(planned, decision, *reused, &against));
    }
    if let Some(Part::Shard(part)) = &mut parts.part {
        let is_folded = |number: usize| alike::is_duplicate(number, &stands, &verdicts);
        let all = std::mem::take(&mut part.positions).into_iter().enumerate();
        let (folded, own): (Vec<_>, Vec<_>) = all.partition(|(number, _)| is_folded(*number));
        part.positions = own.into_iter().map(|(_, position)| position).collect();
        part.duplicates = folded.into_iter().map(|(_, position)| position).collect();
    }
    if run.interrupted.load(Ordering::Relaxed) {
        parts.conclusion = Some(Conclusion::Interrupted);
    }
    Ok(parts)
}

/// Remembers the verdicts that mutants were given since others compile to the same code.
fn keep_given(
    store: &mut Store,
    mutants: &[Planned],
    foundations: &Foundations,
    given: Vec<usize>,
    decisions: &[Option<(Decision, bool)>],
) -> Result<(), LabError> {
    let verdicts = given
        .into_iter()
        .filter_map(|number| stored(&mutants[number], foundations, &decisions[number].as_ref()?.0));
    Ok(store.put_verdicts(&verdicts.collect::<Vec<_>>())?)
}

/// Finds out what the mutants that are to be decided compile to. Those that compile to the original's
/// code are decided by that.
fn told_alike(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    (mutants, foundations): (&[Planned], &Foundations),
    todo: &[usize],
    decisions: &mut [Option<(Decision, bool)>],
) -> Result<alike::Digests, LabError> {
    let known = |one: &Option<(Decision, bool)>| one.as_ref().and_then(|one| one.0.code.clone());
    let mut digests: alike::Digests = decisions.iter().map(known).collect();
    if todo.is_empty() {
        return Ok(digests);
    }
    let mut equivalent = Vec::new();
    for (number, code) in alike::ask(run, subject, mutants, todo)? {
        if code.is_original {
            let decision = Decision {
                verdict: Verdict::Equivalent,
                code: Some(code.digest.clone()),
                ..not_run(NotRunReason::NotAsked)
            };
            equivalent.extend(stored(&mutants[number], foundations, &decision));
            decisions[number] = Some((decision, false));
        }
        digests[number] = Some(code.digest);
    }
    store.put_verdicts(&equivalent)?;
    Ok(digests)
}

/// What the store knows of the tests, now and at the base.
pub(super) fn known(subject: &Subject, store: &Store) -> Result<Known, LabError> {
    let trace = store.load_trace()?;
    let graph = trace.call_graph();
    let imports = store.import_trace()?.unwrap_or_default();
    let writers = writers(store, &trace)?;
    let (past, under) = (store.past_tests()?, store.under()?);
    let tree = subject.repository.tree_id(&subject.base.merge_base)?;
    let is_base_recorded = store.recorded(&tree, std::iter::empty())?.is_some();
    let unlisted = unlisted::digest(store, &subject.root)?;
    Ok(Known { trace, graph, imports, past, under, unlisted, is_base_recorded, writers })
}

pub(super) fn stored_failures(known: &Known) -> Vec<FailedTest> {
    known
        .trace
        .tests()
        .iter()
        .filter(|test| test.summary.outcome.is_failure())
        .map(|test| FailedTest {
            test: test.summary.id.clone(),
            outcome: test.summary.outcome,
            output: String::new(),
        })
        .collect()
}

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

fn reusable(
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

/// Proves that code placed by each route takes effect in this run.
fn check_self(engine: &Engine<'_>, mutants: &[Planned], todo: &[usize]) -> Result<(), LabError> {
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
                _ => failed = Some((planned, few[0])),
            }
        }
        if let Some((planned, test)) = failed {
            return Err(LabError::SelfCheck {
                function: planned.mutant.function.to_string(),
                test: engine.id(test),
            });
        }
    }
    Ok(())
}

/// Decides the mutants on all lanes.
fn decide(
    engine: &Engine<'_>,
    store: &mut Store,
    (mutants, foundations, digests): (&[Planned], &Foundations, &alike::Digests),
    todo: &[usize],
    decisions: &mut [Option<(Decision, bool)>],
    clock: &mut Clock,
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
        for (number, mut decision) in receiver {
            let planned = &mutants[number];
            decision.code.clone_from(&digests[number]);
            run.events.advance(1);
            run.events.decided(&decided(planned, &decision, false, &AgainstBase::default()));
            if let Some(verdict) = stored(planned, foundations, &decision) {
                // The other end is gone only after a store error, which is returned below.
                let _ = stored_sender.send(verdict);
            }
            decisions[number] = Some((decision, false));
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

fn stored(
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
