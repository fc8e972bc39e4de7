//! A kill is a proof: alone, the test fails with the mutant and passes without it.
//!
//! Invariant: the tests here fail for another reason than the mutant, and kill nothing.

use mutdiff::model::Verdict;

use crate::harness::Project;

#[test]
fn a_failure_behind_other_tests_that_vanishes_alone_is_no_kill() {
    // Slow tests run last, so the first has left its mark when the second looks.
    let test = "import m, time\n\nSEEN = []\n\n\ndef test_first():\n    SEEN.append(m.f(1))\n\n\n\
                def test_second():\n    time.sleep(0.2)\n    m.f(1)\n    assert SEEN in ([], [2])\n";
    let project = Project::of(
        &[("m.py", "def f(x):\n    return x\n"), ("test_m.py", test)],
        &[("m.py", "def f(x):\n    return x + 1\n")],
    );
    let (_, report) = project.run(1, &[]);
    assert!(report.counts.mutants > 0);
    assert!(report.mutants.iter().all(|m| m.verdict == Verdict::Survived), "{report:#?}");
    assert!(report.mutants.iter().all(|m| m.tests.len() == 2), "{report:#?}");
}

#[test]
fn code_whose_assertions_pytest_rewrites_is_mutated_with_them_rewritten() {
    let conftest = "import pytest\npytest.register_assert_rewrite('checks')\n";
    let test = "import pytest\nimport checks\n\n\ndef test_check():\n    \
        with pytest.raises(AssertionError, match='assert 3 == 4'):\n        \
        checks.check(3, 4)\n";
    // What pytest adds stands behind the docstring, not on the first line.
    let checks = "'''Checks.'''\n\nLOG = [1]\n\n\ndef check(a, b):\n    x = 0\n    assert a == b\n";
    let project = Project::of(
        &[("conftest.py", conftest), ("checks.py", "\n"), ("test_checks.py", test)],
        &[("checks.py", checks)],
    );
    let (ran, report) = project.run(1, &["--suppress", "default,-assertion"]);
    assert_eq!((report.counts.killed, report.counts.survived), (1, 4), "{ran}");
}
