//! What changed in the files of tests: functions, names that their bodies bind, whole files.
//!
//! Invariant: a file that serves tests counts as one of theirs, whatever it is called.

use std::collections::{BTreeMap, BTreeSet};

use super::support::support;
use crate::lab::LabError;
use crate::lab::base_tests::renamed;
use crate::lab::change::Change;
use crate::lab::scoping::{Known, TestsElsewhere};
use crate::lab::subject::Subject;
use crate::model::{FunctionKey, RepoPath};
use crate::scope::{ChangedNames, Users};
use crate::syntax::FileNames;

/// Names whose meaning the runner gives: whoever binds one speaks of all tests of the file.
const OF_THE_FILE: [&str; 7] = [
    "pytestmark",
    "pytest_plugins",
    "collect_ignore",
    "collect_ignore_glob",
    "load_tests",
    "__test__",
    "setUpModule",
];

/// What changed in test files.
pub(super) struct Differing {
    /// Functions of them.
    pub functions: BTreeSet<FunctionKey>,
    /// Files of which everything is in question.
    pub files: BTreeSet<RepoPath>,
}

impl Differing {
    /// Whether nothing did.
    pub(super) fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.files.is_empty()
    }

    /// Finds it. `imports` are pairs (importer, imported).
    pub(super) fn find(
        subject: &mut Subject,
        change: &Change,
        imports: &[(RepoPath, RepoPath)],
        elsewhere: &TestsElsewhere,
    ) -> Result<Self, LabError> {
        let mut support = support(subject, change, imports)?;
        let roles = subject.roles();
        // A file with tests that code imports as well is code; its tests are tests all the same.
        let is_whole = |path: &RepoPath| {
            let mut importers = imports.iter().filter(|(_, imported)| imported == path);
            importers.all(|(importer, _)| roles.is_test_file(importer) || elsewhere.holds(importer))
        };
        support.extend(elsewhere.files().filter(|path| is_whole(path)).cloned());
        let is_of_tests = |path: &RepoPath| roles.is_test_file(path) || support.contains(path);
        let functions: BTreeSet<FunctionKey> = change
            .functions
            .keys()
            .filter(|key| is_of_tests(&key.path) || elsewhere.has(key))
            .cloned()
            .collect();
        let tied = subject
            .tied_to(&change.other_files)
            .into_keys()
            .filter(|path| roles.is_test_file(path));
        let mut found = Self { functions, files: tied.collect() };
        if found.functions.is_empty() {
            return Ok(found);
        }
        let mut names: BTreeMap<RepoPath, ChangedNames> = change
            .names
            .iter()
            .filter(|(path, _)| is_of_tests(path))
            .map(|(path, names)| (path.clone(), names.clone()))
            .collect();
        for names in names.values_mut() {
            names.everything |= OF_THE_FILE.iter().any(|name| names.names.contains(*name));
        }
        // Hooks run before the tests do: no test is seen to enter them.
        for key in &found.functions {
            let hook =
                key.path.file_name() == "conftest.py" && key.name.simple().starts_with("pytest_");
            if hook || OF_THE_FILE.contains(&key.name.as_str()) {
                names.entry(key.path.clone()).or_default().everything = true;
            }
        }
        if names.is_empty() {
            return Ok(found);
        }
        let mut test_files = subject.test_files();
        test_files.extend(support);
        let mut imports: Vec<(RepoPath, RepoPath)> = imports
            .iter()
            .filter(|(importer, imported)| {
                test_files.contains(importer) && test_files.contains(imported)
            })
            .cloned()
            .collect();
        for conftest in names.keys().filter(|path| path.file_name() == "conftest.py") {
            let folder = &conftest.as_str()[..conftest.as_str().len() - "conftest.py".len()];
            let below = test_files.iter().filter(|path| path.as_str().starts_with(folder));
            imports.extend(below.map(|path| (path.clone(), conftest.clone())));
        }
        let users = Users::find(&names, &imports, &BTreeSet::new(), &mut |path| {
            if !test_files.contains(path) {
                return Ok(Some(FileNames::default()));
            }
            Ok::<_, LabError>(subject.module(path)?.as_ref().map(FileNames::of))
        })?;
        found.functions.extend(users.named().cloned());
        found.files.extend(users.whole_files().cloned());
        Ok(found)
    }

    /// The tests of the present trace that any of it concerns.
    pub(super) fn tests(&self, change: &Change, known: &Known) -> BTreeSet<usize> {
        let mut positions: BTreeSet<usize> = BTreeSet::new();
        for key in &self.functions {
            positions.extend(known.trace.tests_entering(key));
            if let Some(old) = change.was_at(&key.path) {
                let key = FunctionKey::new(old.clone(), key.name.clone());
                positions.extend(known.trace.tests_entering(&key));
            }
        }
        for (position, test) in known.trace.tests().iter().enumerate() {
            let path = test.summary.path.as_ref().map(|path| change.now_at(path));
            let function = test.summary.function.as_ref().map(|key| renamed(change, key));
            if path.is_some_and(|path| self.files.contains(path))
                || function.is_some_and(|key| self.functions.contains(&key))
                || change.beside.is_text_of(&test.summary.id, path)
            {
                positions.insert(position);
            }
        }
        positions
    }
}
