//! Whether a report that somebody else may have written can be spoken of.
//!
//! Invariant: of a report that passes, ids are 16 hexadecimal digits and stand once, and paths name
//! files below the root; all other text is escaped where it is shown.

use std::collections::BTreeSet;

use super::marker::id_of;
use crate::model::{RepoPath, Report};

/// Most mutants of a report.
const MUTANTS: usize = 200_000;
/// Longest path, in bytes.
const PATH: usize = 4096;

/// Why a report is not spoken of.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum VetError {
    /// Too many mutants.
    #[error("the report has {0} mutants; a review takes up to {MUTANTS}")]
    TooMany(usize),
    /// An id that mutdiff gives to none.
    #[error("`{0}` is no id of a mutant")]
    Id(String),
    /// Two mutants with one id.
    #[error("the id {0} stands twice in the report")]
    Twice(String),
    /// A path that is none in a repository.
    #[error("`{0}` is no path in a repository")]
    Path(String),
}

/// Looks a report over.
///
/// # Errors
///
/// The first thing that mutdiff would not have written.
pub fn vet(report: &Report) -> Result<(), VetError> {
    if report.mutants.len() > MUTANTS {
        return Err(VetError::TooMany(report.mutants.len()));
    }
    let mut ids = BTreeSet::new();
    for mutant in &report.mutants {
        let id = mutant.id.as_str();
        if id_of(id).is_none() {
            return Err(VetError::Id(id.chars().take(40).collect()));
        }
        if !ids.insert(id) {
            return Err(VetError::Twice(id.to_owned()));
        }
    }
    let of_mutants = report.mutants.iter().map(|mutant| &mutant.function.path);
    let of_functions = report.functions.iter().map(|function| &function.function.path);
    match of_mutants.chain(of_functions).find(|path| !is_inside(path)) {
        Some(path) => Err(VetError::Path(path.as_str().chars().take(80).collect())),
        None => Ok(()),
    }
}

/// Whether a path is one of a file below the root. Names may hold anything but what ends them.
fn is_inside(path: &RepoPath) -> bool {
    let text = path.as_str();
    text.len() <= PATH
        && !text.contains('\0')
        && text.split('/').all(|part| !matches!(part, "" | "." | "..") && part != ".git")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MutantId;
    use crate::report::sample;

    #[test]
    fn what_mutdiff_writes_passes() {
        assert_eq!(vet(&sample::report()), Ok(()));
    }

    #[test]
    fn ids_and_paths_are_checked() {
        let mut report = sample::report();
        report.mutants[1].id = report.mutants[0].id.clone();
        assert!(matches!(vet(&report), Err(VetError::Twice(_))));
        report.mutants[1].id = MutantId::from_text("--> <b>");
        assert_eq!(vet(&report), Err(VetError::Id("--> <b>".into())));
        for path in ["/etc/passwd", "a/../b.py", "", "a//b", ".git/config", "a\0b"] {
            let mut report = sample::report();
            report.mutants[3].function.path = RepoPath::new(path);
            assert!(matches!(vet(&report), Err(VetError::Path(_))), "{path}");
        }
        let mut report = sample::report();
        report.mutants[3].function.path = RepoPath::new("a @all\n`<b>`.py");
        assert_eq!(vet(&report), Ok(()), "odd, and escaped where it is shown");
    }
}
