//! `mutdiff init`: what it finds, what it offers, and that it writes nothing unasked.
//!
//! Invariant: what a file held before stays in it, byte for byte.

use std::fs;
use std::process::Command;

use crate::harness::{Project, Ran, clean};

const CODE: &str = "def f(x):\n    return x + 1\n";
const TEST: &str = "import m\n\n\ndef test_f():\n    assert m.f(1) == 2\n";
const PYPROJECT: &str = "[project]\nname = \"m\"\nversion = \"1\"\n\
                         [tool.pytest.ini_options]\npythonpath = [\".\"]\n\n\n";

fn project(more: &[(&str, &str)]) -> Project {
    let mut files = vec![("m.py", CODE), ("tests/test_m.py", TEST)];
    files.extend(more);
    Project::of(&files, &[])
}

fn init(project: &Project, arguments: &[&str]) -> Ran {
    let mut command = project.mutdiff(&["init"]);
    Ran::of(command.args(arguments))
}

fn read(project: &Project, path: &str) -> String {
    fs::read_to_string(project.root().join(path)).unwrap_or_default()
}

#[test]
fn it_says_what_it_finds_and_writes_nothing_unasked() {
    let files = [("pyproject.toml", PYPROJECT), (".github/workflows/ci.yml", "on: push\n")];
    let project = project(&files);
    let ran = init(&project, &[]).expect(0);
    let ran = ran.says("code m.py").says("1 files; tests/").says("runner pytest");
    let ran = ran.says("ci GitHub Actions").says("base main").says("1 test: 1 traced");
    ran.says("[tool.mutdiff] # base = ").says("tests = [\"tests\"]").says("mutdiff init --write");
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    assert_eq!(read(&project, "pyproject.toml"), PYPROJECT);
    assert!(!project.root().join(".git/hooks/pre-push").exists());
}

#[test]
fn the_section_is_added_once_and_what_was_traced_holds_with_it() {
    let project = project(&[("pyproject.toml", PYPROJECT)]);
    init(&project, &["--yes"]).expect(0).says("pyproject.toml written");
    let written = read(&project, "pyproject.toml");
    assert!(written.starts_with(PYPROJECT) && written.contains("\n[tool.mutdiff]\n"), "{written}");
    Ran::of(&mut project.mutdiff(&["config"])).expect(0).says("tests tests pyproject.toml");
    Ran::of(&mut project.mutdiff(&["record"])).expect(0).says("no test was run");
    init(&project, &["--write"]).expect(0).says("pyproject.toml has settings already");
    assert_eq!(read(&project, "pyproject.toml"), written);
}

#[test]
fn without_a_pyproject_the_settings_have_a_file_of_their_own() {
    let project = project(&[("pytest.ini", "[pytest]\ntestpaths = tests\npythonpath = .\n")]);
    init(&project, &["--write", "--no-check"]).expect(0).says("mutdiff.toml written");
    let written = read(&project, "mutdiff.toml");
    assert!(written.lines().all(|line| line.starts_with('#')), "pytest knows them: {written}");
    Ran::of(&mut project.mutdiff(&["config"])).expect(0);
    let again = init(&project, &["--write", "--no-check"]).expect(0);
    again.says("mutdiff.toml has settings already");
}

#[test]
fn where_tests_fail_nothing_is_written() {
    let failing = TEST.replace("== 2", "== 3");
    let project = project(&[("pyproject.toml", PYPROJECT), ("tests/test_n.py", &failing)]);
    let all = ["--write", "--workflow", "--hook"];
    let ran = init(&project, &all).expect(3);
    ran.says("test_n.py::test_f").says("nothing was written: mend the tests first");
    assert_eq!(project.git(&["status", "--porcelain"]), "");
    init(&project, &["--write", "--allow-failing"]).expect(0).says("pyproject.toml written");
}

#[test]
fn the_workflow_and_the_hook_are_written_where_they_are_asked_for_and_never_over_others() {
    let project = project(&[("pyproject.toml", PYPROJECT)]);
    let asked = ["--no-check", "--workflow", "--hook"];
    let ran = init(&project, &asked).expect(0).says(".github/workflows/mutdiff.yml written");
    ran.says("installed").says("mutdiff init --write");
    assert_eq!(read(&project, "pyproject.toml"), PYPROJECT);
    let workflow = read(&project, ".github/workflows/mutdiff.yml");
    for part in ["branches: [\"main\"]", ".venv/bin/pip install -e . pytest", "fetch-depth: 0"] {
        assert!(workflow.contains(part), "{part}: {workflow}");
    }
    assert!(project.root().join(".git/hooks/pre-push").exists());
    project.write(".github/workflows/mutdiff.yml", "# ours\n");
    init(&project, &asked).expect(0).says("is there already: it is left as it is");
    assert_eq!(read(&project, ".github/workflows/mutdiff.yml"), "# ours\n");
}

#[test]
fn at_a_terminal_it_asks_and_takes_no_for_an_answer() {
    let project = project(&[("pyproject.toml", PYPROJECT)]);
    // A terminal of its own: `y` for the section, nothing for the hook.
    let script = "import os, pty, sys\n\
                  pid, terminal = pty.fork()\n\
                  if pid == 0:\n    os.execv(sys.argv[1], sys.argv[1:])\n\
                  os.write(terminal, b'y\\n\\n')\n\
                  try:\n    while data := os.read(terminal, 1024):\n        os.write(1, data)\n\
                  except OSError:\n    pass\n\
                  sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n";
    let python = &project.python.path;
    let mut command: Command = clean(python, &project.home(), project.python);
    command.args(["-c", script, env!("CARGO_BIN_EXE_mutdiff"), "init", "--no-check"]);
    let ran = Ran::of(command.current_dir(project.root())).expect(0);
    ran.says("Write this to pyproject.toml? [y/N]").says("pyproject.toml written");
    assert!(read(&project, "pyproject.toml").contains("[tool.mutdiff]"));
    assert!(!project.root().join(".git/hooks/pre-push").exists());
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_what_to_do() {
    let broken = project(&[("pyproject.toml", "[project\n")]);
    let ran = init(&broken, &["--write", "--no-check"]).expect(2);
    ran.says("error: pyproject.toml: ").says("hint: mend it first");
    assert_eq!(read(&broken, "pyproject.toml"), "[project\n");
    let nowhere = Project::empty(broken.python);
    init(&nowhere, &[]).expect(2).says("hint: run it inside a git repository");
}
