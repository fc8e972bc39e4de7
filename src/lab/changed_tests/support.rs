//! Files that serve tests and are not called as theirs: plugins of the project, helpers beside the
//! code.
//!
//! Invariant: such a file uses a test framework, and only files of tests load it; a package that is
//! itself a plugin of pytest does not count.

use std::collections::BTreeSet;

use crate::lab::LabError;
use crate::lab::change::Change;
use crate::lab::subject::Subject;
use crate::model::RepoPath;
use crate::syntax::Module;

/// How a line begins that loads a test framework.
const FRAMEWORKS: [&str; 4] = ["import pytest", "from pytest", "import unittest", "from unittest"];

/// The changed files that serve tests.
pub(super) fn support(
    subject: &mut Subject,
    change: &Change,
    imports: &[(RepoPath, RepoPath)],
) -> Result<BTreeSet<RepoPath>, LabError> {
    let mut found = BTreeSet::new();
    let roles = subject.roles();
    let is_test_file = |path: &RepoPath| roles.is_test_file(path);
    for path in change.lines.keys().filter(|path| !is_test_file(path)) {
        let now = subject.module(path)?;
        let old = change.base_side(path).map(|side| &side.module);
        if !now.iter().chain(old).any(uses_framework) {
            continue;
        }
        let mut importers =
            imports.iter().filter(|(_, imported)| imported == path).map(|(importer, _)| importer);
        let is_support = match importers.next() {
            Some(first) => is_test_file(first) && importers.all(is_test_file),
            None => is_named(subject, path)?,
        };
        if is_support {
            found.insert(path.clone());
        }
    }
    Ok(found)
}

fn uses_framework(module: &Module) -> bool {
    module.source().text().lines().any(|line| {
        let line = line.trim_start();
        FRAMEWORKS.iter().any(|start| line.starts_with(start))
    })
}

/// Whether a file of tests names the module where plugins are named.
fn is_named(subject: &mut Subject, path: &RepoPath) -> Result<bool, LabError> {
    let stem = path.as_str().strip_suffix(".py").unwrap_or(path.as_str());
    let dotted = stem.trim_end_matches("/__init__").replace('/', ".");
    let name = dotted.rsplit('.').next().unwrap_or(&dotted).to_owned();
    for file in subject.test_files() {
        let Some(module) = subject.module(&file)? else { continue };
        let text = module.source().text();
        if text.contains("pytest_plugins") && text.contains(&name) {
            return Ok(true);
        }
    }
    Ok(false)
}
