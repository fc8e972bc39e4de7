//! Scenarios: a repository before and after a change, and what mutdiff must say of it, as data
//! (`tests/it/scenarios/*.toml`; the format is in `tests/README.md`).
//!
//! Invariant: scope, reasons and notices are compared whole: what is not expected may not be there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use mutdiff::model::{DecidedMutant, Report};
use serde::Deserialize;

use super::{Project, Python, Ran, clean};

/// A file of scenarios that start from the same base.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// `pytest` or `unittest`.
    runner: String,
    /// The files of the base, by path.
    #[serde(default)]
    base: BTreeMap<String, String>,
    scenario: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// The fact that it shows.
    name: String,
    /// Whether the store knows the base: a run there has traced the tests.
    #[serde(default = "yes")]
    record: bool,
    /// From the base, on the branch `change`, to what is tested.
    #[serde(default)]
    steps: Vec<Step>,
    /// Beside `--base main`, or instead of it.
    #[serde(default)]
    arguments: Vec<String>,
    /// Whether `--base main` is left out.
    #[serde(default)]
    no_base: bool,
    /// Whether tests run, or the plan is enough.
    #[serde(default)]
    run: bool,
    /// Where mutdiff starts, from the root of the repository.
    #[serde(default)]
    from: Option<String>,
    /// Variables that mutdiff sees.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    expect: Expected,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    Replace { replace: String, old: String, new: String },
    Write { write: String, text: String },
    Append { append: String, text: String },
    Remove { remove: String },
    Shell { sh: String },
    Mutdiff { mutdiff: Vec<String>, code: i32 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    code: i32,
    /// The functions in scope that have mutants, with their reasons, nearest first.
    #[serde(default)]
    scope: BTreeMap<String, Vec<String>>,
    /// `code` or `code: part of the sentence`.
    #[serde(default)]
    notices: Vec<String>,
    /// `path: part of the reason`.
    #[serde(default)]
    skipped: Vec<String>,
    /// Parts of what is printed.
    #[serde(default)]
    says: Vec<String>,
    /// Parts of what must not be printed.
    #[serde(default)]
    never_says: Vec<String>,
    /// How many mutants have each verdict.
    #[serde(default)]
    verdicts: BTreeMap<String, usize>,
    /// `function tested line → line in the pull request's own head`, of all mutants that have one.
    #[serde(default)]
    head_lines: BTreeSet<String>,
    /// Of the mutants, how many verdicts were kept from an earlier run.
    #[serde(default)]
    reused: Option<usize>,
}

/// Plays every scenario of `tests/it/scenarios/NAME.toml`; `MUTDIFF_SCENARIO` picks one by its name.
pub(crate) fn play(name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenarios").join(name);
    let text = fs::read_to_string(file.with_extension("toml")).expect("the scenarios are there");
    let group: Group = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wanted = std::env::var("MUTDIFF_SCENARIO").ok();
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    let template = template(&group);
    for scenario in &group.scenario {
        assert!(names.insert(&scenario.name), "{name}: {} is there twice", scenario.name);
        if wanted.as_ref().is_none_or(|wanted| scenario.name.contains(wanted)) {
            let differences = play_one(&template, scenario);
            if !differences.is_empty() {
                wrong.push(format!("## {}\n{}", scenario.name, differences.join("\n")));
            }
        }
    }
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n\n"));
}

/// The base, committed on `main` and traced, with the branch `change` checked out.
fn template(group: &Group) -> Project {
    let files: Vec<(&str, &str)> =
        group.base.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project = Project::of(&files, &[]).with_runner(&group.runner);
    if group.scenario.iter().any(|scenario| scenario.record) {
        let ran = Ran::of(&mut project.main_job(&["--scope", "all"]));
        assert!(matches!(ran.code, Some(0 | 1)), "the base cannot be traced: {ran}");
    }
    project
}

fn play_one(template: &Project, scenario: &Scenario) -> Vec<String> {
    let project = Project::empty(Python::usual()).with_runner(template.runner());
    // With its times: git takes a file that is younger than the index for one that may differ.
    copy(&template.root(), &project.root());
    if !scenario.record {
        let _ = fs::remove_dir_all(project.root().join(".mutdiff"));
    }
    for step in &scenario.steps {
        if let Some(problem) = take(&project, step) {
            return vec![problem];
        }
    }
    let mut command = project.main_job_of(!scenario.no_base, &[]);
    if !scenario.run {
        command.arg("--list");
    }
    // `BASE` stands for the commit that `main` names, as CI knows it.
    for argument in &scenario.arguments {
        match argument.as_str() {
            "BASE" => command.arg(project.git(&["rev-parse", "main"]).trim_end()),
            other => command.arg(other),
        };
    }
    command.envs(&scenario.environment);
    if let Some(from) = &scenario.from {
        command.current_dir(project.root().join(from));
    }
    let ran = Ran::of(&mut command);
    let mut differences = Vec::new();
    let expected = &scenario.expect;
    if ran.code != Some(expected.code) {
        differences.push(format!("exit code {:?}, expected {}", ran.code, expected.code));
    }
    for (texts, wanted) in [(&expected.says, true), (&expected.never_says, false)] {
        for text in texts.iter().filter(|text| ran.prose().contains(text.as_str()) != wanted) {
            differences.push(format!("{} {text:?}", if wanted { "does not say" } else { "says" }));
        }
    }
    if let Some(report) = project.report_if_written() {
        compare(&report, expected, &mut differences);
    } else if !expected.scope.is_empty() || !expected.notices.is_empty() {
        differences.push("there is no report".to_owned());
    }
    if !differences.is_empty() {
        differences.push(ran.to_string());
    }
    differences
}

