//! Whole pages, as a reader sees them.
//!
//! Invariant: the pages are those of the sample report.

use super::*;
use crate::model::{Counts, TestId};
use crate::report::sample;

fn style(verbosity: Verbosity) -> Style {
    Style { verbosity, width: 80, ..Style::default() }
}

#[test]
fn survivors_are_diffs_nearest_to_the_change_first() {
    insta::assert_snapshot!(render(&sample::report(), &style(Verbosity::Normal)), @r"
    main (1a2b3c4) → working tree · scope callers · pytest on Python 3.13.0

    failed without a mutant; left out  tests/test_cart.py::test_flaky
        def test_flaky():
        >   assert now() == 3
        E   assert 4 == 3

    shop/cart.py

      Cart.total
      changed · 6 mutants: 1 killed, 1 survived, 3 no tests, 1 timeout

        survived  comparison/boundary  line 12  cb0156c49b145771  new
        @@ -12,2 +12,2 @@
        -    if n >= 1:
        +    if n > 1:
                 return n
        4 tests ran and noticed nothing: tests/test_cart.py::test_small,
        tests/test_cart.py::test_large, tests/test_cart.py::test_none, 1 more

        timeout  comparison/boundary  line 14  e07e6ee541dbff09  -= 1 → += 1
          tests/test_cart.py::test_large did not end
        no tests  no test reaches lines 17–18, 21 (3 mutants)

      <module>
      uses RATES of changed module code (shop/rates.py); covered by changed test
      tests/test_cart.py::test_small; 1 more · 3 mutants: 1 invalid, 1 error,
      1 not run
        error  comparison/boundary  line 1  239735d307ceb52a  1 → 2
          the worker's pipe closed

    shop/till.py

      checkout
      caller of Cart.total (distance 1) · 3 mutants: 1 survived, 1 equivalent,
      1 suppressed

        survived  comparison/boundary  line 5  af5adae25709bb3f  known: it survives on the base too
        @@ -5,2 +5,2 @@
        -    if n < 1:
        +    if n <= 1:
                 return n
        4 tests ran and noticed nothing: tests/test_cart.py::test_small,
        tests/test_cart.py::test_large, tests/test_cart.py::test_none, 1 more

    skipped shop/old.py: line 3 does not parse

    note: poetry.lock changed, and no function can be tied to it; test it with
    --scope all

    12 mutants in 3 functions: 1 killed, 2 survived, 3 no tests, 1 timeout,
    1 equivalent, 1 suppressed, 1 invalid, 1 error, 1 not run · score 16.7 % ·
    1 kept from an earlier run · 1 duplicate folded · 4.0 s
    failed: 1 mutant survived: a breakage that its tests do not notice; 3 mutants
    are reached by no test; the budget was spent: 1 mutant has not run, the next run
    goes on there (1 more in code that did not change is not counted)
    ");
}

#[test]
fn verbose_shows_every_mutant_and_every_test() {
    insta::assert_snapshot!(render(&sample::report(), &style(Verbosity::Verbose)), @r#"
    main (1a2b3c4) → working tree · scope callers · pytest on Python 3.13.0

    failed without a mutant; left out  tests/test_cart.py::test_flaky
        def test_flaky():
        >   assert now() == 3
        E   assert 4 == 3

    shop/cart.py

      Cart.total
      changed · 6 mutants: 1 killed, 1 survived, 3 no tests, 1 timeout

        survived  comparison/boundary  line 12  cb0156c49b145771  new
        @@ -12,2 +12,2 @@
        -    if n >= 1:
        +    if n > 1:
                 return n
        4 tests ran and noticed nothing: tests/test_cart.py::test_small,
        tests/test_cart.py::test_large, tests/test_cart.py::test_none,
        tests/test_cart.py::test_odd

        killed  comparison/boundary  line 13  80671050b2db66bc  + → -
          by tests/test_cart.py::test_small
        timeout  comparison/boundary  line 14  e07e6ee541dbff09  -= 1 → += 1
          tests/test_cart.py::test_large did not end
        no tests  no test reaches lines 17–18, 21 (3 mutants)
          a6e2a312d94c3e53  line 17  True → False
          1831bc1d1062c52e  line 18  True → False
          8e8d17c921c9073f  line 21  True → False
        duplicate  every/comparison  line 12  00112233445566ff  of cb0156c49b145771

      <module>
      uses RATES of changed module code (shop/rates.py); covered by changed test
      tests/test_cart.py::test_small; asked for · 3 mutants: 1 invalid, 1 error,
      1 not run
        error  comparison/boundary  line 1  239735d307ceb52a  1 → 2
          the worker's pipe closed
        invalid  comparison/boundary  line 2  bf28e96666621500  1 → 2
          'return' outside function
        not run  comparison/boundary  line 3  7ba7da5654f45732  1 → 2
          the budget was used up

    shop/till.py

      checkout
      caller of Cart.total (distance 1) · 3 mutants: 1 survived, 1 equivalent,
      1 suppressed

        survived  comparison/boundary  line 5  af5adae25709bb3f  known: it survives on the base too
        @@ -5,2 +5,2 @@
        -    if n < 1:
        +    if n <= 1:
                 return n
        4 tests ran and noticed nothing: tests/test_cart.py::test_small,
        tests/test_cart.py::test_large, tests/test_cart.py::test_none,
        tests/test_cart.py::test_odd

        equivalent  comparison/boundary  line 6  92f1d7cbe8d9666b  0 → 1
        suppressed  comparison/boundary  line 7  10d947d17d5b30eb  "paid" → "XXpaidXX"
          by rule logging

    skipped shop/old.py: line 3 does not parse

    note: poetry.lock changed, and no function can be tied to it; test it with
    --scope all

    12 mutants in 3 functions: 1 killed, 2 survived, 3 no tests, 1 timeout,
    1 equivalent, 1 suppressed, 1 invalid, 1 error, 1 not run · score 16.7 % ·
    1 kept from an earlier run · 1 duplicate folded · 4.0 s
    failed: 1 mutant survived: a breakage that its tests do not notice; 3 mutants
    are reached by no test; the budget was spent: 1 mutant has not run, the next run
    goes on there (1 more in code that did not change is not counted)
    "#);
}

#[test]
fn quiet_is_a_line_a_finding() {
    insta::assert_snapshot!(render(&sample::report(), &style(Verbosity::Quiet)), @r"
    shop/cart.py:12:8: survived: >= → >  cb0156c49b145771
    shop/cart.py:17:8: no tests: True → False  a6e2a312d94c3e53
    shop/cart.py:18:8: no tests: True → False  1831bc1d1062c52e
    shop/cart.py:21:8: no tests: True → False  8e8d17c921c9073f
    shop/cart.py:14:8: timeout: -= 1 → += 1  e07e6ee541dbff09
    shop/till.py:5:8: survived: < → <=  af5adae25709bb3f
    shop/cart.py:1:8: error: 1 → 2  239735d307ceb52a
    12 mutants in 3 functions: 1 killed, 2 survived, 3 no tests, 1 timeout,
    1 equivalent, 1 suppressed, 1 invalid, 1 error, 1 not run · score 16.7 % ·
    1 kept from an earlier run · 1 duplicate folded · 4.0 s
    failed: 1 mutant survived: a breakage that its tests do not notice; 3 mutants
    are reached by no test; the budget was spent: 1 mutant has not run, the next run
    goes on there (1 more in code that did not change is not counted)
    ");
}

#[test]
fn a_plan_lists_functions_with_reasons() {
    let report = Report { conclusion: Conclusion::Listed, ..sample::report() };
    insta::assert_snapshot!(render(&report, &style(Verbosity::Normal)), @r"
    main (1a2b3c4) → working tree · scope callers · pytest on Python 3.13.0

    failed without a mutant; left out  tests/test_cart.py::test_flaky
        def test_flaky():
        >   assert now() == 3
        E   assert 4 == 3

    shop/cart.py
      Cart.total
        changed · lines 10–24 · 6 mutants
      <module>
        uses RATES of changed module code (shop/rates.py); covered by changed test
        tests/test_cart.py::test_small; 1 more · lines 1–30 · 3 mutants

    shop/till.py
      checkout
        caller of Cart.total (distance 1) · lines 3–9 · 3 mutants

    skipped shop/old.py: line 3 does not parse

    note: poetry.lock changed, and no function can be tied to it; test it with
    --scope all

    12 mutants in 3 functions · 4.0 s
    listed: the plan only; nothing of the project was run
    ");
}

#[test]
fn a_verbose_plan_lists_the_mutants() {
    let mut report = Report { conclusion: Conclusion::Listed, ..sample::report() };
    report.functions.truncate(1);
    report.mutants.truncate(2);
    report.mutants[1].verdict = crate::model::Verdict::Suppressed { rule: "logging".into() };
    report.skipped_files.clear();
    report.notices.clear();
    report.failing_tests.clear();
    insta::assert_snapshot!(render(&report, &style(Verbosity::Verbose)), @r"
    main (1a2b3c4) → working tree · scope callers · pytest on Python 3.13.0

    shop/cart.py
      Cart.total
        changed · lines 10–24 · 2 mutants
        cb0156c49b145771  12:8  comparison/boundary  >= → >
        80671050b2db66bc  13:8  comparison/boundary  + → -  suppressed by logging

    12 mutants in 1 function · 4.0 s
    listed: the plan only; nothing of the project was run
    ");
}

#[test]
fn nothing_to_test_is_two_lines() {
    let mut report = Report {
        conclusion: Conclusion::NothingToTest,
        counts: Counts::default(),
        functions: vec![],
        mutants: vec![],
        ..sample::report()
    };
    report.skipped_files.clear();
    report.notices.clear();
    report.failing_tests.clear();
    insta::assert_snapshot!(render(&report, &style(Verbosity::Normal)), @r"
    main (1a2b3c4) → working tree · scope callers · pytest on Python 3.13.0

    nothing to test: the change since main touches no function of the project
    ");
}

#[test]
fn long_output_of_a_failing_test_is_cut_at_its_start() {
    let mut report = Report { conclusion: Conclusion::TestsFail, ..sample::report() };
    report.failing_tests[0].output = (1..=50).map(|n| format!("line {n}\n")).collect();
    report.mutants.clear();
    report.functions.clear();
    let text = render(&report, &style(Verbosity::Normal));
    assert!(text.contains("(… 20 lines above; -v shows all)\n    line 21\n"), "{text}");
    assert!(render(&report, &style(Verbosity::Verbose)).contains("\n    line 1\n"));
}

#[test]
fn no_escape_of_the_project_reaches_the_terminal() {
    let mut report = sample::report();
    let evil = "\x1b]0;title\x07\u{9b}2J\r";
    report.mutants[0].tests[0] = TestId::new(evil);
    report.mutants[0].diff = format!("@@ -1 +1 @@\n-{evil}\n+{evil}\n");
    report.mutants[0].original = evil.into();
    report.failing_tests[0].output = evil.into();
    report.failing_tests[0].test = TestId::new(evil);
    report.notices[0].message = evil.into();
    report.skipped_files[0].reason = evil.into();
    report.base.name = evil.into();
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let text = render(&report, &style(verbosity));
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}

#[test]
fn colour_is_only_added_never_text() {
    let report = sample::report();
    let plain = render(&report, &style(Verbosity::Verbose));
    let coloured = render(&report, &Style { color: true, ..style(Verbosity::Verbose) });
    assert_ne!(plain, coloured);
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}
