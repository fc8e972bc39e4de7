//! What the project's tables of settings and the options together ask for.
//!
//! Invariant: a run and whoever only checks settings read them here, so that both refuse the same.

use super::LabError;
use crate::config::{Options, ProjectConfig, SettingsFile};
use crate::mutate::Selection;

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