fn compare(report: &Report, expected: &Expected, differences: &mut Vec<String>) {
    let scope: BTreeMap<String, Vec<String>> = report
        .functions
        .iter()
        .map(|function| {
            let reasons = function.reasons.iter().map(ToString::to_string).collect();
            (function.function.to_string(), reasons)
        })
        .collect();
    let functions: BTreeSet<&String> = scope.keys().chain(expected.scope.keys()).collect();
    for function in functions {
        match (scope.get(function), expected.scope.get(function)) {
            (found, wanted) if found == wanted => {}
            (Some(found), None) => differences.push(format!("in scope: {function:?} = {found:?}")),
            (None, _) => differences.push(format!("not in scope: {function:?}")),
            (Some(found), Some(wanted)) => {
                differences.push(format!("{function:?} = {found:?}, expected {wanted:?}"));
            }
        }
    }
    let with_mutants: BTreeSet<String> =
        report.mutants.iter().map(|mutant| mutant.function.to_string()).collect();
    if with_mutants != scope.keys().cloned().collect() {
        differences.push(format!("mutants are in {with_mutants:?}"));
    }
    let notices = report.notices.iter().map(|n| (n.code.as_str(), n.message.as_str()));
    told("notice", notices.collect(), &expected.notices, differences);
    let skipped = report.skipped_files.iter().map(|s| (s.path.as_str(), s.reason.as_str()));
    told("skipped file", skipped.collect(), &expected.skipped, differences);
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for mutant in &report.mutants {
        *verdicts.entry(mutant.verdict.word().to_owned()).or_default() += 1;
    }
    if !expected.verdicts.is_empty() && verdicts != expected.verdicts {
        differences.push(format!("verdicts {verdicts:?}, expected {:?}", expected.verdicts));
    }
    let in_head = |mutant: &DecidedMutant| {
        let lines = mutant.head_lines?;
        let line = mutant.span.lines().first;
        Some(format!("{} {line} → {}", mutant.function, lines.first))
    };
    let head_lines: BTreeSet<String> = report.mutants.iter().filter_map(in_head).collect();
    if head_lines != expected.head_lines {
        differences.push(format!("lines in the head: {head_lines:?}"));
    }
    if expected.reused.is_some_and(|reused| reused != report.counts.reused) {
        differences.push(format!("{} verdicts were kept", report.counts.reused));
    }
}

/// Compares pairs with `first` or `first: part of the second`.
fn told(what: &str, mut found: Vec<(&str, &str)>, wanted: &[String], out: &mut Vec<String>) {
    for wanted in wanted {
        let (code, part) = wanted.split_once(": ").unwrap_or((wanted, ""));
        let fits = |(first, second): &(&str, &str)| *first == code && second.contains(part);
        match found.iter().position(fits) {
            Some(at) => drop(found.remove(at)),
            None => out.push(format!("no {what} {wanted:?}")),
        }
    }
    out.extend(found.iter().map(|(first, second)| format!("{what} {first:?}: {second:?}")));
}

/// Does a step; says what is wrong with it.
fn take(project: &Project, step: &Step) -> Option<String> {
    let read = |path: &String| fs::read_to_string(project.root().join(path)).unwrap_or_default();
    match step {
        Step::Replace { replace, old, new } => {
            let text = read(replace);
            if text.matches(old.as_str()).count() != 1 {
                return Some(format!("{replace} does not hold {old:?} once"));
            }
            project.write(replace, text.replacen(old.as_str(), new, 1));
        }
        Step::Write { write, text } => project.write(write, text),
        Step::Append { append, text } => project.write(append, read(append) + text),
        Step::Remove { remove } => fs::remove_file(project.root().join(remove)).ok()?,
        Step::Shell { sh } => {
            let mut shell = clean("sh", &project.home(), project.python);
            shell.args(["-e", "-c", sh]).current_dir(project.root());
            let ran = Ran::of(&mut shell);
            return (ran.code != Some(0)).then(|| format!("{sh}: {ran}"));
        }
        Step::Mutdiff { mutdiff, code } => {
            let arguments: Vec<&str> = mutdiff.iter().map(String::as_str).collect();
            let ran = Ran::of(&mut project.main_job(&arguments));
            return (ran.code != Some(*code)).then(|| format!("step {mutdiff:?}: {ran}"));
        }
    }
    None
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "cp -a {}", from.display());
}
