//! The warm process of a run: brings the trace up to date, then holds the tests that decide mutants.
//!
//! Invariant: no more is collected than is needed; what cannot be done with some files is done with all.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::assembling::Parts;
use super::clock::Clock;
use super::collecting::Extent;
use super::planning::{Planned, Route};
use super::run::Run;
use super::scoping::Known;
use super::subject::{Subject, TRACED};
use super::tracing::{Traced, trace};
use super::warm::Warm;
use super::{LabError, collecting, unlisted};
use crate::model::{Conclusion, FailedTest, Notice, RepoPath};
use crate::store::{Store, StoredTrace};
use crate::worker::WorkerError;

/// Traces the tests whose records do not hold. The process that did is for the mutants; there is none
/// if every record holds. Failing tests that are not to be left out are a conclusion.
pub(super) fn traced(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    parts: &mut Parts,
    clock: &mut Clock,
) -> Result<Option<Warm>, LabError> {
    let before = store.note(TRACED)?;
    if before == Some(state(subject, store, run)?) {
        return Ok(None);
    }
    store.put_note(TRACED, &[])?;
    let stored = store.load_trace()?;
    let extent = Extent::find(run, subject, store, &stored)?;
    clock.collects(extent.shown());
    let warm = match extent {
        Extent::Part(part) if part.is_nothing() => {
            collecting::remember_nothing(store, subject, &part)?;
            let state = state(subject, store, run)?;
            store.put_note(TRACED, &state)?;
            return Ok(None);
        }
        Extent::Part(_) => match attempt(run, subject, store, &stored, &extent, clock) {
            Ok(Ok((warm, failing))) => {
                parts.failing = failing;
                Ok(warm)
            }
            Ok(Err(reason)) => Err(reason),
            Err(LabError::Worker(error @ WorkerError::Interrupted)) => return Err(error.into()),
            Err(error @ LabError::Store(_)) => return Err(error),
            // Whatever it is, it is said again if it is so with all files too.
            Err(error) => Err(error.to_string()),
        },
        Extent::Whole(reason) => Err(reason),
    };
    let warm = match warm {
        Ok(warm) => warm,
        Err(reason) => {
            let stored = store.load_trace()?;
            let extent = Extent::Whole(reason);
            clock.collects(extent.shown());
            match attempt(run, subject, store, &stored, &extent, clock)? {
                Ok((warm, failing)) => {
                    parts.failing = failing;
                    warm
                }
                Err(_) => unreachable!("all files stand beside no others"),
            }
        }
    };
    if parts.failing.is_empty() || run.options.allow_failing {
        let state = state(subject, store, run)?;
        store.put_note(TRACED, &state)?;
    } else {
        parts.notices.push(Notice {
            code: "tests_run_alone".into(),
            message: "each test ran alone, in a fork of the process that imported the \
                project: one that passes only behind others fails here, and so does one that \
                needs a thread which an import started"
                .into(),
        });
        parts.conclusion = Some(Conclusion::TestsFail);
    }
    Ok(Some(warm))
}

/// Collects, and traces what has to be; why it has to be done with all files, if it has.
fn attempt(
    run: &Run<'_>,
    subject: &Subject,
    store: &mut Store,
    stored: &StoredTrace,
    extent: &Extent,
    clock: &mut Clock,
) -> Result<Result<(Warm, Vec<FailedTest>), String>, LabError> {
    let files = extent.files();
    let warm = Warm::start(run, subject, true, files.as_deref(), clock)?;
    let failing = match trace(run, subject, store, stored, (&warm, extent), clock)? {
        Traced::Done(failing) => failing,
        Traced::Unlike(reason) => return Ok(Err(reason)),
    };
    let is_part = files.is_some();
    let knew = |failed: &FailedTest| {
        stored.test(&failed.test).is_some_and(|known| known.summary.outcome.is_failure())
    };
    // It may fail for want of what other files of tests leave behind.
    match failing.iter().find(|failed| is_part && !knew(failed)) {
        Some(failed) => Ok(Err(format!("{} fails without the other files", failed.test))),
        None => Ok(Ok((warm, failing))),
    }
}

/// A digest of the environment, the limit of memory and all Python files: with an equal one, a trace
/// need not be looked at.
fn state(subject: &Subject, store: &Store, run: &Run<'_>) -> Result<Vec<u8>, LabError> {
    let mut hash = Sha256::new();
    hash.update(unlisted::digest(store, &subject.root)?);
    hash.update(run.environment.key.0.as_bytes());
    hash.update(run.options.memory_limit.to_le_bytes());
    hash.update(subject.text_tests_digest());
    for (path, content) in &subject.files {
        hash.update(path.as_str().as_bytes());
        hash.update([0]);
        hash.update(content.as_bytes());
        hash.update(subject.tied_digest(path));
    }
    Ok(hash.finalize().to_vec())
}

/// A process that has collected the tests of all mutants that are swapped in; none if no mutant needs
/// one.
pub(super) fn able_to_decide(
    run: &Run<'_>,
    subject: &Subject,
    store: &Store,
    warm: Option<Warm>,
    known: &Known,
    (mutants, todo): (&[Planned], &[usize]),
    clock: &mut Clock,
) -> Result<Option<Warm>, LabError> {
    let mut tests: BTreeSet<usize> = BTreeSet::new();
    let mut first_cold = None;
    for &number in todo {
        match &mutants[number].route {
            Route::Hot(hot) => tests.extend(hot),
            Route::Cold(cold) => first_cold = first_cold.or(cold.first().copied()),
            Route::Nobody => {}
        }
    }
    if tests.is_empty() && first_cold.is_none() {
        return Ok(warm);
    }
    let summary = |test: usize| &known.trace.tests()[test].summary;
    let has_all = |warm: &Warm| tests.iter().all(|&t| warm.numbers.contains_key(&summary(t).id));
    if warm.as_ref().is_some_and(has_all) {
        return Ok(warm);
    }
    drop(warm);
    // A cold mutant's libraries are those of its tests' files.
    let of = |test: usize| summary(test).path.clone();
    let chosen: Option<BTreeSet<RepoPath>> = match (tests.is_empty(), first_cold) {
        (true, Some(test)) => of(test).map(|path| [path].into()),
        _ => tests.iter().map(|&test| of(test)).collect(),
    };
    if let Some(files) = chosen
        && collecting::can_be_part(store)?
    {
        let files: Vec<RepoPath> = files.into_iter().collect();
        match Warm::start(run, subject, false, Some(&files), clock) {
            Ok(warm) if has_all(&warm) => return Ok(Some(warm)),
            Err(LabError::Worker(error @ WorkerError::Interrupted)) => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(Some(Warm::start(run, subject, false, None, clock)?))
}
