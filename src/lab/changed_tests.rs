//! Tests that changed against the base, with what they enter and entered there.
//!
//! Invariant: a test is changed if anything of a test file that it enters, or that decides how it
//! runs, is another one; where nobody knows what a changed test did at the base, its file is named.

use std::collections::{BTreeMap, BTreeSet};

use super::LabError;
use super::base_tests::{BaseTests, is_of_base, renamed};
use super::change::Change;
use super::scoping::Known;
use super::subject::{Subject, is_test_file};
use crate::model::{FunctionKey, Notice, QualName, RepoPath, TestChange, TestId, TestOutcome};
use crate::scope::{ChangedNames, ChangedTest, Users};
use crate::store::StoredTest;
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

/// The changed tests.
#[derive(Debug, Default)]
pub(super) struct ChangedTests {
    /// By id.
    pub tests: BTreeMap<TestId, ChangedTest>,
    /// Test files of which nobody knows what the changed tests did at the base.
    pub unknown: BTreeSet<RepoPath>,
}

/// What changed in test files.
struct Differing {
    functions: BTreeSet<FunctionKey>,
    files: BTreeSet<RepoPath>,
}

impl ChangedTests {
    /// Finds them.
    pub(super) fn find(
        subject: &mut Subject,
        change: &Change,
        known: &Known,
        imports: &[(RepoPath, RepoPath)],
        base: &BaseTests,
    ) -> Result<Self, LabError> {
        let differing = Differing::find(subject, change, imports)?;
        let mut found = Self::default();
        if differing.functions.is_empty() && differing.files.is_empty() {
            return Ok(found);
        }
        let mut of_base: BTreeSet<FunctionKey> = BTreeSet::new();
        let mut files_of_base: BTreeSet<RepoPath> = BTreeSet::new();
        for (id, test) in base.iter() {
            let function = test.function.as_ref();
            if test.is_known {
                of_base.extend(function.into_iter().chain(&test.entered).cloned());
                files_of_base.extend(test.path.clone());
            }
            let here = test.path.as_ref().is_some_and(|path| differing.files.contains(path));
            let touched = here
                || function.is_some_and(|key| differing.functions.contains(key))
                || test.entered.iter().any(|key| differing.functions.contains(key));
            if touched {
                let present = known.trace.test(id).or_else(|| moved(change, known, function?));
                let id = present.map_or(id, |test| &test.summary.id);
                let entered = present.into_iter().flat_map(|test| known.trace.entered(test));
                let entered = entered.map(|key| renamed(change, key));
                let how = how(change, function, present);
                let entered = entered.chain(test.entered.iter().cloned()).collect();
                found.tests.insert(id.clone(), ChangedTest { how, entered });
            }
        }
        for position in differing.tests(change, known) {
            let test = &known.trace.tests()[position];
            let id = &test.summary.id;
            let keys = known.trace.entered(test).chain(&test.summary.function);
            if base.get(id).is_none() && is_of_base(subject, change, known, test) {
                of_base.extend(keys.cloned());
                files_of_base.extend(test.summary.path.clone());
            }
            if !found.tests.contains_key(id) {
                let function = test.summary.function.as_ref().map(|key| renamed(change, key));
                let how = how(change, function.as_ref(), Some(test));
                let entered = known.trace.entered(test).map(|key| renamed(change, key)).collect();
                found.tests.insert(id.clone(), ChangedTest { how, entered });
            }
        }
        // Of a helper that no test enters, nothing is to be known if anything is.
        let old = differing.functions.iter().filter(|key| {
            let unseen = !change.new.contains(*key) && !of_base.contains(*key) && !is_body(key);
            unseen && (holds_tests(&key.path) || of_base.is_empty())
        });
        found.unknown.extend(old.map(|key| key.path.clone()));
        let files = differing.files.iter().filter(|path| {
            holds_tests(path) && !change.is_new_file(path) && !files_of_base.contains(*path)
        });
        found.unknown.extend(files.cloned());
        Ok(found)
    }

    /// What the reader should know of it.
    pub(super) fn notice(&self, base: &str) -> Option<Notice> {
        if self.unknown.is_empty() {
            return None;
        }
        let files: Vec<&str> = self.unknown.iter().map(RepoPath::as_str).collect();
        Some(Notice {
            code: "changed_tests_unknown".into(),
            message: format!(
                "tests or their helpers changed in {}, and what they reached on {base} is not \
                 known here: what only they noticed is not looked at again. A run on {base} with \
                 --scope all before this one makes it known",
                listed(&files)
            ),
        })
    }
}

/// The first few of many, and how many more.
pub(super) fn listed(names: &[&str]) -> String {
    let shown = names.len().min(5);
    let rest = names.len() - shown;
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", names[..shown].join(", "))
}

/// The test of a file that moved, under the id that it has now.
fn moved<'k>(change: &Change, known: &'k Known, key: &FunctionKey) -> Option<&'k StoredTest> {
    change.was_at(&key.path)?;
    known.trace.tests().iter().find(|test| test.summary.function.as_ref() == Some(key))
}

fn how(
    change: &Change,
    function: Option<&FunctionKey>,
    present: Option<&StoredTest>,
) -> TestChange {
    let is_deleted = function.is_some_and(|key| change.deleted.contains(key));
    match present {
        None => TestChange::Removed,
        Some(_) if is_deleted => TestChange::Removed,
        Some(test) if test.summary.outcome == TestOutcome::Skipped => TestChange::Skipped,
        Some(_) if function.is_some_and(|key| change.new.contains(key)) => TestChange::New,
        Some(_) => TestChange::Changed,
    }
}

impl Differing {
    fn find(
        subject: &mut Subject,
        change: &Change,
        imports: &[(RepoPath, RepoPath)],
    ) -> Result<Self, LabError> {
        let functions: BTreeSet<FunctionKey> =
            change.functions.keys().filter(|key| is_test_file(&key.path)).cloned().collect();
        let tied = subject.tied_to(&change.other_files).into_keys().filter(is_test_file);
        let mut found = Self { functions, files: tied.collect() };
        if found.functions.is_empty() {
            return Ok(found);
        }
        let mut names: BTreeMap<RepoPath, ChangedNames> = change
            .names
            .iter()
            .filter(|(path, _)| is_test_file(path))
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
        let test_files = subject.test_files();
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
    fn tests(&self, change: &Change, known: &Known) -> BTreeSet<usize> {
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
            {
                positions.insert(position);
            }
        }
        positions
    }
}

/// Whether a test file holds tests, and not only what tests need.
fn holds_tests(path: &RepoPath) -> bool {
    let name = path.file_name();
    name.starts_with("test") || name.ends_with("_test.py")
}

fn is_body(key: &FunctionKey) -> bool {
    key.name.as_str() == QualName::MODULE || key.name.simple() == "<class>"
}
