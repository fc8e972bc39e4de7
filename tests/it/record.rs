//! `mutdiff record`: what a default branch's job leaves for the runs on branches.
//!
//! Invariant: seen through exit codes, messages, and what a later run does not do again.

use std::path::Path;

use mutdiff::model::{Conclusion, Verdict};

use crate::harness::{FakePython, Project, Python, Ran, clean};

/// Two modules, a test file each; the change is to `one`.
fn project() -> Project {
    let test = |name: &str, sum: i32| {
        format!(
            "import unittest\nfrom {name} import {name}\n\n\nclass T(unittest.TestCase):\n    \
             def test_{name}(self):\n        self.assertEqual({name}(1), {sum})\n"
        )
    };
    Project::on(
        Python::usual(),
        &[
            ("one.py", "def one(n):\n    return n + 1\n"),
            ("two.py", "def two(n):\n    return n + 2\n"),
            ("test_one.py", &test("one", 2)),
            ("test_two.py", &test("two", 3)),
        ],
        &[],
    )
    .with_runner("unittest")
}

fn record(project: &Project, arguments: &[&str]) -> Ran {
    record_on(project, &project.python.path, arguments)
}

fn record_on(project: &Project, python: &Path, arguments: &[&str]) -> Ran {
    let mut command = project.mutdiff(&["record", "--runner", "unittest", "--jobs", "2"]);
    Ran::of(command.arg("--python").arg(python).args(arguments))
}

#[test]
fn the_tests_are_traced_once_and_those_that_changed_again() {
    let project = project();
    record(&project, &[]).expect(0).says("2 tests: 2 traced, 0 unchanged").says("2 functions");
    record(&project, &[]).expect(0).says("every record still holds, no test was run");
    project.write("two.py", "def two(n):\n    return 2 + n\n");
    record(&project, &[]).expect(0).says("2 tests: 1 traced, 1 unchanged");
    // The run on a branch begins with the plan that knows callers, and traces nothing.
    let ran = Ran::of(&mut project.mutdiff(&["--base", "main", "--list"])).expect(0);
    assert!(!ran.prose().contains("no tests were traced here yet"), "{ran}");
}

#[test]
fn a_failing_test_is_exit_code_3_and_can_be_left_out() {
    let project = project();
    project.write("two.py", "def two(n):\n    return n\n");
    record(&project, &[]).expect(3).says("test_two").says("tests fail: 1 test fails");
    record(&project, &["--allow-failing"]).expect(0).says("left out").says("recorded: ");
    // That it was left out once makes it no passing test.
    record(&project, &[]).expect(3).says("tests fail: 1 test fails");
}

#[test]
fn decide_decides_every_mutant_and_a_branch_s_run_keeps_the_verdicts() {
    let project = project();
    let fake = FakePython::before(&project);
    let ran = record_on(&project, fake.path(), &["--decide"]);
    ran.expect(0).says("passed: all noticed");
    fake.forget();
    let mut run = project.mutdiff(&["--base", "main", "--scope", "all", "--runner", "unittest"]);
    let report = project.everything().join("all.json");
    run.arg("--report").arg(format!("json={}", report.display()));
    run.arg("--python").arg(fake.path());
    Ran::of(&mut run).expect(0);
    let text = std::fs::read_to_string(report).unwrap();
    let report = mutdiff::report::json::read(&text).unwrap();
    assert_eq!(report.conclusion, Conclusion::Passed);
    assert_eq!(report.counts.reused + report.counts.suppressed, report.counts.mutants);
    assert!(report.mutants.iter().all(|m| matches!(m.verdict, Verdict::Killed { .. })));
    assert_eq!(fake.starts(), 0);
}

#[test]
fn a_survivor_is_no_failure_of_record() {
    let project = project();
    project.write("two.py", "def two(n):\n    return n + 2 if n < 9 else 0\n");
    record(&project, &["--decide"]).expect(0).says("survived");
}

#[test]
fn no_branch_to_compare_with_is_needed() {
    let project = project();
    project.git(&["branch", "-D", "main"]);
    record(&project, &[]).expect(0);
    let outside = project.everything().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let mut command = clean(env!("CARGO_BIN_EXE_mutdiff"), &project.home(), project.python);
    Ran::of(command.args(["record", "--repo"]).arg(&outside)).expect(2).says("git repository");
}
