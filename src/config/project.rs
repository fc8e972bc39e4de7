//! The project's own settings: `[tool.mutdiff]` of its `pyproject.toml`.
//!
//! Invariant: an unknown key is an error that names the known ones; a project without the table has
//! the defaults. Where several patterns fit a file, the one that invalidates most holds.

use globset::{Glob, GlobMatcher};
use thiserror::Error;
use toml::{Table, Value};

use crate::model::RepoPath;

/// Where the settings are, from the root of the repository.
pub const PROJECT_FILE: &str = "pyproject.toml";
/// The keys of the table.
const KEYS: [&str; 4] = ["invalidates", "operators", "require-reasons", "suppress"];

/// What is wrong with the settings.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The file is no TOML.
    #[error("{PROJECT_FILE}: {message}")]
    NotToml {
        /// What the parser says.
        message: String,
    },
    /// A key that means nothing.
    #[error("{PROJECT_FILE}: unknown key `{key}` in [tool.mutdiff]; known: {}", KEYS.join(", "))]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A value that a key cannot have.
    #[error("{PROJECT_FILE}: `{key}` of [tool.mutdiff] needs {needed}")]
    BadValue {
        /// The key, with the pattern.
        key: String,
        /// What it needs.
        needed: &'static str,
    },
    /// A pattern that cannot be read.
    #[error("{PROJECT_FILE}: `{pattern}` in [tool.mutdiff] is no pattern: {message}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
}

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

/// The text of [`PROJECT_FILE`] without our own settings: what tests may read of it, and what the rest
/// of the project rests on.
pub fn without_own_settings(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut is_own = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"[") {
            let header = line.trim_ascii_end();
            is_own = header == b"[tool.mutdiff]" || header.starts_with(b"[tool.mutdiff.");
        }
        if !is_own {
            kept.extend_from_slice(line);
        }
    }
    kept
}

/// Which operators, or which rules, the project wants, as words that their registry knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those that are on beside the default ones.
    pub enable: Vec<String>,
    /// Those that are off.
    pub disable: Vec<String>,
}

/// The project's settings.
#[derive(Debug, Clone, Default)]
pub struct ProjectConfig {
    /// Which operators are on.
    pub operators: Wanted,
    /// Which rules of suppression hold.
    pub suppress: Wanted,
    /// Whether a comment that suppresses must say why.
    pub requires_reasons: bool,
    rules: Vec<(GlobMatcher, Invalidates)>,
}

impl ProjectConfig {
    /// Reads the text of a `pyproject.toml`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        // A file that does not speak of mutdiff is none of its business.
        if !text.contains("mutdiff") {
            return Ok(Self::default());
        }
        let whole: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::NotToml {
            message: error.to_string(),
        })?;
        let table = whole.get("tool").and_then(|tool| tool.get("mutdiff"));
        let Some(table) = table else { return Ok(Self::default()) };
        let Value::Table(table) = table else {
            return Err(ConfigError::BadValue { key: "mutdiff".into(), needed: "to be a table" });
        };
        let mut config = Self::default();
        for (key, value) in table {
            match key.as_str() {
                "invalidates" => config.rules = rules(value)?,
                "operators" => config.operators = wanted(value, "operators")?,
                "require-reasons" => {
                    config.requires_reasons = value.as_bool().ok_or_else(|| {
                        ConfigError::BadValue { key: key.clone(), needed: "true or false" }
                    })?;
                }
                "suppress" => config.suppress = wanted(value, "suppress")?,
                _ => return Err(ConfigError::UnknownKey { key: key.clone() }),
            }
        }
        Ok(config)
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

