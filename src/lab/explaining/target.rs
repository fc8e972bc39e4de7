//! What `mutdiff explain` is asked about: a line, a function or a mutant, by name.
//!
//! Invariant: a name that fits several functions is never decided by chance; each is listed.

use crate::lab::LabError;
use crate::lab::naming::{self, TargetError, exact_first, names, near};
use crate::lab::subject::Subject;
use crate::model::{FunctionKey, LineNo, MutantId, RepoPath, Report};
use crate::mutate::{self, Selection};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The function.
    pub function: FunctionKey,
    /// A line of it.
    pub line: Option<LineNo>,
    /// A mutant of it.
    pub mutant: Option<MutantId>,
}

/// Finds what `name` means: `PATH:LINE`, `PATH::FUNCTION`, a qualified name or the end of one, or the
/// beginning of a mutant's id.
pub(super) fn find(
    subject: &mut Subject,
    last: Option<&Report>,
    name: &str,
) -> Result<Target, LabError> {
    let plain = |function| Target { function, line: None, mutant: None };
    if let Some((path, rest)) = name.split_once("::") {
        let path = file(subject, path)?;
        let found: Vec<FunctionKey> = subject
            .functions(&path)
            .iter()
            .map(|function| function.key.clone())
            .filter(|key| names(key, rest))
            .collect();
        return Ok(plain(one(subject, name, exact_first(found, rest))?));
    }
    if let Some((path, line)) = name.rsplit_once(':')
        && let Ok(line) = line.parse::<u32>()
    {
        return at_line(subject, path, line);
    }
    let found: Vec<FunctionKey> = subject
        .all_functions()
        .map(|function| function.key.clone())
        .filter(|key| names(key, name))
        .collect();
    if found.is_empty() && is_id(name) {
        let id = name.to_ascii_lowercase();
        if let Some(found) = mutant(subject, last, &id)? {
            return Ok(found);
        }
    }
    Ok(plain(one(subject, name, exact_first(found, name))?))
}

fn one(subject: &Subject, name: &str, found: Vec<FunctionKey>) -> Result<FunctionKey, TargetError> {
    naming::one(name, found, || subject.all_functions().map(|function| function.key.clone()))
}

fn at_line(subject: &Subject, path: &str, line: u32) -> Result<Target, LabError> {
    let path = file(subject, path)?;
    let functions = subject.functions(&path);
    let Some(whole) = functions.iter().map(|function| function.lines.last).max() else {
        return Err(TargetError::Unparsed { path }.into());
    };
    let no_line = || TargetError::NoLine { path: path.clone(), line, last: whole.get() };
    let number = LineNo::new(line).filter(|number| *number <= whole).ok_or_else(no_line)?;
    let around = functions.iter().filter(|function| function.lines.contains(number));
    let innermost = around.min_by_key(|function| function.bytes.end - function.bytes.start);
    let function = innermost.ok_or_else(no_line)?.key.clone();
    Ok(Target { function, line: Some(number), mutant: None })
}

/// A file of the project, named from its root, from the present directory, or absolutely.
fn file(subject: &Subject, asked: &str) -> Result<RepoPath, LabError> {
    let candidates = naming::paths(subject.repository.workdir(), asked);
    let found = candidates.into_iter().find(|path| subject.files.contains_key(path));
    found.ok_or_else(|| {
        let files = subject.files.keys().map(ToString::to_string);
        let last = |full: &str| full.rsplit('/').next().unwrap_or(full).to_owned();
        let near = near(&last(asked), files, last);
        TargetError::NoFile { path: asked.to_owned(), near }.into()
    })
}

fn is_id(name: &str) -> bool {
    (4..=16).contains(&name.len()) && name.chars().all(|c| c.is_ascii_hexdigit())
}

/// A mutant by the beginning of its id: one of the last run, else any of the project.
fn mutant(
    subject: &mut Subject,
    last: Option<&Report>,
    id: &str,
) -> Result<Option<Target>, LabError> {
    let mut found: Vec<(FunctionKey, MutantId)> = last
        .into_iter()
        .flat_map(|report| &report.mutants)
        .filter(|mutant| mutant.id.as_str().starts_with(id))
        .map(|mutant| (mutant.function.clone(), mutant.id.clone()))
        .filter(|(key, _)| subject.function(key).is_some())
        .collect();
    if found.is_empty() {
        let files: Vec<RepoPath> =
            subject.files.keys().filter(|path| subject.is_code(path)).cloned().collect();
        for path in files {
            let Some(module) = subject.module(&path)? else { continue };
            let of_file = mutate::mutants(&module, &|_| true, &Selection::full()).into_iter();
            let fits = of_file.filter(|mutant| mutant.id.as_str().starts_with(id));
            found.extend(fits.map(|mutant| (mutant.function, mutant.id)));
        }
    }
    if found.len() > 1 {
        let name = id.to_owned();
        let candidates = found.iter().map(|(key, id)| format!("{id} ({key})")).collect();
        return Err(TargetError::Several { name, candidates }.into());
    }
    let target = |(function, id)| Target { function, line: None, mutant: Some(id) };
    Ok(found.pop().map(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hexadecimal_and_long_enough_to_be_one() {
        assert!(is_id("3FA9") && !is_id("add") && !is_id("total"));
    }
}
