//! Which files are imported by now, where some files alone were collected.
//!
//! Invariant: a file counts only if the runner loads it itself, tests lie in it, or one that counts
//! imports it: what a change has left without importers was not run, whatever is remembered of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::RepoPath;

/// What `roots` import by `imports`, and what was imported `before` with nobody known to do so.
pub(super) fn still_imported(
    roots: impl Iterator<Item = RepoPath>,
    loaded_before: impl Iterator<Item = RepoPath>,
    imports_before: &[(RepoPath, RepoPath)],
    imports: &[(RepoPath, RepoPath)],
) -> BTreeSet<RepoPath> {
    let had_importer: BTreeSet<&RepoPath> = imports_before.iter().map(|(_, b)| b).collect();
    let mut found: BTreeSet<RepoPath> =
        loaded_before.filter(|path| !had_importer.contains(path)).chain(roots).collect();
    let mut imported: BTreeMap<&RepoPath, Vec<&RepoPath>> = BTreeMap::new();
    for (importer, file) in imports {
        imported.entry(importer).or_default().push(file);
    }
    let mut pending: Vec<RepoPath> = found.iter().cloned().collect();
    while let Some(importer) = pending.pop() {
        for &file in imported.get(&importer).into_iter().flatten() {
            if found.insert(file.clone()) {
                pending.push(file.clone());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<RepoPath> {
        names.iter().map(|name| RepoPath::new(*name)).collect()
    }

    fn pairs(names: &[(&str, &str)]) -> Vec<(RepoPath, RepoPath)> {
        names.iter().map(|(a, b)| (RepoPath::new(*a), RepoPath::new(*b))).collect()
    }

    #[test]
    fn a_file_without_importers_left_is_imported_no_more() {
        let before = pairs(&[("test_a", "a"), ("a", "b"), ("test_c", "c"), ("plugin", "p")]);
        let now = pairs(&[("test_a", "a"), ("test_c", "c"), ("b", "d"), ("plugin", "p")]);
        let loaded = paths(&["test_a", "a", "b", "test_c", "c", "plugin", "p"]);
        let roots = paths(&["test_a"]).into_iter();
        let found = still_imported(roots, loaded.into_iter(), &before, &now);
        let expected = paths(&["test_a", "a", "test_c", "c", "plugin", "p"]);
        assert_eq!(found, expected.into_iter().collect());
    }
}
