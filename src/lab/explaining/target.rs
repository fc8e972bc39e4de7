//! What `mutdiff explain` is asked about: a line, a function or a mutant, by name.
//!
//! Invariant: a name that fits several functions is never decided by chance; each is listed.

use std::path::Path;

use similar::TextDiff;
use thiserror::Error;

use crate::lab::LabError;
use crate::lab::subject::Subject;
use crate::model::{FunctionKey, LineNo, MutantId, RepoPath, Report};
use crate::mutate::{self, Selection};

/// Names that are close enough to be worth showing.
const NEAR: f32 = 0.6;
/// How many are shown.
const SHOWN: usize = 5;

/// Why it cannot be told what is asked about.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TargetError {
    /// No such file.
    #[error("there is no Python file {path} in the project")]
    NoFile {
        /// As it was asked for.
        path: String,
        /// Files of a similar name.
        near: Vec<String>,
    },
    /// A line behind the end.
    #[error("{path} has no line {line}: it ends with line {last}")]
    NoLine {
        /// The file.
        path: RepoPath,
        /// What was asked for.
        line: u32,
        /// The last line.
        last: u32,
    },
    /// A file that cannot be parsed.
    #[error("{path} cannot be parsed")]
    Unparsed {
        /// The file.
        path: RepoPath,
    },
    /// Nothing of that name.
    #[error("there is no function or mutant `{name}`")]
    Nothing {
        /// What was asked for.
        name: String,
        /// Functions of a similar name.
        near: Vec<String>,
    },
    /// Several things of that name.
    #[error("`{name}` is the name of several")]
    Several {
        /// What was asked for.
        name: String,
        /// All of them.
        candidates: Vec<String>,
    },
}

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
        return one(subject, name, exact_first(found, rest)).map(plain);
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
    one(subject, name, exact_first(found, name)).map(plain)
}

/// Whether a function is meant by its whole name or the end of it.
fn names(key: &FunctionKey, asked: &str) -> bool {
    let name = key.name.as_str();
    name == asked || name.strip_suffix(asked).is_some_and(|before| before.ends_with('.'))
}

/// Functions whose whole name it is, if there are any, since no other name tells them.
fn exact_first(found: Vec<FunctionKey>, asked: &str) -> Vec<FunctionKey> {
    let exact: Vec<FunctionKey> =
        found.iter().filter(|key| key.name.as_str() == asked).cloned().collect();
    if exact.is_empty() { found } else { exact }
}

fn one(
    subject: &Subject,
    name: &str,
    mut found: Vec<FunctionKey>,
) -> Result<FunctionKey, LabError> {
    found.sort();
    let name = name.to_owned();
    match found.len() {
        0 => {
            let functions = subject.all_functions().map(|function| function.key.to_string());
            let whole = name.contains("::");
            let short = |full: &str| -> String {
                let own = full.split_once("::").map_or(full, |(_, own)| own);
                let simple = own.rsplit('.').next().unwrap_or(own);
                let shown = match (whole, name.contains('.')) {
                    (true, _) => full,
                    (false, true) => own,
                    (false, false) => simple,
                };
                shown.to_owned()
            };
            let near = near(&name, functions, short);
            Err(TargetError::Nothing { name, near }.into())
        }
        1 => Ok(found.remove(0)),
        _ => {
            let candidates = found.iter().map(FunctionKey::to_string).collect();
            Err(TargetError::Several { name, candidates }.into())
        }
    }
}

/// The names whose `short` form is most like `name`, the most alike first.
fn near(
    name: &str,
    all: impl Iterator<Item = String>,
    short: impl Fn(&str) -> String,
) -> Vec<String> {
    let asked = name.to_lowercase();
    let mut found: Vec<(f32, String)> = all
        .filter_map(|full| {
            let other = short(&full).to_lowercase();
            let (one, two) = (asked.len(), other.len());
            // Too different in length to be near; most are.
            if one.min(two) * 2 < one.max(two) {
                return None;
            }
            let ratio = TextDiff::from_chars(asked.as_str(), other.as_str()).ratio();
            (ratio >= NEAR).then_some((ratio, full))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.into_iter().take(SHOWN).map(|(_, full)| full).collect()
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
    let root = subject.repository.workdir();
    let from_here = std::env::current_dir().ok().map(|here| here.join(asked));
    let mut candidates = vec![asked.trim_start_matches("./").to_owned()];
    for path in from_here.iter().filter_map(|path| path.canonicalize().ok()) {
        let inside = path.strip_prefix(root).ok().and_then(Path::to_str);
        candidates.extend(inside.map(str::to_owned));
    }
    let found =
        candidates.into_iter().map(RepoPath::new).find(|path| subject.files.contains_key(path));
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
    use crate::model::QualName;

    fn key(name: &str) -> FunctionKey {
        FunctionKey::new(RepoPath::new("m.py"), QualName::new(name))
    }

    #[test]
    fn the_end_of_a_name_is_enough_and_a_part_of_a_word_is_not() {
        assert!(names(&key("C.total"), "total") && names(&key("C.total"), "C.total"));
        assert!(!names(&key("C.subtotal"), "total"));
        let found = vec![key("C.total"), key("total")];
        assert_eq!(exact_first(found, "total"), [key("total")]);
    }

    #[test]
    fn near_names_are_the_most_alike_first() {
        let all = ["m.py::totals", "m.py::C.total", "m.py::other"].map(String::from);
        let short = |full: &str| full.rsplit([':', '.']).next().unwrap_or(full).to_owned();
        assert_eq!(near("totl", all.into_iter(), short), ["m.py::C.total", "m.py::totals"]);
    }

    #[test]
    fn an_id_is_hexadecimal_and_long_enough_to_be_one() {
        assert!(is_id("3FA9") && !is_id("add") && !is_id("total"));
    }
}
