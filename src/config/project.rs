//! What files that are no Python mean to a project: `[tool.mutdiff.invalidates]`.
//!
//! Invariant: a project without the table has the defaults. Where several patterns fit a file, the one that invalidates most holds.

use globset::{Glob, GlobMatcher};
use toml::Value;

use super::file::{ConfigError, OWN_FILE, SettingsFile};
use crate::model::RepoPath;

/// The keys that are tables of their own, and no flags.
pub const TABLES: [&str; 1] = ["invalidates"];

/// What a change of a file that is no Python invalidates.
#[derive(Debug, Clone)]
pub enum Invalidates {
    /// Nothing: no test depends on it.
    Nothing,
    /// The tests that load one of these Python files, as if its module code had changed.
    Files(Vec<GlobMatcher>),
    /// Every trace and every verdict.
    Everything,
}

/// The project's settings.
#[derive(Debug, Clone, Default)]
pub struct ProjectConfig {
    rules: Vec<(GlobMatcher, Invalidates)>,
}

impl ProjectConfig {
    /// Reads the tables among the settings; keys that are flags are the command line's.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(settings: Option<&SettingsFile>) -> Result<Self, ConfigError> {
        let rules = settings
            .and_then(|settings| Some((settings.file, settings.table.get("invalidates")?)))
            .map(|(file, value)| rules(file, value))
            .transpose()?;
        Ok(Self { rules: rules.unwrap_or_default() })
    }

    /// What a change of a file that is no Python invalidates.
    pub fn invalidates(&self, path: &RepoPath) -> Invalidates {
        let mut files: Option<Vec<GlobMatcher>> = None;
        let mut nothing = false;
        for (pattern, invalidates) in &self.rules {
            if !pattern.is_match(path.as_str()) {
                continue;
            }
            match invalidates {
                Invalidates::Everything => return Invalidates::Everything,
                Invalidates::Files(more) => files.get_or_insert_default().extend(more.clone()),
                Invalidates::Nothing => nothing = true,
            }
        }
        match files {
            Some(files) => Invalidates::Files(files),
            None if nothing || is_prose(path) => Invalidates::Nothing,
            None => Invalidates::Everything,
        }
    }
}

/// `pattern = "nothing" | "everything" | [patterns of Python files]`.
fn rules(
    file: &'static str,
    value: &Value,
) -> Result<Vec<(GlobMatcher, Invalidates)>, ConfigError> {
    let needed = "\"nothing\", \"everything\" or a list of patterns of Python files";
    let bad = |key: String| ConfigError::BadValue { file, key, needed };
    let Value::Table(table) = value else {
        let key = "invalidates".to_owned();
        return Err(ConfigError::BadValue { file, key, needed: "to be a table of patterns" });
    };
    let mut rules = Vec::new();
    for (pattern, value) in table {
        let key = || format!("invalidates.\"{pattern}\"");
        let invalidates = match value {
            Value::String(word) if word == "nothing" => Invalidates::Nothing,
            Value::String(word) if word == "everything" => Invalidates::Everything,
            Value::Array(files) => {
                let files = files.iter().map(|value| match value {
                    Value::String(pattern) => glob(file, pattern),
                    _ => Err(bad(key())),
                });
                Invalidates::Files(files.collect::<Result<_, _>>()?)
            }
            _ => return Err(bad(key())),
        };
        rules.push((glob(file, pattern)?, invalidates));
    }
    Ok(rules)
}

fn glob(file: &'static str, pattern: &str) -> Result<GlobMatcher, ConfigError> {
    let glob = Glob::new(pattern).map_err(|error| ConfigError::BadPattern {
        file,
        pattern: pattern.to_owned(),
        message: error.kind().to_string(),
    })?;
    Ok(glob.compile_matcher())
}

/// Whether a file that is no Python is read by people only, so that no test depends on it.
fn is_prose(path: &RepoPath) -> bool {
    let name = path.file_name();
    let text = name.ends_with(".md") || name.ends_with(".rst");
    let first = path.directories().next();
    (text && matches!(first, None | Some("doc" | "docs")))
        || matches!(first, Some(".github" | ".mutdiff" | ".vscode" | ".idea"))
        || (first.is_none() && name == OWN_FILE)
        || matches!(name, ".gitignore" | ".gitattributes" | ".editorconfig" | ".mailmap")
        || ["LICENSE", "LICENCE", "COPYING", "AUTHORS", "CHANGELOG", "CHANGES"]
            .iter()
            .any(|prefix| first.is_none() && name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ProjectConfig, ConfigError> {
        ProjectConfig::read(SettingsFile::find(Some(text), None)?.as_ref())
    }

    fn word(config: &ProjectConfig, path: &str) -> String {
        match config.invalidates(&RepoPath::new(path)) {
            Invalidates::Nothing => "nothing".into(),
            Invalidates::Everything => "everything".into(),
            Invalidates::Files(files) => {
                files.iter().map(|glob| glob.glob().glob()).collect::<Vec<_>>().join(" ")
            }
        }
    }

    #[test]
    fn without_settings_all_but_prose_invalidates_everything() {
        for text in ["", "[project]\nname = 'x'\n", "[tool.mutdiff]\n", "not [ toml"] {
            let config = parse(text).unwrap();
            assert_eq!(word(&config, "data/prices.json"), "everything", "{text}");
            assert_eq!(word(&config, "README.md"), "nothing", "{text}");
            assert_eq!(word(&config, "pkg/template.md"), "everything", "{text}");
        }
    }

    #[test]
    fn the_pattern_that_invalidates_most_holds() {
        let config = parse(
            "[tool.mutdiff.invalidates]\n'*.svg' = 'nothing'\n'data/**' = ['io.py']\n\
             'data/*.json' = ['json_*.py']\n'README.md' = 'everything'\n'data/key.*' = 'everything'\n",
        )
        .unwrap();
        assert_eq!(word(&config, "logo.svg"), "nothing");
        assert_eq!(word(&config, "data/a.svg"), "io.py");
        assert_eq!(word(&config, "data/a.json"), "io.py json_*.py");
        assert_eq!(word(&config, "data/key.json"), "everything");
        assert_eq!(word(&config, "README.md"), "everything");
        assert_eq!(word(&config, "poetry.lock"), "everything");
    }

    #[test]
    fn what_means_nothing_is_an_error_that_says_what_would() {
        for (text, said) in [
            ("[tool.mutdiff]\ninvalidates = 1\n", "`invalidates` needs to be a table"),
            ("[tool.mutdiff.invalidates]\n'a' = 'some'\n", "`invalidates.\"a\"` needs \"nothing\""),
            (
                "[tool.mutdiff.invalidates]\n'a' = [1]\n",
                "needs \"nothing\", \"everything\" or a list",
            ),
            ("[tool.mutdiff.invalidates]\n'a[' = 'nothing'\n", "`a[` is no pattern"),
            ("[tool]\nmutdiff = 1\n", "needs to be a table"),
            ("[tool.mutdiff\n", "pyproject.toml: "),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
