//! Exit codes and what is said beside them: each outcome has its own.
//!
//! Invariant: a result that rests on no verdict is never told as a success of the tests.

use mutdiff::model::{Conclusion, Verdict};

use crate::harness::{FakePython, Project, Python, Ran};

const ONE: &str = "def one(n):\n    return n + 1\n";
const ONE_BEFORE: &str = "def one(n):\n    return n + 2\n";
const TEST: &str = "from one import one\n\n\ndef test_one():\n    assert one(1) == 2\n";

fn changed(tests: &str) -> Project {
    Project::of(&[("one.py", ONE_BEFORE), ("test_one.py", tests)], &[("one.py", ONE)])
}

#[test]
fn a_gate_that_holds_is_0() {
    let (ran, report) = changed(TEST).run(0, &[]);
    assert_eq!(report.conclusion, Conclusion::Passed);
    ran.says("passed: all noticed");
}

#[test]
fn a_survivor_is_1_and_shown_as_a_diff() {
    let weak = "from one import one\n\n\ndef test_one():\n    assert one(0)\n";
    let (ran, report) = changed(weak).run(1, &[]);
    assert_eq!(report.conclusion, Conclusion::Failed);
    ran.says("survived").says("- return n + 1").says("+ return n - 1").says("test_one");
}

#[test]
fn code_that_no_test_reaches_is_1() {
    let (ran, report) = changed("def test_nothing():\n    pass\n").run(1, &[]);
    assert!(report.mutants.iter().all(|mutant| mutant.verdict == Verdict::NoTests));
    assert_eq!(report.conclusion, Conclusion::Failed);
    ran.says("reached by no test");
}

#[test]
fn timeout_is_not_counted_as_killed() {
    let project = Project::of(
        &[
            ("loop.py", ""),
            ("test_loop.py", "import loop\n\n\ndef test_down():\n    assert loop.down(3) == 0\n"),
        ],
        &[("loop.py", "def down(n):\n    while n > 0:\n        n -= 1\n    return n\n")],
    );
    let ran = Ran::of(&mut project.main_job(&["--deadline-floor", "0.5"]));
    let report = project.report();
    assert!(report.counts.timeout > 0, "{ran}");
    let decided = report.counts.killed + report.counts.survived + report.counts.no_tests;
    let score = report.score.unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a handful of mutants")]
    let expected = report.counts.killed as f64 / decided as f64;
    assert!((score - expected).abs() < 1e-9, "{ran}");
}

#[test]
fn tests_that_fail_without_a_mutant_are_3_with_their_output() {
    let failing = "from one import one\n\n\ndef test_one():\n    assert one(1) == 2\n\n\n\
        def test_broken():\n    print('a word from the test')\n    assert one(1) == 99\n";
    let project = changed(failing);
    let (ran, report) = project.run(3, &[]);
    assert_eq!(report.conclusion, Conclusion::TestsFail);
    assert_eq!(report.failing_tests.len(), 1);
    assert!(report.mutants.is_empty());
    ran.says("test_broken").says("99").says("--allow-failing");

    let (ran, report) = project.run(0, &["--allow-failing"]);
    ran.says("test_one.py::test_broken");
    assert_eq!(report.counts.killed, report.counts.mutants);
    let killers = report.mutants.iter().filter_map(|mutant| match &mutant.verdict {
        Verdict::Killed { by } => Some(by.as_str()),
        _ => None,
    });
    assert!(killers.into_iter().all(|by| by == "test_one.py::test_one"));
}

#[test]
fn tests_that_cannot_be_collected_are_3_with_the_reason() {
    let project = changed("import no_such_module\n");
    let ran = Ran::of(&mut project.main_job(&[])).expect(3);
    ran.says("cannot be collected").says("no_such_module");
}

#[test]
fn no_tests_at_all_are_3_and_not_a_success() {
    let project = Project::of(&[("one.py", ONE_BEFORE)], &[("one.py", ONE)]);
    let ran = Ran::of(&mut project.main_job(&[])).expect(3);
    ran.says("collected no tests");
}

#[test]
fn an_interpreter_that_dies_while_it_collects_is_4() {
    let ran = Ran::of(&mut changed("import os\n\nos._exit(7)\n").main_job(&[])).expect(4);
    ran.says("internal error: the python process ended unexpectedly");
}

