//! What is in force, and where each value comes from: `mutdiff config`.
//!
//! Invariant: what is shown is what a run would be given; nothing is run.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use serde::Serialize;

use super::keys::{Takes, keys};
use super::layers::{Origin, checked_out, settings};
use crate::cli::args::{Cli, Command};
use crate::cli::error::CliError;
use crate::lab::check_settings;

/// A key, its value, and where that comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct Shown {
    /// The key.
    pub(in crate::cli) key: String,
    /// Its variable.
    pub(in crate::cli) variable: String,
    /// Its value as text; empty where the default is found out by the run.
    pub(in crate::cli) value: String,
    /// `default`, a variable or a file.
    pub(in crate::cli) origin: String,
    /// What it is for.
    pub(in crate::cli) help: String,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct SettingsView {
    /// By key.
    pub(in crate::cli) settings: Vec<Shown>,
}

/// What a run in the repository around `repo` would be given.
///
/// # Errors
/// As a run has them: see [`super::complete`].
pub(in crate::cli) fn view(repo: &std::path::Path) -> Result<SettingsView, CliError> {
    let whole = Cli::command();
    let mut call: Vec<OsString> = vec!["mutdiff".into(), "run".into(), "--repo".into()];
    call.push(repo.into());
    // The values must be good ones, too.
    let full = super::complete(call.clone())?;
    let matches = whole.clone().get_matches_from(&full);
    let parsed = Cli::from_arg_matches(&matches);
    let parsed = parsed.map_err(|error| CliError::usage(error.to_string()))?.into_command();
    let given = whole.clone().get_matches_from(&call);
    let (Some(command), Some((_, given)), Some((_, full))) =
        (whole.find_subcommand("run"), given.subcommand(), matches.subcommand())
    else {
        return Ok(SettingsView { settings: Vec::new() });
    };
    let project = checked_out(given)?;
    if let Command::Run(run) = parsed {
        let file = project.as_ref().and_then(|project| project.file.as_ref());
        check_settings(file, &run.options())?;
    }
    let set = settings(&whole, command, given, project, |name| std::env::var_os(name))?;
    let shown = keys(command).into_iter().map(|key| {
        let origin = set.iter().find(|setting| setting.name == key.name);
        let id = key.arg.get_id().as_str();
        let raw = full.get_raw(id).into_iter().flatten();
        let said: Vec<String> = raw.map(|word| word.to_string_lossy().into_owned()).collect();
        let value = match key.takes {
            Takes::Switch => full.get_flag(id).to_string(),
            _ if full.value_source(id) == Some(ValueSource::CommandLine) => said.join(" "),
            _ => key.default(),
        };
        let help = key.arg.get_help().map(ToString::to_string).unwrap_or_default();
        Shown {
            key: key.name.to_owned(),
            variable: key.variable(),
            value,
            origin: origin.map_or(Origin::Default, |setting| setting.origin.clone()).to_string(),
            help,
        }
    });
    let mut settings: Vec<Shown> = shown.collect();
    settings.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(SettingsView { settings })
}
