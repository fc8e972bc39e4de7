//! What files are for: tests by any name, code that nobody wants mutated.
//!
//! Invariant: seen in which functions a report has mutants of.

use std::collections::BTreeSet;

use mutdiff::model::Report;

use crate::harness::{Project, Ran};

const SETTINGS: &str = "[tool.pytest.ini_options]\npython_files = [\"check_*.py\"]\n\
                        python_functions = [\"check_*\"]\n";
const SHOP: &str = "def price(n):\n    return n * 9 // 10\n";

/// The files that hold mutants.
fn files(report: &Report) -> BTreeSet<&str> {
    report.mutants.iter().map(|mutant| mutant.function.path.as_str()).collect()
}

#[test]
fn files_of_tests_with_names_of_the_projects_own_are_not_mutated_and_select_what_they_cover() {
    let check =
        |line: &str| format!("from shop import price\n\n\ndef check_price():\n    {line}\n");
    let (strict, weak) = (check("assert price(20) == 18"), check("assert price(20) + 1 > 1"));
    let project = Project::of(
        &[("pyproject.toml", SETTINGS), ("shop.py", SHOP), ("check_shop.py", &strict)],
        &[("pyproject.toml", SETTINGS), ("shop.py", SHOP), ("check_shop.py", &weak)],
    );
    let (ran, report) = project.run(1, &["--gate", "all"]);
    assert_eq!(files(&report), BTreeSet::from(["shop.py"]), "{ran}");
    assert!(report.counts.survived > 0);
    ran.says("covered by changed test check_shop.py::check_price");
}

#[test]
fn what_is_excluded_is_followed_and_not_mutated() {
    let test = "from shop import total\n\n\ndef test_total():\n    assert total(20) == 19\n";
    let shop = "from made.rules import rate\n\n\ndef total(n):\n    return n - rate(n)\n";
    let rules = |rate: &str| format!("def rate(n):\n    return {rate}\n");
    let project = Project::of(
        &[("shop.py", shop), ("test_shop.py", test), ("made/rules.py", &rules("n // 20"))],
        &[("shop.py", shop), ("test_shop.py", test), ("made/rules.py", &rules("n // 15"))],
    );
    let (_, report) = project.run(0, &["--gate", "none"]);
    assert_eq!(files(&report), BTreeSet::from(["made/rules.py", "shop.py"]));
    let (ran, report) = project.run(0, &["--gate", "none", "--exclude", "made,nothing/*"]);
    assert_eq!(files(&report), BTreeSet::from(["shop.py"]));
    ran.says("not mutated, since the settings exclude them: made/rules.py");
    Ran::of(&mut project.main_job(&["--exclude", "a["])).expect(2).says("a[");
    let mut explain = project.mutdiff(&["explain", "made/rules.py:2", "--base", "main"]);
    explain.args(["--exclude", "made"]);
    Ran::of(&mut explain).expect(0).says("`made` excludes it");
}

#[test]
fn a_weakened_test_counts_in_whatever_file_it_was_collected_from() {
    let test = |line: &str| format!("from shop import price\n\n\ndef test_price():\n    {line}\n");
    let (strict, weak) = (test("assert price(20) == 18"), test("assert price(20) + 1 > 1"));
    for (pattern, path) in [("*.py", "smoke.py"), ("test*.py", "testshop.py")] {
        let settings = format!("[pytest]\npython_files = {pattern}\n");
        let project = Project::of(
            &[("pytest.ini", &settings), ("shop.py", SHOP), (path, &strict)],
            &[("pytest.ini", &settings), ("shop.py", SHOP), (path, &weak)],
        );
        let (ran, report) = project.run(1, &["--gate", "all"]);
        assert_eq!(files(&report), BTreeSet::from(["shop.py"]), "{ran}");
        assert!(report.counts.survived > 0);
    }
}

#[test]
fn code_that_is_called_as_tests_are_is_named_when_it_changes() {
    let settings = "[pytest]\npython_files = check_*.py\n";
    let test = "from check_out import pay\n\n\ndef test_pay():\n    assert pay(1) > 1\n";
    let pay = |by: &str| format!("def pay(n):\n    return n + {by}\n");
    let project = Project::of(
        &[("pytest.ini", settings), ("check_out.py", &pay("1")), ("check_pay.py", test)],
        &[("pytest.ini", settings), ("check_out.py", &pay("2")), ("check_pay.py", test)],
    );
    let (ran, report) = project.run(0, &[]);
    assert!(report.mutants.is_empty());
    ran.says("though no test that ran is in them: check_out.py")
        .says("touches code, and none that is mutated");
}
