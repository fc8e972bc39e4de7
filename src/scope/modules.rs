//! Changed module and class bodies, and who uses their names.
//!
//! Invariant: a body's users are the functions of its own file and of the files that import it
//! directly; which names they use is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::ScopeInput;
use crate::model::{FunctionKey, QualName, RepoPath};

/// Whether it is the code of a module or class body, which runs when it is imported.
pub(super) fn is_body(function: &FunctionKey) -> bool {
    function.name.as_str() == QualName::MODULE || function.name.simple() == "<class>"
}

/// Files whose functions use a changed body, each with the file of that body: its own where that
/// changed, else the first by path.
pub(super) fn users(
    input: &ScopeInput<'_>,
    changed: &BTreeSet<FunctionKey>,
) -> BTreeMap<RepoPath, RepoPath> {
    let bodies: BTreeSet<&RepoPath> =
        changed.iter().filter(|key| is_body(key)).map(|key| &key.path).collect();
    let mut users: BTreeMap<RepoPath, RepoPath> = BTreeMap::new();
    for (importer, imported) in input.imports {
        if bodies.contains(imported) {
            let nearest = users.entry(importer.clone()).or_insert_with(|| imported.clone());
            *nearest = imported.clone().min(nearest.clone());
        }
    }
    users.extend(bodies.into_iter().map(|path| (path.clone(), path.clone())));
    users
}
