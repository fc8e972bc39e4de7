//! The lanes that decide mutants: a hot and a cold slot each, opened when first needed.
//!
//! Invariant: a lane runs one child at a time; the cold process is started once a run, by the
//! first mutant that needs it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::run::Run;
use super::scoping::Known;
use super::subject::Subject;
use super::warm::Warm;
use crate::model::{FunctionKey, RepoPath, TestId};
use crate::schedule::{deadline, short_deadline};
use crate::worker::{
    Ended, Mode, MutantMessage, Process, ProcessOptions, RunOrder, Slot, SlotRun, SlotTimes,
    WorkerError,
};

/// How often a test that killed something must pass again without a mutant.
const BASELINES: usize = 2;

/// Whether a mutant is swapped in or imported afresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Heat {
    /// Swapped in, in a fork of the warm process.
    Hot,
    /// Imported afresh, in a fork of a process without the project.
    Cold,
}

/// How long tests may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// As long as the options say: what does not end then may never end.
    Full,
    /// What a test of its kind needs on a busy machine, and no more: not to end says nothing.
    Short,
}

/// What all lanes share.
pub(super) struct Engine<'e> {
    /// The run.
    pub run: Run<'e>,
    /// The tests.
    pub known: &'e Known,
    warm: &'e Warm,
    root: &'e std::path::Path,
    cache: std::path::PathBuf,
    search: Vec<std::path::PathBuf>,
    roots: Vec<String>,
    test_files: Vec<usize>,
    /// How long a cold child may take before its first test.
    allowance: Duration,
    cold: Mutex<Option<Arc<Process>>>,
    alone: Mutex<HashMap<(usize, Heat), bool>>,
    killers: Mutex<HashMap<FunctionKey, Vec<usize>>>,
    flaky: Mutex<BTreeSet<usize>>,
    /// Held while a test runs that changes a place which others change too.
    turn: Mutex<()>,
    spent: Mutex<SlotTimes>,
}

/// One of the jobs.
#[derive(Debug, Default)]
pub(super) struct Lane {
    number: usize,
    hot: Option<Slot>,
    cold: Option<Slot>,
}

impl Lane {
    /// The lane of a job.
    pub(super) fn new(number: usize) -> Self {
        Self { number, ..Self::default() }
    }
}

impl<'e> Engine<'e> {
    /// Over a warm process that has collected; `started` is how long that took.
    pub(super) fn new(
        run: Run<'e>,
        subject: &'e Subject,
        known: &'e Known,
        warm: &'e Warm,
        started: Duration,
    ) -> Self {
        let test_files = subject.test_files();
        Self {
            run,
            known,
            warm,
            root: &subject.root,
            cache: subject.cache(),
            search: subject.search(),
            roots: subject.roots(),
            test_files: (0..warm.files.len())
                .filter(|&number| test_files.contains(&warm.files[number]))
                .collect(),
            allowance: Duration::from_secs(10) + started * 10,
            cold: Mutex::new(None),
            alone: Mutex::new(HashMap::new()),
            killers: Mutex::new(HashMap::new()),
            flaky: Mutex::new(BTreeSet::new()),
            turn: Mutex::new(()),
            spent: Mutex::new(SlotTimes::default()),
        }
    }

    /// Runs tests (positions in the stored trace) in a fork.
    pub(super) fn fork(
        &self,
        lane: &mut Lane,
        heat: Heat,
        tests: &[usize],
        mutant: Option<&MutantMessage>,
        probe: bool,
    ) -> Result<SlotRun, WorkerError> {
        self.fork_with(lane, (heat, Patience::Full), tests, mutant, probe)
    }

