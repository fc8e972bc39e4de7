//! Which files functions look for while they run: a module that is imported late, a folder of plugins.
//!
//! Invariant: what stands for a function changes when a file appears or goes that it asks for by the name of
//! its module, or, where it lists or tries files, when any Python file does. What is in the files is no
//! part of it.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::subject::Subject;
use crate::model::{FunctionKey, QuickMap, RepoPath, Word};
use crate::syntax::words_of;

/// Names of what lists files, or asks whether there are some.
const LISTING: [&str; 20] = [
    "iter_modules",
    "walk_packages",
    "find_spec",
    "find_loader",
    "spec_from_file_location",
    "import_module",
    "__import__",
    "listdir",
    "scandir",
    "walk",
    "glob",
    "iglob",
    "rglob",
    "iterdir",
    "exists",
    "isfile",
    "is_file",
    "isdir",
    "is_dir",
    "run_path",
];

/// A digest of the paths that each function may look for; none for one that looks for none.
pub(super) type Looks = QuickMap<FunctionKey, [u8; 32]>;

/// Those of all functions of `subject`.
pub(super) fn looks(subject: &Subject) -> Looks {
    let listing: BTreeSet<Word> = LISTING.into_iter().flat_map(words_of).collect();
    let mut modules: QuickMap<u32, Vec<&RepoPath>> = QuickMap::default();
    for path in subject.files.keys() {
        modules.entry(Word::of(module_name(path)).0).or_default().push(path);
    }
    let all = digest(subject.files.keys());
    let mut found = QuickMap::default();
    for (path, leads) in subject.leads() {
        for lead in leads {
            let Some(name) = &lead.function else { continue };
            let look = if lead.words.iter().any(|word| listing.contains(word)) {
                all
            } else {
                let named = lead.words.iter().filter_map(|word| modules.get(&word.0)).flatten();
                let named: BTreeSet<&RepoPath> = named.copied().collect();
                if named.is_empty() {
                    continue;
                }
                digest(named.into_iter())
            };
            found.insert(FunctionKey::new(path.clone(), name.clone()), look);
        }
    }
    found
}

fn digest<'p>(paths: impl Iterator<Item = &'p RepoPath>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for path in paths {
        hash.update(path.as_str().as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

/// The last part of the name that a file is imported by.
pub(super) fn module_name(path: &RepoPath) -> &str {
    let stem = path.file_name().strip_suffix(".py").unwrap_or(path.file_name());
    if stem == "__init__" { path.directories().last().unwrap_or(stem) } else { stem }
}
