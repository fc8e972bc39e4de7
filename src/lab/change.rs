//! The change: which functions differ between the merge base and the tested revision.
//!
//! Invariant: both sides of every changed Python file are compared by fingerprint; a file that
//! cannot be parsed on the new side is named, and one that could not on the old side is all new.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::LabError;
use super::beside_code::{BesideCode, changed_docstrings};
use super::changed_tests::listed;
use super::subject::Subject;
use super::untied;
use crate::config::Options;
use crate::git::{ChangeStatus, Hunk};
use crate::model::{
    Fingerprint, Function, FunctionKey, FunctionKind, LineRange, Notice, QualName, RepoPath,
    SkippedFile,
};
use crate::scope::{ChangedNames, touched};
use crate::syntax::{ChangedFunctions, Module, Source, changed_functions, own_statements};

/// A changed file as it was.
#[derive(Debug)]
pub(super) struct BaseSide {
    /// Its text, parsed.
    pub module: Module,
    /// What became of its lines.
    pub hunks: Vec<Hunk>,
}

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Functions that changed, are new or are gone, with their changed lines on the new side.
    pub functions: BTreeMap<FunctionKey, Vec<LineRange>>,
    /// Of these, the functions that are new.
    pub new: BTreeSet<FunctionKey>,
    /// Of these, the functions that are gone.
    pub deleted: BTreeSet<FunctionKey>,
    /// The functions at the base of each file that changed, by where it was.
    old: BTreeMap<RepoPath, HashMap<QualName, Fingerprint>>,
    /// Where files were that moved.
    moved: BTreeMap<RepoPath, RepoPath>,
    /// Where these are now.
    moved_from: BTreeMap<RepoPath, RepoPath>,
    /// Files that were not there.
    new_files: BTreeSet<RepoPath>,
    /// Functions whose docstrings have other examples.
    pub docstrings: BTreeSet<FunctionKey>,
    /// What changed in module and class bodies, by file.
    pub names: BTreeMap<RepoPath, ChangedNames>,
    /// Changed lines of each Python file.
    pub lines: BTreeMap<RepoPath, Vec<LineRange>>,
    /// The base's side of each Python file that changed, by where the file is now.
    base_sides: BTreeMap<RepoPath, BaseSide>,
    /// Submodules that changed.
    submodules: BTreeSet<RepoPath>,
    /// Changed symbolic links that are called as Python files are.
    links: Vec<RepoPath>,
    /// What concerns tests and is no code.
    pub beside: BesideCode,
    /// Changed files that are no Python.
    pub other_files: Vec<RepoPath>,
    /// Whether a Python file changed at all.
    pub any_python: bool,
    /// Changed Python files that mutdiff cannot read.
    pub unread: Vec<RepoPath>,
    /// Files that were left out.
    pub skipped: Vec<SkippedFile>,
}

