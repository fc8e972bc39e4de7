//! Reports in the eyes of others: schemas that their makers publish, programs that read them.
//!
//! Invariant: each is read once from a plain report and once from a hostile one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mutdiff::model::{RepoPath, Report, TestId};
use mutdiff::report::json;
use tempfile::TempDir;

use crate::harness::{Python, Ran, clean};

/// Readers from PyPI, pinned.
const READERS: &str =
    "junitparser==5.0.3\njunit2html==31.1.4\nxmlschema==4.3.2\nsarif-tools==3.0.5";

fn readers() -> &'static Python {
    static READY: LazyLock<Python> = LazyLock::new(|| Python::usual().with("readers", READERS));
    &READY
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The report of `docs/examples/`.
fn plain() -> Report {
    let text = fs::read_to_string(root().join("docs/examples/report.json"));
    json::read(&text.expect("the example is in the repository")).expect("the example is a report")
}

/// The same with names, sources and messages that act somewhere.
fn hostile() -> Report {
    let nasty = "</failure>]]>\0\x1b[31m\u{202e}```\n@octocat <img src=x onerror=alert(1)> %0A::error::\r\n| a |";
    let mut report = plain();
    for (index, mutant) in report.mutants.iter_mut().enumerate() {
        mutant.function.path = RepoPath::new(format!("a\n:b/{nasty}{}.py", index % 3));
        mutant.function.name = mutdiff::model::QualName::new(nasty);
        mutant.original = nasty.to_owned();
        let long = if index == 0 { 1 << 20 } else { 1 };
        mutant.replacement = format!("{nasty}{}", "x".repeat(long));
        mutant.diff = format!("@@ -1 +1 @@\n-{nasty}\n+{}\n", mutant.replacement);
        mutant.tests.push(TestId::new(nasty));
    }
    for notice in &mut report.notices {
        nasty.clone_into(&mut notice.message);
    }
    report
}

/// A report rendered by the binary.
struct Rendered {
    folder: TempDir,
    path: PathBuf,
}

impl Rendered {
    fn of(report: &Report, format: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let saved = folder.path().join("saved.json");
        fs::write(&saved, json::write(report)).expect("writable");
        let path = folder.path().join(format!("report.{format}"));
        let mut command = clean(env!("CARGO_BIN_EXE_mutdiff"), folder.path(), Python::usual());
        command.args(["report", "--quiet", "--from"]).arg(&saved).args(arguments);
        command.arg("--report").arg(format!("{format}={}", path.display()));
        Ran::of(&mut command).expect(0);
        Self { folder, path }
    }

    /// What a script prints that is told the file's path.
    fn read_by(&self, script: &str) -> String {
        let mut python = clean(&readers().path, self.folder.path(), readers());
        Ran::of(python.args(["-c", script]).arg(&self.path)).expect(0).stdout
    }
}

#[test]
fn junit_is_of_the_schema_that_jenkins_uses() {
    let schema = root().join("fixtures/junit/junit-10.xsd");
    let script = format!(
        "import sys, xmlschema; xmlschema.XMLSchema({:?}).validate(sys.argv[1])",
        schema.display().to_string()
    );
    for report in [plain(), hostile()] {
        Rendered::of(&report, "junit", &[]).read_by(&script);
    }
}

#[test]
fn junitparser_counts_what_the_report_counts() {
    let script = "import sys, junitparser\n\
        xml = junitparser.JUnitXml.fromfile(sys.argv[1])\n\
        cases = [case for suite in xml for case in suite]\n\
        kinds = [type(r).__name__ for case in cases for r in case.result]\n\
        print(len(cases), *(kinds.count(k) for k in ('Failure', 'Error', 'Skipped')))";
    for report in [plain(), hostile()] {
        let counts = report.counts;
        let skipped = counts.equivalent + counts.suppressed + counts.invalid + counts.not_run;
        let failed = counts.survived + counts.no_tests;
        let read = Rendered::of(&report, "junit", &[]).read_by(script);
        assert_eq!(read.trim(), format!("{} {failed} {} {skipped}", counts.mutants, counts.error));
        let lenient = ["--junit-no-tests", "skipped"];
        let read = Rendered::of(&report, "junit", &lenient).read_by(script);
        let (failed, skipped) = (counts.survived, skipped + counts.no_tests);
        assert_eq!(read.trim(), format!("{} {failed} {} {skipped}", counts.mutants, counts.error));
    }
}

