//! What files that are no Python mean to a project: `[tool.mutdiff.invalidates]`.
//!
//! Invariant: a project without the tables has the defaults. Where several patterns fit a file, the
//! one that invalidates most holds.

use globset::{Glob, GlobMatcher};
use toml::Value;

use super::file::{ConfigError, OWN_FILE, SettingsFile};
use crate::model::RepoPath;

/// The keys that are tables of their own, or that no flag has.
pub const TABLES: [&str; 4] = ["invalidates", "operators", "require-reasons", "suppress"];

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
/// of the project rests on. Blank lines before our own and at the end are no part of it: a section that
/// is put there leaves the rest as it was.
pub fn without_own_settings(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut is_own = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"[") {
            let header = line.trim_ascii_end();
            is_own = header == b"[tool.mutdiff]" || header.starts_with(b"[tool.mutdiff.");
            if is_own {
                end_once(&mut kept);
            }
        }
        if !is_own {
            kept.extend_from_slice(line);
        }
    }
    end_once(&mut kept);
    kept
}

/// Ends the text in one end of a line.
fn end_once(text: &mut Vec<u8>) {
    text.truncate(text.trim_ascii_end().len());
    if !text.is_empty() {
        text.push(b'\n');
    }
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
    /// Reads the tables among the settings; keys that are flags are the command line's.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(settings: Option<&SettingsFile>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let Some(SettingsFile { file, table }) = settings else { return Ok(config) };
        for (key, value) in table {
            match key.as_str() {
                "invalidates" => config.rules = rules(file, value)?,
                "operators" => config.operators = wanted(file, value, "operators")?,
                "require-reasons" => {
                    let needed = "true or false";
                    config.requires_reasons = value
                        .as_bool()
                        .ok_or_else(|| ConfigError::BadValue { file, key: key.clone(), needed })?;
                }
                "suppress" => config.suppress = wanted(file, value, "suppress")?,
                _ => {}
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
fn wanted(file: &'static str, value: &Value, key: &str) -> Result<Wanted, ConfigError> {
    let own = key;
    let bad = |key: &str, needed| ConfigError::BadValue { file, key: key.to_owned(), needed };
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
    fn operators_are_two_lists_of_words() {
        let config = parse(
            "[tool.mutdiff]\noperators = { enable = ['exception'], disable = ['string/*', 'x'] }\n",
        )
        .unwrap();
        assert_eq!(config.operators.enable, ["exception"]);
        assert_eq!(config.operators.disable, ["string/*", "x"]);
        assert!(!config.requires_reasons);
        let strict = "[tool.mutdiff]\nrequire-reasons = true\nsuppress = { disable = ['print'] }\n";
        let strict = parse(strict).unwrap();
        assert!(strict.requires_reasons && strict.suppress.disable == ["print"]);
    }

    #[test]
    fn our_own_settings_are_no_part_of_what_the_project_rests_on() {
        let rest = "[project]\nname = 'x'\n[tool.mutdiffer]\na = 1\n";
        let own = "[tool.mutdiff]\noperators = { enable = ['a'] }\n[tool.mutdiff.invalidates]\n'*' = 'nothing'\n";
        let end = rest.trim_end();
        for text in [
            format!("{own}{rest}"),
            format!("{rest}{own}"),
            format!("{rest}\n{own}"),
            format!("{end}\n\n{own}"),
            end.to_owned(),
        ] {
            assert_eq!(without_own_settings(text.as_bytes()), rest.as_bytes());
        }
    }

    #[test]
    fn what_means_nothing_is_an_error_that_says_what_would() {
        for (text, said) in [
            ("[tool.mutdiff]\ninvalidates = 1\n", "`invalidates` needs to be a table"),
            ("[tool.mutdiff.invalidates]\n'a' = 'some'\n", "`invalidates.\"a\"` needs \"nothing\""),
            ("[tool.mutdiff]\noperators = ['a']\n", "`operators` needs to be a table"),
            (
                "[tool.mutdiff.operators]\nenabled = []\n",
                "`operators.enabled` needs to be `enable`",
            ),
            (
                "[tool.mutdiff.operators]\nenable = [1]\n",
                "needs a list of names, groups or patterns",
            ),
            ("[tool.mutdiff]\nrequire-reasons = 1\n", "`require-reasons` needs true or false"),
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