impl Change {
    /// Compares the two sides.
    pub(super) fn find(options: &Options, subject: &Subject) -> Result<Self, LabError> {
        let diff = subject.repository.diff(&subject.base.merge_base, &subject.head)?;
        let mut change = Self { skipped: diff.skipped, ..Self::default() };
        let dirty = subject.submodules.iter().filter(|submodule| submodule.is_dirty);
        change.submodules.extend(dirty.map(|submodule| submodule.path.clone()));
        for file in &diff.files {
            if file.status == ChangeStatus::Submodule {
                change.submodules.insert(file.path.clone());
                continue;
            }
            if file.path.is_python() && file.is_link {
                change.links.push(file.path.clone());
            }
            if !file.path.is_python() {
                change.other_files.push(file.path.clone());
                continue;
            }
            change.any_python = true;
            let old_path = file.old_path.as_ref().unwrap_or(&file.path);
            let parsed = file.old.as_ref().map(|bytes| parse(old_path, bytes));
            let comparable = parsed.as_ref().is_none_or(Result::is_ok);
            let old_module = parsed.and_then(Result::ok);
            let new_module = match file.new.as_ref().map(|bytes| parse(&file.path, bytes)) {
                Some(Ok(module)) => Some(module),
                Some(Err(skipped)) => {
                    change.unread.push(skipped.path.clone());
                    change.skipped.push(skipped);
                    continue;
                }
                None => None,
            };
            let lines: Vec<LineRange> =
                file.hunks.iter().filter_map(|hunk| hunk.new.lines()).collect();
            let fingerprint = |f: &Function| (f.key.name.clone(), f.fingerprint);
            if file.old.is_some() {
                let functions = functions(old_module.as_ref()).iter().map(fingerprint).collect();
                change.old.insert(old_path.clone(), functions);
            }
            match &file.old_path {
                Some(old) => {
                    change.moved.insert(file.path.clone(), old.clone());
                    change.moved_from.insert(old.clone(), file.path.clone());
                }
                None if file.old.is_none() => {
                    change.new_files.insert(file.path.clone());
                }
                None => {}
            }
            // A moved file keeps its functions' names, so they compare under the new path.
            let mut old = functions(old_module.as_ref()).to_vec();
            old.iter_mut().for_each(|function| function.key.path = file.path.clone());
            let new = functions(new_module.as_ref());
            let found = changed_functions(&old, new);
            change.docstrings.extend(changed_docstrings(&old, new));
            let sides = (old_module.as_ref(), new_module.as_ref());
            if let Some(mut names) = changed_names(sides, &found) {
                names.everything |= !comparable;
                change.names.insert(file.path.clone(), names);
            }
            change.new.extend(found.new.iter().cloned());
            let mut ranges = touched(new, &lines);
            for key in found.changed.into_iter().chain(found.new) {
                let own = ranges.remove(&key).unwrap_or_default();
                change.functions.insert(key, own);
            }
            for key in found.deleted {
                change.deleted.insert(key.clone());
                change.functions.insert(key, Vec::new());
            }
            change.lines.insert(file.path.clone(), lines);
            if let Some(module) = old_module {
                let side = BaseSide { module, hunks: file.hunks.clone() };
                change.base_sides.insert(file.path.clone(), side);
            }
        }
        change.beside = BesideCode::find(options, subject, &change)?;
        Ok(change)
    }

    /// The base's side of a file that changed; `None` for one that did not, is new, or could not be
    /// parsed there.
    pub(super) fn base_side(&self, path: &RepoPath) -> Option<&BaseSide> {
        self.base_sides.get(path)
    }

    /// Whether a file has no side at the base that could be read.
    pub(super) fn has_no_base_side(&self, path: &RepoPath) -> bool {
        self.lines.contains_key(path) && !self.base_sides.contains_key(path)
    }

    /// The fingerprint that a function had at the base, `None` in it where it was not there; `None`
    /// where its file is the same on both sides. By the names that files had at the base.
    pub(super) fn fingerprint_at_base(&self, key: &FunctionKey) -> Option<Option<Fingerprint>> {
        if let Some(functions) = self.old.get(&key.path) {
            return Some(functions.get(&key.name).copied());
        }
        let is_new = self.new_files.contains(&key.path) || self.moved.contains_key(&key.path);
        is_new.then_some(None)
    }

    /// Where a file of the base is now: elsewhere if it moved.
    pub(super) fn now_at<'p>(&'p self, path: &'p RepoPath) -> &'p RepoPath {
        self.moved_from.get(path).unwrap_or(path)
    }

    /// Where a file that moved was.
    pub(super) fn was_at(&self, path: &RepoPath) -> Option<&RepoPath> {
        self.moved.get(path)
    }

    /// Whether any file moved.
    pub(super) fn moves_files(&self) -> bool {
        !self.moved.is_empty()
    }

    /// Whether a file was not there at the base.
    pub(super) fn is_new_file(&self, path: &RepoPath) -> bool {
        self.new_files.contains(path)
    }

    /// Whether there is anything to look for: changed code or changed tests.
    pub(super) fn is_empty(&self, subject: &Subject) -> bool {
        self.functions.is_empty()
            && self.unread.is_empty()
            && self.beside.is_empty()
            && subject.tied_to(&self.other_files).is_empty()
    }

