//! The change: which functions differ between the merge base and the tested revision.
//!
//! Invariant: both sides of every changed Python file are compared by fingerprint; a file that
//! cannot be parsed on the new side is named, and one that could not on the old side is all new.

use std::collections::{BTreeMap, BTreeSet};

use super::LabError;
use super::subject::{Subject, is_code, is_test_file};
use crate::model::{Function, FunctionKey, LineRange, Notice, RepoPath, SkippedFile};
use crate::scope::touched;
use crate::syntax::{Module, Source, changed_functions};

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Functions that changed, are new or are gone, with their changed lines on the new side.
    pub functions: BTreeMap<FunctionKey, Vec<LineRange>>,
    /// Of these, the functions that are new.
    pub new: BTreeSet<FunctionKey>,
    /// Changed lines of each Python file.
    pub lines: BTreeMap<RepoPath, Vec<LineRange>>,
    /// Changed files that are no Python.
    pub other_files: Vec<RepoPath>,
    /// Whether a Python file changed at all.
    pub any_python: bool,
    /// Files that were left out.
    pub skipped: Vec<SkippedFile>,
}

impl Change {
    /// Compares the two sides.
    pub(super) fn find(subject: &Subject) -> Result<Self, LabError> {
        let diff = subject.repository.diff(&subject.base.merge_base, &subject.head)?;
        let mut change = Self { skipped: diff.skipped, ..Self::default() };
        for file in &diff.files {
            if !file.path.is_python() {
                change.other_files.push(file.path.clone());
                continue;
            }
            change.any_python = true;
            let old_path = file.old_path.as_ref().unwrap_or(&file.path);
            let old = match &file.old {
                Some(bytes) => parse(old_path, bytes).unwrap_or_default(),
                None => Vec::new(),
            };
            let new = match &file.new {
                Some(bytes) => match parse(&file.path, bytes) {
                    Ok(functions) => functions,
                    Err(skipped) => {
                        change.skipped.push(skipped);
                        continue;
                    }
                },
                None => Vec::new(),
            };
            let lines: Vec<LineRange> =
                file.hunks.iter().filter_map(|hunk| hunk.new.lines()).collect();
            // A moved file keeps its functions' names, so they compare under the new path.
            let old: Vec<Function> = old
                .into_iter()
                .map(|mut function| {
                    function.key.path = file.path.clone();
                    function
                })
                .collect();
            let found = changed_functions(&old, &new);
            change.new.extend(found.new.iter().cloned());
            let mut ranges = touched(&new, &lines);
            for key in found.changed.into_iter().chain(found.new) {
                let own = ranges.remove(&key).unwrap_or_default();
                change.functions.insert(key, own);
            }
            for key in found.deleted {
                change.functions.insert(key, Vec::new());
            }
            change.lines.insert(file.path.clone(), lines);
        }
        Ok(change)
    }

    /// Whether there is anything to look for: changed code or changed tests.
    pub(super) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// What the reader should know of it.
    pub(super) fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        if self.any_python && self.functions.is_empty() {
            notices.push(Notice {
                code: "no_function_changed".into(),
                message: "the Python files that changed differ in comments, formatting, \
                    docstrings or annotations only: no function changed"
                    .into(),
            });
        }
        let not_code: Vec<&str> = self
            .lines
            .keys()
            .filter(|path| !is_code(path) && !is_test_file(path))
            .map(RepoPath::as_str)
            .collect();
        if !not_code.is_empty() {
            notices.push(Notice {
                code: "build_files".into(),
                message: format!(
                    "not mutated, since they are no shipped code: {}",
                    not_code.join(", ")
                ),
            });
        }
        if !self.other_files.is_empty() {
            let shown: Vec<&str> = self.other_files.iter().take(5).map(RepoPath::as_str).collect();
            let more = self.other_files.len() - shown.len();
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            notices.push(Notice {
                code: "untied_files".into(),
                message: format!(
                    "changed files that no function can be tied to were not tested: {}{rest}",
                    shown.join(", ")
                ),
            });
        }
        notices
    }
}

fn parse(path: &RepoPath, bytes: &[u8]) -> Result<Vec<Function>, SkippedFile> {
    Source::decode(path.clone(), bytes.to_vec())
        .and_then(Module::parse)
        .map(|module| module.functions().to_vec())
        .map_err(|error| SkippedFile { path: path.clone(), reason: error.to_string() })
}
