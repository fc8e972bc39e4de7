//! Tracing: every test that needs it runs once, unmutated, in a fork of the warm process.
//!
//! Invariant: a test whose stored digest still holds is not run again; one that failed, or that
//! shared its fork with a test that failed or crashed, is traced again alone.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use serde_json::json;

use super::basis::{Closures, Digests, code_digest};
use super::clock::Clock;
use super::collecting::{self, Extent};
use super::environment::Environment;
use super::imports::{self, store_imports};
use super::last_collection::LastCollection;
use super::ordering::Order;
use super::recording;
use super::resolving::{Resolved, Resolver};
use super::shared_forks::SharedForks;
use super::subject::{Subject, is_code};
use super::{Events, LabError, unlisted, writers};
use crate::config::Options;
use crate::model::{FailedTest, FunctionKey, Phase, RepoPath, TestId, TestOutcome};
use crate::schedule::{BatchPlan, Sample, SampledFork, batches};
use crate::store::{ReachDigest, Store, StoredTest, StoredTrace, TestRecord, TestSummary};
use crate::worker::{
    Collected, Ended, Mode, Process, ProcessOptions, Record, RunDirectory, RunOrder, Slot, SlotRun,
    TestRecord as RanTest, WorkerError,
};

/// How long a test may take without a mutant before it is taken for stuck.
const STUCK: Duration = Duration::from_secs(600);
/// Forks that are traced first, to learn what a test and a fork cost here.
const SAMPLED_FORKS: usize = 4;
/// Tests in each of them: the first one fills caches, the others show what a test takes.
const SAMPLED_TESTS: usize = 6;

/// The warm process of a run.
#[derive(Debug)]
pub(super) struct Warm {
    /// The process.
    pub process: Process,
    /// What it collected.
    pub collected: Collected,
    /// The files that it was given.
    pub files: Vec<RepoPath>,
    /// Where each test stands in its collection.
    pub numbers: BTreeMap<TestId, usize>,
}

/// What all steps of a run share.
#[derive(Clone, Copy)]
pub(super) struct Run<'r> {
    /// What is asked.
    pub options: &'r Options,
    /// The interpreter and runner.
    pub environment: &'r Environment,
    /// The run's own directory.
    pub directory: &'r RunDirectory,
    /// Whom to tell.
    pub events: &'r dyn Events,
    /// Whether to stop.
    pub interrupted: &'r AtomicBool,
}

impl Warm {
    /// Starts the process and collects the tests, of `only` some files.
    pub(super) fn start(
        run: &Run<'_>,
        subject: &Subject,
        trace: bool,
        only: Option<&[RepoPath]>,
        clock: &mut Clock,
    ) -> Result<Self, LabError> {
        clock.enter(Phase::StartUp);
        run.events.phase(Phase::StartUp, None);
        let files: Vec<RepoPath> = subject.files.keys().cloned().collect();
        let test_files = subject.test_files();
        let numbers: Vec<usize> =
            (0..files.len()).filter(|&number| test_files.contains(&files[number])).collect();
        let (cache, search, roots) = (subject.cache(), subject.search(), subject.roots());
        let absolute =
            |file: &RepoPath| subject.root.join(file.as_str()).to_string_lossy().into_owned();
        let only: Option<Vec<String>> = only.map(|files| files.iter().map(absolute).collect());
        let options = ProcessOptions {
            interpreter: &run.environment.interpreter,
            root: &subject.root,
            files: &files,
            test_files: &numbers,
            cache: Some(&cache),
            runner: run.environment.runner,
            arguments: &run.options.tests,
            trace,
            only: only.as_deref(),
            preload: &[],
            jobs: run.options.jobs.get(),
            memory_limit: run.options.memory_limit,
            search: &search,
            roots: &roots,
        };
        let mut process = Process::start(run.directory, Mode::Warm, &options, run.interrupted)?;
        clock.enter(Phase::Collection);
        run.events.phase(Phase::Collection, None);
        let collected = process.collected(run.interrupted)?;
        if trace {
            check_copy(subject, &files, &collected)?;
        }
        let numbers = collected
            .collected
            .iter()
            .enumerate()
            .map(|(number, test)| (TestId::new(&test.0), number))
            .collect();
        Ok(Self { process, collected, files, numbers })
    }

