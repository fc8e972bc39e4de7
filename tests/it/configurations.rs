//! Plugins that a project switches off, and what suites that know xdist rely on.
//!
//! Invariant: the environment is that of the fixture `plugins`.

use crate::harness::{Project, Python, Ran};

const BASE: &str = "def f(x):\n    return 1 + x\n";
const CHANGE: &str = "def f(x):\n    return x + 1\n";

fn python() -> &'static Python {
    let requirements = include_str!("../../fixtures/plugins/requirements");
    Box::leak(Box::new(Python::usual().with("plugins", requirements)))
}

fn project(addopts: &str, tests: &str) -> Project {
    let ini = format!("[pytest]\npythonpath = .\naddopts = {addopts}\n");
    let base = [("m.py", BASE), ("pytest.ini", ini.as_str()), ("test_m.py", tests)];
    Project::on(python(), &base, &[("m.py", CHANGE)])
}

#[track_caller]
fn kills_all(project: &Project, environment: &[(&str, &str)]) {
    let ran = Ran::of(project.main_job(&[]).envs(environment.iter().copied())).expect(0);
    let report = project.report();
    assert_eq!((report.counts.mutants, report.counts.killed), (3, 3), "{ran}");
}

const PLAIN: &str = "import m\n\n\ndef test_f():\n    assert m.f(2) == 3\n";

#[test]
fn options_of_plugins_that_are_not_loaded_are_not_given() {
    for addopts in [
        "-p no:xdist -p no:randomly",
        "-p no:pytest_cov -p no:rerunfailures -p no:cacheprovider",
        "--disable-plugin-autoload -p xdist.plugin -n 2",
        "--disable-plugin-autoload --strict-markers --strict-config",
    ] {
        kills_all(&project(addopts, PLAIN), &[]);
    }
    kills_all(
        &project("-p pytest_cov.plugin --cov=m", PLAIN),
        &[("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")],
    );
}

#[test]
fn options_of_installed_plugins_stop_no_run() {
    let addopts = "-n 2 --dist loadscope --cov=m --cov-fail-under=100 --reruns 3 --sw --ff -x";
    kills_all(&project(addopts, PLAIN), &[]);
    kills_all(&project("", PLAIN), &[("PYTEST_ADDOPTS", "-n 2 --cov --maxfail=1 -p randomly")]);
}

#[test]
fn what_workers_share_is_shared_by_no_two_runs() {
    // The recipe of xdist's documentation: one worker makes it, all others read it.
    let tests = "import pytest\n\nimport m\n\n\n@pytest.fixture(scope='session')\n\
        def made(tmp_path_factory, worker_id):\n    assert worker_id.startswith('gw')\n    \
        kept = tmp_path_factory.getbasetemp().parent / 'made'\n    if not kept.exists():\n        \
        kept.write_text(repr(m.f(2)))\n    return kept.read_text()\n\n\n\
        def test_f(made):\n    assert made in ('3', '4')\n";
    let project = project("-n 2", tests);
    let (ran, report) = project.run(1, &["--jobs", "1"]);
    // 4 for 3 is not noticed; what another mutant made would be, or would hide this one.
    assert_eq!((report.counts.killed, report.counts.survived), (2, 1), "{ran}");
}

#[test]
fn the_seed_is_the_projects_or_the_same_in_all_processes() {
    let own = "import m\n\n\ndef test_f(request):\n    \
        assert request.config.getoption('randomly_seed') == 7\n    assert m.f(2) == 3\n";
    kills_all(&project("-p randomly -p no:xdist --randomly-seed=7", own), &[]);
    let fixed = own.replace("== 7", "== 1");
    kills_all(&project("--randomly-seed=last", &fixed), &[]);
}
