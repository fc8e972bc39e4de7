//! The architecture, read from the sources: who may name whom.
//!
//! Invariant: a rule is broken only by an entry of a table here, which says why; an entry that is
//! no longer needed is an error too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the crate, each with what it may import beside itself.
const LAYERS: [(&str, &[&str]); 14] = [
    ("model", &[]),
    ("config", &["model"]),
    ("git", &["model"]),
    ("syntax", &["model"]),
    ("store", &["model"]),
    ("worker", &["model"]),
    ("report", &["model"]),
    ("github", &["model"]),
    ("scope", &["model", "config", "git", "syntax", "store", "worker"]),
    ("mutate", &["model", "config", "git", "syntax", "store", "worker"]),
    ("schedule", &["model", "config", "git", "syntax", "store", "worker"]),
    (
        "lab",
        &["model", "config", "git", "syntax", "store", "worker", "scope", "mutate", "schedule"],
    ),
    (
        "cli",
        &[
            "model", "config", "git", "syntax", "store", "worker", "scope", "mutate", "schedule",
            "lab", "report", "github",
        ],
    ),
    ("main", &["cli"]),
];

/// Imports that the rule forbids: from, to, why.
const EXCEPTIONS: [(&str, &str, &str); 1] = [(
    "worker",
    "config",
    "the runner that a process starts is an option, and a copy of the enum would drift",
)];

/// Crates that one module alone names.
const OWNERS: [(&str, &str); 9] = [
    ("git2", "git"),
    ("tree_sitter", "syntax"),
    ("tree_sitter_python", "syntax"),
    ("rusqlite", "store"),
    ("clap", "cli"),
    ("ratatui", "cli"),
    ("octocrab", "github"),
    ("hyper_util", "github"),
    ("tokio", "github"),
];

/// Where something may be printed: results and errors of the command line, and reports for people.
const PRINTERS: [&str; 2] = ["src/cli/", "src/report/terminal/"];

/// Names that say nothing of what a file holds.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "imp"];

struct Source {
    /// From the root of the repository.
    path: String,
    /// The module of the crate that it belongs to.
    module: String,
    /// Its lines, without those of its comments, and without its unit tests.
    code: Vec<String>,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pending = vec![root.join("src")];
    let mut found = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).expect("the sources are there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(source(root, &path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn source(root: &Path, path: &PathBuf) -> Source {
    let text = fs::read_to_string(path).expect("a source is UTF-8");
    let path = path.strip_prefix(root).expect("a source lies below the root");
    let mut parts = path.components().skip(1);
    let first = parts.next().expect("src/ holds something").as_os_str().to_string_lossy();
    let code = text
        .lines()
        .take_while(|line| !line.starts_with("mod tests {"))
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(str::to_owned)
        .collect();
    Source {
        module: first.trim_end_matches(".rs").to_owned(),
        path: path.to_string_lossy().into_owned(),
        code,
        text,
    }
}

impl Source {
    /// Whether only tests are compiled from it.
    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        matches!(name, "tests.rs" | "testing.rs" | "corpus.rs" | "compiled.rs")
    }
}

/// The modules that follow `crate::` (or the crate's own name) in a line: `crate::{a, b}` counts.
fn named(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "mutdiff::"] {
        for (at, _) in line.match_indices(start) {
            if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &line[at + start.len()..];
            let list = rest.strip_prefix('{').map_or_else(
                || vec![rest],
                |list| list.split('}').next().unwrap_or(list).split(',').collect(),
            );
            for entry in list {
                let word: String =
                    entry.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.push(word);
            }
        }
    }
    found
}

/// Whether a path begins with this crate's name in the line (`git2::`, `use git2;`).
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '"')
            && (after.starts_with("::") || (line.contains("use ") && after.starts_with([';', ' '])))
    })
}

#[test]
fn every_module_has_its_layer() {
    for source in sources() {
        let known = LAYERS.iter().any(|(module, _)| *module == source.module);
        assert!(known || source.path == "src/lib.rs", "{} is of no layer", source.path);
    }
}

#[test]
fn no_file_imports_from_a_layer_above_or_beside_it() {
    let modules: BTreeSet<&str> = LAYERS.iter().map(|(module, _)| *module).collect();
    let mut broken = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources().iter().filter(|source| source.path != "src/lib.rs") {
        let (_, allowed) = LAYERS
            .iter()
            .find(|(module, _)| *module == source.module)
            .expect("another test says that it has one");
        for line in &source.code {
            for name in named(line) {
                if !modules.contains(name.as_str())
                    || name == source.module
                    || allowed.contains(&name.as_str())
                {
                    continue;
                }
                let exception = EXCEPTIONS
                    .iter()
                    .position(|(from, to, _)| *from == source.module && *to == name);
                match exception {
                    Some(number) => _ = used.insert(number),
                    None => broken.push(format!("{}: {}", source.path, line.trim())),
                }
            }
        }
    }
    assert!(broken.is_empty(), "imports against the layers:\n{}", broken.join("\n"));
    for (number, (from, to, _)) in EXCEPTIONS.iter().enumerate() {
        assert!(used.contains(&number), "no import of {to} by {from}: the exception can go");
    }
}

#[test]
fn a_wrapped_crate_is_named_by_its_own_module_only() {
    for source in sources() {
        for (name, owner) in OWNERS {
            for line in source.text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                assert!(
                    source.module == owner || !names_crate(line, name),
                    "{} names {name}, which is {owner}'s: {}",
                    source.path,
                    line.trim()
                );
            }
        }
    }
}

#[test]
fn every_file_opens_with_its_purpose_and_its_invariant() {
    for source in sources() {
        let head: Vec<&str> =
            source.text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(!head.is_empty(), "{} does not open with `//!`", source.path);
        let page = matches!(source.path.as_str(), "src/lib.rs");
        let has_invariant = head.iter().any(|line| line.contains("Invariant:"));
        assert!(page || has_invariant, "{} states no invariant", source.path);
    }
}

#[test]
fn names_of_files_say_what_they_hold() {
    for source in sources() {
        for part in source.path.trim_end_matches(".rs").split('/') {
            assert!(!EMPTY_NAMES.contains(&part), "{}", source.path);
        }
    }
}

#[test]
fn only_the_command_line_and_the_terminal_report_print() {
    for source in sources().iter().filter(|source| !source.is_test()) {
        if PRINTERS.iter().any(|printer| source.path.starts_with(printer)) {
            continue;
        }
        for line in &source.code {
            let prints = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];
            let found = prints.iter().find(|call| line.contains(**call));
            assert!(found.is_none(), "{} prints: {}", source.path, line.trim());
        }
    }
}