    /// What the reader should know of it.
    pub(super) fn notices(&self, subject: &Subject) -> Vec<Notice> {
        let mut notices = Vec::new();
        if !self.moved.is_empty() {
            let moved: Vec<String> =
                self.moved.iter().map(|(now, was)| format!("{was} → {now}")).collect();
            let moved: Vec<&str> = moved.iter().map(String::as_str).collect();
            notices.push(Notice {
                code: "moved_files".into(),
                message: format!(
                    "files that moved keep the functions that are the same in them: {}",
                    listed(&moved)
                ),
            });
        }
        let only_moved = self.lines.keys().all(|path| self.moved.contains_key(path));
        let nothing = self.functions.is_empty()
            && self.unread.is_empty()
            && self.beside.docstrings.is_empty();
        if self.any_python && nothing && !only_moved && self.links.is_empty() {
            notices.push(Notice {
                code: "no_function_changed".into(),
                message: "the Python files that changed differ in comments, formatting, \
                    docstrings or annotations only: no function changed"
                    .into(),
            });
        }
        let lines = self.lines.keys();
        for (code, what, files) in [
            (
                "build_files",
                "not mutated, since they are no shipped code",
                lines
                    .clone()
                    .filter(|path| !subject.is_code(path) && !subject.is_test_file(path))
                    .collect::<Vec<_>>(),
            ),
            (
                "excluded_files",
                "not mutated, since the settings exclude them",
                lines.filter(|path| subject.is_code(path) && !subject.is_mutated(path)).collect(),
            ),
            ("links", "symbolic links are not followed", self.links.iter().collect()),
            (
                "submodules",
                "submodules that changed are another repository's, and not mutated",
                self.submodules.iter().collect(),
            ),
        ] {
            if !files.is_empty() {
                let files: Vec<&str> = files.into_iter().map(RepoPath::as_str).collect();
                let message = format!("{what}: {}", listed(&files));
                notices.push(Notice { code: code.into(), message });
            }
        }
        notices.extend(untied::notices(&subject.config, &self.other_files));
        notices
    }
}

/// What differs in the bodies among the functions found; `None` where no body does.
fn changed_names(
    (old, new): (Option<&Module>, Option<&Module>),
    found: &ChangedFunctions,
) -> Option<ChangedNames> {
    let statements = |module: Option<&Module>, name: &QualName| {
        let module = module?;
        let index = module.functions().iter().position(|function| function.key.name == *name)?;
        is_body(&module.functions()[index]).then(|| own_statements(module, index))
    };
    let mut changed = None;
    for key in found.changed.iter().chain(&found.new).chain(&found.deleted) {
        let (old, new) = (statements(old, &key.name), statements(new, &key.name));
        if old.is_some() || new.is_some() {
            let names = changed.get_or_insert_with(ChangedNames::default);
            names.add(&key.name, old.as_deref(), new.as_deref());
        }
    }
    changed
}

fn is_body(function: &Function) -> bool {
    matches!(function.kind, FunctionKind::Module | FunctionKind::Class)
}

fn functions(module: Option<&Module>) -> &[Function] {
    module.map_or(&[], Module::functions)
}

fn parse(path: &RepoPath, bytes: &[u8]) -> Result<Module, SkippedFile> {
    Source::decode(path.clone(), bytes.to_vec()).and_then(Module::parse).map_err(|error| {
        SkippedFile { path: path.clone(), reason: error.to_string(), holds_change: false }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(old: Option<&str>, new: Option<&str>) -> Option<ChangedNames> {
        let parse = |text: &str| parse(&RepoPath::new("m.py"), text.as_bytes()).unwrap();
        let (old, new) = (old.map(parse), new.map(parse));
        let found = changed_functions(functions(old.as_ref()), functions(new.as_ref()));
        changed_names((old.as_ref(), new.as_ref()), &found)
    }

    #[test]
    fn names_come_from_changed_bodies_only() {
        assert_eq!(names(Some("def f(): pass\n"), Some("def f(): x\n")), None);
        let changed =
            names(Some("class C:\n    x = 1\ny = 1\n"), Some("class C:\n    x = 2\ny = 1\n"));
        let changed = changed.unwrap();
        assert!(changed.names.is_empty() && changed.attributes.contains("x"));
    }

    #[test]
    fn a_file_that_is_new_or_gone_changes_its_names() {
        for changed in [names(None, Some("x = 1\n")), names(Some("x = 1\n"), None)] {
            let changed = changed.unwrap();
            assert!(changed.names.contains("x") && !changed.everything);
        }
    }
}
