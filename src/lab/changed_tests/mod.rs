//! Tests that changed against the base, with what they enter and entered there.
//!
//! Invariant: a test is changed if anything of a test file that it enters, or that decides how it
//! runs, is another one; where nobody knows what a changed test did at the base, its file is named.

mod beside;
mod differing;
mod present;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use super::LabError;
use super::base_tests::{BaseTests, is_of_base, renamed};
use super::change::Change;
use super::roles::Roles;
use super::scoping::{Known, TestsElsewhere};
use super::subject::Subject;
use crate::model::{FunctionKey, Notice, RepoPath, TestChange, TestId, TestOutcome};
use crate::scope::ChangedTest;
use crate::store::StoredTest;
use beside::unknown_beside;
use differing::Differing;
use present::Present;

/// The changed tests.
#[derive(Debug, Default)]
pub(super) struct ChangedTests {
    /// By id.
    pub tests: BTreeMap<TestId, ChangedTest>,
    /// Test files of which nobody knows what the changed tests did at the base.
    pub unknown: BTreeSet<RepoPath>,
}

impl ChangedTests {
    /// Finds them.
    pub(super) fn find(
        subject: &mut Subject,
        change: &Change,
        known: &Known,
        imports: &[(RepoPath, RepoPath)],
        base: &BaseTests,
        elsewhere: &TestsElsewhere,
    ) -> Result<Self, LabError> {
        let differing = Differing::find(subject, change, imports, elsewhere)?;
        let roles = subject.roles();
        let mut found = Self::default();
        if differing.is_empty() && change.beside.is_empty() && base.is_empty() {
            return Ok(found);
        }
        let present = Present::of(known);
        let mut of_base: BTreeSet<FunctionKey> = BTreeSet::new();
        let mut files_of_base: BTreeSet<RepoPath> = BTreeSet::new();
        for (id, test) in base.iter() {
            let function = test.function.as_ref();
            if test.is_known {
                of_base.extend(function.into_iter().chain(&test.entered).cloned());
                files_of_base.extend(test.path.clone());
            }
            let here = test.path.as_ref().is_some_and(|path| differing.files.contains(path));
            let is_gone = test.is_known && test.selected_alike && !present.has(id, test);
            let touched = is_gone
                || here
                || change.beside.is_text_of(id, test.path.as_ref())
                || function.is_some_and(|key| differing.functions.contains(key))
                || test.entered.iter().any(|key| differing.functions.contains(key));
            if touched {
                let now = known.trace.test(id).or_else(|| moved(change, known, function?));
                let id = now.map_or(id, |test| &test.summary.id);
                let entered = now.into_iter().flat_map(|test| known.trace.entered(test));
                let entered = entered.map(|key| renamed(change, key));
                let how = how(change, function, now);
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
            let unseen =
                !change.new.contains(*key) && !of_base.contains(*key) && !key.name.is_body();
            unseen && (holds_tests(&roles, &key.path) || of_base.is_empty())
        });
        found.unknown.extend(old.map(|key| key.path.clone()));
        let files = differing.files.iter().filter(|path| {
            holds_tests(&roles, path) && !change.is_new_file(path) && !files_of_base.contains(*path)
        });
        found.unknown.extend(files.cloned());
        found.unknown.extend(unknown_beside(change, known, base));
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
                "tests, their helpers or their settings changed in {}, and what they reached on {base} is not \
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

/// Whether a test file holds tests, and not only what tests need.
fn holds_tests(roles: &Roles, path: &RepoPath) -> bool {
    path.file_name().starts_with("test") || roles.is_named_as_tests(path)
}
