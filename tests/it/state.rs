//! What tests leave behind, for one another and in the project's folder; a very long file.
//!
//! Invariant: what one run of a test keeps reaches no other run.

use std::fmt::Write as _;
use std::time::Duration;

use mutdiff::model::Verdict;

use crate::harness::{Project, Python};

#[test]
fn a_test_that_passes_only_behind_another_decides_nothing_and_is_named() {
    let tests = "import m\n\n\ndef test_first():\n    m.READY.append(1)\n\n\n\
        def test_second():\n    assert m.READY and m.f(1) == 2\n\n\n\
        def test_third():\n    assert m.f(1)\n";
    let project = Project::of(
        &[("m.py", "READY = []\n\n\ndef f(x):\n    return 1 + x\n"), ("test_m.py", tests)],
        &[("m.py", "READY = []\n\n\ndef f(x):\n    return x + 1\n")],
    );
    let (ran, _) = project.run(3, &[]);
    ran.says("passes only behind others").says("test_m.py::test_second");
    let (_, report) = project.run(1, &["--allow-failing"]);
    let noticed = |mutant: &mutdiff::model::DecidedMutant| mutant.verdict == Verdict::Survived;
    let survivor = report
        .mutants
        .iter()
        .find(|mutant| noticed(mutant))
        .expect("x + 2 is noticed by the second alone");
    assert_eq!(survivor.tests.len(), 1);
}

#[test]
fn tests_that_write_to_one_place_wait_for_one_another() {
    // Two runs of them at once fail, with a mutant or without one.
    let test = |name: &str| {
        format!(
            "def test_{name}():\n    PLACE.touch(exist_ok=False)\n    time.sleep(0.03)\n    \
             PLACE.unlink()\n    assert m.{name}(5) > 4\n\n\n"
        )
    };
    let tests = format!(
        "import pathlib, time\n\nimport m\n\nPLACE = pathlib.Path('fixed')\n\n\n{}{}",
        test("f"),
        test("g")
    );
    let source =
        |sum: &str| format!("def f(x):\n    return {sum}\n\n\ndef g(x):\n    return {sum}\n");
    let project = Project::of(
        &[("m.py", &source("1 + x + 2 + 3")), ("test_m.py", &tests)],
        &[("m.py", &source("x + 1 + 2 + 3"))],
    );
    let (ran, report) = project.run(1, &["--jobs", "4"]);
    let of = |verdict: &str| report.mutants.iter().filter(|m| m.verdict.word() == verdict).count();
    // Of each function: a number one higher, or `- 1` to `- 3` of 11; `None` is killed.
    assert_eq!((of("survived"), of("killed")), (12, 2), "{ran}");
    assert!(report.notices.iter().all(|notice| notice.code != "flaky_tests"), "{ran}");
}

#[test]
fn examples_that_fail_with_a_mutant_are_kept_nowhere() {
    let python =
        Python::usual().with("hypothesis", include_str!("../../fixtures/hypothesis/requirements"));
    // A database of the project's own, and what each run of its test finds there.
    let tests = "import os\n\nimport m\nfrom hypothesis import given, settings\n\
        from hypothesis import strategies as st\n\
        from hypothesis.database import DirectoryBasedExampleDatabase\n\n\
        HOME = os.environ['HOME']\nKEPT = DirectoryBasedExampleDatabase(HOME + '/kept')\n\n\n\
        @given(st.integers())\ndef test_usual(n):\n    m.f(n)\n\n\n\
        @settings(database=KEPT)\n@given(st.integers())\ndef check(n):\n    \
        assert m.f(n) == n + 1\n\n\ndef test_own():\n    with open(HOME + '/found', 'a') as found:\n        \
        found.write(f\"{os.path.exists(HOME + '/kept')} \")\n    check()\n";
    let project = Project::on(
        Box::leak(Box::new(python)),
        &[("m.py", "def f(x):\n    return 1 + x\n"), ("test_m.py", tests)],
        &[("m.py", "def f(x):\n    return x + 1\n")],
    );
    let (_, report) = project.run(0, &["--jobs", "1"]);
    assert_eq!(report.counts.killed, report.counts.mutants);
    assert!(!project.root().join(".hypothesis").exists());
    let found = std::fs::read_to_string(project.home().join("found")).unwrap();
    assert!(found.contains("False") && !found.contains("True"), "{found}");
}

#[test]
fn a_file_of_20000_lines_is_mutated_where_it_changed() {
    let file = |last: &str| {
        let mut text = String::from("class Long:\n");
        for number in 0..6_600 {
            let _ = write!(text, "    def f{number}(self, n):\n        return n * {number}\n\n");
        }
        text + "    def last(self, n):\n        ready = {'last': 1}\n        return " + last + "\n"
    };
    let tests = "import m\n\n\ndef test_last():\n    assert m.Long().last(1) > 1\n    \
        assert m.Long().f7(1) == 7\n";
    let project =
        Project::of(&[("m.py", &file("1 + n")), ("test_m.py", tests)], &[("m.py", &file("n + 1"))]);
    let (ran, report) = project.run(1, &["--scope", "lines"]);
    let verdicts: Vec<_> = report
        .mutants
        .iter()
        .map(|mutant| {
            (mutant.span.start.line.get(), mutant.replacement.as_str(), mutant.verdict.word())
        })
        .collect();
    let line = 1 + 6_600 * 3 + 3;
    let expected = [(line, "None", "killed"), (line, "-", "killed"), (line, "2", "survived")];
    for one in expected {
        assert!(verdicts.contains(&one), "{verdicts:?}\n{ran}");
    }
    assert_eq!(verdicts.len(), expected.len());
    assert!(ran.took < Duration::from_secs(60), "{ran}");
}

#[test]
fn a_thread_that_lives_at_fork_is_no_error_of_a_test() {
    // From 3.12 on, a fork with threads alive warns.
    let module = "import threading\n\nEVENT = threading.Event()\n\
        threading.Thread(target=EVENT.wait, daemon=True).start()\n\n\n\
        def f(x):\n    return {}\n";
    let test = "import m\n\n\ndef test_f():\n    assert m.f(1) == 2 and m.f(3) == 4\n";
    for python in crate::harness::pythons() {
        let project = Project::empty(python);
        project.write("pytest.ini", "[pytest]\nfilterwarnings = error\n");
        project.write("m.py", module.replace("{}", "1 + x"));
        project.write("test_m.py", test);
        project.git(&["init", "--quiet", "--initial-branch", "main"]);
        project.commit("base");
        project.write("m.py", module.replace("{}", "x + 1"));
        let mut command = project.main_job(&["--jobs", "1"]);
        let ran = crate::harness::Ran::of(command.env("PYTHONWARNINGS", "error"));
        assert_eq!(ran.code, Some(0), "{}: {ran}", python.version);
        let report = project.report();
        assert!(report.counts.killed > 0 && report.counts.error == 0, "{ran}");
    }
}
