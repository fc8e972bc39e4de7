//! What a repository looks like: layout, runner, plugins, CI, default branch.
//!
//! Invariant: files are read and the interpreter is asked what it is; nothing of the project is run,
//! nothing is written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use crate::config::{Options, RunnerKind, runner_settings};
use crate::git::{Ci, Files, Head, Repository};
use crate::lab::LabError;
use crate::model::RepoPath;
use crate::worker::{Interpreter, find_interpreter};

/// Plugins of pytest that do not act in mutdiff's runs, as distributions are called.
const SWITCHED_OFF: [&str; 4] = ["xdist", "cov", "randomly", "rerunfailures"];

/// Files of a CI, each with whose they are.
const CI: [(&str, &str); 6] = [
    (".github/workflows/", "GitHub Actions"),
    (".gitlab-ci.yml", "GitLab CI"),
    (".buildkite/", "Buildkite"),
    (".circleci/", "CircleCI"),
    ("azure-pipelines.yml", "Azure Pipelines"),
    (".pre-commit-config.yaml", "pre-commit"),
];

/// What a repository looks like.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// Packages and modules at the root or below `src/`, with a slash after a package's name.
    pub(super) code: Vec<String>,
    /// Whether the code lies below `src/`.
    pub(super) src_layout: bool,
    /// Folders of tests at the root.
    pub(super) test_folders: Vec<String>,
    /// How many files hold tests, by their names.
    pub(super) test_files: usize,
    /// The interpreter, and its version.
    pub(super) python: String,
    /// The runner.
    pub(super) runner: Option<RunnerKind>,
    /// Plugins of pytest that are installed, without `pytest-`.
    pub(super) plugins: Vec<String>,
    /// Whether pytest is told where the tests are.
    pub(super) has_testpaths: bool,
    /// The CI services whose files are there.
    pub(super) ci: Vec<&'static str>,
    /// The branch that changes are compared with; `None` where there is none to be found.
    pub(super) base: Option<String>,
    /// The branch's own name, without its remote.
    pub(super) default_branch: Option<String>,
    /// How the project is installed, as a line of a workflow.
    pub(super) install: String,
}

impl Found {
    /// Looks at a repository.
    pub(super) fn look(repository: &Repository, options: &Options) -> Result<Self, LabError> {
        let root = repository.workdir();
        let files = repository.files(&Head::WorkingTree)?;
        let interpreter = find_interpreter(options.python.as_deref(), root)?;
        let usual = if interpreter.pytest { RunnerKind::Pytest } else { RunnerKind::Unittest };
        let base = repository.base(None, Ci::default(), &Head::WorkingTree).ok();
        let base = base.map(|base| base.name);
        let mut found = Self {
            python: format!("{} ({})", interpreter.version, interpreter.path.display()),
            runner: Some(options.runner.unwrap_or(usual)),
            plugins: plugins(&interpreter),
            has_testpaths: has_testpaths(root),
            default_branch: base
                .as_deref()
                .map(|name| name.split_once('/').map_or(name, |(_, branch)| branch).to_owned()),
            base,
            install: install(root, &files),
            ..Self::of_files(&files)
        };
        if found.runner != Some(RunnerKind::Pytest) {
            found.plugins.clear();
        }
        Ok(found)
    }

    /// What the names of the files say.
    fn of_files(files: &Files) -> Self {
        let mut found = Self::default();
        let (mut code, mut folders) = (BTreeSet::new(), BTreeSet::new());
        for entry in files.python() {
            let path = &entry.path;
            let mut parts: Vec<&str> = path.as_str().split('/').collect();
            if is_test(path.file_name()) {
                found.test_files += 1;
            }
            if matches!(parts[0], "tests" | "test" | "testing") && parts.len() > 1 {
                folders.insert(parts[0].to_owned());
                continue;
            }
            let is_src = parts[0] == "src" && parts.len() > 1;
            if is_src {
                parts.remove(0);
            }
            if is_test(parts[0]) || matches!(parts[0], "conftest.py" | "setup.py" | "noxfile.py") {
                continue;
            }
            found.src_layout |= is_src;
            match parts[..] {
                [module] => _ = code.insert(module.to_owned()),
                [package, "__init__.py"] => _ = code.insert(format!("{package}/")),
                _ => {}
            }
        }
        found.code = code.into_iter().collect();
        found.test_folders = folders.into_iter().collect();
        let names = |place: &str| {
            let is_there = |path: &RepoPath| match place.strip_suffix('/') {
                Some(_) => path.as_str().starts_with(place),
                None => path.as_str() == place,
            };
            files.entries.iter().any(|entry| is_there(&entry.path))
        };
        found.ci = CI.iter().filter(|(place, _)| names(place)).map(|(_, name)| *name).collect();
        found
    }

