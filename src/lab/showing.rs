//! The last run's report, and a mutant of it by its id.
//!
//! Invariant: reads the store only; nothing is parsed, run or written.

use super::LabError;
use crate::config::Options;
use crate::git::Repository;
use crate::model::{DecidedMutant, MutantId, Report};
use crate::store::Store;
use crate::syntax::Source;

/// Finds a mutant of the last run by its id or a unique prefix of it.
///
/// # Errors
/// [`LabError::NoReport`] before the first run, [`LabError::UnknownMutant`],
/// [`LabError::AmbiguousMutant`] with the candidates.
pub fn show(options: &Options, id: &MutantId) -> Result<DecidedMutant, LabError> {
    let mut found: Vec<DecidedMutant> = last_report(options)?
        .all_mutants()
        .into_iter()
        .filter(|mutant| mutant.id.as_str().starts_with(id.as_str()))
        .collect();
    match found.len() {
        0 => Err(LabError::UnknownMutant { id: id.clone() }),
        1 => Ok(found.remove(0)),
        _ => Err(LabError::AmbiguousMutant {
            id: id.clone(),
            candidates: found.into_iter().map(|mutant| mutant.id).collect(),
        }),
    }
}

/// The report of the last run.
///
/// # Errors
/// [`LabError::NoReport`] before the first run.
pub fn last_report(options: &Options) -> Result<Report, LabError> {
    let repository = Repository::discover(&options.repo)?;
    let none = || LabError::NoReport { repo: repository.workdir().to_owned() };
    let store = Store::open_to_read(repository.workdir())?.ok_or_else(none)?;
    let last = store.last_report()?.ok_or_else(none)?;
    read(&last.json)
}

/// The bytes of a mutant's patch in the encoding of its file, as `git apply` compares them.
///
/// A file that is UTF-8, is gone, or cannot hold the patch's text gives the patch as it is.
///
/// # Errors
/// When there is no repository.
pub fn encoded(
    options: &Options,
    mutant: &DecidedMutant,
    patch: &str,
) -> Result<Vec<u8>, LabError> {
    let repository = Repository::discover(&options.repo)?;
    let path = &mutant.function.path;
    let plain = patch.as_bytes().to_vec();
    let Ok(bytes) = std::fs::read(repository.workdir().join(path.as_str())) else {
        return Ok(plain);
    };
    if std::str::from_utf8(&bytes).is_ok() {
        return Ok(plain);
    }
    Ok(match Source::decode(path.clone(), bytes) {
        Ok(source) if source.can_encode(patch) => source.encode(patch),
        _ => plain,
    })
}

/// Reads a report as the store keeps it.
pub(super) fn read(json: &str) -> Result<Report, LabError> {
    serde_json::from_str(json)
        .map_err(|error| LabError::UnreadableReport { reason: error.to_string() })
}
