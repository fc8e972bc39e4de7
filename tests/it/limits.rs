//! Limits of time and memory: what they decide, and what they must not decide.
//!
//! Invariant: every project here stays small when no limit holds.

use mutdiff::model::{TestOutcome, Verdict};

use crate::harness::{Project, Ran};

/// A project with a test that holds 100 MB for a while.
fn large() -> Project {
    let test = "from one import one\n\n\ndef test_one():\n    held = b'x' * 100_000_000\n    \
        import time\n    time.sleep(0.3)\n    assert one(1) == 2\n    assert held\n";
    let base = [("one.py", "def one(n):\n    return n + 2\n"), ("test_one.py", test)];
    Project::of(&base, &[("one.py", "def one(n):\n    return n + 1\n")])
}

#[test]
fn a_test_beyond_the_limit_without_a_mutant_fails_the_run() {
    let project = large();
    Ran::of(&mut project.main_job(&["--memory-limit", "64M"]))
        .expect(3)
        .says("test_one.py::test_one")
        .says("grew beyond --memory-limit");
    let report = project.report();
    assert_eq!(report.failing_tests[0].outcome, TestOutcome::OutOfMemory);
    // And a limit that it stays within is another matter, with nothing of that remembered.
    let (_, report) = project.run(0, &["--memory-limit", "512M"]);
    assert_eq!(report.counts.killed, report.counts.mutants);
}

#[test]
fn a_lower_limit_than_the_trace_had_has_the_tests_traced_again() {
    let project = large();
    let (_, report) = project.run(0, &["--memory-limit", "512M"]);
    assert!(report.counts.killed > 0 && report.counts.reused == 0);
    Ran::of(&mut project.main_job(&["--memory-limit", "64M"]))
        .expect(3)
        .says("grew beyond --memory-limit");
}

#[test]
fn verdicts_of_other_limits_are_not_used() {
    let project = Project::of(
        &[
            ("one.py", "import time\n\n\ndef one(n):\n    slept = time.sleep(n)\n    return n\n"),
            ("test_one.py", "from one import one\n\n\ndef test_one():\n    one(0)\n"),
        ],
        &[(
            "one.py",
            "import time\n\n\ndef one(n):\n    slept = time.sleep(n + 0)\n    return n\n",
        )],
    );
    let timeouts = |seconds: &str| {
        let ran = Ran::of(&mut project.main_job(&["--deadline-floor", seconds]));
        let report = project.report();
        assert_eq!(report.counts.reused, 0, "{ran}");
        let timed_out = |verdict: &Verdict| matches!(verdict, Verdict::Timeout { .. });
        report.mutants.iter().filter(|mutant| timed_out(&mutant.verdict)).count()
    };
    assert_eq!(timeouts("0.4"), 1, "`n + 1` sleeps for a second");
    assert_eq!(timeouts("3"), 0);
}

#[test]
fn a_kill_behind_a_test_that_does_not_end_is_found() {
    let walk = |step: &str| {
        format!(
            "def walk(end, strict):\n    at, last = 0, -1\n    while at < end:\n        \
             if strict and at == last:\n            raise ValueError(at)\n        last = at\n        \
             {step}\n    return at\n"
        )
    };
    let project = Project::of(
        &[
            ("walking.py", &walk("at = at + 1")),
            (
                "test_walking.py",
                "from walking import walk\n\n\ndef test_loose():\n    assert walk(3, False) == 3\n\n\n\
                 def test_strict():\n    assert walk(90000, True) == 90000\n",
            ),
        ],
        &[("walking.py", &walk("at += 1"))],
    );
    // The quick test comes first, and runs for ever.
    let (_, report) = project.run(0, &["--deadline-floor", "1", "--gate", "none"]);
    let stays =
        report.mutants.iter().find(|mutant| mutant.original == "+=" && mutant.replacement == "=");
    let stays = stays.expect("`at = 1` is among them");
    assert_eq!(stays.tests.len(), 2, "{stays:?}");
    assert!(
        matches!(&stays.verdict, Verdict::Killed { by } if by.as_str().ends_with("test_strict")),
        "{stays:?}"
    );
}
