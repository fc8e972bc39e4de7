//! What makes a run fail: gates, verdicts against the base's, budgets.
//!
//! Invariant: a pass is a pass of what was asked for, and what was left out is said.

use std::collections::BTreeMap;

use mutdiff::model::{ChangeOfVerdict, NotRunReason, Report, Verdict};

use crate::harness::{Project, Ran};

const WEAK: &str = "import m\n\ndef test_f():\n    assert m.f(3) in (1, 2, 3, 4, 5, 6)\n";
const STRONG: &str = "import m\n\ndef test_f():\n    assert m.f(3) == 5 and m.f(9) == 18\n";
const BASE: &str = "def f(x):\n    if x < 5:\n        return x + 2\n    return x * 2\n";
const CHANGED: &str =
    "def f(x):\n    y = x\n    if y < 5:\n        return x + 2\n    return x * 2\n";

/// A project whose committed state was decided whole, before the change.
fn decided_at_base(test: &str) -> Project {
    let project = Project::of(&[("m.py", BASE), ("test_m.py", test)], &[]);
    project.run(0, &["--scope", "all", "--gate", "none"]);
    project
}

/// `original -> replacement` of each mutant with how it compares.
fn changes(report: &Report) -> BTreeMap<String, Option<ChangeOfVerdict>> {
    let name = |m: &mutdiff::model::DecidedMutant| {
        format!("{}: {} -> {}", m.span.start.line, m.original, m.replacement)
    };
    report.mutants.iter().map(|mutant| (name(mutant), mutant.change)).collect()
}

#[test]
fn what_survived_at_the_base_too_is_known_and_passes() {
    let project = decided_at_base(WEAK);
    project.write("m.py", CHANGED);
    let (ran, report) = project.run(1, &[]);
    let changes = changes(&report);
    assert_eq!(changes["5: x * 2 -> None"], Some(ChangeOfVerdict::Known), "{changes:?}");
    let on_new_lines = report.mutants.iter().filter(|m| m.span.start.line.get() <= 3);
    for mutant in on_new_lines.filter(|mutant| mutant.verdict == Verdict::Survived) {
        assert_eq!(mutant.change, Some(ChangeOfVerdict::New), "{ran}");
    }
    project.run(0, &["--gate", "none"]);
    project.run(1, &["--gate", "all"]);
}

#[test]
fn a_weakened_test_makes_kills_regress() {
    let project = decided_at_base(STRONG);
    project.write("test_m.py", WEAK);
    let (ran, report) = project.run(1, &[]);
    assert_eq!(changes(&report)["3: 2 -> 3"], Some(ChangeOfVerdict::Regressed), "{ran}");
    ran.says("the base's tests noticed");
}

#[test]
fn a_better_test_fixes_what_survived() {
    let project = decided_at_base(WEAK);
    project.write("test_m.py", STRONG);
    let (ran, report) = project.run(0, &[]);
    assert_eq!(changes(&report)["4: x * 2 -> None"], Some(ChangeOfVerdict::Fixed), "{ran}");
}

#[test]
fn an_uncommitted_state_is_no_base() {
    let project = Project::of(&[("m.py", BASE), ("test_m.py", WEAK)], &[("test_m.py", STRONG)]);
    project.run(0, &["--scope", "all", "--gate", "none"]);
    project.write("test_m.py", WEAK);
    project.write("m.py", CHANGED);
    let (ran, report) = project.run(1, &[]);
    assert!(report.mutants.iter().all(|m| m.change != Some(ChangeOfVerdict::Regressed)), "{ran}");
}

#[test]
fn a_score_is_a_gate() {
    let project = Project::of(&[("m.py", "A = 1\n"), ("test_m.py", WEAK)], &[("m.py", BASE)]);
    let (ran, _) = project.run(1, &["--gate", "score=100"]);
    ran.says("at least 100 % is asked for");
    // The same verdicts, another gate: nothing is decided anew.
    let (_, report) = project.run(0, &["--gate", "score=1"]);
    assert_eq!(report.counts.reused + report.counts.suppressed, report.counts.mutants);
}

#[test]
fn a_spent_budget_is_no_pass_and_the_next_run_goes_on() {
    let slow = "import m, time\n\ndef test_f():\n    time.sleep(0.3)\n    \
                assert m.f(3) == 5 and m.f(9) == 18 and m.f(5) == 10\n";
    let project = Project::of(&[("m.py", "A = 1\n"), ("test_m.py", slow)], &[("m.py", BASE)]);
    let run = || Ran::of(&mut project.main_job(&["--jobs", "1", "--budget", "3s"]));
    // On a busy machine the trace alone may take that long: it is kept, and the next run goes on.
    let ran = (0..5).map(|_| run()).find(|ran| ran.code != Some(4)).expect("mutants had a turn");
    assert_eq!(ran.code, Some(1), "{ran}");
    let report = project.report();
    let reason = NotRunReason::Budget;
    let left = report.mutants.iter().filter(|m| m.verdict == Verdict::NotRun { reason }).count();
    assert!(left > 0 && left < report.mutants.len(), "{ran}");
    ran.says("the budget was spent");
    let (_, report) = project.run(0, &["--jobs", "2"]);
    assert_eq!(report.counts.not_run, 0);
    assert!(report.counts.reused > 0);
}

#[test]
fn a_budget_that_ends_before_the_first_mutant_is_said() {
    let slow = "import m, time\n\ndef test_f():\n    time.sleep(5)\n    assert m.f(3) == 5\n";
    let project = Project::of(&[("m.py", "A = 1\n"), ("test_m.py", slow)], &[("m.py", BASE)]);
    let ran = Ran::of(&mut project.main_job(&["--budget", "1s"]));
    assert_eq!(ran.code, Some(4), "{ran}");
    ran.says("the budget of 1s was spent");
}