#[test]
fn an_interpreter_that_does_not_run_is_2() {
    let project = changed(TEST);
    let broken = project.everything().join("python");
    std::fs::write(&broken, "#!/bin/sh\nexit 9\n").unwrap();
    std::fs::set_permissions(&broken, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let python = broken.display().to_string();
    let ran = Ran::of(&mut project.mutdiff(&["--base", "main", "--python", &python]));
    ran.expect(2).says("does not run as a python interpreter");
}

#[test]
fn a_test_that_kills_its_parents_is_no_pass() {
    let hostile = "import os\nimport signal\n\n\ndef test_one():\n    \
        os.kill(os.getppid(), signal.SIGKILL)\n";
    let ran = Ran::of(&mut changed(hostile).main_job(&[]));
    assert!(matches!(ran.code, Some(3 | 4)), "{ran}");
}

#[test]
fn without_a_changed_python_file_no_python_is_started() {
    let project = Project::of(
        &[("one.py", ONE), ("test_one.py", TEST), ("README.md", "before\n")],
        &[("README.md", "after\n")],
    );
    let fake = FakePython::before(&project);
    let folder = fake.path().parent().unwrap().display().to_string();
    let mut command = project.mutdiff(&["--base", "main"]);
    command.env("PATH", format!("{folder}:/usr/bin:/bin"));
    let ran = Ran::of(&mut command).expect(0).says("nothing to test");
    assert_eq!(fake.starts(), 0, "{ran}");
}

#[test]
fn a_change_of_comments_and_format_is_nothing_to_test() {
    let after = "# a remark\ndef one(n):  # and another\n    return (n\n            + 1)\n";
    let project = Project::of(&[("one.py", ONE), ("test_one.py", TEST)], &[("one.py", after)]);
    let fake = FakePython::before(&project);
    let python = fake.path().display().to_string();
    let mut command = project.mutdiff(&["--base", "main", "--python", &python]);
    Ran::of(&mut command).expect(0).says("nothing to test").says("comments");
    assert_eq!(fake.starts(), 0);
}

#[test]
fn uncommitted_and_untracked_files_are_part_of_the_change() {
    let project = Project::of(&[("one.py", ONE_BEFORE), ("test_one.py", TEST)], &[]);
    project.write("one.py", ONE);
    project.write("two.py", "def two():\n    return 2\n");
    project.git(&["add", "one.py"]);
    let (_, report) = project.run(1, &[]);
    let named = |name: &str| report.functions.iter().any(|f| f.function.name.as_str() == name);
    assert!(named("one") && named("two"));
}

#[test]
fn a_head_that_is_named_is_tested_and_not_the_working_tree() {
    let project = changed(TEST);
    let commit = project.git(&["rev-parse", "HEAD"]);
    project.write("one.py", "raise SystemExit('the working tree is not what was asked for')\n");
    let before = project.snapshot();
    let (_, report) = project.run(0, &["--head", "change"]);
    assert_eq!(report.head.commit.as_deref(), Some(commit.trim()));
    assert_eq!(report.counts.killed, report.counts.mutants);
    assert_eq!(project.snapshot(), before);
}

#[test]
fn a_file_that_does_not_parse_is_named() {
    let project = Project::of(
        &[("one.py", ONE_BEFORE), ("test_one.py", TEST), ("odd.py", "x = 1\n")],
        &[("one.py", ONE), ("odd.py", "def half(:\n")],
    );
    let (ran, report) = project.run(0, &[]);
    assert_eq!(report.skipped_files.len(), 1);
    assert_eq!(report.skipped_files[0].path.as_str(), "odd.py");
    ran.says("odd.py");
}

#[test]
fn a_test_of_another_runner_is_found_where_pytest_is_missing() {
    let text = "import unittest\n\nfrom one import one\n\n\n\
        class TestOne(unittest.TestCase):\n    def test_one(self):\n        \
        self.assertEqual(one(1), 2)\n";
    let project = changed(text);
    let base = Python::usual().base.display().to_string();
    let mut command = project.mutdiff(&["--base", "main", "--python", &base]);
    Ran::of(command.args(["--runner", "unittest"])).expect(0).says("passed");
}

#[test]
fn changed_functions_without_a_mutant_are_told_from_no_changed_function() {
    let project = Project::of(
        &[("one.py", "def one(n):\n    return n + 2\n"), ("test_one.py", "def test_one(): pass\n")],
        &[("one.py", "def one(n):\n    return n + 1\n")],
    );
    Ran::of(&mut project.main_job(&["--operators", "regex"]))
        .expect(0)
        .says("nothing to test")
        .says("touches 1 function, and the operators that are on find nothing in it to mutate");
}
