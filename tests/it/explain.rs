//! `mutdiff explain`: lines, functions and mutants, in scope and out of it.
//!
//! Invariant: none of it starts Python.

use crate::harness::{FakePython, Project, Python, Ran};

const TEST: &str = "import unittest\nfrom app import top\nfrom low import low\nfrom other import other\n\n\n\
                    class T(unittest.TestCase):\n    def test_top(self):\n        \
                    self.assertEqual(top(1), 6)\n\n    def test_other(self):\n        \
                    self.assertEqual(other(1), 2)\n";
const APP: &str = "from low import low\n\n\ndef middle(n):\n    return low(n) * 3\n\n\ndef top(n):\n    \
                   return middle(n)\n\n\ndef unreached(n):\n    return low(n) + 7\n";

/// `top` calls `middle` calls `low`, which the change is to; `other` is apart.
fn project() -> Project {
    Project::on(
        Python::usual(),
        &[
            ("low.py", "def low(n):\n    return n + 1\n"),
            ("app.py", APP),
            ("other.py", "LIMIT = 5\n\n\ndef other(n):\n    return n + 1\n\n\nclass C:\n    def top(self):\n        return 1\n"),
            ("test_app.py", TEST),
        ],
        &[("low.py", "def low(n):\n    return 1 + n\n")],
    )
    .with_runner("unittest")
}

fn explain(project: &Project, fake: &FakePython, arguments: &[&str]) -> Ran {
    let mut command = project.mutdiff(&["explain", "--base", "main", "--runner", "unittest"]);
    Ran::of(command.arg("--python").arg(fake.path()).args(arguments))
}

fn run(project: &Project, fake: &FakePython) -> Ran {
    let mut command =
        project.mutdiff(&["--base", "main", "--runner", "unittest", "--scope", "all"]);
    Ran::of(command.arg("--python").arg(fake.path()).args(["--gate", "none"])).expect(0)
}

#[test]
fn the_calls_to_the_changed_function_are_named_with_how_they_are_known() {
    let project = project();
    let fake = FakePython::before(&project);
    explain(&project, &fake, &["low"]).expect(0).says("no tests were traced here yet");
    assert_eq!(fake.starts(), 0);
    run(&project, &fake);
    fake.forget();
    explain(&project, &fake, &["app.py::top"])
        .expect(0)
        .says("in scope, compared with main: caller of low (distance 2)")
        .says("app.py::top → app.py::middle (a test was seen to make this call)")
        .says("app.py::middle → low.py::low (a test was seen to make this call)")
        .says("1 test reaches it test_app.T.test_top")
        .says("line 8: 0 tests line 9: 1 test");
    explain(&project, &fake, &["unreached"])
        .expect(0)
        .says("app.py::unreached → low.py::low (told from the text: no test reaches it)")
        .says("no test reaches it");
    explain(&project, &fake, &["low"]).expect(0).says("in scope, compared with main: changed");
    explain(&project, &fake, &["other"])
        .expect(0)
        .says("not in scope, compared with main: its own code is that of main")
        .says("no test was seen to reach a changed function from it");
    explain(&project, &fake, &["T.test_top"]).expect(0).says("and is not mutated");
    assert_eq!(fake.starts(), 0);
}

#[test]
fn a_line_and_a_mutant_are_explained_with_what_their_verdicts_rest_on() {
    let project = project();
    let fake = FakePython::before(&project);
    run(&project, &fake);
    fake.forget();
    explain(&project, &fake, &["other.py:1"])
        .expect(0)
        .says("line 1, in other.py::<module>")
        .says("it runs at import")
        .says("cold: imported afresh");
    let ran = explain(&project, &fake, &["./low.py:2"])
        .expect(0)
        .says("1 test reaches this line")
        .says("hot: swapped into the running process")
        .says("killed by test_app.T.test_top")
        .says("rests on its function, on 1 test")
        .says("a run would use this verdict now");
    let id = ran.stdout.lines().find_map(|line| {
        let word = line.split_whitespace().next()?;
        (word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit())).then_some(word)
    });
    let id = &id.expect("a mutant is named")[..10];
    explain(&project, &fake, &[id]).expect(0).says("1 mutant ").says("low.py::low");
    assert_eq!(fake.starts(), 0);
}