#[test]
fn junit2html_makes_a_page_of_it() {
    let script = "import sys\nfrom junit2htmlreport import parser\n\
        page = parser.Junit(sys.argv[1]).html()\n\
        print(page.count('comparison/boundary'), '<img src=x' in page)";
    for report in [plain(), hostile()] {
        let boundaries =
            report.mutants.iter().filter(|m| m.operator.as_str() == "comparison/boundary");
        let boundaries = boundaries.count();
        let read = Rendered::of(&report, "junit", &[]).read_by(script);
        let (found, image) = read.trim().split_once(' ').unwrap();
        assert!(found.parse::<usize>().unwrap() >= boundaries, "{read}");
        assert_eq!(image, "False");
    }
}

/// The official schema. Its two patterns for languages are no regular expressions of ECMA-262's (a
/// bracket is not escaped), which the validator refuses; they are replaced by what they mean.
fn sarif_schema() -> serde_json::Value {
    let text = fs::read_to_string(root().join("fixtures/sarif/sarif-schema-2.1.0.json"));
    let text = text.expect("the schema is in the repository");
    let mut schema: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    for definition in ["run", "toolComponent"] {
        let pattern = &mut schema["definitions"][definition]["properties"]["language"]["pattern"];
        assert_eq!(pattern, "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$");
        *pattern = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    schema
}

fn demand(schema: &serde_json::Value, text: &str) {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    let value = serde_json::from_str(text).expect("what was written is JSON");
    let errors: Vec<String> = validator
        .iter_errors(&value)
        .take(5)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn sarif_is_of_the_official_schema() {
    let schema = sarif_schema();
    for report in [plain(), hostile()] {
        let rendered = Rendered::of(&report, "sarif", &[]);
        demand(&schema, &fs::read_to_string(&rendered.path).unwrap());
    }
}

#[test]
fn sarif_holds_what_github_asks_for() {
    for report in [plain(), hostile()] {
        let text = fs::read_to_string(&Rendered::of(&report, "sarif", &[]).path).unwrap();
        let log: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
        let run = &log["runs"][0];
        assert!(run["automationDetails"]["id"].as_str().unwrap().ends_with('/'));
        for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
            for key in ["shortDescription", "fullDescription", "help"] {
                assert!(!rule[key]["text"].as_str().unwrap().is_empty(), "{rule}");
            }
            assert!(rule["help"]["markdown"].is_string() && rule["name"].is_string());
        }
        let mut hashes = std::collections::BTreeSet::new();
        for result in run["results"].as_array().unwrap() {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.starts_with('/') && !uri.contains(':') && uri.is_ascii(), "{uri}");
            for key in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(place["region"][key].as_u64().unwrap() >= 1, "{place}");
            }
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let hash = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
            assert!(hashes.insert(hash.to_owned()), "{hash} twice");
        }
        assert!(!hashes.is_empty());
    }
}

#[test]
fn sarif_tools_reads_every_result() {
    let script = "import sys\nfrom sarif import loader\n\
        file = loader.load_sarif_file(sys.argv[1])\n\
        records = file.get_records()\n\
        print(len(records), sum(r['Severity'] == 'warning' for r in records), records[0]['Line'])";
    let log = Rendered::of(&plain(), "sarif", &[]);
    assert_eq!(log.read_by(script).trim(), "4 4 8");
    Rendered::of(&hostile(), "sarif", &[]).read_by(script);
}

#[test]
fn elements_is_of_the_published_schema() {
    let path = "fixtures/mutation-testing-elements/mutation-testing-report-schema.json";
    let schema = fs::read_to_string(root().join(path)).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    for report in [plain(), hostile()] {
        let rendered = Rendered::of(&report, "elements", &[]);
        let text = fs::read_to_string(&rendered.path).unwrap();
        demand(&schema, &text);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        for file in value["files"].as_object().unwrap().values() {
            let lines = file["source"].as_str().unwrap().lines().count() as u64;
            for mutant in file["mutants"].as_array().unwrap() {
                assert!(mutant["location"]["end"]["line"].as_u64().unwrap() <= lines);
            }
        }
    }
}

#[test]
fn a_page_is_html_without_a_tag_of_the_projects() {
    let script = "import sys, html.parser\n\
        tags = set()\n\
        class Reader(html.parser.HTMLParser):\n\
        \x20   def handle_starttag(self, tag, attrs):\n\
        \x20       tags.add(tag)\n\
        \x20       assert not any(name.startswith('on') or name == 'src' for name, _ in attrs), attrs\n\
        Reader().feed(open(sys.argv[1], encoding='utf-8').read())\n\
        print(*sorted(tags))";
    let plain = Rendered::of(&plain(), "html", &[]).read_by(script);
    let hostile = Rendered::of(&hostile(), "html", &[]).read_by(script);
    assert!(plain.contains("mutation-test-report-app"), "{plain}");
    assert_eq!(plain, hostile);
}
