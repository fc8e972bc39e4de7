//! Tracing tests once more, each in a fork of its own, before verdicts rest on them.
//!
//! Invariant: a record is replaced only in the run that made it, so no verdict rests on it yet; one of
//! a test that does not pass alone stays.
//!
//! A full trace lets tests share forks, and a test is then taken to have entered whatever an earlier one
//! may have warmed for it (`shared_forks.rs`). That is sound and wide: a later change of any of it puts
//! all verdicts of the test in question. Where mutants take much longer than tests alone would, records
//! that owe nothing are worth their price.

use std::collections::BTreeSet;
use std::time::Duration;

use super::LabError;
use super::basis::{Closures, Digests};
use super::clock::Clock;
use super::planning::{Plan, Planned};
use super::resolving::Resolver;
use super::run::Run;
use super::scoping::Known;
use super::stale_tests::watched;
use super::standing::standing;
use super::subject::Subject;
use super::tracer::Tracer;
use super::warm::Warm;
use super::writers;
use crate::model::{Phase, TestId, TestOutcome};
use crate::store::{Store, TestSummary};

/// What a fork costs about, beside the test in it.
const FORK: Duration = Duration::from_millis(3);
/// The share of mutants that no test notices, which run with all of their tests: of three projects, 8 to
/// 16 in a hundred.
const UNNOTICED: f64 = 0.1;
/// The part of the time of the mutants that better records may cost.
const SHARE: f64 = 0.05;

/// Traces once more what the mutants of `plan` rest on, of the tests that were traced in forks from
/// `first_fork` on, if that is cheap beside deciding them. Returns whether any record is another.
///
/// # Errors
/// Where the process of the tests ends, the run is interrupted, or the store cannot be used.
pub(super) fn refined(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    (warm, first_fork): (&Warm, u32),
    (known, plan): (&Known, &Plan),
    clock: &mut Clock,
) -> Result<bool, LabError> {
    let stored = known.trace.tests();
    let mut todo = Vec::new();
    for planned in &plan.mutants {
        let stands = run.options.reuse && standing(store, planned, &plan.foundations)?.is_some();
        if !stands {
            todo.push(planned);
        }
    }
    let owes = |test: &usize| {
        let TestSummary { id, fork, alone_ok, outcome, .. } = &stored[*test].summary;
        let shared = *fork >= first_fork && !alone_ok && *outcome == TestOutcome::Passed;
        shared && warm.numbers.contains_key(id)
    };
    let wide: BTreeSet<usize> =
        todo.iter().flat_map(|planned| planned.route.tests()).copied().filter(owes).collect();
    let time = |test: usize| Duration::from_micros(stored[test].summary.microseconds);
    let Some(tests) = summaries(warm, known) else { return Ok(false) };
    let price: Duration = wide.iter().map(|&test| FORK + time(test)).sum();
    let whole = expected(&todo, time);
    // What a budget leaves no time for cannot be compared with.
    let whole = run.options.budget.map_or(whole, |budget| whole.min(budget.as_secs_f64()));
    if wide.is_empty() || price.as_secs_f64() > SHARE * whole {
        return Ok(false);
    }
    clock.enter(Phase::Trace);
    run.events.phase(Phase::Trace, Some(wide.len()));
    let again: Vec<usize> =
        wide.iter().map(|&test| warm.numbers[&stored[test].summary.id]).collect();
    let resolver = Resolver::new(subject.table(), &warm.files, &warm.collected.codes);
    let closures = Closures::new(&known.imports.imports, subject.files.keys(), &subject.roles());
    let mut digests = Digests::new(subject, closures, known.trace.import_edges(), known.unlisted);
    let mut slots = warm.slots(run, run.options.jobs.get().min(again.len()))?;
    let apart = again.iter().copied().collect();
    let tracer = Tracer::new(run, warm, &resolver, &tests, apart, store.next_fork()?);
    let failed: BTreeSet<TestId> = tracer
        .trace(&again, &mut slots, store, &mut digests)?
        .into_iter()
        .map(|record| record.summary.id)
        .collect();
    let is_new = |test: &usize| !failed.contains(&tests[*test].id);
    writers::replace(
        store,
        &again.iter().filter(|test| is_new(test)).map(|&test| &tests[test].id).collect(),
        tracer.writers().into_iter().filter(is_new).map(|test| tests[test].id.clone()),
        watched(run.options),
    )?;
    Ok(true)
}

/// Seconds that deciding `todo` takes about, on one processor.
fn expected(todo: &[&Planned], time: impl Fn(usize) -> Duration) -> f64 {
    let seconds = |planned: &&Planned| {
        let tests = planned.route.tests();
        let quickest = tests.iter().map(|&test| time(test)).min().unwrap_or_default();
        let all: Duration = tests.iter().map(|&test| time(test)).sum();
        (FORK + quickest).as_secs_f64() + UNNOTICED * all.as_secs_f64()
    };
    todo.iter().map(seconds).sum()
}

/// What is known of the tests that were collected, in the order of that.
fn summaries(warm: &Warm, known: &Known) -> Option<Vec<TestSummary>> {
    let of = |id: &str| known.trace.test(&TestId::new(id)).map(|test| test.summary.clone());
    warm.collected.collected.iter().map(|test| of(&test.0)).collect()
}
