//! Mutants that a type checker rejects: found in one run of it over a copy of each mutated file.
//!
//! Invariant: the copies are in a folder of ours, the project's own files are read only; what the checker
//! says of the unmutated copy too is held against no mutant.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::LabError;
use super::planning::Planned;
use super::run::Run;
use super::subject::Subject;
use crate::model::{RepoPath, TypeChecker};
use crate::worker::{CHECKER_LIMIT, TypeFault, WorkerError, type_faults};

/// Files beside the code that say how it is checked, by their names.
const SETTINGS: [&str; 9] = [
    "pyproject.toml",
    "setup.cfg",
    "mypy.ini",
    ".mypy.ini",
    "pyrightconfig.json",
    "ty.toml",
    "pyrefly.toml",
    "py.typed",
    "tox.ini",
];

/// The mutants that the checker rejects, by number, with what it says.
pub(super) fn rejected(
    run: &Run<'_>,
    subject: &Subject,
    mutants: &[Planned],
    checker: TypeChecker,
) -> Result<BTreeMap<usize, String>, LabError> {
    let mut by_file: BTreeMap<&RepoPath, Vec<usize>> = BTreeMap::new();
    for (number, planned) in mutants.iter().enumerate() {
        if planned.mutant.suppressed.is_none() {
            by_file.entry(&planned.mutant.function.path).or_default().push(number);
        }
    }
    if by_file.is_empty() {
        return Ok(BTreeMap::new());
    }
    let tree = tempfile::Builder::new()
        .prefix("mutdiff-types-")
        .tempdir()
        .map_err(WorkerError::io("cannot create a folder in", std::env::temp_dir()))?;
    copy(subject, tree.path())?;
    let mut files = Vec::new();
    let mut meant: HashMap<String, usize> = HashMap::new();
    let mut originals: BTreeMap<String, &[usize]> = BTreeMap::new();
    for (place, (path, numbers)) in by_file.iter().enumerate() {
        let Ok(bytes) = std::fs::read(subject.root.join(path.as_str())) else { continue };
        let mut add = |name: &str, bytes: &[u8]| {
            let file = beside(path, name);
            let target = tree.path().join(&file);
            files.push(file);
            std::fs::write(&target, bytes).map_err(WorkerError::io("cannot write", target))
        };
        let original = format!("mutdiff_{place}_original.py");
        add(&original, &bytes)?;
        for &number in numbers {
            let mutant = &mutants[number].mutant;
            let span = mutant.span.bytes;
            let Some(mutated) = spliced(&bytes, (span.start, span.end), mutant) else { continue };
            let name = format!("mutdiff_{place}_{number}.py");
            add(&name, &mutated)?;
            meant.insert(name, number);
        }
        originals.insert(original, numbers);
    }
    let watch = (CHECKER_LIMIT, run.interrupted);
    let faults = type_faults(checker, &run.environment.interpreter, tree.path(), &files, watch)?;
    let mut at_base: HashMap<usize, HashSet<(u32, String)>> = HashMap::new();
    for fault in &faults {
        for &number in originals.get(&fault.file).copied().into_iter().flatten() {
            at_base.entry(number).or_default().insert((fault.line, plain(fault)));
        }
    }
    let mut found = BTreeMap::new();
    for fault in &faults {
        let Some(&number) = meant.get(&fault.file) else { continue };
        let is_new =
            at_base.get(&number).is_none_or(|known| !known.contains(&(fault.line, plain(fault))));
        if is_new {
            let text = format!("{checker}: {} (line {})", plain(fault), fault.line);
            found.entry(number).or_insert(text);
        }
    }
    Ok(found)
}

/// What a fault says, without the name of the copy that it is in.
fn plain(fault: &TypeFault) -> String {
    let stem = fault.file.strip_suffix(".py").unwrap_or(&fault.file);
    fault.message.replace(stem, "")
}

/// A file's bytes with the mutant in them; `None` for a file that is not UTF-8 where that matters.
fn spliced(
    bytes: &[u8],
    (start, end): (usize, usize),
    mutant: &crate::model::Mutant,
) -> Option<Vec<u8>> {
    if std::str::from_utf8(bytes).is_err() && !mutant.replacement.is_ascii() {
        return None;
    }
    let mut mutated = bytes.get(..start)?.to_vec();
    mutated.extend_from_slice(mutant.replacement.as_bytes());
    mutated.extend_from_slice(bytes.get(end..)?);
    Some(mutated)
}

/// A name in the folder of a file.
fn beside(path: &RepoPath, name: &str) -> String {
    match path.as_str().rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}

/// Copies the project's Python files, their stubs and the settings of checkers.
fn copy(subject: &Subject, tree: &Path) -> Result<(), WorkerError> {
    let is_setting =
        |path: &&RepoPath| SETTINGS.contains(&path.file_name()) || path.as_str().ends_with(".pyi");
    let paths: BTreeSet<&RepoPath> =
        subject.files.keys().chain(subject.data.keys().filter(is_setting)).collect();
    for path in paths {
        let (from, to) = (subject.root.join(path.as_str()), tree.join(path.as_str()));
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).map_err(WorkerError::io("cannot create", folder))?;
        }
        // What is gone since the run began has nothing to say.
        let _ = std::fs::copy(&from, &to);
    }
    Ok(())
}
