//! The settings as a JSON Schema, for editors.
//!
//! Invariant: `docs/mutdiff.schema.json` is what this says; a test compares them.

use clap::{Command, CommandFactory};
use serde_json::{Map, Value, json};

use super::keys::{COMMANDS, Key, Takes, command, keys};
use crate::cli::args::Cli;

/// The schema of `mutdiff.toml`, and of `[tool.mutdiff]` in `pyproject.toml`.
pub(in crate::cli) fn schema() -> Value {
    let whole = Cli::command();
    let mut properties = Map::new();
    for command in COMMANDS.iter().filter_map(|path| command(&whole, path)) {
        add(&mut properties, command);
    }
    let patterns = || json!({"type": "array", "items": {"type": "string"}});
    properties.insert(
        "invalidates".to_owned(),
        json!({
            "description": "What a change of a file that is no Python invalidates, by pattern",
            "type": "object",
            "additionalProperties": {
                "anyOf": [{"enum": ["nothing", "everything"]}, patterns()]
            },
        }),
    );
    let wanted = |what: &str| {
        json!({
            "description": format!("Which {what} are on, by id, group or pattern"),
            "type": "object",
            "properties": {"enable": patterns(), "disable": patterns()},
            "additionalProperties": false,
        })
    };
    properties.insert("operators".to_owned(), wanted("operators"));
    properties.insert("suppress".to_owned(), wanted("rules of suppression"));
    properties.insert(
        "require-reasons".to_owned(),
        json!({
            "description": "Whether a comment that leaves code out has to say why",
            "type": "boolean",
            "default": false,
        }),
    );
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "mutdiff",
        "description": "Settings of mutdiff: mutdiff.toml, or [tool.mutdiff] in pyproject.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn add(properties: &mut Map<String, Value>, command: &Command) {
    for key in keys(command) {
        properties.entry(key.name.to_owned()).or_insert_with(|| property(&key));
    }
}

fn property(key: &Key<'_>) -> Value {
    let mut found = match key.takes {
        Takes::Switch => json!({"type": "boolean"}),
        Takes::Value => {
            let possible = key.arg.get_possible_values();
            let names: Vec<&str> = possible.iter().map(|value| value.get_name()).collect();
            match names.is_empty() {
                true => json!({"type": ["string", "number"]}),
                false => json!({"enum": names}),
            }
        }
        Takes::Values | Takes::Rest => json!({"type": "array", "items": {"type": "string"}}),
    };
    let help = key.arg.get_help().map(ToString::to_string).unwrap_or_default();
    found["description"] = help.into();
    if !key.default().is_empty() {
        found["default"] = match (key.takes, key.default().parse::<f64>()) {
            (Takes::Switch, _) => false.into(),
            (_, Ok(number)) if number.fract() == 0.0 => (number as i64).into(),
            (_, Ok(number)) => number.into(),
            (_, Err(_)) => key.default().into(),
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `MUTDIFF_UPDATE_DOCS` set, the file is written.
    #[test]
    fn the_schema_in_the_documentation_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/mutdiff.schema.json");
        let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
        if std::env::var_os("MUTDIFF_UPDATE_DOCS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), text);
    }

    fn table() -> String {
        let whole = Cli::command();
        let mut rows = std::collections::BTreeMap::new();
        for command in COMMANDS.iter().filter_map(|path| command(&whole, path)) {
            for key in keys(command) {
                let default = match key.default().as_str() {
                    "" => String::new(),
                    default => format!("`{default}`"),
                };
                let help = key.arg.get_help().map(ToString::to_string).unwrap_or_default();
                let help = help.replace('|', "\\|");
                let row = format!("| `{}` | {default} | {help} |\n", key.name);
                rows.entry(key.name.to_owned()).or_insert(row);
            }
        }
        format!("| key | default | |\n|---|---|---|\n{}", rows.into_values().collect::<String>())
    }

    /// With `MUTDIFF_UPDATE_DOCS` set, the table is written.
    #[test]
    fn the_table_in_the_documentation_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let text = std::fs::read_to_string(path).unwrap();
        let begin = text.find("<!-- keys").unwrap();
        let begin = begin + text[begin..].find('\n').unwrap() + 1;
        let end = text.find("<!-- end of keys").unwrap();
        if std::env::var_os("MUTDIFF_UPDATE_DOCS").is_some() {
            let written = format!("{}\n{}\n{}", &text[..begin], table(), &text[end..]);
            std::fs::write(path, written).unwrap();
            return;
        }
        assert_eq!(text[begin..end].trim(), table().trim());
    }

    #[test]
    fn a_setting_that_means_nothing_is_refused_by_editors_too() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        assert!(validator.is_valid(&json!({"gate": "all", "jobs": 2, "tests": ["-k", "x"]})));
        assert!(validator.is_valid(&json!({"invalidates": {"*.svg": "nothing", "a": ["b.py"]}})));
        assert!(!validator.is_valid(&json!({"gat": "all"})));
        assert!(!validator.is_valid(&json!({"scope": "near"})));
        assert!(!validator.is_valid(&json!({"allow-failing": "yes"})));
    }
}
