"""Processes that tests start see the mutant, and nothing else of mutdiff."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from driver import Process, Project, Slot

MODULE = """
import sys

def value():
    return 41

if __name__ == "__main__":
    sys.exit(value() - 41)
"""

TESTS = """
import concurrent.futures, multiprocessing, os, subprocess, sys
import mod, pytest

PRINT = "import mod; print(mod.value())"

def outcome(*arguments, **options):
    done = subprocess.run(arguments, check=True, stdout=-1, text=True, **options)
    return done.stdout.strip()

def value():
    import mod
    return mod.value()

def clear(monkeypatch):
    for name in list(os.environ):
        monkeypatch.delenv(name)

def test_c(): assert outcome(sys.executable, "-c", PRINT) == "41"
def test_m(): subprocess.run([sys.executable, "-m", "mod"], check=True)
def test_env(): assert outcome(sys.executable, "-c", PRINT, env={}) == "41"
def test_env_path():
    env = {**os.environ, "PYTHONPATH": os.getcwd()}
    assert outcome(sys.executable, "-c", PRINT, env=env) == "41"
def test_pass_fds(): assert outcome(sys.executable, "-c", PRINT, env={}, pass_fds=(0,)) == "41"
def test_cleared(monkeypatch):
    clear(monkeypatch)
    assert outcome(sys.executable, "-c", PRINT) == "41"
def test_replaced_environ(monkeypatch):
    monkeypatch.setattr(os, "environ", {})
    assert outcome(sys.executable, "-c", PRINT) == "41"
def test_nested_empty():
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {PRINT!r}], env={{}})"
    assert outcome(sys.executable, "-c", code, env={}) == "41"
def test_shell(): assert outcome(f'{sys.executable} -c "{PRINT}"', shell=True) == "41"
def test_shell_empty():
    assert outcome(f'{sys.executable} -c "{PRINT}"', shell=True, env={}, cwd=os.getcwd()) == "41"
def test_popen_cleared(monkeypatch):
    clear(monkeypatch)
    assert os.popen(f'{sys.executable} -c "{PRINT}"').read().strip() == "41"
def test_patch_dict():
    from unittest import mock
    with mock.patch.dict(os.environ, clear=True):
        assert outcome(sys.executable, "-c", PRINT) == "41"
def test_patch_dict_spawn():
    from unittest import mock
    with mock.patch.dict(os.environ, clear=True):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(value) == 41
def test_spawnv():
    assert os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-m", "mod"], {}) == 0
def test_script(tmp_path):
    script = tmp_path / "tool"
    path = f"import sys; sys.path[0] = {os.getcwd()!r}"
    script.write_text(f"#!{sys.executable}\\n{path}\\n{PRINT}\\n")
    script.chmod(0o755)
    assert outcome(str(script), env={}) == "41"
def test_execv():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.dup2(writer, 1)
        os.execv(sys.executable, [sys.executable, "-c", PRINT])
    os.close(writer)
    assert os.read(reader, 9).strip() == b"41"
def test_execle():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.dup2(writer, 1)
        os.execle(sys.executable, sys.executable, "-c", PRINT, {})
    os.close(writer)
    assert os.read(reader, 9).strip() == b"41"
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool(method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(value) == 41
def test_executor():
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(value).result() == 41
def test_reimport():
    import importlib, mod
    assert importlib.reload(mod).value() == 41
def test_fresh_import(monkeypatch):
    monkeypatch.delitem(sys.modules, "mod")
    assert value() == 41

def test_environment_is_as_given():
    import json
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    given = {"A": "1", "PYTHONPATH": "x"}
    before = dict(given)
    seen = json.loads(outcome(sys.executable, "-c", code, env=given))
    seen.pop("LC_CTYPE", None)
    assert (given, seen) == (before, before)
def test_other_programs_are_left_alone():
    assert outcome("/usr/bin/env", env={"A": "1"}) == "A=1"
def test_sitecustomize(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.mine = 5\\n")
    env = {**os.environ, "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}:{tmp_path}"}
    code = "import sys, sitecustomize; print(mine, sitecustomize.__file__)"
    assert outcome(sys.executable, "-c", code, env=env) == f"5 {tmp_path / 'sitecustomize.py'}"
def test_sys_path():
    code = "import sys; print([p for p in sys.path if 'mutdiff-rt' in p or 'worker' in p])"
    assert outcome(sys.executable, "-I", "-c", code) == outcome(sys.executable, "-c", code)[:2]
def test_runs_once(tmp_path):
    import mod
    with open("../count", "a") as file:
        file.write("x")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
"""

REACHED = [
    *("test_c", "test_m", "test_env", "test_env_path", "test_pass_fds", "test_cleared"),
    *("test_replaced_environ", "test_nested_empty", "test_shell", "test_script", "test_execv"),
    *("test_shell_empty", "test_popen_cleared", "test_patch_dict", "test_patch_dict_spawn"),
    "test_spawnv",
    *("test_execle", "test_pool[fork]", "test_pool[spawn]", "test_pool[forkserver]"),
    *("test_executor", "test_reimport", "test_fresh_import"),
]
ALONE = [
    *("test_environment_is_as_given", "test_other_programs_are_left_alone"),
    *("test_sitecustomize", "test_sys_path"),
]


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project({"mod.py": MODULE, "test_mod.py": TESTS})


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start()


@pytest.fixture(scope="module")
def slot(process: Process) -> Slot:
    return process.slot()


@pytest.mark.parametrize("test", REACHED)
def test_a_child_runs_the_mutant(test: str, project: Project, slot: Slot) -> None:
    run = slot.run([f"::{test}"], project.mutant("mod.py", "return 41", "return 42"))
    assert run.words == ["failed"], run


@pytest.fixture(scope="module")
def cold(project: Project, process: Process) -> Slot:
    return project.start("cold", preload=process.collected["preload"]).slot()


@pytest.mark.parametrize("test", ["test_c", "test_env", "test_pool[spawn]", "test_fresh_import"])
def test_a_child_of_a_cold_process_runs_the_mutant(
    test: str, project: Project, process: Process, cold: Slot
) -> None:
    mutant = project.mutant("mod.py", "return 41", "return 42")
    run = cold.run([f"test_mod.py::{test}", "test_mod.py::no"], mutant, known=process.ids)
    assert run.words == ["failed", "missing"], run


@pytest.mark.parametrize("test", ["test_c", "test_env", "test_pool[spawn]", "test_m"])
def test_a_probe_is_reached_in_a_child(test: str, project: Project, slot: Slot) -> None:
    same = project.mutant("mod.py", "return 41", "return 41")
    run = slot.run([f"::{test}"], same, probe=True)
    assert (run.words, run.probe) == (["passed"], True), run


def test_children_pass_without_a_mutant(process: Process, slot: Slot) -> None:
    run = slot.run([f"::{test}" for test in [*REACHED, *ALONE]], seconds=60)
    words = dict(zip([*REACHED, *ALONE], run.words, strict=False))
    assert set(words.values()) == {"passed"}, (words, process.log())


def test_a_spawned_child_does_not_run_the_tests(project: Project, slot: Slot) -> None:
    assert slot.run(["test_runs_once"]).words == ["passed"]
    assert (project.area / "count").read_text() == "x"
