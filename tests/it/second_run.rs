//! What a second run does anew, and what it takes from the first.
//!
//! Invariant: seen through the report's `reused` flags and through whether Python was started.

use std::collections::BTreeMap;

use mutdiff::model::{Conclusion, DecidedMutant, Report, Verdict};

use crate::harness::{FakePython, Project, Python, Ran, verdicts};

#[test]
fn a_second_run_decides_nothing_and_says_so() {
    let project = Project::fixture("callers", Python::usual());
    let (_, first) = project.run(1, &[]);
    assert_eq!(first.counts.reused, 0);
    let (ran, second) = project.run(1, &[]);
    ran.says("nothing decided anew");
    assert_eq!(second.counts.reused + second.counts.suppressed, second.counts.mutants);
    assert_eq!(verdicts(&first), verdicts(&second));
    assert_eq!(first.conclusion, second.conclusion);
}

#[test]
fn a_report_that_lies_in_the_project_puts_no_verdict_in_question() {
    let project = Project::fixture("callers", Python::usual());
    let options = ["--report", "html=page.html", "--report", "sarif=out/mutants.sarif"];
    std::fs::create_dir(project.root().join("out")).unwrap();
    project.run(1, &options);
    Ran::of(&mut project.mutdiff(&["store", "export", "copy.db"])).expect(0);
    let (ran, second) = project.run(1, &options);
    ran.says("nothing decided anew").never_says("page.html").never_says("copy.db");
    assert_eq!(second.counts.reused + second.counts.suppressed, second.counts.mutants);
    // One that somebody made a file of the project is one.
    project.git(&["add", "page.html"]);
    let (ran, _) = project.run(1, &[]);
    ran.says("page.html (data)");
}

#[test]
fn a_second_run_starts_no_python() {
    let project = Project::fixture("unittest_basics", Python::usual());
    let fake = FakePython::before(&project);
    let python = fake.path().display().to_string();
    let job = || {
        let mut command = project.mutdiff(&["--base", "main", "--runner", "unittest"]);
        command.args(["--python", &python]);
        Ran::of(&mut command).expect(1)
    };
    job();
    assert!(fake.starts() > 0);
    fake.forget();
    job().says("nothing decided anew");
    assert_eq!(fake.starts(), 0);
}

#[test]
fn a_comment_leaves_every_verdict_standing() {
    let project = Project::fixture("callers", Python::usual());
    project.run(1, &[]);
    let path = "lib/report.py";
    let text = std::fs::read_to_string(project.root().join(path)).unwrap();
    project.write(path, format!("{text}\n# a remark\n"));
    let (_, report) = project.run(1, &[]);
    assert_eq!(report.counts.reused + report.counts.suppressed, report.counts.mutants);
}

/// Thirty tests, of which two reach the changed function and share their forks with others in the first
/// trace, and the text of `steps.py`, of which each test enters a function of its own. Names put together
/// at run time keep what words may lead to out of it. `before` is run by the test before the second one
/// of the two, `in_it` by that.
fn thirty_tests(before: &str, in_it: &str) -> (Project, String) {
    let mut steps = String::from("def step(name, n):\n    return globals()[name](n)\n");
    let mut tests = String::from(
        "import unittest\nimport steps\nimport pay\n\n\nclass T(unittest.TestCase):\n",
    );
    for number in 0..30 {
        steps += &format!("\n\ndef step{number}(n):\n    return n + {number}\n");
        tests += &format!("    def test_{number:02}(self):\n");
        let sum = number + 1;
        tests += &format!("        self.assertEqual(steps.step('st' + 'ep{number}', 1), {sum})\n");
        match number {
            9 => tests += before,
            10 => tests += in_it,
            _ => {}
        }
        if [4, 10].contains(&number) {
            tests += "        self.assertEqual(pay.total(3, 5), 3 * 4 + 5 * 7 - 2 + 8)\n";
        }
    }
    let total = |last: u32| {
        let sums = "    t = a * 4 + b * 7 - 2\n".repeat(12);
        format!("def total(a, b):\n{sums}    return t + {last}\n")
    };
    let (before, after) = (total(9), total(8));
    let base = [("steps.py", steps.as_str()), ("test_steps.py", &tests), ("pay.py", &before)];
    let project = Project::on(Python::usual(), &base, &[("pay.py", &after)]);
    (project.with_runner("unittest"), steps)
}

#[test]
fn a_test_that_passes_only_behind_another_is_not_failed_by_a_better_trace_of_it() {
    let before = "        pay.ready = True\n";
    let in_it = "        self.assertTrue(getattr(pay, 'ready', False))\n";
    let (project, _) = thirty_tests(before, in_it);
    let (_, report) = project.run(1, &[]);
    assert!(report.failing_tests.is_empty());
    let (_, other) = thirty_tests("", "").0.run(1, &[]);
    assert_eq!(verdicts(&report), verdicts(&other));
}

