//! Which files of tests a run collects.
//!
//! Invariant: seen by what modules do when they are imported, not by what mutdiff says.

use std::collections::BTreeSet;
use std::fs;

use mutdiff::model::{Report, TestId, Verdict};

use crate::harness::{Project, Python, Ran};

/// Writes the module's name down.
const SEEN: &str =
    "import os\nwith open(os.environ['SEEN'], 'a') as seen:\n    seen.write(__name__ + '\\n')\n";

/// A project whose files of tests say when they are imported.
struct Watched {
    project: Project,
}

impl Watched {
    /// Recorded once.
    fn of(files: &[(&str, &str)]) -> Self {
        Self::with(files, "pytest")
    }

    fn with(files: &[(&str, &str)], runner: &str) -> Self {
        let texts: Vec<(&str, String)> =
            files.iter().map(|(path, text)| (*path, Self::text(path, text))).collect();
        let files: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let project = Project::on(Python::usual(), &files, &[]).with_runner(runner);
        let watched = Self { project };
        watched.record();
        watched
    }

    fn text(path: &str, text: &str) -> String {
        if path.contains("test") { format!("{SEEN}{text}") } else { text.to_owned() }
    }

    fn write(&self, path: &str, text: &str) {
        self.project.write(path, Self::text(path, text));
    }

    fn seen(&self) -> std::path::PathBuf {
        self.project.home().join("seen")
    }

    /// What was imported since it was last asked.
    fn imported(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(self.seen()).unwrap_or_default();
        let _ = fs::remove_file(self.seen());
        text.lines().map(|name| name.rsplit('.').next().unwrap_or(name).to_owned()).collect()
    }

    #[track_caller]
    fn record(&self) -> Ran {
        let mut command = self.project.mutdiff(&["record", "--runner", self.project.runner()]);
        command.arg("--python").arg(&self.project.python.path).env("SEEN", self.seen());
        let ran = Ran::of(&mut command).expect(0);
        self.project.git(&["add", "--all"]);
        ran
    }