    /// The same, with a say in how long tests may take.
    pub(super) fn fork_with(
        &self,
        lane: &mut Lane,
        (heat, patience): (Heat, Patience),
        tests: &[usize],
        mutant: Option<&MutantMessage>,
        probe: bool,
    ) -> Result<SlotRun, WorkerError> {
        let stored = self.known.trace.tests();
        let order = RunOrder {
            tests: match heat {
                Heat::Hot => {
                    let number = |&test: &usize| {
                        let id = &stored[test].summary.id;
                        self.warm.numbers.get(id).ok_or_else(|| WorkerError::Protocol {
                            message: format!("{id} was not collected"),
                        })
                    };
                    json!(tests.iter().map(number).collect::<Result<Vec<_>, _>>()?)
                }
                Heat::Cold => {
                    json!(tests.iter().map(|&test| &stored[test].summary.id).collect::<Vec<_>>())
                }
            },
            mutant: mutant.cloned(),
            probe,
            trace: false,
            watch: false,
            report: false,
            stop: !probe,
            known_codes: 0,
            only: if heat == Heat::Cold { self.files_of(tests) } else { None },
            known: if heat == Heat::Cold { self.known_ids(tests) } else { Vec::new() },
        };
        let options = &self.run.options.deadline;
        let limit = |position: usize| {
            let own = tests.get(position).map_or(1_000_000, |&t| stored[t].summary.microseconds);
            let before =
                if heat == Heat::Cold && position == 0 { self.allowance } else { Duration::ZERO };
            before
                + match patience {
                    Patience::Full => deadline(options, own),
                    Patience::Short => short_deadline(options, own),
                }
        };
        let waits = tests.iter().any(|test| self.known.writers.contains(test));
        let _turn = waits.then(|| self.turn.lock().expect("no thread panics with the lock"));
        let number = lane.number;
        let slot = match heat {
            Heat::Hot => &mut lane.hot,
            Heat::Cold => &mut lane.cold,
        };
        if slot.as_ref().is_none_or(Slot::is_lost) {
            *slot = Some(match heat {
                Heat::Hot => {
                    self.warm.process.slot(self.run.directory, number, self.run.interrupted)?
                }
                Heat::Cold => {
                    self.cold_process()?.slot(self.run.directory, number, self.run.interrupted)?
                }
            });
        }
        let slot = slot.as_mut().expect("the slot was opened above");
        let run = slot.run(&order, limit, self.run.interrupted)?;
        let mut spent = self.spent.lock().expect("no thread panics with the lock");
        spent.fork += run.times.fork;
        spent.swap += run.times.swap;
        spent.tests += run.times.tests;
        spent.reap += run.times.reap;
        spent.whole += run.times.whole;
        Ok(run)
    }

    /// Where the lanes' time went so far.
    pub(super) fn spent(&self) -> SlotTimes {
        *self.spent.lock().expect("no thread panics with the lock")
    }

    /// Whether `test` passes alone without a mutant; asked of Python once a run, and not at all
    /// when its trace was made alone. A test that does not is flaky for the rest of the run.
    pub(super) fn passes_alone(
        &self,
        lane: &mut Lane,
        heat: Heat,
        test: usize,
    ) -> Result<bool, WorkerError> {
        if self.is_flaky(test) {
            return Ok(false);
        }
        if heat == Heat::Hot && self.known.trace.tests()[test].summary.alone_ok {
            return Ok(true);
        }
        self.passes_again(lane, heat, test)
    }

    /// The same, whatever its trace says.
    pub(super) fn passes_again(
        &self,
        lane: &mut Lane,
        heat: Heat,
        test: usize,
    ) -> Result<bool, WorkerError> {
        let known =
            self.alone.lock().expect("no thread panics with the lock").get(&(test, heat)).copied();
        if let Some(passes) = known {
            return Ok(passes);
        }
        let passes = self.passes_once(lane, heat, test)?;
        self.alone.lock().expect("no thread panics with the lock").insert((test, heat), passes);
        Ok(passes)
    }

    /// Runs `test` alone without a mutant; one that fails is flaky from now on.
    fn passes_once(&self, lane: &mut Lane, heat: Heat, test: usize) -> Result<bool, WorkerError> {
        let run = self.fork(lane, heat, &[test], None, false)?;
        let passes = matches!(super::deciding::step(&run, 1), super::deciding::Step::Passed);
        if !passes && run.ended != Ended::Interrupted {
            self.flaky.lock().expect("no thread panics with the lock").insert(test);
        }
        Ok(passes)
    }