#[test]
fn a_change_of_what_only_earlier_tests_of_a_fork_entered_puts_no_verdict_in_question() {
    let (project, steps) = thirty_tests("", "");
    let (_, first) = project.run(1, &[]);
    assert!(first.counts.mutants > 60, "{:?}", first.counts);

    // It is entered by the first test of each of the two forks, and by others of none.
    let other = steps.replace("return n + 0\n", "n = n + 0\n    return n\n");
    let other = other.replace("return n + 6\n", "n = n + 6\n    return n\n");
    project.write("steps.py", &other);
    let (_, second) = project.run(1, &[]);
    let anew = second.mutants.iter().filter(|mutant| {
        let is_suppressed = matches!(mutant.verdict, Verdict::Suppressed { .. });
        mutant.function.name.as_str() == "total" && !mutant.reused && !is_suppressed
    });
    assert_eq!(anew.count(), 0);
}

#[test]
fn what_no_test_reaches_is_remembered_too() {
    let project = Project::fixture("callers", Python::usual());
    project.run(1, &[]);
    let path = "lib/report.py";
    let text = std::fs::read_to_string(project.root().join(path)).unwrap();
    let text = format!("{text}\n\ndef unreached(n):\n    return n * 2 - 1\n");
    project.write(path, &text);
    let (_, second) = project.run(1, &[]);
    assert!(second.counts.mutants > second.counts.reused + second.counts.suppressed);
    project.write(path, format!("# A comment.\n{text}"));
    let (_, third) = project.run(1, &[]);
    assert_eq!(third.counts.reused + third.counts.suppressed, third.counts.mutants);
    assert_eq!(by_id(&second), by_id(&third));
}

#[test]
fn code_that_is_laid_out_in_another_way_is_not_decided_again() {
    let texts = [
        "def f(n):\n    return n + 1\n",
        "def f(n):\n    return (  # why\n        n\n        + 1\n    )\n",
    ];
    let test = "from m import f\n\n\ndef test_f():\n    assert f(1) == 2\n";
    let project = Project::of(&[("m.py", texts[0]), ("test_m.py", test)], &[]);
    let (_, first) = project.run(0, &["--scope", "all"]);
    assert!(first.counts.killed > 1);
    project.write("m.py", texts[1]);
    let (_, second) = project.run(0, &["--scope", "all"]);
    assert_eq!(by_id(&first), by_id(&second));
    assert_eq!(second.counts.reused + second.counts.suppressed, second.counts.mutants);
}

fn by_id(report: &Report) -> BTreeMap<String, String> {
    let verdict = |m: &DecidedMutant| (m.id.to_string(), m.verdict.word().to_owned());
    report.mutants.iter().map(verdict).collect()
}

#[test]
fn code_that_moves_within_its_file_keeps_its_tests() {
    let files = [
        (
            "m.py",
            "def f(n):\n    return n + 1\n\n\ndef g(n):\n    if n > 3:\n        return n * 2\n    return n - 1\n",
        ),
        ("test_f.py", "from m import f\n\n\ndef test_f():\n    assert f(1) == 2\n"),
        (
            "test_g.py",
            "from m import g\n\n\ndef test_g():\n    assert g(1) == 0\n    assert g(4) == 8\n",
        ),
    ];
    let project = Project::of(&files, &[]);
    let all = ["--scope", "all", "--gate", "none"];
    let (_, first) = project.run(0, &all);
    let text = files[0].1;
    // The lines of each function are now lines of another one, or of none.
    let (f, g) = text.split_at(text.find("def g").unwrap());
    for moved in [format!("# a\n# b\n# c\n# d\n{text}"), format!("{g}\n\n{f}")] {
        project.write("m.py", moved);
        let (_, report) = project.run(0, &all);
        assert_eq!(by_id(&report), by_id(&first));
    }
    project.write("m.py", format!("# e\n{text}"));
    let (_, report) = project.run(0, &all);
    assert!(report.mutants.iter().all(|mutant| mutant.reused));
    let inside = text.replace("    return n - 1", "    # a remark\n    return n - 1");
    project.write("m.py", inside);
    let (_, report) = project.run(0, &all);
    assert!(report.mutants.iter().all(|mutant| mutant.reused));
}

