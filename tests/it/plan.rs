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
    let mut decided = ids(&run);
    decided.extend(run.duplicates.iter().map(|duplicate| duplicate.id.to_string()));
    let mut planned = ids(&plan);
    planned.sort();
    decided.sort();
    assert_eq!(planned, decided);
    assert_eq!(plan.counts.not_run + plan.counts.suppressed, plan.counts.mutants);
}

/// The operators of the mutants that a run would have.
fn operators(project: &Project, arguments: &[&str]) -> std::collections::BTreeSet<String> {
    let (_, report) = project.run(0, &[&["--list"], arguments].concat());
    report.mutants.iter().map(|mutant| mutant.operator.to_string()).collect()
}

#[test]
fn operators_are_chosen_by_the_project_and_by_the_command_line() {
    let settings = "[tool.mutdiff]\noperators = { enable = ['exception'], disable = ['return'] }\n";
    let code =
        "def one(n):\n    try:\n        return n + 1\n    except TypeError:\n        return 0\n";
    let project = Project::of(&[("one.py", ""), ("test_one.py", "")], &[("one.py", code)]);
    let by_default = operators(&project, &[]);
    assert!(by_default.contains("return/none") && !by_default.contains("exception/widened"));
    project.write("pyproject.toml", settings);
    let of_project = operators(&project, &[]);
    assert!(of_project.contains("exception/widened") && of_project.contains("arithmetic/swap"));
    assert!(!of_project.contains("return/none"));
    let only = operators(&project, &["--operators", "exception/handler-*"]);
    assert!(only.iter().all(|id| id.starts_with("exception/handler-")) && only.len() == 2);
    assert!(operators(&project, &["--operators=-exception"]).contains("arithmetic/swap"));
    let full = operators(&project, &["--operators", "full"]);
    assert!(full.is_superset(&of_project) && full.contains("every/arithmetic"));
    let mut unknown = project.mutdiff(&["--base", "main", "--list", "--operators", "excption"]);
    Ran::of(&mut unknown).expect(2).says("no operator or group is called `excption`");
}

#[test]
fn what_nobody_wants_tested_is_not_run_and_says_why() {
    let code = "import logging  # mutdiff: skip\n\nlog = logging.getLogger(__name__)\n\n\ndef one(n):\n    log.info('one', n)\n    \
                return n + 1\n\n\ndef two():  # mutdiff: skip: by hand\n    return 2\n";
    let test = "from one import one\n\n\ndef test_one():\n    assert one(1) == 2\n";
    let project = Project::of(
        &[("one.py", ""), ("test_one.py", "")],
        &[("one.py", code), ("test_one.py", test)],
    );
    let (_, plain) = project.run(1, &["--suppress=-logging"]);
    let (_, quiet) = project.run(0, &[]);
    let rules = |report: &mutdiff::model::Report| -> std::collections::BTreeSet<String> {
        let rule = |mutant: &mutdiff::model::DecidedMutant| match &mutant.verdict {
            mutdiff::model::Verdict::Suppressed { rule } => Some(rule.clone()),
            _ => None,
        };
        report.mutants.iter().filter_map(rule).collect()
    };
    let by_hand = "mutdiff: skip (by hand)".to_owned();
    assert_eq!(rules(&plain), [by_hand.clone()].into());
    let notice = plain.notices.iter().find(|notice| notice.code == "unused_pragmas");
    assert!(notice.is_some_and(|notice| notice.message.ends_with(": one.py:1")), "{plain:?}");
    assert_eq!(rules(&quiet), [by_hand, "logging".to_owned()].into());
    assert_eq!(plain.counts.mutants, quiet.counts.mutants);
    assert!(plain.counts.survived > 0 && quiet.counts.survived == 0);
    let (_, plan) = project.run(0, &["--list"]);
    assert_eq!(plan.counts.suppressed, quiet.counts.suppressed);
    let mut explain = project.mutdiff(&["explain", "--base", "main", "one"]);
    Ran::of(&mut explain).expect(0).says("suppressed by logging: it is not run");
}

#[test]
fn mutants_that_stay_keep_their_verdicts_with_another_set_of_operators() {
    let code = "def one(n):\n    if n > 1 and n < 9:\n        return n - 1\n    return 0\n";
    let test = "from one import one\n\n\ndef test_one():\n    assert [one(0), one(2), one(9)] == [0, 1, 0]\n";
    let project = Project::of(
        &[("one.py", ""), ("test_one.py", "")],
        &[("one.py", code), ("test_one.py", test)],
    );
    let rest = "[project]\nname = 'one'\n";
    project.write("pyproject.toml", rest);
    let (_, first) = project.run(1, &[]);
    let (_, more) = project.run(1, &["--operators", "default,every,logical"]);
    assert!(more.counts.mutants > first.counts.mutants);
    assert_eq!(more.counts.reused + more.counts.suppressed, first.counts.mutants);
    // The setting is in a file that tests could read.
    let own = "[tool.mutdiff]\noperators = { enable = ['every'], disable = ['number'] }\n";
    project.write("pyproject.toml", format!("{rest}{own}"));
    let (_, again) = project.run(1, &[]);
    assert_eq!(again.counts.reused + again.counts.suppressed, again.counts.mutants);
    assert!(again.mutants.iter().any(|mutant| mutant.operator.as_str() == "every/comparison"));
}

#[test]
fn mutants_that_compile_to_the_same_code_are_decided_and_counted_once() {
    let code = "def last(a):\n    return a[-1]\n";
    let test = "from one import last\n\n\ndef test_last():\n    assert last([3]) == 3\n";
    let project = Project::of(
        &[("one.py", ""), ("test_one.py", "")],
        &[("one.py", code), ("test_one.py", test)],
    );
    let operators = ["--operators", "literal/decrement,slice/other-end"];
    let (_, first) = project.run(1, &operators);
    assert_eq!((first.counts.survived, first.counts.duplicates), (1, 1));
    let [duplicate] = first.duplicates.as_slice() else { panic!("{first:?}") };
    assert_eq!(duplicate.duplicate_of, first.mutants[0].id);
    let mut show = project.mutdiff(&["show", duplicate.id.as_str()]);
    Ran::of(&mut show).expect(0).says("return a[");
    // What stood for it is off now: its own verdict is kept.
    let only = ["--operators", duplicate.operator.as_str()];
    let (_, alone) = project.run(1, &only);
    assert_eq!((alone.counts.survived, alone.counts.reused, alone.counts.duplicates), (1, 1, 0));
    project.write("README.md", "x");
    let (_, again) = project.run(1, &operators);
    assert_eq!(again.duplicates, first.duplicates);
    assert_eq!(again.counts.reused, 1);
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
