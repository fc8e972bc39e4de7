"""Scripts of the project, run by their path: traced, mutated, and otherwise as they were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from driver import RUNTIME, Process, Project, Slot

SCRIPT = """
import sys
import helper

def value():
    return 41

def reveal():
    spec, loader = __spec__, type(__loader__).__name__
    names = sorted(set(globals()) - {"__annotations__"})
    print(__name__, __file__, sys.argv, sys.path[0], spec, loader, names, __cached__)
    print(sys._getframe(2).f_back, helper.__name__, __import__("__main__").value is value)

def act(what):
    if what == "reveal":
        reveal()
    elif what == "fail":
        raise LookupError(value())
    elif what == "interrupt":
        raise KeyboardInterrupt
    elif what == "text":
        sys.exit("bye")
    elif what == "compare":
        raise AttributeError("x")

if __name__ == "__main__":
    act(sys.argv[1] if sys.argv[1:] else "")
    sys.exit(value() - 41)
"""

TESTS = """
import os, runpy, subprocess, sys, multiprocessing
import pytest
HERE = os.path.dirname(os.path.abspath(__file__))

def run(*arguments, **options):
    options.setdefault("cwd", HERE)
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)

def test_relative(): assert run("tools/script.py").returncode == 0
def test_absolute(tmp_path):
    assert run(os.path.join(HERE, "tools", "script.py"), cwd=tmp_path, env={}).returncode == 0
def test_through_a_link(tmp_path):
    os.symlink(os.path.join(HERE, "tools", "script.py"), tmp_path / "linked")
    assert run(str(tmp_path / "linked")).returncode == 0
def test_options(): assert run("-u", "-X", "dev", "tools/script.py").returncode == 0
def test_execv():
    pid = os.fork()
    if pid == 0:
        os.chdir(HERE)
        os.execv(sys.executable, [sys.executable, "tools/script.py"])
    assert os.waitpid(pid, 0)[1] == 0
def test_run_path(monkeypatch):
    monkeypatch.syspath_prepend(os.path.join(HERE, "tools"))
    assert runpy.run_path(os.path.join(HERE, "tools", "script.py"))["value"]() == 41
def test_spawn_of_a_script():
    done = run("tools/spawner.py")
    assert done.stdout.split() == ["ran", "82"], done.stderr
"""

SPAWNER = """
import multiprocessing

def double(n):
    return n * 2

if __name__ == "__main__":
    print("ran", flush=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(double, (41,)))
"""

REACHED = ["relative", "absolute", "through_a_link", "options", "execv", "run_path"]


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    files = {"tools/script.py": SCRIPT, "tools/spawner.py": SPAWNER, "tools/helper.py": ""}
    return make_project({**files, "test_scripts.py": TESTS})


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start()


@pytest.fixture(scope="module")
def slot(process: Process) -> Slot:
    return process.slot()


@pytest.mark.parametrize("test", REACHED)
def test_a_script_is_traced(test: str, project: Project, process: Process) -> None:
    [trace] = process.slot().trace([f"test_{test}"])
    assert project.line("tools/script.py", "return 41") in trace.lines
    assert any(callee == "value" for _, callee in trace.edges)


@pytest.fixture(scope="module")
def cold(project: Project, process: Process) -> Slot:
    return project.start("cold", preload=process.collected["preload"]).slot()


@pytest.mark.parametrize("test", REACHED)
def test_a_script_runs_the_mutant(
    test: str, project: Project, process: Process, cold: Slot
) -> None:
    mutant = project.mutant("tools/script.py", "return 41", "return 42")
    run = cold.run([f"test_scripts.py::test_{test}"], mutant, known=process.ids)
    assert run.words == ["failed"], run
    run = cold.run([f"test_scripts.py::test_{test}"], mutant, known=process.ids, probe=True)
    assert run.probe, run


def test_the_parents_script_in_a_spawned_process_runs_the_mutant(
    project: Project, process: Process, cold: Slot
) -> None:
    mutant = project.mutant("tools/spawner.py", "n * 2", "n * 3")
    run = cold.run(["test_scripts.py::test_spawn_of_a_script"], mutant, known=process.ids)
    assert run.words == ["failed"], run
    [trace] = process.slot().trace(["test_spawn_of_a_script"])
    assert project.line("tools/spawner.py", "n * 2") in trace.lines


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("what", ["reveal", "fail", "interrupt", "text", "compare", ""])
def test_a_script_runs_as_it_would_by_itself(
    what: str, traced: bool, project: Project, process: Process
) -> None:
    log = str(project.area / "log") if traced else None
    state = {"config": str(project.area / "warm.json"), "mutant": None, "log": log, "memory": None}
    joined = {"_MUTDIFF_CHILD": json.dumps(state), "PYTHONPATH": str(RUNTIME / "site")}
    ran = []
    for extra in [joined, {}]:
        done = subprocess.run(
            [sys.executable, "tools/script.py", what, "é"],
            cwd=project.root,
            env={"PATH": os.environ["PATH"], **extra},
            capture_output=True,
            text=True,
        )
        ran.append((done.returncode, done.stdout, done.stderr))
    assert ran[0] == ran[1]
    assert process.mode == "warm"  # it has written the configuration
