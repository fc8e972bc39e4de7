//! Projects in temporary git repositories, and what mutdiff says of them.
//!
//! Invariant: the repository lies in a folder of its own beside a home and a scratch folder; all
//! of it goes when the [`Project`] does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mutdiff::model::Report;
use mutdiff::report::json;
use tempfile::TempDir;

use super::pythons::every_python_is_asked_for;
use super::{Python, Ran, clean, pythons};

/// `{"path::function": {"original -> replacement @ line:column": verdict}}`.
pub(crate) type Verdicts = BTreeMap<String, BTreeMap<String, String>>;

/// A project in a git repository with the branches `main` and `change`, the latter checked out.
pub(crate) struct Project {
    scratch: TempDir,
    /// Its interpreter.
    pub(crate) python: &'static Python,
    runner: String,
}

impl Project {
    /// A fixture of `fixtures/`.
    pub(crate) fn fixture(name: &str, python: &'static Python) -> Self {
        let project = Self::empty(python).with_runner(runner(name));
        let source = fixtures().join(name);
        copy(&source.join("base"), &project.root());
        project.commit_base();
        copy(&source.join("change"), &project.root());
        project.commit("change");
        project
    }

    /// Files of the base, and files laid over them on the branch `change`.
    pub(crate) fn of(base: &[(&str, &str)], change: &[(&str, &str)]) -> Self {
        Self::on(Python::usual(), base, change)
    }

    /// The same, on a certain Python.
    pub(crate) fn on(
        python: &'static Python,
        base: &[(&str, &str)],
        change: &[(&str, &str)],
    ) -> Self {
        let project = Self::empty(python);
        for (path, text) in base {
            project.write(path, text);
        }
        project.commit_base();
        for (path, text) in change {
            project.write(path, text);
        }
        if !change.is_empty() {
            project.commit("change");
        }
        project
    }

    /// A folder and no repository.
    pub(crate) fn empty(python: &'static Python) -> Self {
        let scratch = tempfile::Builder::new().prefix("mutdiff-it-").tempdir();
        let project = Self {
            scratch: scratch.expect("there is room for temporary files"),
            python,
            runner: "pytest".to_owned(),
        };
        for folder in [project.root(), project.home()] {
            fs::create_dir(folder).expect("the scratch folder was just made");
        }
        project
    }

    /// The same project with this runner.
    pub(crate) fn with_runner(self, runner: &str) -> Self {
        Self { runner: runner.to_owned(), ..self }
    }

    /// Its runner.
    pub(crate) fn runner(&self) -> &str {
        &self.runner
    }

    fn commit_base(&self) {
        self.git(&["init", "--quiet", "--initial-branch", "main"]);
        self.commit("base");
        self.git(&["checkout", "--quiet", "-b", "change"]);
    }

    /// Commits all that is there.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    /// The root of the repository.
    pub(crate) fn root(&self) -> PathBuf {
        self.scratch.path().join("repo")
    }

    /// The home and scratch folder of every command.
    pub(crate) fn home(&self) -> PathBuf {
        self.scratch.path().join("home")
    }

    /// The folder of everything; every process of the project has it in its environment.
    pub(crate) fn everything(&self) -> &Path {
        self.scratch.path()
    }

    /// Writes a file, its folders too.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }

    /// Git in the repository; its standard output.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut git = clean("git", &self.home(), self.python);
        Ran::of(git.args(arguments).current_dir(self.root())).expect(0).stdout
    }

    /// mutdiff in the repository, with these arguments alone.
    pub(crate) fn mutdiff(&self, arguments: &[&str]) -> Command {
        let mut command = clean(env!("CARGO_BIN_EXE_mutdiff"), &self.home(), self.python);
        command.args(arguments).current_dir(self.root());
        command
    }

    /// The main job on the project's interpreter and runner, a JSON report beside it.
    pub(crate) fn main_job(&self, arguments: &[&str]) -> Command {
        self.main_job_of(true, arguments)
    }

    /// The main job, with `--base main` or without it.
    pub(crate) fn main_job_of(&self, base: bool, arguments: &[&str]) -> Command {
        let mut command = self.mutdiff(if base { &["--base", "main"] } else { &[] });
        command.args(["--runner", &self.runner]);
        let _ = fs::remove_file(self.report_path());
        let report = format!("json={}", self.report_path().display());
        command.arg("--python").arg(&self.python.path).args(["--report", &report]).args(arguments);
        command
    }

    /// Does the main job; demands an exit code and the report.
    #[track_caller]
    pub(crate) fn run(&self, code: i32, arguments: &[&str]) -> (Ran, Report) {
        let ran = Ran::of(&mut self.main_job(arguments)).expect(code);
        (ran, self.report())
    }

    /// The report of the last main job.
    #[track_caller]
    pub(crate) fn report(&self) -> Report {
        self.report_at(&self.report_path())
    }

    /// A report in some other file.
    #[track_caller]
    pub(crate) fn report_at(&self, path: &Path) -> Report {
        let text = fs::read_to_string(path).expect("mutdiff wrote a report");
        json::read(&text).expect("mutdiff reads what it wrote")
    }

    /// The report of the last main job, if it wrote one.
    pub(crate) fn report_if_written(&self) -> Option<Report> {
        self.report_path().exists().then(|| self.report())
    }

    fn report_path(&self) -> PathBuf {
        self.scratch.path().join("report.json")
    }

    /// Everything in the repository but `.mutdiff/`: folders, and files with their modes, contents
    /// and times of change.
    pub(crate) fn snapshot(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        let mut pending = vec![self.root()];
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(&folder).expect("readable").flatten() {
                let path = entry.path();
                if entry.file_name() == ".mutdiff" {
                    continue;
                }
                let metadata = entry.metadata().expect("readable");
                let mode = metadata.permissions().mode();
                if metadata.is_dir() {
                    found.insert(path.clone(), format!("folder {mode:o}"));
                    pending.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap_or_default();
                    let time = metadata.modified().expect("Linux knows it");
                    let text = String::from_utf8_lossy(&bytes);
                    found.insert(path, format!("file {mode:o} {time:?} {text}"));
                }
            }
        }
        found
    }
}

