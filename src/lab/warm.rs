//! The warm process of a run: started and asked to collect.
//!
//! Invariant: it has collected and run no test; what it imported of the project is what is under test,
//! and no other copy of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::LabError;
use super::clock::Clock;
use super::run::Run;
use super::subject::Subject;
use crate::model::{Phase, RepoPath, TestId};
use crate::worker::{Collected, Mode, Process, ProcessOptions, Slot, WorkerError};

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
            Some(package) => path.as_str().starts_with(package) && subject.is_code(path),
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
