//! What tests cannot see, cannot do, and cannot print.
//!
//! Invariant: the hostile parts are in the projects' own tests, as they would be on a real machine.

use crate::harness::{Project, Python, Ran, pythons};

const ONE: [(&str, &str); 1] = [("one.py", "def one(n):\n    return n + 1\n")];

fn with_test(python: &'static Python, test: &str) -> Project {
    let base = [("one.py", "def one(n):\n    return n + 2\n"), ("test_one.py", test)];
    Project::on(python, &base, &ONE)
}

#[test]
fn tokens_are_not_in_the_environment_of_tests() {
    let test = "import os\nimport subprocess\nimport sys\n\nfrom one import one\n\n\
        ALL = 'import os; print(*os.environ.values())'\n\n\n\
        def test_one():\n    assert 'secret' not in ' '.join(os.environ.values())\n    \
        done = subprocess.run([sys.executable, '-c', ALL], capture_output=True, text=True)\n    \
        assert 'secret' not in done.stdout\n    assert one(1) == 2\n";
    let project = with_test(Python::usual(), test);
    let mut command = project.main_job(&[]);
    for name in ["GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN"] {
        command.env(name, "secret");
    }
    Ran::of(&mut command).expect(0);
}

#[test]
fn other_variables_reach_tests_as_they_are() {
    let test = "import os\n\nfrom one import one\n\n\n\
        def test_one():\n    assert os.environ['SHOP'] == 'open'\n    assert one(1) == 2\n";
    let project = with_test(Python::usual(), test);
    Ran::of(project.main_job(&[]).env("SHOP", "open")).expect(0);
}

#[test]
fn the_working_tree_is_never_written_to() {
    let test = "import subprocess\nimport sys\n\nfrom one import one\n\n\n\
        def test_one(tmp_path, capfd):\n    (tmp_path / 'file').write_text('x')\n    \
        done = subprocess.run([sys.executable, '-c', 'import one; print(one.one(1))'])\n    \
        assert capfd.readouterr().out == '2\\n'\n    assert one(1) == 2\n";
    for python in pythons() {
        let project = with_test(python, test);
        let before = project.snapshot();
        project.run(0, &[]);
        assert_eq!(project.snapshot(), before, "{}", python.version);
        let status = project.git(&["status", "--porcelain", "--ignored"]);
        assert_eq!(status, "!! .mutdiff/\n");
    }
}

#[test]
fn scratch_files_of_a_run_are_gone_when_it_is() {
    let test = "from one import one\n\n\ndef test_one(tmp_path):\n    \
        (tmp_path / 'file').write_text('x')\n    assert one(1) == 2\n";
    let project = with_test(Python::usual(), test);
    project.run(0, &[]);
    let left: Vec<_> = std::fs::read_dir(project.home()).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn escapes_that_a_test_prints_do_not_reach_the_terminal() {
    let test = "def test_hostile():\n    print('\\x1b]0;owned\\x07\\x1b[2J')\n    \
        assert '\\x1b[31mred' == ''\n";
    let project = with_test(Python::usual(), test);
    let ran = Ran::of(&mut project.main_job(&[])).expect(3);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains('\x1b') && !text.contains('\x07'), "{ran}");
    }
    ran.says("test_hostile");
}

#[test]
fn escapes_in_names_of_files_and_tests_do_not_reach_the_terminal() {
    let test = "import pytest\n\nfrom one import one\n\n\n\
        @pytest.mark.parametrize('n', [1], ids=['\\x1b[2Jone'])\ndef test_one(n):\n    one(n)\n";
    let project = with_test(Python::usual(), test);
    let (ran, _) = project.run(1, &["-v"]);
    assert!(!ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'), "{ran}");
}

#[test]
fn a_mutant_in_the_code_that_patches_the_os_is_still_decided() {
    let test = "import os\nimport time\n\nfrom one import one\n\n\n\
        def test_one(monkeypatch):\n    \
        for name in ('fork', '_exit', 'kill', 'getpid', 'waitpid'):\n        \
        monkeypatch.setattr(os, name, None)\n    \
        monkeypatch.setattr(time, 'monotonic', lambda: 0.0)\n    assert one(1) == 2\n";
    let (_, report) = with_test(Python::usual(), test).run(0, &[]);
    assert_eq!(report.counts.killed, report.counts.mutants);
}

#[test]
fn a_test_that_closes_every_descriptor_loses_no_verdict() {
    let test = "import os\n\nfrom one import one\n\n\n\
        def test_one():\n    if one(1) != 2:\n        os.closerange(3, 256)\n        \
        raise AssertionError\n";
    let (_, report) = with_test(Python::usual(), test).run(0, &[]);
    assert_eq!(report.counts.killed, report.counts.mutants);
}
