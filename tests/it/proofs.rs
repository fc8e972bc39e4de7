//! A kill is a proof: alone, the test fails with the mutant and passes without it.
//!
//! Invariant: the tests here fail for another reason than the mutant, and kill nothing.

use mutdiff::model::Verdict;

use crate::harness::{Project, Python};

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

#[test]
fn a_test_that_finds_a_librarys_cache_warm_in_the_trace_decides_what_fills_it() {
    // Many quick tests share a fork while they are traced; with a mutant, each begins with empty caches.
    let core = "import functools\n\n\n@functools.lru_cache\ndef table():\n    \
                return [scale(i) for i in range(5)]\n\n\ndef scale(i):\n    return i + i\n\n\n\
                class Lazy:\n    @functools.cached_property\n    def value(self):\n        \
                return scale(7)\n\n\nLAZY = Lazy()\n";
    let mut tests = String::from(
        "import unittest\nimport core\n\n\nclass T(unittest.TestCase):\n    \
         def test_00(self):\n        core.table(), core.LAZY.value\n\n    \
         def test_01(self):\n        self.assertEqual(core.table()[2:], [4, 6, 8])\n\n    \
         def test_02(self):\n        self.assertEqual(core.LAZY.value, 14)\n",
    );
    for number in 3..33 {
        tests += &format!("\n    def test_{number:02}(self):\n        pass\n");
    }
    let before = core.replace("i + i", "2 * i").replace("range(5)", "range(6)");
    let before = before.replace("scale(7)", "scale(8)");
    let base = [("core.py", before.as_str()), ("test_core.py", &tests)];
    let project = Project::on(Python::usual(), &base, &[("core.py", core)]).with_runner("unittest");
    let (_, report) = project.run(0, &["--scope", "functions"]);
    assert!(report.counts.killed >= 7, "{:?}", report.counts);
    assert_eq!(report.counts.survived, 0);
}
