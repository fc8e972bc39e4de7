//! What must not be taken for an answer: a trace that is gone, files that tests read, luck.
//!
//! Invariant: each test here is a wrong verdict that mutdiff once gave.

use std::process::Stdio;

use mutdiff::model::Verdict;

use crate::harness::{Project, Python, clean, verdicts};

const SOURCE: &str = "def f(x):\n    return x + 1\n";

#[test]
fn a_failed_collection_leaves_no_empty_trace_behind() {
    let project = Project::of(
        &[("m.py", SOURCE)],
        &[
            ("m.py", "def f(x):\n    return 1 + x\n"),
            ("test_m.py", "import m\n\ndef test_f():\n    assert m.f(1) == 2 and m.f(5) == 6\n"),
        ],
    );
    let (_, first) = project.run(0, &[]);
    let typo = project.main_job(&["--tests", "no_such_file.py"]).output().unwrap();
    assert_ne!(typo.status.code(), Some(0));
    let (_, again) = project.run(0, &["--scope", "functions"]);
    assert_eq!(verdicts(&first), verdicts(&again));
}

#[test]
fn a_data_file_that_a_test_reads_is_part_of_what_a_verdict_rests_on() {
    let test = "import json, m\n\ndef test_f():\n    data = json.load(open('data.json'))\n    \
                assert m.f(data['in']) == data['out']\n";
    let project = Project::of(
        &[("m.py", "def f(x):\n    return x\n"), ("test_m.py", test)],
        &[("m.py", SOURCE), ("data.json", "{\"in\": 1, \"out\": 2}")],
    );
    project.run(0, &[]);
    project.write("data.json", "{\"in\": 1, \"out\": 99}");
    let (ran, _) = project.run(3, &[]);
    ran.says("test_m.py::test_f");
}

#[test]
fn a_test_that_also_fails_without_a_mutant_kills_nothing() {
    // Passes once, when it is traced, and never again: with a mutant, without one.
    let test = "import m, os, pathlib\n\ndef test_f():\n    m.f(1)\n    \
                counter = pathlib.Path(os.environ['HOME'], 'counter')\n    \
                n = int(counter.read_text()) if counter.exists() else 0\n    \
                counter.write_text(str(n + 1))\n    assert n == 0\n";
    let project = Project::of(
        &[("m.py", "def f(x):\n    return x\n"), ("test_m.py", test)],
        &[("m.py", SOURCE)],
    );
    let (ran, report) = project.run(4, &[]);
    ran.says("also fail without a mutant").says("no test can decide it");
    assert_eq!(report.counts.error, report.counts.mutants);
    assert!(report.mutants.iter().all(|mutant| matches!(mutant.verdict, Verdict::Error { .. })));
}

#[test]
fn a_patch_is_in_the_encoding_of_its_file() {
    let source = |value: &str| {
        let mut bytes = b"# -*- coding: latin-1 -*-\nNAME = 'caf\xe9'\ndef f(x):\n".to_vec();
        bytes.extend(format!("    return {value}\n").bytes());
        bytes
    };
    let project = Project::empty(Python::usual());
    project.write("m.py", source("x"));
    project.write("test_m.py", "import m\n\ndef test_f():\n    m.f(1)\n");
    project.git(&["init", "--quiet", "--initial-branch", "main"]);
    project.commit("base");
    project.write("m.py", source("x + 1"));
    let (_, report) = project.run(1, &[]);
    let survivor = report.mutants.iter().find(|m| m.verdict == Verdict::Survived).unwrap();
    let mut show = project.mutdiff(&["show", survivor.id.as_str()]);
    let mut show = show.stdout(Stdio::piped()).spawn().unwrap();
    let mut git = clean("git", &project.home(), project.python);
    git.args(["apply", "--check", "-"]).current_dir(project.root());
    let applied = git.stdin(show.stdout.take().unwrap()).status().unwrap();
    assert!(show.wait().unwrap().success() && applied.success());
}

#[test]
fn a_python_file_that_git_ignores_is_part_of_what_a_verdict_rests_on() {
    let project = Project::of(
        &[
            (".gitignore", "local.py\n"),
            ("m.py", "def f(x):\n    return x\n"),
            ("test_m.py", "import local, m\n\ndef test_f():\n    assert m.f(1) == local.WANTED\n"),
        ],
        &[("m.py", SOURCE)],
    );
    project.write("local.py", "WANTED = 2\n");
    let (_, first) = project.run(0, &[]);
    assert!(first.counts.killed > 0);
    // Nothing but the ignored file changes.
    project.write("local.py", "WANTED = 3\n");
    let (ran, _) = project.run(3, &[]);
    ran.says("test_m.py::test_f");
    project.write("local.py", "WANTED = 2\n");
    let (_, again) = project.run(0, &[]);
    assert_eq!(verdicts(&first), verdicts(&again));
    let (_, unchanged) = project.run(0, &[]);
    assert_eq!(unchanged.counts.reused + unchanged.counts.suppressed, unchanged.counts.mutants);
}

#[test]
fn a_function_that_only_a_mutated_run_enters_is_part_of_what_a_verdict_rests_on() {
    let other = |value: &str| format!("def other(x):\n    return {value}\n");
    let test = "import m\n\ndef test_f():\n    assert m.f(1) == 1\n";
    let project = Project::of(
        &[("n.py", &other("x")), ("test_m.py", test)],
        &[("m.py", "import n\n\ndef f(x):\n    return n.other(x) if x > 1 else x\n")],
    );
    let verdict = |report: &mutdiff::model::Report| {
        let of = |m: &&mutdiff::model::DecidedMutant| m.replacement == ">=";
        report.mutants.iter().find(of).unwrap().verdict.word()
    };
    let (_, first) = project.run(1, &[]);
    assert_eq!(verdict(&first), "survived");
    // With `x >= 1`, the test goes where it has never been.
    project.write("n.py", other("x + 1"));
    let (_, second) = project.run(1, &[]);
    assert_eq!(verdict(&second), "killed");
}

#[test]
fn what_an_import_of_another_file_warmed_hides_no_line_once_that_is_gone() {
    let memo = "from functools import lru_cache\n\n\n@lru_cache(maxsize=None)\ndef memo(n):\n    \
                if n < 1:\n        return n\n    return 4\n";
    let project = Project::of(
        &[
            ("gamma.py", memo),
            ("alpha.py", "from gamma import memo\n\n\ndef f(n=memo(0)):\n    return n\n"),
            (
                "test_one.py",
                "from gamma import memo\n\n\ndef test_memo():\n    assert memo(0) == 0\n",
            ),
            ("test_two.py", "import alpha\n\n\ndef test_f():\n    assert alpha.f(3) == 3\n"),
        ],
        &[],
    );
    project.run(1, &["--scope", "all", "--gate", "all"]);
    project.write("alpha.py", "def f(n):\n    return n\n");
    let (_, report) = project.run(1, &["--scope", "all", "--gate", "all"]);
    let of_line =
        |m: &&mutdiff::model::DecidedMutant| m.original == "n" && m.span.start.line.get() == 7;
    let mutant = report.mutants.iter().find(of_line).expect("`return n` has a mutant");
    assert!(matches!(mutant.verdict, Verdict::Killed { .. }), "{:?}", mutant.verdict);
}
