"""What processes that tests start reach is traced, however they start and however they die."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from driver import Process, Project

MODULE = """
import os, signal, sys, threading, _thread, time

def pooled(n):
    return n + 1

def nested(n):
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(pooled, [n] * 8)

def siblings():
    for function in (first, second):
        pid = os.fork()
        if pid == 0:
            os._exit(function())
        os.waitpid(pid, 0)

def first():
    return 11

def second():
    return 12

def slow(path):
    noted(path)
    time.sleep(60)

def noted(path):
    with open(path, "w") as file:
        file.write(str(os.getpid()))

def leave(_n):
    os._exit(inner())

def inner():
    return 3

def die(_n):
    inner()
    os.kill(os.getpid(), signal.SIGKILL)

def handle(path):
    signal.signal(signal.SIGTERM, on_term)
    noted(path)
    time.sleep(60)

def on_term(number, frame):
    os._exit(told())

def told():
    return 7

def in_bare_thread(event):
    inner()
    event.set()
"""

ONLY_CHILDREN = """
def alone():
    return deeper()

def deeper():
    return 5
"""

TESTS = """
import concurrent.futures, multiprocessing, os, signal, subprocess, sys, threading, time, _thread
import mod, pytest

def start(function, argument):
    child = multiprocessing.get_context("fork").Process(target=function, args=(argument,))
    child.start()
    return child

def await_file(path):
    while not path.exists() or not path.read_text():
        time.sleep(0.005)

@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(mod.pooled, [1] * 8) == [2] * 8

@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process(method):
    child = multiprocessing.get_context(method).Process(target=mod.leave, args=(1,))
    child.start()
    child.join()
    assert child.exitcode == 3

@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_executor(method):
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(mod.pooled, [1] * 4)) == [2] * 4

@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_forks_of_a_spawned_process(method):
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
        assert pool.submit(mod.nested, 1).result() == [2] * 8

def test_siblings():
    code = "import mod; mod.siblings()"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

def test_no_join():
    global kept
    kept = multiprocessing.get_context("fork").Pool(1)
    assert kept.apply(mod.pooled, (1,)) == 2

def test_terminated_pool(tmp_path):
    pool = multiprocessing.get_context("fork").Pool(1)
    pool.apply_async(mod.slow, (tmp_path / "pid",))
    await_file(tmp_path / "pid")
    pool.terminate()

@pytest.mark.parametrize("number", [15, 9, 2])
def test_signal(tmp_path, number):
    child = start(mod.slow, tmp_path / "pid")
    await_file(tmp_path / "pid")
    os.kill(child.pid, number)
    child.join()
    assert child.exitcode in (-number, 1)

def test_sigkill_of_itself():
    child = start(mod.die, 1)
    child.join()
    assert child.exitcode == -9

def test_own_handler(tmp_path):
    child = start(mod.handle, tmp_path / "pid")
    await_file(tmp_path / "pid")
    child.terminate()
    child.join()
    assert child.exitcode == 7

def test_handlers_are_the_users():
    ours = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)]
    code = "import signal; print(*map(signal.getsignal, (15, 2, 17)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    alone = [sys.executable, "-I", "-c", code]
    assert done.stdout.split()[:3] == subprocess.run(
        alone, capture_output=True, text=True).stdout.split()[:3]
    assert ours == [signal.SIG_DFL, signal.default_int_handler, signal.SIG_DFL]

def test_bare_thread():
    event = threading.Event()
    _thread.start_new_thread(mod.in_bare_thread, (event,))
    assert event.wait(5)

def test_child_only():
    code = "import only; print(only.alone())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "5\\n"
"""

SHARED = """
import multiprocessing, subprocess, sys
import mod, pytest

@pytest.fixture(scope="module", params=["fork", "spawn"])
def pool(request):
    with multiprocessing.get_context(request.param).Pool(1) as pool:
        yield pool

def test_one(pool): assert pool.apply(mod.pooled, (1,)) == 2
def test_two(pool): assert pool.apply(mod.pooled, (2,)) == 3
def test_three(): assert subprocess.run([sys.executable, "-c", "import mod"]).returncode == 0
def test_four(): assert mod.pooled(1) == 2
"""

POOLED = ("mod.py", "return n + 1")
INNER = ("mod.py", "return 3")
NOTED = ("mod.py", "file.write")
REACHED = {
    **{f"test_pool[{m}]": [POOLED] for m in ("fork", "spawn", "forkserver")},
    **{f"test_process[{m}]": [INNER] for m in ("fork", "spawn", "forkserver")},
    **{f"test_executor[{m}]": [POOLED] for m in ("fork", "spawn", "forkserver")},
    **{f"test_forks_of_a_spawned_process[{m}]": [POOLED] for m in ("spawn", "forkserver")},
    "test_siblings": [("mod.py", "return 11"), ("mod.py", "return 12")],
    "test_no_join": [POOLED],
    "test_terminated_pool": [NOTED],
    "test_signal[15]": [NOTED],
    "test_signal[9]": [NOTED],
    "test_signal[2]": [NOTED],
    "test_sigkill_of_itself": [INNER],
    "test_own_handler": [NOTED, ("mod.py", "return 7")],
    "test_child_only": [("only.py", "return 5")],
}
EDGES = {
    "test_process[spawn]": ("leave", "inner"),
    "test_process[forkserver]": ("leave", "inner"),
    "test_terminated_pool": ("slow", "noted"),
    "test_signal[9]": ("slow", "noted"),
    "test_sigkill_of_itself": ("die", "inner"),
    "test_own_handler": ("on_term", "told"),
    "test_bare_thread": ("in_bare_thread", "inner"),
    "test_child_only": ("alone", "deeper"),
}
if sys.version_info >= (3, 12):  # before, only threads of `threading` are traced
    REACHED["test_bare_thread"] = [INNER]


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(
        {"mod.py": MODULE, "only.py": ONLY_CHILDREN, "test_mod.py": TESTS, "test_shared.py": SHARED}
    )


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start()


@pytest.mark.parametrize("test", REACHED)
def test_no_line_of_a_child_is_lost(test: str, project: Project, process: Process) -> None:
    slot = process.slot()
    for _ in range(2):
        [trace] = slot.trace([f"::{test}"])
        for file, text in REACHED[test]:
            assert project.line(file, text) in trace.lines
        assert EDGES.get(test, ("-", "-")) in {*trace.edges, ("-", "-")}


def test_no_handler_is_replaced(process: Process) -> None:
    assert process.slot().run(["test_handlers_are_the_users"]).words == ["passed"]
    process.slot().trace(["test_handlers_are_the_users"])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_that_tests_share_is_traced_for_each(
    method: str, project: Project, process: Process
) -> None:
    # What such a process has reached it does not report again for the next test.
    names = [f"test_one[{method}]", f"test_two[{method}]", "test_three"]
    run = process.slot().run(names, trace=True)
    assert run.finished and run.words == ["passed", "more"]
    assert run.records[1]["i"] == 1
    for name in names[:2]:
        [trace] = process.slot().trace([name])
        assert project.line(*POOLED) in trace.lines


def test_a_process_that_ends_with_its_test_leaves_the_fork_shared(process: Process) -> None:
    process.slot().trace(["test_three", "test_four", "test_child_only", "test_sigkill_of_itself"])
    process.slot().trace(["test_siblings", "test_pool[fork]", "test_process[forkserver]"])
