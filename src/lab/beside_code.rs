//! What of a change concerns tests and is no code: examples in docstrings and in prose, settings of
//! the runner.
//!
//! Invariant: examples count where something of the project says that they are run; settings count
//! where they are said otherwise than at the base, whatever else changed in their file.

use std::collections::{BTreeMap, BTreeSet};

use super::LabError;
use super::change::Change;
use super::subject::Subject;
use crate::config::{Options, runner_settings};
use crate::git::Head;
use crate::model::{Fingerprint, Function, FunctionKey, FunctionKind, QualName, RepoPath, TestId};
use crate::syntax;

/// What changed.
#[derive(Debug, Default)]
pub(super) struct BesideCode {
    /// Functions whose docstrings have other examples, under the names that files have now.
    pub docstrings: BTreeSet<FunctionKey>,
    /// Files of prose with other examples, and whether they had any.
    pub texts: BTreeMap<RepoPath, bool>,
    /// Files with other settings of the runner.
    pub settings: BTreeSet<RepoPath>,
}

impl BesideCode {
    /// Compares the files that are no Python, and drops examples that nobody runs.
    pub(super) fn find(
        options: &Options,
        subject: &Subject,
        change: &Change,
    ) -> Result<Self, LabError> {
        let mut found = Self { docstrings: change.docstrings.clone(), ..Self::default() };
        let base = Head::Commit(subject.base.merge_base.clone());
        for path in &change.other_files {
            let read = |head: &Head| -> Result<Option<String>, LabError> {
                let bytes = subject.repository.read(head, path)?;
                Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
            };
            let (old, new) = (read(&base)?, read(&subject.head)?);
            let settings = |text: &Option<String>| runner_settings(path, text.as_deref()?);
            let (before, now) = (settings(&old), settings(&new));
            if before.unwrap_or_default() != now.unwrap_or_default() {
                found.settings.insert(path.clone());
            }
            let examples = |text: Option<String>| syntax::examples(&text?);
            if subject.is_prose(path) {
                let (before, now) = (examples(old), examples(new));
                if before != now {
                    found.texts.insert(path.clone(), before.is_some());
                }
            }
        }
        let any = !found.docstrings.is_empty() || !found.texts.is_empty();
        if any && !runs_examples(options, subject)? {
            found.docstrings.clear();
            found.texts.clear();
        }
        Ok(found)
    }

    /// Whether nothing of it changed.
    pub(super) fn is_empty(&self) -> bool {
        self.docstrings.is_empty() && self.texts.is_empty() && self.settings.is_empty()
    }

    /// Whether a test consists of changed examples. `path` is its file, if it is Python.
    pub(super) fn is_text_of(&self, id: &TestId, path: Option<&RepoPath>) -> bool {
        let in_file = |key: &&FunctionKey| path.is_none_or(|path| *path == key.path);
        self.docstrings.iter().filter(in_file).any(|key| is_doctest_of(id, key))
            || self.texts.keys().any(|text| is_text_test(id, text))
    }
}

/// Functions whose docstrings have other examples on one side than on the other.
pub(super) fn changed_docstrings(old: &[Function], new: &[Function]) -> BTreeSet<FunctionKey> {
    let examples = |functions: &[Function]| -> BTreeMap<FunctionKey, Fingerprint> {
        functions.iter().filter_map(|f| Some((f.key.clone(), f.doctest?))).collect()
    };
    let (old, new) = (examples(old), examples(new));
    old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

/// Whether anything of the project speaks of doctests: settings or arguments of the runner, or code
/// of tests.
fn runs_examples(options: &Options, subject: &Subject) -> Result<bool, LabError> {
    const WORD: &str = "doctest";
    if options.tests.iter().any(|argument| argument.contains(WORD)) {
        return Ok(true);
    }
    let settings = subject.data.keys().filter(|path| runner_settings(path, "").is_some());
    for path in settings.chain(&subject.test_files()) {
        let bytes = subject.repository.read(&subject.head, path)?.unwrap_or_default();
        if String::from_utf8_lossy(&bytes).contains(WORD) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `id` is the test of the examples in the docstring of a function of its file: pytest calls
/// it `path::module.Class.method`, `unittest` calls it `module.Class.method`.
pub(super) fn is_doctest_of(id: &TestId, function: &FunctionKey) -> bool {
    let id = id.as_str();
    let name = id.rsplit("::").next().unwrap_or(id);
    let plain: Vec<&str> = function
        .name
        .as_str()
        .split('.')
        .map(|part| part.split('#').next().unwrap_or(part))
        .filter(|part| *part != "<class>")
        .collect();
    let plain = plain.join(".");
    let owner = if plain == QualName::MODULE {
        let path = function.path.as_str();
        let stem = path.strip_suffix(".py").unwrap_or(path);
        let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
        return name.rsplit('.').next() == stem.rsplit('/').next();
    } else {
        plain
    };
    name.strip_suffix(owner.as_str()).is_some_and(|module| module.ends_with('.'))
}

/// Whether `id` is a test of the examples in a file of prose.
pub(super) fn is_text_test(id: &TestId, text: &RepoPath) -> bool {
    let Some((file, _)) = id.as_str().split_once("::") else { return false };
    if file.ends_with(".py") {
        return false;
    }
    // From the runner's own root, which may be below the repository's.
    text.as_str().strip_suffix(file).is_some_and(|above| above.is_empty() || above.ends_with('/'))
}

/// Whether a function may own examples that a runner finds: one inside another has none.
pub(super) fn may_own_examples(function: &Function) -> bool {
    function.kind != FunctionKind::Lambda && !function.key.name.as_str().contains("<locals>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doctest_is_told_by_its_id() {
        let key =
            |path: &str, name: &str| FunctionKey::new(RepoPath::new(path), QualName::new(name));
        let is =
            |id: &str, path: &str, name: &str| is_doctest_of(&TestId::new(id), &key(path, name));
        assert!(is("src/pkg/m.py::pkg.m.C.f", "src/pkg/m.py", "C.f"));
        assert!(is("pkg.m.C.f", "pkg/m.py", "C.f#2"));
        assert!(is("m.py::m.C", "m.py", "C.<class>"));
        assert!(is("m.py::m", "m.py", "<module>"));
        assert!(is("pkg/__init__.py::pkg", "pkg/__init__.py", "<module>"));
        assert!(!is("m.py::m.CC.f", "m.py", "C.f"));
        assert!(!is("test_a.py::test_f", "test_a.py", "test_f"));
        assert!(!is("m.py::m.C.f", "m.py", "<module>"));
        let text = |id: &str, path: &str| is_text_test(&TestId::new(id), &RepoPath::new(path));
        assert!(text("README.md::README.md", "README.md"));
        assert!(text("README.md::README.md", "sub/README.md"));
        assert!(!text("README.md::README.md", "docs/NOREADME.md"));
    }
}
