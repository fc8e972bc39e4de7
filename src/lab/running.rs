//! A run from the diff to the report.
//!
//! Invariant: Python is started only when something has to be traced or decided; each verdict is
//! on its way into the store before the next mutant of its lane starts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::against::{self, AgainstBase};
use super::assembling::{Parts, report};
use super::book::Book;
use super::budget::{self, Budget};
use super::change::Change;
use super::choosing::{self, Chosen};
use super::clock::Clock;
use super::engine::Engine;
use super::environment::Environment;
use super::lanes::{self, check_self};
use super::planning::{Plan, plan};
use super::refining::{completed, refined};
use super::run::Run;
use super::scoping::{Known, scope};
use super::sharding::{self, Sharding};
use super::subject::Subject;
use super::warming::{able_to_decide, traced};
use super::writers::writers;
use super::{
    Events, LabError, environment, limits_seen, report_state, showing, type_checked, unlisted,
    untied,
};
use crate::config::Options;
use crate::model::{
    Conclusion, Counts, FailedTest, FunctionKey, NotRunReason, Notice, Part, Phase, RepoPath,
    Report, ScopeKind, ScopedFunction, Verdict,
};
use crate::store::{RunKey, Store};
use crate::worker::{RunDirectory, WorkerError, become_subreaper, kill_strays};

/// A key that no run has: a report under it is shown, and never taken for an answer.
const NO_KEY: RunKey = RunKey([0; 32]);

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
    limits_seen::remember(options, &mut store)?;
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
    keep(&subject, &mut store, &report, key)?;
    report_state::remember(&subject.repository, &mut store)?;
    store.index()?;
    Ok(report)
}

fn keep(
    subject: &Subject,
    store: &mut Store,
    report: &Report,
    key: RunKey,
) -> Result<(), LabError> {
    if report.part == Some(Part::Chosen) {
        let joined = choosing::joined(subject, store, report)?;
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
    let first_fork = store.next_fork()?;
    let mut warm = traced(run, subject, store, &mut parts, clock)?;
    if parts.conclusion.is_some() {
        return Ok(parts);
    }
    let started = began.elapsed();
    clock.enter(Phase::Plan);
    let mut known = self::known(subject, store)?;
    if let Some(warm) = &warm
        && completed(run, subject, store, (warm, first_fork), &known)?
    {
        known = self::known(subject, store)?;
    }
    let (mut outline, mut plan) = outlined(run, subject, change, &known, chosen)?;
    if let Some(warm) = &warm
        && refined(run, subject, store, (warm, first_fork), (&known, &plan), clock)?
    {
        clock.enter(Phase::Plan);
        known = self::known(subject, store)?;
        (outline, plan) = outlined(run, subject, change, &known, chosen)?;
    }
    if parts.failing.is_empty() {
        parts.failing = stored_failures(&known);
    }
    parts.notices.extend(outline.notices);
    parts.calls = outline.calls;
    parts.part = outline.part.or(parts.part);
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
    // Who asks for a mutant by its id wants that one.
    let fold = chosen.is_none();
    let mut book = Book::open(store, &mutants, &foundations, &rejected, fold || run.options.reuse)?;
    book.compare(run, subject, store, fold)?;
    let todo = book.todo();
    if !todo.is_empty() {
        warm = able_to_decide(run, subject, store, warm, &known, (&mutants, &todo), clock)?;
        clock.enter(Phase::Mutants);
        run.events.phase(Phase::Mutants, Some(todo.len()));
        match &warm {
            Some(warm) => {
                let engine = Engine::new(*run, subject, &known, warm, started.max(began.elapsed()));
                check_self(&engine, &mutants, &todo)?;
                decide(&engine, store, &mut book, &todo, clock)?;
                clock.enter(Phase::Finish);
                engine.verify_killers()?;
                // A test that turned out to be flaky has proved nothing before that either.
                let void = book.killed_by(&engine.flaky(), &todo);
                if !void.is_empty() {
                    clock.enter(Phase::Mutants);
                    decide(&engine, store, &mut book, &void, clock)?;
                }
                parts.flaky = engine.flaky();
            }
            None => book.settle_unreached(store, &todo)?,
        }
    }
    book.share(store)?;
    let against = AgainstBase::find(subject, change, store, &mutants)?;
    book.close(&against, &mut parts);
    if run.interrupted.load(Ordering::Relaxed) {
        parts.conclusion = Some(Conclusion::Interrupted);
    }
    Ok(parts)
}

/// The plan of a run, with what is to be said of its scope.
fn outlined(
    run: &Run<'_>,
    subject: &mut Subject,
    change: &Change,
    known: &Known,
    chosen: Option<&Chosen>,
) -> Result<(Parts, Plan), LabError> {
    let scoped = scope(run.options, subject, change, known)?;
    let mut outline = Parts { notices: scoped.notices, calls: scoped.calls, ..Parts::default() };
    let functions = narrowed(scoped.functions, chosen, &mut outline);
    let environment = Some(run.environment);
    let plan = plan(run.options, subject, environment, &functions, known, chosen)?;
    Ok((outline, plan))
}

/// Decides the mutants `todo`, and tells of each.
fn decide(
    engine: &Engine<'_>,
    store: &mut Store,
    book: &mut Book<'_>,
    todo: &[usize],
    clock: &mut Clock,
) -> Result<(), LabError> {
    let events = engine.run.events;
    lanes::decide(engine, store, book.mutants, todo, clock, |number, decision| {
        let kept = book.put(number, decision);
        events.advance(1);
        book.told(number).iter().for_each(|mutant| events.decided(mutant));
        kept
    })
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
