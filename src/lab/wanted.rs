//! What the project's tables of settings and the options together ask for.
//!
//! Invariant: a run and whoever only checks settings read them here, so that both refuse the same.

use std::fs;
use std::io;

use super::LabError;
use crate::config::{ConfigError, OWN_FILE, Options, PROJECT_FILE, ProjectConfig, SettingsFile};
use crate::git::{Head, Repository};
use crate::model::RepoPath;
use crate::mutate::Selection;

/// The project's settings as they lie in the working tree, or as a commit has them; `None` where there
/// are none.
///
/// # Errors
///
/// [`LabError::Config`], and where the commit cannot be read.
pub fn settings_of(repository: &Repository, head: &Head) -> Result<Option<SettingsFile>, LabError> {
    let text = |file: &'static str| {
        let bytes = match head {
            Head::Commit(_) => repository.read(head, &RepoPath::new(file))?,
            Head::WorkingTree => match fs::read(repository.workdir().join(file)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                read => Some(read.map_err(|error| ConfigError::Unreadable {
                    file,
                    message: error.to_string(),
                })?),
            },
        };
        Ok::<_, LabError>(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let (project, own) = (text(PROJECT_FILE)?, text(OWN_FILE)?);
    Ok(SettingsFile::find(project.as_deref(), own.as_deref())?)
}

/// The tables, and the operators and rules that are on by them and by the options.
///
/// # Errors
///
/// [`LabError::Config`] and [`LabError::Operators`].
pub(super) fn wanted(
    settings: Option<&SettingsFile>,
    options: &Options,
) -> Result<(ProjectConfig, Selection), LabError> {
    let config = ProjectConfig::read(settings)?;
    let selection = Selection::new(&config.operators, &options.operators)?
        .with_rules(&config.suppress, &options.suppress)?
        .requiring_reasons(config.requires_reasons);
    Ok((config, selection))
}

/// Demands that a run would take these settings.
///
/// # Errors
///
/// Those of [`wanted`].
pub fn check_settings(settings: Option<&SettingsFile>, options: &Options) -> Result<(), LabError> {
    wanted(settings, options).map(drop)
}