    /// Runs every test that killed something again without a mutant: luck is found out here, and
    /// not before each kill, where it would cost as much as the kills.
    pub(super) fn verify_killers(&self) -> Result<(), WorkerError> {
        let killers: BTreeSet<usize> = {
            let killers = self.killers.lock().expect("no thread panics with the lock");
            killers.values().flatten().copied().collect()
        };
        let mut lane = Lane::new(0);
        for test in killers {
            for _ in 0..BASELINES {
                if self.run.interrupted.load(std::sync::atomic::Ordering::Relaxed) {
                    return Ok(());
                }
                // The tests of a cold mutant need not be among those that were collected.
                let is_collected = self.warm.numbers.contains_key(&self.id(test));
                let heat = if is_collected { Heat::Hot } else { Heat::Cold };
                match self.passes_once(&mut lane, heat, test) {
                    Ok(true) => {}
                    Ok(false) | Err(WorkerError::SlotLost) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Whether a test was seen to fail without a mutant in this run.
    pub(super) fn is_flaky(&self, test: usize) -> bool {
        self.flaky.lock().expect("no thread panics with the lock").contains(&test)
    }

    /// The tests that were seen to fail without a mutant in this run.
    pub(super) fn flaky(&self) -> Vec<TestId> {
        let flaky = self.flaky.lock().expect("no thread panics with the lock");
        flaky.iter().map(|&test| self.id(test)).collect()
    }

    /// Notes that `test` killed a mutant of `function`.
    pub(super) fn killed(&self, function: &FunctionKey, test: usize) {
        let mut killers = self.killers.lock().expect("no thread panics with the lock");
        let known = killers.entry(function.clone()).or_default();
        known.retain(|other| *other != test);
        known.insert(0, test);
    }

    /// Tests that killed mutants of `function`, the latest first.
    pub(super) fn killers_of(&self, function: &FunctionKey) -> Vec<usize> {
        let killers = self.killers.lock().expect("no thread panics with the lock");
        killers
            .get(function)
            .map(|known| known.iter().take(8).copied().collect())
            .unwrap_or_default()
    }

    /// The id of a test.
    pub(super) fn id(&self, test: usize) -> TestId {
        self.known.trace.tests()[test].summary.id.clone()
    }

    /// The file of a test.
    pub(super) fn file(&self, test: usize) -> Option<&RepoPath> {
        self.known.trace.tests()[test].summary.path.as_ref()
    }

    fn files_of(&self, tests: &[usize]) -> Option<Vec<String>> {
        let files: Option<BTreeSet<&RepoPath>> =
            tests.iter().map(|&test| self.file(test)).collect();
        let absolute =
            |file: &RepoPath| self.root.join(file.as_str()).to_string_lossy().into_owned();
        files.map(|files| files.into_iter().map(absolute).collect())
    }

    /// Every test id of the files that hold `tests`: what else is collected is new.
    fn known_ids(&self, tests: &[usize]) -> Vec<String> {
        let files: BTreeSet<Option<&RepoPath>> =
            tests.iter().map(|&test| self.file(test)).collect();
        let everything = files.contains(&None);
        self.known
            .trace
            .tests()
            .iter()
            .filter(|test| everything || files.contains(&test.summary.path.as_ref()))
            .map(|test| test.summary.id.as_str().to_owned())
            .collect()
    }

    fn cold_process(&self) -> Result<Arc<Process>, WorkerError> {
        let mut cold = self.cold.lock().expect("no thread panics with the lock");
        if let Some(process) = &*cold {
            return Ok(process.clone());
        }
        let mut preload = self.warm.collected.preload.as_slice();
        loop {
            let options = ProcessOptions {
                interpreter: &self.run.environment.interpreter,
                root: self.root,
                files: &self.warm.files,
                test_files: &self.test_files,
                cache: Some(&self.cache),
                runner: self.run.environment.runner,
                arguments: &self.run.options.tests,
                trace: false,
                only: None,
                preload,
                jobs: self.run.options.jobs.get(),
                memory_limit: self.run.options.memory_limit,
                search: &self.search,
                roots: &self.roots,
            };
            let mut process =
                Process::start(self.run.directory, Mode::Cold, &options, self.run.interrupted)?;
            let leaked = process.ready(self.run.interrupted)?;
            if leaked.is_empty() || preload.is_empty() {
                let process = Arc::new(process);
                *cold = Some(process.clone());
                return Ok(process);
            }
            // A library imports the project: nothing can be imported ahead.
            preload = &[];
        }
    }
}
