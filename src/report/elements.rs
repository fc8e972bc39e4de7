//! mutation-testing-elements JSON, schema 2: what its pages and dashboards read.
//!
//! Invariant: every mutant lies inside the source of its file, places are counted as JavaScript
//! counts them, and no character of a source acts on its reader.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::{DecidedMutant, Position, Report, TestId, Verdict};

use super::escape::{cut, same_places, visible, visible_lines};
use super::mutants::{detail, edit, reasons};

/// Tests that a mutant names.
const TESTS: usize = 200;
/// Characters of a replacement.
const REPLACEMENT: usize = 2_000;
/// Lines of a source that is put together from diffs.
const LINES: usize = 100_000;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Elements {
    schema_version: &'static str,
    thresholds: Thresholds,
    files: BTreeMap<String, File>,
    test_files: BTreeMap<String, TestFile>,
    framework: Framework,
}

#[derive(Debug, Serialize)]
struct Thresholds {
    high: u32,
    low: u32,
}

#[derive(Debug, Serialize)]
struct Framework {
    name: &'static str,
    version: String,
}

#[derive(Debug, Serialize)]
struct File {
    language: &'static str,
    source: String,
    mutants: Vec<Mutant>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mutant {
    id: String,
    mutator_name: String,
    description: String,
    replacement: String,
    location: Location,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<String>,
    covered_by: Vec<String>,
    killed_by: Vec<String>,
    tests_completed: usize,
    duration: f64,
}

#[derive(Debug, Serialize)]
struct Location {
    start: Place,
    end: Place,
}

#[derive(Debug, Serialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Debug, Serialize)]
struct TestFile {
    tests: Vec<Test>,
}

#[derive(Debug, Serialize)]
struct Test {
    id: String,
    name: String,
}

/// The report as JSON text, a newline at its end.
pub fn write(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(&build(report)).expect("plain data");
    text.push('\n');
    text
}

/// The report as data.
pub(super) fn build(report: &Report) -> Elements {
    let mut by_path: BTreeMap<&str, Vec<&DecidedMutant>> = BTreeMap::new();
    for mutant in &report.mutants {
        by_path.entry(mutant.function.path.as_str()).or_default().push(mutant);
    }
    let mut tests = BTreeSet::new();
    let mut files = BTreeMap::new();
    for (path, mutants) in by_path {
        let known = report.sources.iter().find(|source| source.path.as_str() == path);
        let source = known.map_or_else(|| from_diffs(&mutants), |source| source.text.clone());
        let source = same_places(&source).into_owned();
        let lines: Vec<&str> = source.lines().collect();
        let mut seen = BTreeSet::new();
        let mutants: Vec<Mutant> = mutants
            .into_iter()
            .filter(|mutant| seen.insert(mutant.id.as_str()))
            .map(|found| {
                tests.extend(found.tests.iter().take(TESTS));
                if let Verdict::Killed { by } = &found.verdict {
                    tests.insert(by);
                }
                mutant(found, &lines)
            })
            .collect();
        let file = File { language: "python", mutants, source: source.clone() };
        files.insert(visible(path).into_owned(), file);
    }
    let mut test_files: BTreeMap<String, TestFile> = BTreeMap::new();
    for test in tests {
        let (file, name) = file_and_name(test);
        let file = test_files.entry(file).or_insert_with(|| TestFile { tests: Vec::new() });
        file.tests.push(Test { id: id(test), name });
    }
    Elements {
        schema_version: "2",
        thresholds: Thresholds { high: 90, low: 60 },
        files,
        test_files,
        framework: Framework { name: "mutdiff", version: visible(&report.mutdiff).into_owned() },
    }
}

fn id(test: &TestId) -> String {
    visible(&cut(test.as_str(), 500)).into_owned()
}

/// `tests/test_a.py` and `test_x` of pytest's ids, the class and the method of unittest's.
fn file_and_name(test: &TestId) -> (String, String) {
    let id = id(test);
    let parted = id.split_once("::").or_else(|| id.rsplit_once('.'));
    parted.map_or_else(
        || ("tests".to_owned(), id.clone()),
        |(file, name)| (file.to_owned(), name.to_owned()),
    )
}

fn mutant(mutant: &DecidedMutant, lines: &[&str]) -> Mutant {
    let (status, killed_by) = match &mutant.verdict {
        Verdict::Killed { by } => ("Killed", vec![id(by)]),
        Verdict::Survived => ("Survived", Vec::new()),
        Verdict::Timeout { .. } => ("Timeout", Vec::new()),
        Verdict::NoTests => ("NoCoverage", Vec::new()),
        Verdict::Equivalent | Verdict::Suppressed { .. } => ("Ignored", Vec::new()),
        Verdict::Invalid { .. } => ("CompileError", Vec::new()),
        Verdict::NotRun { .. } => ("Pending", Vec::new()),
        Verdict::Error { .. } => ("RuntimeError", Vec::new()),
    };
    let status_reason = match &mutant.verdict {
        Verdict::Equivalent => Some("equivalent: it compiles to the same code".to_owned()),
        Verdict::Suppressed { rule } => Some(format!("suppressed by rule {}", visible(rule))),
        other => detail(other).map(|text| visible_lines(&text).into_owned()),
    };
    let name = visible(mutant.function.name.as_str()).into_owned();
    let start = place(mutant.span.start, lines);
    let mut end = place(mutant.span.end, lines);
    if (end.line, end.column) < (start.line, start.column) {
        end = Place { ..start };
    }
    Mutant {
        id: super::mutants::id(mutant),
        mutator_name: visible(mutant.operator.as_str()).into_owned(),
        description: format!("{name}: {} ({})", edit(mutant), reasons(mutant)),
        replacement: same_places(&cut(&mutant.replacement, REPLACEMENT)).into_owned(),
        location: Location { start, end },
        status,
        status_reason,
        covered_by: mutant
            .tests
            .iter()
            .take(TESTS)
            .map(id)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        killed_by,
        tests_completed: mutant.tests.len(),
        duration: if mutant.milliseconds.is_finite() { mutant.milliseconds } else { 0.0 },
    }
}

/// A place in units of UTF-16, inside the text.
fn place(position: Position, lines: &[&str]) -> Place {
    let row = (position.line.get() as usize - 1).min(lines.len().saturating_sub(1));
    let text = lines.get(row).copied().unwrap_or_default();
    let before = text.chars().take((position.column as usize).saturating_sub(1));
    Place { line: row + 1, column: before.map(char::len_utf16).sum::<usize>() + 1 }
}

/// What the diffs of a file's mutants show of it; lines that none shows are empty.
fn from_diffs(mutants: &[&DecidedMutant]) -> String {
    let mut known: BTreeMap<usize, &str> = BTreeMap::new();
    for mutant in mutants {
        let mut row = 0;
        for line in mutant.diff.lines() {
            if let Some(header) = line.strip_prefix("@@ -") {
                let digits = header.split([',', ' ']).next().unwrap_or_default();
                row = digits.parse().unwrap_or(0);
            } else if row > 0 && row <= LINES && line.starts_with([' ', '-']) {
                known.insert(row, &line[1..]);
                row += 1;
            }
        }
        let last = (mutant.span.end.line.get() as usize).min(LINES);
        known.entry(last).or_insert("");
    }
    let last = known.keys().next_back().copied().unwrap_or(0);
    (1..=last).fold(String::new(), |mut text, row| {
        text.push_str(known.get(&row).copied().unwrap_or_default());
        text.push('\n');
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::{LineNo, SourceText};
    use crate::report::sample;

    fn written(report: &Report) -> Value {
        serde_json::from_str(&write(report)).unwrap()
    }

    #[test]
    fn each_verdict_has_its_status() {
        let value = written(&sample::report());
        let files = value["files"].as_object().unwrap();
        let mut words: Vec<_> = files
            .values()
            .flat_map(|file| file["mutants"].as_array().unwrap())
            .map(|mutant| mutant["status"].as_str().unwrap())
            .collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(
            words,
            [
                "CompileError",
                "Ignored",
                "Killed",
                "NoCoverage",
                "Pending",
                "RuntimeError",
                "Survived",
                "Timeout"
            ]
        );
        assert_eq!(value["testFiles"]["tests/test_cart.py"]["tests"][0]["name"], "test_large");
    }

    #[test]
    fn places_are_counted_in_units_of_utf16() {
        let mut report = sample::report();
        report.mutants.truncate(1);
        let path = report.mutants[0].function.path.clone();
        let text = format!("{}'\u{1F600}é' >= 1\n", "\n".repeat(11));
        report.sources = vec![SourceText { path, text }];
        report.mutants[0].span.start.column = 6;
        report.mutants[0].span.end.column = 8;
        let location = written(&report)["files"]["shop/cart.py"]["mutants"][0]["location"].clone();
        assert_eq!(location["start"], serde_json::json!({"line": 12, "column": 7}));
        assert_eq!(location["end"]["column"], 9);
    }

    #[test]
    fn without_sources_the_diffs_say_what_they_know() {
        let mut report = sample::report();
        report.sources.clear();
        let value = written(&report);
        let source = value["files"]["shop/till.py"]["source"].as_str().unwrap();
        assert_eq!(source.lines().nth(4), Some("    if n < 1:"));
        assert_eq!(source.lines().next(), Some(""));
    }

    #[test]
    fn a_mutant_outside_of_its_file_is_put_at_its_end() {
        let mut report = sample::report();
        report.sources.clear();
        report.mutants.truncate(1);
        report.mutants[0].span.end.line = LineNo::new(u32::MAX).unwrap();
        let value = written(&report);
        let file = &value["files"]["shop/cart.py"];
        let lines = file["source"].as_str().unwrap().lines().count();
        assert!(lines <= LINES);
        assert!(file["mutants"][0]["location"]["end"]["line"].as_u64().unwrap() <= lines as u64);
    }
}
