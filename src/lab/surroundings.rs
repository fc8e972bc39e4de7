//! What verdicts rest on beside the code, part by part, so that what differs can be named.
//!
//! Invariant: two runs with the same parts have the same key. Values of variables are kept as
//! digests: they may be secrets.

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::changed_tests::listed;
use crate::config::RunnerKind;
use crate::model::{ContentHash, Notice, RepoPath, StoreEnvironment};
use crate::store::EnvKey;
use crate::worker::Interpreter;

/// The parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Surroundings {
    mutdiff: String,
    interpreter: String,
    python: String,
    runner: String,
    arguments: Vec<String>,
    /// What is installed, plugins of the runner among it.
    distributions: Vec<String>,
    variables: BTreeMap<String, String>,
    files: BTreeMap<RepoPath, String>,
}

impl Surroundings {
    /// As they are now.
    pub(super) fn find(
        interpreter: &Interpreter,
        runner: RunnerKind,
        arguments: &[String],
        data: &BTreeMap<RepoPath, ContentHash>,
    ) -> Self {
        let mut distributions: Vec<String> = interpreter
            .site
            .iter()
            .flat_map(|site| fs::read_dir(site).into_iter().flatten().flatten())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| {
                [".dist-info", ".egg-info", ".egg-link", ".pth"]
                    .iter()
                    .any(|suffix| name.ends_with(suffix))
            })
            .collect();
        distributions.sort();
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            matters(&name).then(|| (name, digest(value.as_encoded_bytes())))
        });
        let files = data.iter().map(|(path, hash)| (path.clone(), digest(hash.as_bytes())));
        Self {
            mutdiff: env!("CARGO_PKG_VERSION").to_owned(),
            interpreter: interpreter.path.display().to_string(),
            python: interpreter.version.clone(),
            runner: runner.name().to_owned(),
            arguments: arguments.to_vec(),
            distributions,
            variables: variables.collect(),
            files: files.collect(),
        }
    }

    /// What stands for all of it.
    pub(super) fn key(&self) -> EnvKey {
        EnvKey(ContentHash::of(&self.to_bytes()).to_string())
    }

    /// What stands for all of it that selects tests and is part of no file: where it is the same, a
    /// test that is collected no more went away with the code.
    pub(super) fn under(&self) -> String {
        let parts =
            (&self.python, &self.runner, &self.arguments, &self.distributions, &self.variables);
        digest(&serde_json::to_vec(&parts).expect("plain data has a JSON form"))
    }

    /// As they are kept.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data has a JSON form")
    }

    /// As they were kept; `None` for those of a mutdiff that kept them otherwise.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// For the reader of the store's status.
    pub(super) fn shown(&self, key: &EnvKey) -> StoreEnvironment {
        StoreEnvironment {
            key: key.0.clone(),
            mutdiff: self.mutdiff.clone(),
            python: self.python.clone(),
            interpreter: self.interpreter.clone(),
            runner: self.runner.clone(),
            arguments: self.arguments.clone(),
            distributions: self.distributions.len(),
        }
    }

    /// What differs from an earlier run, in words.
    pub(super) fn differences(&self, before: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let texts = [
            ("mutdiff", &before.mutdiff, &self.mutdiff),
            ("Python", &before.python, &self.python),
            ("interpreter", &before.interpreter, &self.interpreter),
            ("runner", &before.runner, &self.runner),
        ];
        for (what, before, now) in texts {
            if before != now {
                found.push(format!("{what} {before} → {now}"));
            }
        }
        if before.arguments != self.arguments {
            let shown = |all: &[String]| if all.is_empty() { "none".into() } else { all.join(" ") };
            let (before, now) = (shown(&before.arguments), shown(&self.arguments));
            found.push(format!("the runner's arguments: {before} → {now}"));
        }
        let (gone, come) = apart(&before.distributions, &self.distributions);
        for (what, names) in [("no longer installed", gone), ("newly installed", come)] {
            if !names.is_empty() {
                let names: Vec<&str> =
                    names.iter().map(|name| name.trim_end_matches(".dist-info")).collect();
                found.push(format!("{what}: {}", listed(&names)));
            }
        }
        for (what, names) in [
            ("environment variables", differing(&before.variables, &self.variables)),
            ("files", differing(&before.files, &self.files)),
        ] {
            if !names.is_empty() {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                found.push(format!("{what}: {}", listed(&names)));
            }
        }
        found
    }

    /// What the reader should know where traces and verdicts of other surroundings are not used.
    pub(super) fn notice(&self, before: &Self) -> Option<Notice> {
        let differences = self.differences(before);
        (!differences.is_empty()).then(|| Notice {
            code: "environment_changed".into(),
            message: format!(
                "stored traces and verdicts are not used, since something that all of them rest on \
                 is another: {}",
                differences.join("; ")
            ),
        })
    }
}

/// Whether a variable is known to decide what tests do. Others differ from shell to shell, and a
/// key that held them all would never be found again.
fn matters(name: &str) -> bool {
    ["PYTHON", "PYTEST_", "DJANGO_", "LC_", "HYPOTHESIS_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || matches!(name, "TZ" | "LANG" | "LANGUAGE" | "CI" | "TOXENV")
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What is in one list alone, and what in the other.
fn apart<'a>(one: &'a [String], other: &'a [String]) -> (Vec<&'a String>, Vec<&'a String>) {
    let without = |one: &'a [String], other: &'a [String]| {
        one.iter().filter(|name| !other.contains(name)).collect()
    };
    (without(one, other), without(other, one))
}

/// The keys that are in one map alone or have another value.
fn differing<K: Ord + ToString>(
    one: &BTreeMap<K, String>,
    other: &BTreeMap<K, String>,
) -> Vec<String> {
    let mut names: Vec<String> = one
        .iter()
        .filter(|(name, value)| other.get(name) != Some(value))
        .map(|(name, _)| name.to_string())
        .chain(other.keys().filter(|name| !one.contains_key(name)).map(K::to_string))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_part_by_part() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        let before = Surroundings {
            mutdiff: "0.1.0".into(),
            python: "3.11.7".into(),
            distributions: vec!["pytest-8.0.0.dist-info".into(), "same-1.dist-info".into()],
            variables: map(&[("CI", "a"), ("TZ", "b")]),
            files: [(RepoPath::new("a.json"), "x".to_owned())].into(),
            ..Surroundings::default()
        };
        let now = Surroundings {
            mutdiff: "0.2.0".into(),
            python: "3.13.0".into(),
            arguments: vec!["-k".into(), "one".into()],
            distributions: vec!["pytest-9.0.0.dist-info".into(), "same-1.dist-info".into()],
            variables: map(&[("CI", "a"), ("LANG", "c")]),
            files: [(RepoPath::new("a.json"), "y".to_owned())].into(),
            ..Surroundings::default()
        };
        insta::assert_snapshot!(now.differences(&before).join("\n"), @r"
        mutdiff 0.1.0 → 0.2.0
        Python 3.11.7 → 3.13.0
        the runner's arguments: none → -k one
        no longer installed: pytest-8.0.0
        newly installed: pytest-9.0.0
        environment variables: LANG, TZ
        files: a.json
        ");
        assert_eq!(now.notice(&now), None);
        assert_ne!(now.key(), before.key());
        assert_eq!(Surroundings::from_bytes(&now.to_bytes()), Some(now));
    }
}