/// What mutdiff is given for a fixture beside the usual: `fixtures/NAME/arguments`, if it is there.
pub(crate) fn fixture_arguments(name: &str) -> Vec<String> {
    let text = fs::read_to_string(fixtures().join(name).join("arguments")).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// The Pythons that a fixture runs on: of those of `fixtures/NAME/python` and later, if it is
/// there, one with `sys.settrace` and one with `sys.monitoring`, the versions by turns from fixture
/// to fixture; all that `MUTDIFF_TEST_PYTHONS` names, if it is set. Each has what
/// `fixtures/NAME/requirements` lists. A link to the requirements of another fixture is the other's
/// environment.
pub(crate) fn fixture_pythons(name: &str) -> Vec<&'static Python> {
    let text = |file: &str| fs::read_to_string(fixtures().join(name).join(file)).ok();
    let oldest = text("python");
    let requirements = environment(name);
    let serves =
        |python: &&Python| oldest.as_ref().is_none_or(|oldest| python.is_at_least(oldest.trim()));
    let (monitoring, settrace): (Vec<_>, Vec<_>) =
        pythons().iter().filter(serves).partition(|python| python.is_at_least("3.12"));
    let turn = fixture_names().iter().position(|other| other == name).expect("it is a fixture");
    let of_a_path = |mut found: Vec<&'static Python>| {
        found.sort_by(|one, other| one.version.cmp(&other.version));
        if found.is_empty() || every_python_is_asked_for() {
            return found;
        }
        vec![found[turn % found.len()]]
    };
    [settrace, monitoring]
        .into_iter()
        .flat_map(of_a_path)
        .map(|python| match &requirements {
            // It lives as long as the tests do, as the others do.
            Some((name, requirements)) => &*Box::leak(Box::new(python.with(name, requirements))),
            None => python,
        })
        .collect()
}

/// The name and the requirements of a fixture's environment, if it has one.
fn environment(name: &str) -> Option<(String, String)> {
    let path = fixtures().join(name).join("requirements").canonicalize().ok()?;
    let owner = path.parent()?.file_name()?.to_string_lossy().into_owned();
    Some((owner, fs::read_to_string(path).ok()?))
}

/// All fixtures, by name.
pub(crate) fn fixture_names() -> Vec<String> {
    let entries = fs::read_dir(fixtures()).expect("the fixtures are in the repository").flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join("base").is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// `fixtures/NAME/expected.json`.
pub(crate) fn expected(name: &str) -> Verdicts {
    let path = fixtures().join(name).join("expected.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; see tests/regenerate_expected.py", path.display())
    });
    serde_json::from_str(&text).expect("the file is as regenerate_expected.py writes it")
}

/// The verdicts of a report in the form of `expected.json`.
pub(crate) fn verdicts(report: &Report) -> Verdicts {
    let mut found = Verdicts::new();
    let duplicates = report.duplicates.iter().map(|duplicate| {
        report.as_mutant(duplicate).expect("a duplicate is one of a mutant of the report")
    });
    for mutant in report.mutants.iter().cloned().chain(duplicates) {
        let start = mutant.span.start;
        let key = format!(
            "{} -> {} @ {}:{}",
            mutant.original, mutant.replacement, start.line, start.column
        );
        let of_function = found.entry(mutant.function.to_string()).or_default();
        of_function.insert(key, mutant.verdict.word().to_owned());
    }
    found
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Fixtures whose suite runs on unittest; the others run on pytest.
fn runner(fixture: &str) -> &'static str {
    if ["demo", "unguarded", "unittest_basics"].contains(&fixture) { "unittest" } else { "pytest" }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("writable");
    for entry in fs::read_dir(from).expect("the fixture is there").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_name() == "__pycache__" {
            continue;
        }
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("writable");
        }
    }
}
