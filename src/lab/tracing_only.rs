//! `mutdiff record`: the trace, and nothing after it.
//!
//! Invariant: tests whose records hold are not run; with all of them, Python is not started.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::assembling::Parts;
use super::clock::Clock;
use super::environment::{self, Environment};
use super::refining::{all_refined, completed};
use super::run::Run;
use super::running::{known, stored_failures};
use super::subject::Subject;
use super::warming::traced;
use super::{Events, LabError};
use crate::config::Options;
use crate::model::{DecidedMutant, FunctionKey, Notice, Phase, TraceSummary};
use crate::worker::{RunDirectory, become_subreaper, kill_strays};

/// Better records are worth as much time as the first ones took, and this much in any case.
const SHORT: Duration = Duration::from_secs(5);

/// Traces what is not known any more of the tests.
///
/// # Errors
/// See [`LabError`]; the traces that were made before an interrupt are kept.
pub fn record(
    options: &Options,
    events: &dyn Events,
    interrupted: &AtomicBool,
) -> Result<TraceSummary, LabError> {
    let began = Instant::now();
    let mut clock = Clock::start();
    let events = Counting { events, tests: AtomicUsize::new(0) };
    events.phase(Phase::Plan, None);
    let (mut subject, mut store) = Subject::open(options)?;
    let environment = Environment::find(options, &subject, &mut store)?;
    let dropped = environment::enter(&environment, &mut store)?;
    subject.load_functions(&mut store)?;
    subject.load_leads(&mut store)?;
    become_subreaper();
    let directory = RunDirectory::create()?;
    let run = Run {
        options,
        environment: &environment,
        directory: &directory,
        events: &events,
        interrupted,
    };
    let mut parts = Parts::default();
    let (first_fork, start) = (store.next_fork()?, Instant::now());
    let warm = traced(&run, &subject, &mut store, &mut parts, &mut clock)?;
    let mut known = self::known(&subject, &store)?;
    if let (Some(warm), None) = (&warm, parts.conclusion) {
        let most = start.elapsed().max(SHORT);
        let process = (warm, first_fork);
        if all_refined(&run, &subject, &mut store, process, &known, most)?
            || completed(&run, &subject, &mut store, process, &known)?
        {
            known = self::known(&subject, &store)?;
        }
    }
    drop(warm);
    // What is left was started by tests.
    kill_strays();
    store.index()?;
    if parts.failing.is_empty() {
        parts.failing = stored_failures(&known);
    }
    let tests = known.trace.tests();
    let entered: BTreeSet<&FunctionKey> =
        tests.iter().flat_map(|test| known.trace.entered(test)).collect();
    let mut notices = subject.notices();
    notices.extend(dropped);
    notices.extend(parts.notices);
    Ok(TraceSummary {
        python: environment.interpreter.version.clone(),
        runner: environment.runner.name().to_owned(),
        tests: tests.len(),
        traced: events.tests.into_inner(),
        functions: entered.into_iter().filter(|key| subject.is_code(&key.path)).count(),
        edges: known.graph.edges().count(),
        tests_fail: !parts.failing.is_empty() && !options.allow_failing,
        failing_tests: parts.failing,
        skipped_files: subject.skipped.clone(),
        notices,
        milliseconds: began.elapsed().as_secs_f64() * 1000.0,
    })
}

/// Passes everything on, and keeps how many tests were to be traced.
struct Counting<'e> {
    events: &'e dyn Events,
    tests: AtomicUsize,
}

impl Events for Counting<'_> {
    fn phase(&self, phase: Phase, total: Option<usize>) {
        if let (Phase::Trace, Some(total)) = (phase, total) {
            // Some are traced a second time, alone.
            self.tests.fetch_max(total, Ordering::Relaxed);
        }
        self.events.phase(phase, total);
    }

    fn advance(&self, n: usize) {
        self.events.advance(n);
    }

    fn decided(&self, mutant: &DecidedMutant) {
        self.events.decided(mutant);
    }

    fn notice(&self, notice: &Notice) {
        self.events.notice(notice);
    }
}