    /// The arguments for the runner that should be said, where nothing says them yet: the folder of
    /// tests, so that pytest does not look everywhere.
    pub(super) fn tests(&self) -> &[String] {
        let is_asked = self.runner == Some(RunnerKind::Pytest) && !self.has_testpaths;
        if is_asked { &self.test_folders } else { &[] }
    }

    /// A line an aspect, for people.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let list = |all: &[String], none: &str| {
            if all.is_empty() { none.to_owned() } else { all.join(", ") }
        };
        let place = if self.src_layout { " (below src/)" } else { "" };
        let mut lines = vec![
            ("code", format!("{}{place}", list(&self.code, "no package or module at the root"))),
            (
                "tests",
                match (&self.test_folders[..], self.test_files) {
                    ([], 0) => "no file is named like one of tests".to_owned(),
                    ([], n) => format!("{n} files, beside the code"),
                    (folders, n) => format!("{n} files; {}/", folders.join("/, ")),
                },
            ),
            ("python", self.python.clone()),
            ("runner", self.runner.map_or("none", RunnerKind::name).to_owned()),
        ];
        if !self.plugins.is_empty() {
            let shown = self.plugins.iter().map(|plugin| {
                let is_off = SWITCHED_OFF.contains(&plugin.as_str());
                if is_off { format!("{plugin} (off in mutdiff's runs)") } else { plugin.clone() }
            });
            lines.push(("plugins", shown.collect::<Vec<_>>().join(", ")));
        }
        lines.push(("ci", if self.ci.is_empty() { "none".into() } else { self.ci.join(", ") }));
        let base = self.base.clone();
        lines.push(("base", base.unwrap_or_else(|| "none found: name one with --base".into())));
        lines
    }
}

fn is_test(name: &str) -> bool {
    name.strip_suffix(".py").is_some_and(|stem| {
        stem.starts_with("test_") || stem.ends_with("_test") || matches!(stem, "test" | "tests")
    })
}

/// Plugins of pytest, by the names of what is installed.
fn plugins(interpreter: &Interpreter) -> Vec<String> {
    let entries = interpreter.site.iter().flat_map(|site| fs::read_dir(site).into_iter().flatten());
    let names = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().replace('_', "-");
        let rest = name.strip_suffix(".dist-info")?.strip_prefix("pytest-")?;
        // What is left of pytest itself is its version alone.
        rest.rsplit_once('-').map(|(plugin, _version)| plugin.to_owned())
    });
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether one of pytest's files says where the tests are.
fn has_testpaths(root: &Path) -> bool {
    ["pytest.ini", ".pytest.ini", "pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg"]
        .iter()
        .filter_map(|name| {
            let text = fs::read_to_string(root.join(name)).ok()?;
            runner_settings(&RepoPath::new(*name), &text)
        })
        .any(|settings| settings.contains("testpaths"))
}

/// A line that installs the project and its tests into `.venv`.
fn install(root: &Path, files: &Files) -> String {
    let is_there = |name: &str| root.join(name).is_file();
    if is_there("uv.lock") {
        return "pipx run uv sync --all-groups --all-extras".to_owned();
    }
    if is_there("poetry.lock") {
        return "POETRY_VIRTUALENVS_IN_PROJECT=true pipx run poetry install".to_owned();
    }
    let environment = "python3 -m venv .venv && .venv/bin/pip install";
    let requirements: Vec<String> = files
        .entries
        .iter()
        .map(|entry| entry.path.as_str())
        .filter(|path| path.ends_with(".txt") && path.contains("requirements"))
        .filter(|path| !path.contains(|c: char| c.is_whitespace() || "'\"$`\\;&|<>()".contains(c)))
        .map(|path| format!("-r {path}"))
        .collect();
    let text = fs::read_to_string(root.join("pyproject.toml")).unwrap_or_default();
    let table: Table = text.parse().unwrap_or_default();
    let names = |table: Option<&Value>| -> Vec<String> {
        let known = ["test", "tests", "testing", "dev"];
        let keys = table.and_then(Value::as_table).into_iter().flat_map(Table::keys);
        keys.filter(|key| known.contains(&key.as_str())).cloned().collect()
    };
    let project = table.get("project");
    let mut words = requirements;
    for group in names(table.get("dependency-groups")) {
        words.push(format!("--group {group}"));
    }
    if project.is_some() || is_there("setup.py") {
        let extras = names(project.and_then(|project| project.get("optional-dependencies")));
        words.push(match extras[..] {
            [] => "-e .".to_owned(),
            _ => format!("-e '.[{}]'", extras.join(",")),
        });
    }
    if !words.iter().any(|word| word.contains("requirements") || word.contains("test")) {
        words.push("pytest".to_owned());
    }
    format!("{environment} {}", words.join(" "))
}