    /// The files that were asked for tests.
    pub(super) fn asked(&self) -> impl Iterator<Item = &RepoPath> {
        self.collected.asked.iter().filter_map(|&file| self.files.get(file))
    }

    /// The files that were imported, in a process that traces.
    pub(super) fn loaded(&self) -> BTreeSet<RepoPath> {
        let codes = self.collected.codes.iter().filter_map(|code| self.files.get(code.0));
        codes.chain(self.asked()).cloned().collect()
    }

    /// Forks `count` slots.
    pub(super) fn slots(&self, run: &Run<'_>, count: usize) -> Result<Vec<Slot>, WorkerError> {
        (0..count).map(|number| self.process.slot(run.directory, number, run.interrupted)).collect()
    }
}

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
        let closures = Closures::new(&imports.pairs, subject.files.keys());
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
    let first_fork = stored.tests().iter().map(|test| test.summary.fork + 1).max().unwrap_or(0);
    let mut slots = warm.slots(run, run.options.jobs.get().min(stale.len()))?;
    let is_apart =
        |test: &TestSummary| test.function.as_ref().is_some_and(|key| subject.is_apart(key));
    let tracer = Tracer {
        run,
        apart: stale.iter().copied().filter(|&test| is_apart(&tests[test])).collect(),
        warm,
        resolver: &resolver,
        tests: &tests,
        next_fork: AtomicU32::new(first_fork),
        writers: Mutex::new(BTreeSet::new()),
    };
    let mut traced = tracer.trace_all(&stale, &mut slots, store, &mut digests);
    if slots.len() > 1
        && let Ok(failed) = &mut traced
    {
        // Another test at the same time may have been the reason: once more, one by one.
        let again = failed.extract_if(.., |record| record.summary.outcome != TestOutcome::TimedOut);
        let again = again.map(|record| vec![warm.numbers[&record.summary.id]]).collect();
        failed.extend(tracer.units(again, &mut slots[..1], store, &mut digests, None)?);
    }
    let found = tracer.writers.lock().expect("no thread panics with the lock").clone();
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

/// The note of the highest limit of memory that a stored test was traced under.
const HIGHEST: &str = "memory limit";

fn highest_limit(store: &Store) -> Result<Option<u64>, LabError> {
    let note = store.note(HIGHEST)?;
    Ok(note.and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?))))
}

/// Whether every test has to be traced again: one that passed under a higher limit of memory has not
/// shown that it passes now.
pub(super) fn all_again(options: &Options, store: &Store) -> Result<bool, LabError> {
    Ok(highest_limit(store)?.is_some_and(|highest| options.memory_limit < highest))
}

/// The tests that must be traced, among those that were collected.
fn stale_tests(
    options: &Options,
    store: &Store,
    stored: &StoredTrace,
    digests: &mut Digests,
    (tests, warmed): (&[TestSummary], &BTreeSet<RepoPath>),
) -> Result<Vec<usize>, LabError> {
    let unwatched = unwatched(options, store)?;
    let all = all_again(options, store)?;
    let mut stale = Vec::new();
    for (number, test) in tests.iter().enumerate() {
        let holds = !all
            && stored.test(&test.id).is_some_and(|known| {
                known.summary.path == test.path
                    && holds(stored, known, digests, &unwatched)
                    && !test.path.as_ref().is_some_and(|path| digests.sees(path, warmed))
            });
        if !holds {
            stale.push(number);
        }
    }
    let loose = loose_forks(stored, tests, &stale);
    for (number, test) in tests.iter().enumerate() {
        if stored.test(&test.id).is_some_and(|known| loose.contains(&known.summary.fork)) {
            stale.push(number);
        }
    }
    stale.sort_unstable();
    stale.dedup();
    Ok(stale)
}

