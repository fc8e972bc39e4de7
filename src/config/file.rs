//! Where the project's settings are: `[tool.mutdiff]` of `pyproject.toml`, or `mutdiff.toml`.
//!
//! Invariant: one file holds them, or none does; two are an error, since neither would be seen to lose.

use thiserror::Error;
use toml::{Table, Value};

/// A project's own file, which may hold settings among others'.
pub const PROJECT_FILE: &str = "pyproject.toml";
/// A file of mutdiff's alone.
pub const OWN_FILE: &str = "mutdiff.toml";

/// What is wrong with the settings.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The file is there and cannot be read: a directory, or another user's.
    #[error("{file} cannot be read: {message}")]
    Unreadable {
        /// The file.
        file: &'static str,
        /// What the system says.
        message: String,
    },
    /// The file is no TOML.
    #[error("{file}: {message}")]
    NotToml {
        /// The file.
        file: &'static str,
        /// What the parser says.
        message: String,
    },
    /// Both files have settings.
    #[error("{OWN_FILE} and [tool.mutdiff] of {PROJECT_FILE} both hold settings")]
    TwoFiles,
    /// A key that means nothing.
    #[error("{file}: unknown key `{key}`")]
    UnknownKey {
        /// The file.
        file: &'static str,
        /// The key.
        key: String,
        /// The known key that is most like it, if any is.
        nearest: Option<String>,
    },
    /// A value that a key cannot have.
    #[error("{file}: `{key}` needs {needed}")]
    BadValue {
        /// The file.
        file: &'static str,
        /// The key, with the pattern.
        key: String,
        /// What it needs.
        needed: &'static str,
    },
    /// A pattern that cannot be read.
    #[error("{file}: `{pattern}` is no pattern: {message}")]
    BadPattern {
        /// The file.
        file: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
}

/// The settings of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsFile {
    /// The file's name: [`PROJECT_FILE`] or [`OWN_FILE`].
    pub file: &'static str,
    /// The settings by key.
    pub table: Table,
}

impl SettingsFile {
    /// From the texts of the two files, `None` for one that is not there. `None` where neither holds
    /// settings.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn find(project: Option<&str>, own: Option<&str>) -> Result<Option<Self>, ConfigError> {
        // A file that does not speak of mutdiff is none of its business.
        let project = match project.filter(|text| text.contains("mutdiff")) {
            Some(text) => tool_table(parse(PROJECT_FILE, text)?)?,
            None => None,
        };
        let own = own.map(|text| parse(OWN_FILE, text)).transpose()?;
        match (project, own) {
            (Some(_), Some(_)) => Err(ConfigError::TwoFiles),
            (Some(table), None) => Ok(Some(Self { file: PROJECT_FILE, table })),
            (None, own) => Ok(own.map(|table| Self { file: OWN_FILE, table })),
        }
    }

    /// Demands that every key is one of `known`.
    ///
    /// # Errors
    /// [`ConfigError::UnknownKey`] for the first that is not.
    pub fn check(&self, known: &[&str]) -> Result<(), ConfigError> {
        let unknown = self.table.keys().find(|key| !known.contains(&key.as_str()));
        let Some(key) = unknown else { return Ok(()) };
        let nearest = nearest(key, known.iter().copied()).map(str::to_owned);
        Err(ConfigError::UnknownKey { file: self.file, key: key.clone(), nearest })
    }
}

/// The name that is most like a word, if any is.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |name| strsim::normalized_damerau_levenshtein(word, name);
    let found = names.map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness > 0.5);
    found.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

fn parse(file: &'static str, text: &str) -> Result<Table, ConfigError> {
    let not_toml =
        |error: toml::de::Error| ConfigError::NotToml { file, message: error.to_string() };
    text.parse().map_err(not_toml)
}

fn tool_table(mut whole: Table) -> Result<Option<Table>, ConfigError> {
    let tool = whole.remove("tool");
    let Some(table) = tool.and_then(|tool| tool.get("mutdiff").cloned()) else { return Ok(None) };
    let bad = || ConfigError::BadValue {
        file: PROJECT_FILE,
        key: "tool.mutdiff".into(),
        needed: "to be a table",
    };
    let Value::Table(table) = table else { return Err(bad()) };
    Ok(Some(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_file_holds_the_settings_and_never_both() {
        let project = "[project]\nname = 'x'\n[tool.mutdiff]\ngate = 'all'\n";
        let found = |project, own| SettingsFile::find(project, own);
        let of = |settings: &Option<SettingsFile>| settings.as_ref().map(|found| found.file);
        assert_eq!(of(&found(Some(project), None).unwrap()), Some(PROJECT_FILE));
        assert_eq!(of(&found(None, Some("gate = 'all'")).unwrap()), Some(OWN_FILE));
        assert_eq!(found(Some("[tool.other]\nmutdiff = 1"), None).unwrap(), None);
        assert_eq!(found(Some("[tool.other"), None).unwrap(), None, "none of our business");
        assert_eq!(found(Some(project), Some("")), Err(ConfigError::TwoFiles));
        assert!(matches!(
            found(None, Some("gate = ")),
            Err(ConfigError::NotToml { file: OWN_FILE, .. })
        ));
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let settings = SettingsFile::find(None, Some("gat = 1")).unwrap().unwrap();
        let nearest = |known: &[&str]| match settings.check(known) {
            Err(ConfigError::UnknownKey { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest(&["gate", "budget"]), Some("gate".to_owned()));
        assert_eq!(nearest(&["memory-limit"]), None);
        assert!(settings.check(&["gat"]).is_ok());
    }
}
