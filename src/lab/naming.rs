//! What somebody means by the name of a function.
//!
//! Invariant: a name that fits several functions is never decided by chance; each is listed.

use std::path::Path;

use similar::TextDiff;
use thiserror::Error;

use crate::model::{FunctionKey, RepoPath};

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
    /// No function of that name where nothing but functions is asked about.
    #[error("there is no function `{name}` in what the last runs saw")]
    NoFunction {
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

/// Whether a function is meant by its whole name or the end of it.
pub(super) fn names(key: &FunctionKey, asked: &str) -> bool {
    let name = key.name.as_str();
    name == asked || name.strip_suffix(asked).is_some_and(|before| before.ends_with('.'))
}

/// Functions whose whole name it is, if there are any, since no other name tells them.
pub(super) fn exact_first(found: Vec<FunctionKey>, asked: &str) -> Vec<FunctionKey> {
    let exact: Vec<FunctionKey> =
        found.iter().filter(|key| key.name.as_str() == asked).cloned().collect();
    if exact.is_empty() { found } else { exact }
}

/// The one function that was found by `name`; `all` are those that it might have meant.
pub(super) fn one<I: Iterator<Item = FunctionKey>>(
    name: &str,
    mut found: Vec<FunctionKey>,
    all: impl FnOnce() -> I,
) -> Result<FunctionKey, TargetError> {
    found.sort();
    let name = name.to_owned();
    match found.len() {
        0 => {
            let functions = all().map(|key| key.to_string());
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
            Err(TargetError::Nothing { name, near })
        }
        1 => Ok(found.remove(0)),
        _ => {
            let candidates = found.iter().map(FunctionKey::to_string).collect();
            Err(TargetError::Several { name, candidates })
        }
    }
}

/// What a path may mean: named from the root, from the present directory, or absolutely.
pub(super) fn paths(root: &Path, asked: &str) -> Vec<RepoPath> {
    let from_here = std::env::current_dir().ok().map(|here| here.join(asked));
    let mut candidates = vec![asked.trim_start_matches("./").to_owned()];
    for path in from_here.iter().filter_map(|path| path.canonicalize().ok()) {
        let inside = path.strip_prefix(root).ok().and_then(Path::to_str);
        candidates.extend(inside.map(str::to_owned));
    }
    candidates.into_iter().map(RepoPath::new).collect()
}

/// The names whose `short` form is most like `name`, the most alike first.
pub(super) fn near(
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
}