/// Files with functions that imports call now and did not before, or the other way round. What they
/// left in the process that all tests are forked from (a cache of C, that no edge tells of) hides
/// lines from tests that never imported the caller.
fn warmed_otherwise(
    ran: &Resolved,
    stored: &StoredTrace,
    (warm, extent): (&Warm, &Extent),
) -> BTreeSet<RepoPath> {
    if stored.tests().is_empty() {
        return BTreeSet::new();
    }
    let now: BTreeSet<&(FunctionKey, FunctionKey)> = ran.edges.iter().collect();
    let loaded = warm.loaded();
    let is_comparable = |(caller, _): &(&FunctionKey, &FunctionKey)| {
        matches!(extent, Extent::Whole(_)) || loaded.contains(&caller.path)
    };
    let before: BTreeSet<(FunctionKey, FunctionKey)> = stored
        .import_edges()
        .filter(is_comparable)
        .map(|(caller, callee)| (caller.clone(), callee.clone()))
        .collect();
    let is_function = |(_, callee): &&(FunctionKey, FunctionKey)| !callee.name.is_body();
    let gone = before.iter().filter(|edge| !now.contains(edge));
    let come = now.iter().copied().filter(|edge| !before.contains(*edge));
    gone.chain(come).filter(is_function).map(|(_, callee)| callee.path.clone()).collect()
}

/// The forks of which a test is gone or is traced again. What it had warmed for the others (a cache of
/// C that no edge tells of) they may have to reach themselves now, so none of their records holds. A
/// fork has tests of one file, which is collected whole or not at all.
fn loose_forks(stored: &StoredTrace, tests: &[TestSummary], stale: &[usize]) -> BTreeSet<u32> {
    let present: HashSet<&TestId> = tests.iter().map(|test| &test.id).collect();
    let files: HashSet<&RepoPath> = tests.iter().filter_map(|test| test.path.as_ref()).collect();
    let is_gone = |test: &&StoredTest| {
        let path = test.summary.path.as_ref();
        path.is_some_and(|path| files.contains(path)) && !present.contains(&test.summary.id)
    };
    let again = stale.iter().filter_map(|&number| stored.test(&tests[number].id));
    let loose = stored.tests().iter().filter(is_gone).chain(again);
    loose.map(|test| test.summary.fork).collect()
}

/// Whether the record of a test is what a trace of it would yield.
pub(super) fn holds(
    stored: &StoredTrace,
    test: &StoredTest,
    digests: &mut Digests,
    unwatched: &BTreeSet<TestId>,
) -> bool {
    let summary = &test.summary;
    let entered = stored.entered(test).cloned();
    let path = summary.path.as_ref();
    let digest = digests.test(&summary.id, path, &summary.beyond, entered);
    digest == summary.digest && !summary.outcome.is_failure() && !unwatched.contains(&summary.id)
}

/// The tests whose trace did not look for what it has to look for.
pub(super) fn unwatched(options: &Options, store: &Store) -> Result<BTreeSet<TestId>, LabError> {
    if watched(options) { writers::unwatched(store) } else { Ok(BTreeSet::new()) }
}

/// Whether a trace looks for tests that another run of them would disturb: not where one test
/// runs at a time, since to look costs time.
fn watched(options: &Options) -> bool {
    options.jobs.get() > 1
}

struct Tracer<'t> {
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

impl Tracer<'_> {
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
    fn untraced(
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

/// Another copy under test would make every verdict one about other code.
fn check_copy(
    subject: &Subject,
    files: &[RepoPath],
    collected: &Collected,
) -> Result<(), LabError> {
    let loaded: BTreeSet<&RepoPath> =
        collected.codes.iter().filter_map(|code| files.get(code.0)).collect();
    for (name, file, ours) in &collected.elsewhere {
        // A package that several distributions share has an `__init__.py` in each.
        let package = ours.strip_suffix("__init__.py");
        let from_here = loaded.iter().any(|path| match package {
            Some(package) => path.as_str().starts_with(package) && is_code(path),
            None => path.as_str() == ours,
        });
        if !from_here {
            return Err(LabError::WrongCopy {
                module: name.clone(),
                imported: PathBuf::from(file),
                expected: subject.root.join(ours),
            });
        }
    }
    Ok(())
}
