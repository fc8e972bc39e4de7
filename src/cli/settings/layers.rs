//! Flags over environment over file over defaults.
//!
//! Invariant: what a flag says is never overruled; a value that a flag would not take is an error that
//! names where it stands.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory};
use toml::Value;

use super::keys::{COMMANDS, Key, Takes, command, keys, names};
use crate::cli::args::Cli;
use crate::cli::error::CliError;
use crate::cli::hints::config_error;
use crate::config::{ConfigError, SettingsFile, TABLES};
use crate::git::{Head, Repository};
use crate::lab::settings_of;

/// The command whose project's file is that of what is pushed.
const HOOK: &[&str] = &["hook", "run"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum Origin {
    /// This variable.
    Variable(String),
    /// This file.
    File(&'static str),
    /// Nowhere.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::File(name) => f.write_str(name),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A key with the words that stand for it on the command line; none for a switch that is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) words: Vec<OsString>,
    pub(super) origin: Origin,
}

/// The project's file, with the folder that its paths start from.
pub(super) struct Project {
    root: PathBuf,
    pub(super) file: Option<SettingsFile>,
}

/// The arguments of the process with all that they leave to the environment and the project's file. What
/// is pushed has a file of its own, so that the hook's are left to [`complete_as_of`].
///
/// # Errors
/// When a setting means nothing, or has a value that its flag would not take. Help, version and wrong
/// flags are left to whoever parses the arguments.
pub(in crate::cli) fn complete(arguments: Vec<OsString>) -> Result<Vec<OsString>, CliError> {
    completed(arguments, |path, matches| match path {
        HOOK => Ok(None),
        _ => checked_out(matches),
    })
}

/// The same, with the project's file as it is in a commit.
///
/// # Errors
/// As [`complete`] has them, and where the commit cannot be read.
pub(in crate::cli) fn complete_as_of(
    arguments: Vec<OsString>,
    repository: &Repository,
    commit: &str,
) -> Result<Vec<OsString>, CliError> {
    let file = settings_of(repository, &Head::Commit(commit.to_owned()))?;
    let root = repository.workdir().to_owned();
    completed(arguments, |_, _| Ok(Some(Project { root, file })))
}

fn completed(
    arguments: Vec<OsString>,
    project: impl FnOnce(&[&str], &ArgMatches) -> Result<Option<Project>, CliError>,
) -> Result<Vec<OsString>, CliError> {
    let mut whole = Cli::command();
    whole.build();
    let Ok(matches) = whole.clone().try_get_matches_from(&arguments) else { return Ok(arguments) };
    // The command, by its words, and what it was given.
    let (mut path, mut inner) = (Vec::new(), &matches);
    while let Some((name, next)) = inner.subcommand() {
        path.push(name);
        inner = next;
    }
    let (command, matches) = (command(&whole, &path), inner);
    let Some(command) = command.filter(|_| path.is_empty() || COMMANDS.contains(&path.as_slice()))
    else {
        return Ok(arguments);
    };
    let place = path.len() + 1;
    let project = project(&path, matches)?;
    let settings = settings(&whole, command, matches, project, |name| std::env::var_os(name))?;
    if settings.is_empty() {
        return Ok(arguments);
    }
    let (rest, first): (Vec<&Setting>, Vec<&Setting>) =
        settings.iter().partition(|setting| setting.name == "tests");
    let mut words = arguments;
    let behind = words.split_off(place.min(words.len()));
    words.extend(first.iter().flat_map(|setting| setting.words.clone()));
    words.extend(behind);
    words.extend(rest.iter().flat_map(|setting| setting.words.clone()));
    if let Err(error) = whole.try_get_matches_from(&words) {
        return Err(blamed(&error, &settings));
    }
    Ok(words)
}

/// What is set beside the flags, for a command that was given `matches`.
pub(super) fn settings(
    whole: &Command,
    command: &Command,
    matches: &ArgMatches,
    project: Option<Project>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<Setting>, CliError> {
    let (root, file) = project.map_or((None, None), |found| (Some(found.root), found.file));
    if let Some(file) = &file {
        let known: Vec<&str> = names(whole).into_iter().chain(TABLES).collect();
        file.check(&known).map_err(config_error)?;
    }
    let is_given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut found = Vec::new();
    for key in keys(command) {
        // One that conflicts says it otherwise: `--` for `--tests`, `--verbose` for `--quiet`.
        let says_it = |other: &Arg| {
            let conflict = |one, other: &Arg| {
                command
                    .get_arg_conflicts_with(one)
                    .iter()
                    .any(|found| found.get_id() == other.get_id())
            };
            is_given(other.get_id().as_str())
                && (other.get_id() == key.arg.get_id()
                    || conflict(key.arg, other)
                    || conflict(other, key.arg))
        };
        if command.get_arguments().any(says_it) {
            continue;
        }
        let name = key.variable();
        if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
            let words = of_variable(&key, &name, &value)?;
            found.push(Setting {
                name: key.name.to_owned(),
                words,
                origin: Origin::Variable(name),
            });
        } else if let Some(file) = &file
            // What has a table of its own is read by whoever knows what it means.
            && !TABLES.contains(&key.name)
            && let Some(value) = file.table.get(key.name)
        {
            let words = of_file(&key, file.file, value, root.as_deref())?;
            let origin = Origin::File(file.file);
            found.push(Setting { name: key.name.to_owned(), words, origin });
        }
    }
    Ok(found)
}

/// The project's file as it lies in the repository that a command is about; `None` where there is no
/// repository, which the command itself will say.
pub(super) fn checked_out(matches: &ArgMatches) -> Result<Option<Project>, CliError> {
    // That of `review` is a name on GitHub.
    let folder = matches.try_get_one::<PathBuf>("repo").ok().flatten().cloned();
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let Ok(repository) = Repository::discover(&folder) else { return Ok(None) };
    let root = repository.workdir().to_owned();
    let file = settings_of(&repository, &Head::WorkingTree)?;
    Ok(Some(Project { root, file }))
}

fn flag(key: &Key<'_>, value: &OsStr) -> OsString {
    let mut word = OsString::from(format!("--{}=", key.name));
    word.push(value);
    word
}

/// The words of the flag of a list that comes last.
fn last(key: &Key<'_>, values: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let words: Vec<OsString> = values.collect();
    if words.is_empty() {
        return words;
    }
    std::iter::once(OsString::from(format!("--{}", key.name))).chain(words).collect()
}

fn of_variable(key: &Key<'_>, name: &str, value: &OsStr) -> Result<Vec<OsString>, CliError> {
    if key.takes == Takes::Value {
        return Ok(vec![flag(key, value)]);
    }
    let needed = |what: &str| {
        CliError::usage(format!("{name}: `{}` is no {what}", value.to_string_lossy()))
            .hint(format!("it stands for --{}; an empty one counts as not set", key.name))
    };
    let text = value.to_str().ok_or_else(|| needed("text"))?;
    match key.takes {
        Takes::Switch => match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(vec![format!("--{}", key.name).into()]),
            "0" | "false" | "no" | "off" => Ok(Vec::new()),
            _ => Err(needed("true or false")),
        },
        _ => {
            let words =
                shlex::split(text).ok_or_else(|| needed("list of words as a shell has them"))?;
            let words = words.into_iter().map(OsString::from);
            Ok(match key.takes {
                Takes::Rest => last(key, words),
                _ => words.map(|word| flag(key, &word)).collect(),
            })
        }
    }
}

fn of_file(
    key: &Key<'_>,
    file: &'static str,
    value: &Value,
    root: Option<&Path>,
) -> Result<Vec<OsString>, CliError> {
    let bad =
        |needed| config_error(ConfigError::BadValue { file, key: key.name.to_owned(), needed });
    let text = |value: &Value| match value {
        Value::String(text) if key.name == "python" && text.contains('/') => {
            // A relative path is one from the file, wherever mutdiff is started.
            Some(root.map_or_else(|| text.into(), |root| root.join(text).into_os_string()))
        }
        Value::String(text) => Some(OsString::from(text)),
        Value::Integer(number) => Some(number.to_string().into()),
        Value::Float(number) => Some(number.to_string().into()),
        _ => None,
    };
    match (key.takes, value) {
        (Takes::Switch, Value::Boolean(true)) => Ok(vec![format!("--{}", key.name).into()]),
        (Takes::Switch, Value::Boolean(false)) => Ok(Vec::new()),
        (Takes::Switch, _) => Err(bad("true or false")),
        (Takes::Value, value) => {
            let value = text(value).ok_or_else(|| bad("a text or a number"))?;
            Ok(vec![flag(key, &value)])
        }
        (Takes::Values | Takes::Rest, Value::Array(values)) => {
            let words: Option<Vec<OsString>> = values.iter().map(text).collect();
            let words = words.ok_or_else(|| bad("a list of texts"))?.into_iter();
            Ok(match key.takes {
                Takes::Rest => last(key, words),
                _ => words.map(|word| flag(key, &word)).collect(),
            })
        }
        (Takes::Values | Takes::Rest, _) => Err(bad("a list of texts")),
    }
}

/// The error of the command line, said of the setting that it comes from.
fn blamed(error: &clap::Error, settings: &[Setting]) -> CliError {
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let of_arg = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(arg)) => arg.as_str(),
        _ => "",
    };
    let name = of_arg.trim_start_matches("--").split([' ', '=', '[']).next().unwrap_or_default();
    let Some(setting) = settings.iter().find(|setting| setting.name == name) else {
        let origins: Vec<String> =
            settings.iter().map(|s| format!("{} ({})", s.name, s.origin)).collect();
        return CliError::usage(first)
            .hint(format!("beside the flags, these are set: {}", origins.join(", ")));
    };
    let valid = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) if error.kind() == ErrorKind::InvalidValue => {
            valid.join(", ")
        }
        _ => String::new(),
    };
    let found = CliError::usage(format!("{}: {first}", setting.origin));
    if valid.is_empty() { found } else { found.hint(format!("one of these is needed: {valid}")) }
}
