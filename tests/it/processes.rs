//! How often tests run that start processes of their own.
//!
//! Invariant: the count is the suite's own, in a file outside of the repository.

use std::collections::BTreeSet;
use std::fs;

use crate::harness::{Project, Ran, fixture_arguments, pythons};
use mutdiff::model::{NotRunReason, Report, Verdict};

/// How often a test runs while its mutants are decided: once traced, once for each mutant that it
/// kills, and twice more without a mutant if it killed any.
fn expected_runs(report: &Report, test: &str) -> usize {
    let by_it =
        |verdict: &Verdict| matches!(verdict, Verdict::Killed { by } if by.as_str() == test);
    let kills = report.mutants.iter().filter(|mutant| by_it(&mutant.verdict)).count();
    1 + kills + if kills > 0 { 2 } else { 0 }
}

const CHILD: &str = "import subprocess\nimport sys\nfrom pathlib import Path\n\n\
    from one import one\n\nHERE = Path(__file__).parent\n\n\n\
    def test_program():\n    command = [sys.executable, *OPTIONS, 'program.py']\n    \
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)\n    \
    assert (done.stdout, one(1)) == ('5\\n', 2)\n";

#[test]
fn a_program_that_changes_is_run_again_by_its_test() {
    for options in ["[]", "['-E']"] {
        let test = CHILD.replace("OPTIONS", options);
        let base = [
            ("one.py", "def one(n):\n    return 1 + n\n"),
            ("program.py", "from five import five\n\nprint(five())\n"),
            ("five.py", "def five():\n    return 5\n"),
            ("test_one.py", &test),
        ];
        let change = [("one.py", "def one(n):\n    return n + 1\n")];
        let project = Project::of(&base, &change);
        project.run(0, &[]);
        // Only the program's own process ever runs this.
        project.write("five.py", "def five():\n    return 5 + 1\n");
        Ran::of(&mut project.main_job(&[])).expect(3).says("test_program");
    }
}

#[test]
fn mutants_out_of_reach_are_named_with_the_tests_that_start_them() {
    let test = CHILD.replace("OPTIONS", "['-I']");
    let program = "def five():\n    return 6 - 1\n\n\nprint(five())\n";
    let base = [
        ("one.py", "def one(n):\n    return n + 1\n"),
        ("program.py", "def five():\n    return 5\n\n\nprint(five())\n"),
        ("test_one.py", &test),
    ];
    let project = Project::of(&base, &[("program.py", program)]);
    let ran = Ran::of(&mut project.main_job(&["--scope", "functions"])).expect(4);
    ran.says("that only python processes started with -I, -S or -E may reach")
        .says("They are started by test_one.py::test_program");
    let out_of_reach = Verdict::NotRun { reason: NotRunReason::OutOfReach };
    let report = project.report();
    assert!(report.mutants.iter().all(|mutant| mutant.verdict == out_of_reach), "{report:#?}");
}

#[test]
fn a_test_runs_exactly_as_often_as_intended_and_never_in_a_worker() {
    for python in pythons() {
        let project = Project::fixture("unguarded", python);
        let count = project.everything().join("count");
        let mut command = project.main_job(&["--jobs", "1"]);
        command.args(fixture_arguments("unguarded")).env("COUNT", &count);
        Ran::of(&mut command).expect(0);
        let report = project.report();
        let text = fs::read_to_string(&count).expect("the tests wrote it");
        let lines: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(lines.iter().all(|line| line[2] == "False"), "in a worker:\n{text}");
        let tests: BTreeSet<&str> = lines.iter().map(|line| line[1]).collect();
        assert_eq!(tests.len(), 5, "{text}");
        let pool = "checks.check_jobs.Jobs.test_pool";
        let mut runs = 0;
        for test in tests {
            let found = lines.iter().filter(|line| line[1] == test).count();
            // The self-check runs the test of one mutant, whichever comes first.
            let self_check = usize::from(test == pool);
            assert_eq!(found, expected_runs(&report, test) + self_check, "{test}:\n{text}");
            runs += found;
        }
        let processes: BTreeSet<&str> = lines.iter().map(|line| line[0]).collect();
        assert_eq!(processes.len(), runs, "two runs in one process:\n{text}");
    }
}
