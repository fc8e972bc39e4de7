//! `--list`: the plan.
//!
//! Invariant: nothing of the project's is run for it.

use mutdiff::model::Conclusion;

use crate::harness::{FakePython, Project, Python, Ran};

#[test]
fn a_plan_starts_nothing_of_the_projects() {
    let project = Project::of(
        &[("one.py", "def one(n):\n    return n + 2\n"), ("test_one.py", "")],
        &[
            ("one.py", "open('touched', 'w')\n\n\ndef one(n):\n    return n + 1\n"),
            ("test_one.py", "open('touched', 'w')\n"),
        ],
    );
    let fake = FakePython::before(&project);
    let before = project.snapshot();
    let python = fake.path().display().to_string();
    let mut list = project.mutdiff(&["--base", "main", "--python", &python, "--list"]);
    Ran::of(&mut list).expect(0).says("one").says("changed").says("listed:");
    assert_eq!(fake.starts(), 0);
    assert_eq!(project.snapshot(), before);
}

#[test]
fn a_plan_holds_the_mutants_that_the_run_then_decides() {
    let project = Project::fixture("callers", Python::usual());
    let (_, run) = project.run(1, &[]);
    let (_, plan) = project.run(0, &["--list"]);
    assert_eq!(plan.conclusion, Conclusion::Listed);
    let ids = |report: &mutdiff::model::Report| -> Vec<String> {
        report.mutants.iter().map(|mutant| mutant.id.to_string()).collect()
    };
    assert_eq!(ids(&plan), ids(&run));
    assert!(plan.counts.not_run == plan.counts.mutants);
}

#[test]
fn depth_and_scope_say_how_far_to_look() {
    let project = Project::fixture("callers", Python::usual());
    project.run(1, &[]);
    let functions = |arguments: &[&str]| {
        let (_, report) = project.run(0, &[&["--list"], arguments].concat());
        report.functions.len()
    };
    let changed = functions(&["--scope", "functions"]);
    let near = functions(&["--depth", "1"]);
    let all_callers = functions(&[]);
    let everything = functions(&["--scope", "all"]);
    assert!(changed < near && near < all_callers && all_callers < everything);
}
