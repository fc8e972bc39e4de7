//! Tracing: every test that needs it runs once, unmutated, in a fork of the warm process.
//!
//! Invariant: a test whose stored digest still holds is not run again; one that failed, or that
//! shared its fork with a test that failed or crashed, is traced again alone.

use super::basis::{Closures, Digests};
use super::clock::Clock;
use super::collecting::{self, Extent};
use super::imports::{self, store_imports};
use super::last_collection::LastCollection;
use super::ordering::Order;
use super::resolving::Resolver;
use super::run::Run;
use super::stale_tests::{HIGHEST, highest_limit, stale_tests, warmed_otherwise, watched};
use super::subject::Subject;
use super::tracer::Tracer;
use super::warm::Warm;
use super::{LabError, unlisted, writers};
use crate::model::{FailedTest, Phase, TestId, TestOutcome};
use crate::store::{ReachDigest, Store, StoredTrace, TestSummary};

/// What came of a trace.
#[derive(Debug)]
pub(super) enum Traced {
    /// All is known; these tests fail.
    Done(Vec<FailedTest>),
    /// What was collected cannot stand beside what is known of other files, for this reason.
    Unlike(String),
}

/// Traces what has to be traced of what was collected, and stores it.
pub(super) fn trace(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    stored: &StoredTrace,
    (warm, extent): (&Warm, &Extent),
    clock: &mut Clock,
) -> Result<Traced, LabError> {
    clock.enter(Phase::Trace);
    let collected = &warm.collected;
    if let Extent::Part(part) = extent
        && let Some(reason) = part.unlike(warm, store, stored)?
    {
        return Ok(Traced::Unlike(reason));
    }
    if collected.collected.is_empty() && matches!(extent, Extent::Whole(_)) {
        return Err(LabError::NoTestsCollected {
            runner: run.environment.runner.name(),
            root: subject.root.clone(),
        });
    }
    let resolver = Resolver::new(subject.table(), &warm.files, &collected.codes);
    let ran = imports::ran(&resolver, warm);
    let warmed = warmed_otherwise(&ran, stored, (warm, extent));
    if let (Extent::Part(_), Some(path)) = (extent, warmed.first()) {
        return Ok(Traced::Unlike(format!("imports call other functions of {path} than before")));
    }
    let before = LastCollection::take(store)?;
    let then = unlisted::digest(store, &subject.root)?;
    let imports = store_imports(subject, store, stored, ran, (warm, extent), &before)?;
    unlisted::keep(store, &subject.root, &collected.unlisted)?;
    let unlisted = unlisted::digest(store, &subject.root)?;
    let mut digests = imports.digests.filter(|_| then == unlisted).unwrap_or_else(|| {
        let closures = Closures::new(&imports.pairs, subject.files.keys(), &subject.roles());
        let calls = imports.calls.iter().map(|(caller, callee)| (caller, callee));
        Digests::new(subject, closures, calls, unlisted)
    });
    let order = Order::of(warm, extent, stored);
    let tests: Vec<TestSummary> = collected
        .collected
        .iter()
        .map(|test| {
            let (id, file, code) = test;
            let function = code
                .as_ref()
                .and_then(|(file, line, name)| resolver.function(&((*file)?, *line, name.clone())));
            TestSummary {
                id: TestId::new(id),
                path: file.and_then(|file| warm.files.get(file).cloned()),
                function,
                position: order.position(id),
                outcome: TestOutcome::Passed,
                microseconds: 0,
                fork: 0,
                alone_ok: false,
                beyond: Vec::new(),
                digest: ReachDigest([0; 32]),
                code: ReachDigest([0; 32]),
            }
        })
        .collect();
    subject.keep_text_tests(store, tests.iter().map(|test| &test.id))?;
    let limit = run.options.memory_limit;
    let highest = highest_limit(store)?.unwrap_or(limit);
    let stale = stale_tests(run.options, store, stored, &mut digests, (&tests, &warmed))?;
    order.settle(store, stored, subject)?;
    store.put_note(HIGHEST, &limit.max(highest).to_le_bytes())?;
    run.events.phase(Phase::Trace, Some(stale.len()));
    if stale.is_empty() {
        collecting::remember(store, subject, &mut digests, (warm, extent), before)?;
        return Ok(Traced::Done(Vec::new()));
    }
    let mut slots = warm.slots(run, run.options.jobs.get().min(stale.len()))?;
    let is_apart =
        |test: &TestSummary| test.function.as_ref().is_some_and(|key| subject.is_apart(key));
    let apart = stale.iter().copied().filter(|&test| is_apart(&tests[test])).collect();
    let tracer = Tracer::new(run, warm, &resolver, &tests, apart, store.next_fork()?);
    let traced = tracer.trace(&stale, &mut slots, store, &mut digests);
    let found = tracer.writers();
    let id = |number: usize| &tests[number].id;
    writers::replace(
        store,
        &stale.iter().map(|&number| id(number)).collect(),
        found.into_iter().map(|number| id(number).clone()),
        watched(run.options),
    )?;
    let mut failed = traced?;
    failed.sort_by_key(|record| record.summary.position);
    let outputs = tracer.untraced(&mut failed, &mut slots)?;
    store.put_tests(&failed)?;
    // Not before: a test that is collected and was not traced would count as one that there is not.
    collecting::remember(store, subject, &mut digests, (warm, extent), before)?;
    if stale.len() == tests.len() && matches!(extent, Extent::Whole(_)) {
        store.put_note(HIGHEST, &limit.to_le_bytes())?;
    }
    Ok(Traced::Done(outputs))
}
