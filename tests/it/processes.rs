//! How often tests run that start processes of their own.
//!
//! Invariant: the count is the suite's own, in a file outside of the repository.

use std::collections::BTreeSet;
use std::fs;

use crate::harness::{Project, Ran, fixture_arguments, pythons};
use mutdiff::model::{Report, Verdict};

/// How often a test runs while its mutants are decided: once traced, once for each mutant that it
/// kills, and twice more without a mutant if it killed any.
fn expected_runs(report: &Report, test: &str) -> usize {
    let by_it =
        |verdict: &Verdict| matches!(verdict, Verdict::Killed { by } if by.as_str() == test);
    let kills = report.mutants.iter().filter(|mutant| by_it(&mutant.verdict)).count();
    1 + kills + if kills > 0 { 2 } else { 0 }
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