#[test]
fn one_more_edit_decides_anew_only_what_rests_on_it() {
    let project = Project::of(
        &[
            ("pkg/__init__.py", ""),
            ("pkg/one.py", "def one(n):\n    return n + 1\n"),
            ("pkg/two.py", "def two(n):\n    return n + 2\n"),
            (
                "tests/test_one.py",
                "from pkg.one import one\n\n\ndef test_one():\n    assert one(1) == 2\n",
            ),
            (
                "tests/test_two.py",
                "from pkg.two import two\n\n\ndef test_two():\n    assert two(1) == 3\n",
            ),
        ],
        &[
            ("pkg/one.py", "def one(n):\n    return 1 + n\n"),
            ("pkg/two.py", "def two(n):\n    return 2 + n\n"),
        ],
    );
    project.run(0, &[]);
    project.write("pkg/two.py", "def two(n):\n    return 4 + n - 2\n");
    let (_, report) = project.run(0, &[]);
    for mutant in &report.mutants {
        let untouched = mutant.function.path.as_str() == "pkg/one.py";
        assert_eq!(mutant.reused, untouched, "{}: {}", mutant.function, mutant.original);
    }
    assert!(report.counts.reused > 0);
}

#[test]
fn a_test_that_no_longer_looks_takes_its_kills_back() {
    let project = Project::of(
        &[
            ("one.py", "def one(n):\n    return n + 2\n"),
            ("test_one.py", "from one import one\n\n\ndef test_one():\n    assert one(1) == 2\n"),
        ],
        &[("one.py", "def one(n):\n    return n + 1\n")],
    );
    let (_, first) = project.run(0, &[]);
    assert_eq!(first.counts.killed, first.counts.mutants);
    project.write("test_one.py", "from one import one\n\n\ndef test_one():\n    one(1)\n");
    let (_, second) = project.run(1, &[]);
    assert_eq!(second.conclusion, Conclusion::Failed);
    assert!(second.counts.survived > 0, "a stored kill rests on a test that was changed");
}

#[test]
fn a_helper_two_calls_away_is_part_of_what_a_verdict_rests_on() {
    let base = [
        ("app.py", "from low import low\n\n\ndef top(n):\n    return low(n) * 3\n"),
        ("low.py", "def low(n):\n    return n + 1\n"),
        ("test_app.py", "from app import top\n\n\ndef test_top():\n    assert top(1) >= 0\n"),
    ];
    let change = [("app.py", "from low import low\n\n\ndef top(n):\n    return low(n) * 2\n")];
    let project = Project::of(&base, &change);
    project.run(1, &[]);
    // With a negative factor, a mutant that turned nothing around before does so now.
    project.write("low.py", "def low(n):\n    return n - 1\n");
    let (_, report) = project.run(1, &[]);
    let kept: Vec<_> =
        report.mutants.iter().filter(|m| m.function.name.as_str() == "top" && m.reused).collect();
    assert!(kept.is_empty(), "{kept:#?}");
}

#[test]
fn a_file_that_code_looks_for_is_noticed_when_it_appears() {
    let core = "import importlib\nimport pkgutil\nimport plugins\n\n\ndef load():\n    total = 0\n    \
                for found in pkgutil.iter_modules(plugins.__path__):\n        \
                total += importlib.import_module('plugins.' + found.name).K\n    return total\n\n\n\
                def f(n):\n    return load() + n\n\n\ndef g(n):\n    try:\n        import extra\n    \
                except ImportError:\n        return n + 4\n    return n + 9\n";
    let test = "import unittest\nimport core\n\n\nclass T(unittest.TestCase):\n    \
                def test_f(self):\n        self.assertGreaterEqual(core.f(1), 100)\n\n    \
                def test_g(self):\n        self.assertGreaterEqual(core.g(1), 5)\n";
    let before = core.replace("load() + n", "load()");
    let base = [
        ("core.py", before.as_str()),
        ("plugins/__init__.py", ""),
        ("plugins/a.py", "K = 100\n"),
        ("test_core.py", test),
    ];
    let project = Project::on(Python::usual(), &base, &[("core.py", core)]).with_runner("unittest");
    let run = || {
        let mut command = project.mutdiff(&["--base", "main", "--scope", "all", "--gate", "none"]);
        command.args(["--runner", "unittest", "--report", "json=out.json", "--python"]);
        Ran::of(command.arg(&Python::usual().path)).expect(0);
        let json = std::fs::read_to_string(project.root().join("out.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        let verdict = |mutant: &serde_json::Value| {
            (mutant["id"].as_str().unwrap().to_owned(), mutant["verdict"].clone())
        };
        report["mutants"].as_array().unwrap().iter().map(verdict).collect::<BTreeMap<_, _>>()
    };
    let first = run();
    for path in ["plugins/b.py", "extra.py"] {
        project.write(path, "K = 1\n");
        let kept = run();
        Ran::of(&mut project.mutdiff(&["store", "clear"])).expect(0);
        assert_eq!(kept, run(), "{path}");
        assert_ne!(kept, first);
    }
}