    /// A run; what was imported in it.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> (Report, BTreeSet<String>) {
        self.imported();
        let mut command = self.project.main_job(&["--gate", "none"]);
        Ran::of(command.args(arguments).env("SEEN", self.seen())).expect(0);
        (self.project.report(), self.imported())
    }

    /// The same run without a store must say the same.
    #[track_caller]
    fn agrees(&self, report: &Report, arguments: &[&str]) {
        let told = |report: &Report| -> Vec<(String, Verdict)> {
            report.mutants.iter().map(|m| (m.id.to_string(), m.verdict.clone())).collect()
        };
        fs::rename(self.project.root().join(".mutdiff"), self.project.home().join("store"))
            .expect("a run leaves a store");
        let (fresh, _) = self.run(arguments);
        let word = |all: Vec<(String, Verdict)>| -> Vec<(String, &'static str)> {
            all.into_iter().map(|(id, verdict)| (id, verdict.word())).collect()
        };
        assert_eq!(word(told(report)), word(told(&fresh)));
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

const ONE: &str = "def one(n):\n    return n + 1\n";
const TWO: &str = "def two(n):\n    return n + 2\n";
const TEST_ONE: &str = "from one import one\n\n\ndef test_one():\n    assert one(1) == 2\n";
const TEST_TWO: &str = "from two import two\n\n\ndef test_two():\n    assert two(1) == 3\n";
const THREE: [(&str, &str); 3] = [
    ("three.py", "def three(n):\n    return n + 3\n"),
    ("test_three.py", "from three import three\n\n\ndef test_three():\n    assert three(1) == 4\n"),
    ("test_four.py", "from three import three\n\n\ndef test_four():\n    assert three(2) == 5\n"),
];

fn plain() -> Vec<(&'static str, &'static str)> {
    let mut files = vec![
        ("one.py", ONE),
        ("two.py", TWO),
        ("test_one.py", TEST_ONE),
        ("test_two.py", TEST_TWO),
    ];
    files.extend(THREE);
    files
}

#[test]
fn only_files_of_affected_tests_are_collected() {
    let watched = Watched::of(&plain());
    assert_eq!(watched.imported(), names(&["test_one", "test_two", "test_three", "test_four"]));
    watched.write("one.py", "def one(n):\n    return 1 + n\n");
    let (report, imported) = watched.run(&[]);
    assert_eq!(imported, names(&["test_one"]));
    assert_eq!(report.counts.killed, report.counts.mutants);
    assert_eq!(report.timings.collection.as_deref(), Some("1 of 4 files"));
    watched.agrees(&report, &[]);
}

#[test]
fn files_of_unittest_are_chosen_too() {
    let test = |name: &str| {
        format!(
            "import unittest\n\nfrom {name} import {name}\n\n\nclass T(unittest.TestCase):\n    \
             def test_{name}(self):\n        self.assertEqual({name}(1) % 10, {name}(1))\n"
        )
    };
    let (one, two) = (test("one"), test("two"));
    let more: Vec<(String, String)> =
        (3..6).map(|n| (format!("test_{n}.py"), test("two"))).collect();
    let mut files = vec![("one.py", ONE), ("two.py", TWO)];
    files.extend([("test_one.py", one.as_str()), ("test_two.py", two.as_str())]);
    files.extend(more.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let watched = Watched::with(&files, "unittest");
    watched.write("one.py", "def one(n):\n    return 1 + n\n");
    let (report, imported) = watched.run(&[]);
    assert_eq!(imported, names(&["test_one"]));
    watched.agrees(&report, &[]);
}

#[test]
fn a_new_test_file_is_found_without_collecting_the_rest() {
    let mut files = plain();
    files.push(("five.py", "def five(n):\n    return n + 5\n"));
    let watched = Watched::of(&files);
    let test = "from five import five\nfrom one import one\n\n\n\
                def test_new():\n    assert one(5) == 6 and five(5) == 10\n";
    watched.write("test_new.py", test);
    let (report, imported) = watched.run(&[]);
    // The mutants of what it enters have other tests as well.
    assert_eq!(imported, names(&["test_new", "test_one"]));
    let killed = |id: &str| {
        let by = |m: &&mutdiff::model::DecidedMutant| m.tests.contains(&TestId::new(id));
        report.mutants.iter().filter(by).count()
    };
    assert!(killed("test_new.py::test_new") > 0);
    watched.agrees(&report, &[]);
}

#[test]
fn a_removed_test_file_takes_its_tests_along() {
    let watched = Watched::of(&plain());
    fs::remove_file(watched.project.root().join("test_one.py")).unwrap();
    let (report, imported) = watched.run(&["--scope", "all"]);
    assert!(!imported.contains("test_one"));
    let of_one = report.mutants.iter().filter(|m| m.function.path.as_str() == "one.py");
    for mutant in of_one {
        assert!(mutant.tests.is_empty() && mutant.verdict.word() == "no tests", "{mutant:?}");
    }
    watched.write("test_one.py", TEST_ONE);
    let (report, _) = watched.run(&["--scope", "all"]);
    assert!(report.mutants.iter().all(|m| m.verdict.word() == "killed"));
}

#[test]
fn a_module_that_nothing_imports_any_more_counts_as_not_imported() {
    let mut files = plain();
    files.push(("left.py", "LIMIT = 3\n"));
    let with = "import left\nfrom one import one\n\n\ndef test_one():\n    assert one(1) == 2\n";
    files.retain(|(path, _)| *path != "test_one.py");
    files.push(("test_one.py", with));
    let watched = Watched::of(&files);
    watched.write("test_one.py", TEST_ONE);
    watched.project.write("one.py", "def one(n):\n    return 1 + n\n");
    let (report, _) = watched.run(&["--scope", "all"]);
    assert_eq!(report.timings.collection.as_deref(), Some("1 of 4 files"));
    let of_left = |m: &&mutdiff::model::DecidedMutant| m.function.path.as_str() == "left.py";
    assert!(report.mutants.iter().filter(of_left).all(|m| m.verdict == Verdict::NoTests));
    watched.agrees(&report, &["--scope", "all"]);
}

#[test]
fn a_comment_has_nothing_collected() {
    let watched = Watched::of(&plain());
    watched.run(&["--scope", "all"]);
    watched.write("one.py", &format!("# a remark\n{ONE}"));
    let (report, imported) = watched.run(&["--scope", "all"]);
    assert_eq!(imported, names(&[]));
    assert_eq!(report.counts.reused + report.counts.suppressed, report.counts.mutants);
}

#[test]
fn a_changed_conftest_collects_what_it_is_above_of() {
    let conftest = "import pytest\n\nLIMIT = 1\n\n\n@pytest.fixture(params=[1])\ndef n(request):\n    return request.param\n";
    let mut files = plain();
    files.extend([
        ("deep/conftest.py", conftest),
        (
            "deep/test_deep.py",
            // Survivors name every test that ran.
            "from five import five\n\n\ndef test_deep(n):\n    five(n)\n",
        ),
        ("five.py", "def five(n):\n    return n + 5\n"),
    ]);
    let watched = Watched::of(&files);
    watched.write("deep/conftest.py", &conftest.replace("[1]", "[1, 7]"));
    let (report, imported) = watched.run(&["--scope", "all"]);
    assert!(imported.contains("test_deep") && imported.contains("conftest"));
    let tests: BTreeSet<&str> =
        report.mutants.iter().flat_map(|m| &m.tests).map(TestId::as_str).collect();
    assert!(tests.contains("deep/test_deep.py::test_deep[7]"), "{tests:?}");
    watched.write("deep/conftest.py", &conftest.replace("LIMIT = 1", "LIMIT = 2"));
    let (_, imported) = watched.run(&[]);
    assert_eq!(imported, names(&["conftest", "test_deep"]));
}

#[test]
fn cases_that_a_changed_function_computes_are_found() {
    let mut files = plain();
    files.extend([
        ("cases.py", "def cases():\n    return [1, 2]\n"),
        (
            "test_cases.py",
            "import pytest\n\nfrom cases import cases\nfrom one import one\n\n\n\
             @pytest.mark.parametrize('n', cases())\ndef test_case(n):\n    assert one(n) == n + 1\n",
        ),
    ]);
    let watched = Watched::of(&files);
    watched.write("cases.py", "def cases():\n    return [1, 9]\n");
    let (report, imported) = watched.run(&["--scope", "functions"]);
    assert_eq!(imported, names(&["test_cases"]));
    watched.agrees(&report, &["--scope", "functions"]);
    let trace = watched.project.mutdiff(&["record", "--runner", "pytest"]).output().unwrap();
    assert!(trace.status.code().is_some());
    watched.write("one.py", "def one(n):\n    return 1 + n\n");
    let (report, _) = watched.run(&[]);
    let tests: BTreeSet<&str> =
        report.mutants.iter().flat_map(|m| &m.tests).map(TestId::as_str).collect();
    assert!(!tests.contains("test_cases.py::test_case[2]"), "{tests:?}");
}

#[test]
fn a_hook_over_all_tests_has_all_files_collected() {
    let hook = "def pytest_collection_modifyitems(items):\n    items.reverse()\n";
    let mut files = plain();
    files.push(("conftest.py", hook));
    let watched = Watched::of(&files);
    watched.write("one.py", "def one(n):\n    return 1 + n\n");
    let (report, imported) = watched.run(&[]);
    assert!(imported.is_superset(&names(&["test_one", "test_two", "test_three", "test_four"])));
    let said = report.timings.collection.unwrap();
    assert_eq!(said, "all files: conftest has the hook pytest_collection_modifyitems");
}

#[test]
fn a_new_module_has_all_files_collected() {
    let mut files = plain();
    files.push((
        "test_maybe.py",
        "try:\n    import maybe\nexcept ImportError:\n    maybe = None\n\n\n\
         def test_maybe():\n    assert maybe is None or maybe.f(1) == 2\n",
    ));
    let watched = Watched::of(&files);
    watched.write("maybe.py", "def f(n):\n    return n + 1\n");
    let (report, imported) = watched.run(&[]);
    assert!(imported.contains("test_two"));
    assert!(report.counts.mutants > 0 && report.counts.killed == report.counts.mutants);
}

#[test]
fn tests_of_callers_are_collected_for_their_mutants() {
    let files = [
        ("low.py", "def low(n):\n    return n + 1\n"),
        (
            "top.py",
            "from low import low\n\n\ndef top(n, deep=True):\n    return low(n) if deep else n * 2\n",
        ),
        ("test_low.py", "from low import low\n\n\ndef test_low():\n    assert low(1) == 2\n"),
        ("test_top.py", "from top import top\n\n\ndef test_top():\n    assert top(1) == 2\n"),
        // Enters the caller and not what changed.
        (
            "test_flat.py",
            "from top import top\n\n\ndef test_flat():\n    assert top(3, False) == 6\n",
        ),
        ("other.py", TWO),
        ("test_other.py", "from other import two\n\n\ndef test_other():\n    assert two(1) == 3\n"),
        ("test_more.py", "from other import two\n\n\ndef test_more():\n    assert two(2) == 4\n"),
    ];
    let watched = Watched::of(&files);
    watched.write("low.py", "def low(n):\n    return 1 + n\n");
    let (report, imported) = watched.run(&[]);
    assert_eq!(imported, names(&["test_flat", "test_low", "test_top"]));
    assert!(
        report.mutants.iter().any(|m| m.tests.contains(&TestId::new("test_flat.py::test_flat")))
    );
    watched.agrees(&report, &[]);
}

#[test]
fn a_test_that_fails_without_another_file_is_run_with_all() {
    let mut files = plain();
    files.extend([
        ("registry.py", "ALL = {}\n\n\ndef size(n):\n    return len(ALL) + n\n"),
        // No function of the project is called: nothing tells of it but the failure.
        (
            "test_filling.py",
            "import registry\n\nregistry.ALL['x'] = 1\n\n\ndef test_filling():\n    pass\n",
        ),
        (
            "test_filled.py",
            "from registry import size\n\n\ndef test_filled():\n    assert size(1) == 2\n",
        ),
    ]);
    let watched = Watched::of(&files);
    watched.write("registry.py", "ALL = {}\n\n\ndef size(n):\n    return n + len(ALL)\n");
    let (report, imported) = watched.run(&[]);
    assert!(imported.contains("test_filling") && imported.contains("test_two"));
    assert_eq!(report.counts.killed, report.counts.mutants);
}

#[test]
fn what_another_files_import_registers_is_there() {
    let mut files = plain();
    files.extend([
        (
            "registry.py",
            "ALL = []\n\n\ndef register(name):\n    ALL.append(name)\n\n\ndef size(n):\n    return len(ALL) > 0 or n > 5\n",
        ),
        ("plugin.py", "from registry import register\n\nregister('a')\n"),
        ("test_filling.py", "import plugin\n\n\ndef test_filling():\n    assert plugin\n"),
        ("test_filled.py", "from registry import size\n\n\ndef test_filled():\n    assert size(9)\n"),
    ]);
    let watched = Watched::of(&files);
    watched.write(
        "registry.py",
        "ALL = []\n\n\ndef register(name):\n    ALL.append(name)\n\n\ndef size(n):\n    return n > 5 or len(ALL) > 0\n",
    );
    let (report, imported) = watched.run(&[]);
    assert_eq!(imported, names(&["test_filled", "test_filling"]));
    watched.agrees(&report, &[]);
}

#[test]
fn a_mutant_that_is_imported_afresh_has_the_tests_of_all_files() {
    let mut files = plain();
    files.extend([
        ("table.py", "WORDS = {1: 2}\n\n\ndef look(n):\n    return WORDS[n]\n"),
        ("test_a.py", "from table import look\n\n\ndef test_a():\n    assert look(1) == 2\n"),
        ("test_b.py", "import table\n\n\ndef test_b():\n    assert 1 in table.WORDS\n"),
    ]);
    let watched = Watched::of(&files);
    watched.write(
        "table.py",
        "WORDS = {1: 2}\n\n\ndef look(n):\n    found = WORDS[n]\n    return found\n",
    );
    let (report, _) = watched.run(&["--scope", "all"]);
    let cold: Vec<_> =
        report.mutants.iter().filter(|m| m.function.to_string() == "table.py::<module>").collect();
    assert!(!cold.is_empty());
    watched.agrees(&report, &["--scope", "all"]);
}