/// `{ enable = [words], disable = [words] }`.
fn wanted(value: &Value, key: &str) -> Result<Wanted, ConfigError> {
    let own = key;
    let bad = |key: &str, needed| ConfigError::BadValue { key: key.to_owned(), needed };
    let Value::Table(table) = value else {
        return Err(bad(own, "to be a table of `enable` and `disable`"));
    };
    let mut settings = Wanted::default();
    for (key, value) in table {
        let list = match key.as_str() {
            "enable" => &mut settings.enable,
            "disable" => &mut settings.disable,
            _ => return Err(bad(&format!("{own}.{key}"), "to be `enable` or `disable`")),
        };
        let words = value.as_array().and_then(|words| {
            words.iter().map(|word| word.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        let needed = "a list of names, groups or patterns";
        *list = words.ok_or_else(|| bad(&format!("{own}.{key}"), needed))?;
    }
    Ok(settings)
}

/// `pattern = "nothing" | "everything" | [patterns of Python files]`.
fn rules(value: &Value) -> Result<Vec<(GlobMatcher, Invalidates)>, ConfigError> {
    let needed = "\"nothing\", \"everything\" or a list of patterns of Python files";
    let bad = |key: String| ConfigError::BadValue { key, needed };
    let Value::Table(table) = value else {
        let key = "invalidates".to_owned();
        return Err(ConfigError::BadValue { key, needed: "to be a table of patterns" });
    };
    let mut rules = Vec::new();
    for (pattern, value) in table {
        let key = || format!("invalidates.\"{pattern}\"");
        let invalidates = match value {
            Value::String(word) if word == "nothing" => Invalidates::Nothing,
            Value::String(word) if word == "everything" => Invalidates::Everything,
            Value::Array(files) => {
                let files = files.iter().map(|file| match file {
                    Value::String(file) => glob(file),
                    _ => Err(bad(key())),
                });
                Invalidates::Files(files.collect::<Result<_, _>>()?)
            }
            _ => return Err(bad(key())),
        };
        rules.push((glob(pattern)?, invalidates));
    }
    Ok(rules)
}

fn glob(pattern: &str) -> Result<GlobMatcher, ConfigError> {
    let glob = Glob::new(pattern).map_err(|error| ConfigError::BadPattern {
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
        || matches!(name, ".gitignore" | ".gitattributes" | ".editorconfig" | ".mailmap")
        || ["LICENSE", "LICENCE", "COPYING", "AUTHORS", "CHANGELOG", "CHANGES"]
            .iter()
            .any(|prefix| first.is_none() && name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let config = ProjectConfig::parse(text).unwrap();
            assert_eq!(word(&config, "data/prices.json"), "everything", "{text}");
            assert_eq!(word(&config, "README.md"), "nothing", "{text}");
            assert_eq!(word(&config, "pkg/template.md"), "everything", "{text}");
        }
    }

    #[test]
    fn the_pattern_that_invalidates_most_holds() {
        let config = ProjectConfig::parse(
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
    fn operators_are_two_lists_of_words() {
        let config = ProjectConfig::parse(
            "[tool.mutdiff]\noperators = { enable = ['exception'], disable = ['string/*', 'x'] }\n",
        )
        .unwrap();
        assert_eq!(config.operators.enable, ["exception"]);
        assert_eq!(config.operators.disable, ["string/*", "x"]);
        assert!(!config.requires_reasons);
        let strict = "[tool.mutdiff]\nrequire-reasons = true\nsuppress = { disable = ['print'] }\n";
        let strict = ProjectConfig::parse(strict).unwrap();
        assert!(strict.requires_reasons && strict.suppress.disable == ["print"]);
    }

    #[test]
    fn our_own_settings_are_no_part_of_what_the_project_rests_on() {
        let rest = "[project]\nname = 'x'\n[tool.mutdiffer]\na = 1\n";
        let own = "[tool.mutdiff]\noperators = { enable = ['a'] }\n[tool.mutdiff.invalidates]\n'*' = 'nothing'\n";
        for text in [format!("{own}{rest}"), format!("{rest}{own}")] {
            assert_eq!(without_own_settings(text.as_bytes()), rest.as_bytes());
        }
    }

    #[test]
    fn what_means_nothing_is_an_error_that_says_what_would() {
        for (text, said) in [
            (
                "[tool.mutdiff]\noperators = ['a']\n",
                "`operators` of [tool.mutdiff] needs to be a table",
            ),
            (
                "[tool.mutdiff.operators]\nenabled = []\n",
                "`operators.enabled` of [tool.mutdiff] needs to be `enable`",
            ),
            (
                "[tool.mutdiff.operators]\nenable = [1]\n",
                "needs a list of names, groups or patterns",
            ),
            (
                "[tool.mutdiff]\ninvalidate = 1\n",
                "unknown key `invalidate` in [tool.mutdiff]; known: invalidates",
            ),
            (
                "[tool.mutdiff]\ninvalidates = 1\n",
                "`invalidates` of [tool.mutdiff] needs to be a table",
            ),
            (
                "[tool.mutdiff.invalidates]\n'a' = 'some'\n",
                "`invalidates.\"a\"` of [tool.mutdiff] needs \"nothing\"",
            ),
            (
                "[tool.mutdiff.invalidates]\n'a' = [1]\n",
                "needs \"nothing\", \"everything\" or a list",
            ),
            (
                "[tool.mutdiff.invalidates]\n'a[' = 'nothing'\n",
                "`a[` in [tool.mutdiff] is no pattern",
            ),
            ("[tool]\nmutdiff = 1\n", "needs to be a table"),
            ("[tool.mutdiff\n", "pyproject.toml: "),
        ] {
            let error = ProjectConfig::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
