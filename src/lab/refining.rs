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
use super::cached;
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
    let owing = owing(known, warm, first_fork);
    // In most runs: then the store need not be asked for each mutant.
    if owing.is_empty() {
        return Ok(false);
    }
    let mut todo = Vec::new();
    for planned in &plan.mutants {
        let stands = run.options.reuse && standing(store, planned, &plan.foundations)?.is_some();
        if !stands {
            todo.push(planned);
        }
    }
    let tests = todo.iter().flat_map(|planned| planned.route.tests()).copied();
    let wide: BTreeSet<usize> = tests.filter(|test| owing.contains(test)).collect();
    let whole = expected(&todo, known);
    // What a budget leaves no time for cannot be compared with.
    let whole = run.options.budget.map_or(whole, |budget| whole.min(budget));
    if wide.is_empty() || price(&wide, known) > whole.mul_f64(SHARE) {
        return Ok(false);
    }
    clock.enter(Phase::Trace);
    again(run, subject, store, warm, known, &wide)
}

/// Traces once more the tests whose records may lack what others of their fork left in a cache, of those
/// that were traced in forks from `first_fork` on. Returns whether any record is another.
///
/// # Errors
/// As [`refined`].
pub(super) fn completed(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    (warm, first_fork): (&Warm, u32),
    known: &Known,
) -> Result<bool, LabError> {
    let owing = owing(known, warm, first_fork);
    if owing.is_empty() {
        return Ok(false);
    }
    let lacking = cached::lacking(subject, known, &owing);
    if lacking.is_empty() { Ok(false) } else { again(run, subject, store, warm, known, &lacking) }
}

/// As [`refined`], of all tests, if that takes no longer than `most`.
///
/// # Errors
/// As [`refined`].
pub(super) fn all_refined(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    (warm, first_fork): (&Warm, u32),
    known: &Known,
    most: Duration,
) -> Result<bool, LabError> {
    let wide = owing(known, warm, first_fork);
    let jobs = u32::try_from(run.options.jobs.get()).unwrap_or(u32::MAX);
    if wide.is_empty() || price(&wide, known) / jobs > most {
        return Ok(false);
    }
    again(run, subject, store, warm, known, &wide)
}

/// The tests that may owe something to another of their fork, and were traced in this run.
fn owing(known: &Known, warm: &Warm, first_fork: u32) -> BTreeSet<usize> {
    let owes = |test: &usize| {
        let TestSummary { id, fork, alone_ok, outcome, .. } = &known.trace.tests()[*test].summary;
        let shared = *fork >= first_fork && !alone_ok && *outcome == TestOutcome::Passed;
        shared && warm.numbers.contains_key(id)
    };
    (0..known.trace.tests().len()).filter(owes).collect()
}

fn time(known: &Known, test: usize) -> Duration {
    Duration::from_micros(known.trace.tests()[test].summary.microseconds)
}

/// What tracing each of these tests alone takes about, on one processor.
fn price(tests: &BTreeSet<usize>, known: &Known) -> Duration {
    tests.iter().map(|&test| FORK + time(known, test)).sum()
}

/// What deciding these mutants takes about, on one processor.
fn expected(mutants: &[&Planned], known: &Known) -> Duration {
    let of = |planned: &&Planned| {
        let times = planned.route.tests().iter().map(|&test| time(known, test));
        let all: Duration = times.clone().sum();
        FORK + times.min().unwrap_or_default() + all.mul_f64(UNNOTICED)
    };
    mutants.iter().map(of).sum()
}

/// Traces each of these tests in a fork of its own. Returns whether any record is another.
fn again(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    warm: &Warm,
    known: &Known,
    wide: &BTreeSet<usize>,
) -> Result<bool, LabError> {
    let Some(tests) = summaries(warm, known) else { return Ok(false) };
    run.events.phase(Phase::Trace, Some(wide.len()));
    let number = |test: &usize| warm.numbers[&known.trace.tests()[*test].summary.id];
    let stale: Vec<usize> = wide.iter().map(number).collect();
    let resolver = Resolver::new(subject.table(), &warm.files, &warm.collected.codes);
    let mut digests = known.digests(subject);
    let mut slots = warm.slots(run, run.options.jobs.get().min(stale.len()))?;
    let apart = stale.iter().copied().collect();
    let tracer = Tracer::new(run, warm, &resolver, &tests, apart, store.next_fork()?);
    let failed: BTreeSet<TestId> = tracer
        .trace(&stale, &mut slots, store, &mut digests)?
        .into_iter()
        .map(|record| record.summary.id)
        .collect();
    let is_new = |test: &usize| !failed.contains(&tests[*test].id);
    writers::replace(
        store,
        &stale.iter().filter(|test| is_new(test)).map(|&test| &tests[test].id).collect(),
        tracer.writers().into_iter().filter(is_new).map(|test| tests[test].id.clone()),
        watched(run.options),
    )?;
    Ok(true)
}

/// What is known of the tests that were collected, in the order of that.
fn summaries(warm: &Warm, known: &Known) -> Option<Vec<TestSummary>> {
    let of = |id: &str| known.trace.test(&TestId::new(id)).map(|test| test.summary.clone());
    warm.collected.collected.iter().map(|test| of(&test.0)).collect()
}