#[test]
fn programs_read_it_as_json_while_another_run_holds_the_store() {
    let project = project();
    let fake = FakePython::before(&project);
    run(&project, &fake);
    fake.forget();
    let held = std::fs::File::options()
        .write(true)
        .open(project.root().join(".mutdiff/lock"))
        .expect("a run made it");
    held.try_lock().expect("nobody holds it");
    let ran = explain(&project, &fake, &["app.py::top", "--format", "json"]).expect(0);
    let said: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    assert_eq!(said["reasons"][0]["kind"], "caller_of");
    assert_eq!(said["calls"][1]["callee"]["name"], "low");
    assert_eq!(said["tests"], serde_json::json!(["test_app.T.test_top"]));
    assert_eq!(said["mutants"][0]["reuse"], "yes", "{ran}");
    // What it has to parse again, it remembers for itself.
    project.write("low.py", "def low(n):\n    return n - -1\n");
    explain(&project, &fake, &["low"]).expect(0).says("low.py::low");
    assert_eq!(fake.starts(), 0);
    let mut command = project.mutdiff(&["--base", "main", "--runner", "unittest", "--list"]);
    Ran::of(&mut command).expect(2).says("lock");
}

#[test]
fn what_a_verdict_no_longer_rests_on_is_named() {
    let project = project();
    let fake = FakePython::before(&project);
    run(&project, &fake);
    fake.forget();
    project.write("low.py", "def low(n):\n    return n - -1\n");
    for _ in 0..2 {
        // Also when the new text has been looked at once.
        explain(&project, &fake, &["middle"]).expect(0).says("a run would decide it anew").says(
            "functions that its tests enter: low.py::low (to be traced again: test_app.T.test_top)",
        );
    }
    explain(&project, &fake, &["other.py::other"])
        .expect(0)
        .says("a run that has it in scope would use this verdict");
    explain(&project, &fake, &["middle", "--tests", "test_app"])
        .expect(0)
        .says("the environment: the runner's arguments: none → test_app");
    assert_eq!(fake.starts(), 0);
}

#[test]
fn a_name_that_is_none_or_several_is_a_usage_error_that_helps() {
    let project = project();
    let fake = FakePython::before(&project);
    let explain = |what: &str| explain(&project, &fake, &[what]).expect(2);
    explain("midle").says("there is no function or mutant `midle`").says("app.py::middle");
    explain("qqqqqqqq").says("PATH:LINE");
    explain("app.py:99").says("app.py has no line 99: it ends with line 13");
    explain("apq.py:1").says("there is no Python file apq.py").says("did you mean app.py");
    explain("app.py::tp").says("did you mean app.py::top");
    explain("00000000000000aa").says("there is no function or mutant");
    project.write("more.py", "def top(n):\n    return n\n");
    explain("top").says("`top` is the name of several").says("app.py::top, more.py::top");
}

#[test]
fn a_limit_that_alone_is_another_is_named() {
    let project = project();
    let fake = FakePython::before(&project);
    run(&project, &fake);
    fake.forget();
    for (arguments, said) in [
        (["--deadline-factor", "7"], "--deadline-factor: it was 10, and is 7"),
        (["--deadline-floor", "1.5"], "--deadline-floor: it was 2 s, and is 1.5 s"),
        (["--memory-limit", "3G"], "and is 3G"),
    ] {
        let ran = explain(&project, &fake, &[&["low"][..], &arguments].concat()).expect(0);
        ran.says("a run would decide it anew").says(said).never_says("cannot be told");
    }
    explain(&project, &fake, &["low"]).expect(0).says("a run would use this verdict now");
    assert_eq!(fake.starts(), 0);
}
