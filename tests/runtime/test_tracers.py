"""What a test reaches, in its own process and in those that it starts."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from driver import Process, Project, Slot

MODULE = """
import threading

def leaf(x):
    return x + 1

def through_sorted(items):
    return sorted(items, key=leaf)

def generator(n):
    for i in range(n):
        yield leaf(i)

def consumer():
    return list(generator(3))

async def coroutine():
    return leaf(1)

async def awaiting():
    return await coroutine()

def recursive(n):
    if n:
        return recursive(n - 1)
    return 0

def in_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(leaf(4)))
    thread.start()
    thread.join()
    return found

def deep(n):
    return deep(n + 1)

def branch(x):
    if x:
        return "yes"
    return "no"

def by_parent():
    return "parent"  # by_parent

def by_child():
    return "child"  # by_child

def by_child_later():
    return "child"  # by_child_later
"""

TESTS = """
import asyncio, multiprocessing, os, signal, subprocess, sys, threading, time
import pytest
import mod

def test_sorted(): assert mod.through_sorted([2, 1]) == [1, 2]
def test_generator(): assert mod.consumer() == [1, 2, 3]
def test_coroutine(): assert asyncio.run(mod.awaiting()) == 2
def test_recursive(): assert mod.recursive(3) == 0
def test_thread(): assert mod.in_thread() == [5]
def test_yes(): assert mod.branch(1) == "yes"
def test_no(): assert mod.branch(0) == "no"
def test_yes_again(): assert mod.branch(2) == "yes"

def test_own_trace_function():
    before = sys.gettrace()
    sys.settrace(None)
    threading.settrace(None)

def test_debugger():
    seen = []
    def debugger(frame, event, arg):
        seen.append((event, frame.f_code.co_name))
        return debugger
    assert sys.gettrace() is None and threading.gettrace() is None
    sys.settrace(debugger)
    threading.settrace(debugger)
    assert sys.gettrace() is debugger and threading.gettrace() is debugger
    mod.branch(1)
    mod.in_thread()
    threading.settrace(None)
    sys.settrace(None)
    assert sys.gettrace() is None
    mod.by_parent()
    calls = [name for event, name in seen if event == "call" and name in vars(mod)]
    assert calls == ["branch", "in_thread", "leaf"], seen
    assert ("line", "branch") in seen and ("line", "leaf") in seen
    assert not {name for _, name in seen} & {"_set", "_get", "by_parent"}

def in_child(function):
    pid = os.fork()
    if pid == 0:
        try:
            function()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)

def test_fork_exits_at_once():
    in_child(lambda: (mod.by_child(), os._exit(3)))

def test_fork_is_killed():
    in_child(lambda: (mod.by_child(), os.kill(os.getpid(), signal.SIGKILL)))

def test_fork_closes_everything(tmp_path):
    path = tmp_path / "own"
    def daemon():
        os.closerange(0, 64)
        fds = [os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(32)]
        mod.by_child()
        for fd in fds:
            os.write(fd, b"x")
    in_child(daemon)
    assert path.read_bytes() == b"x"

def test_grandchild():
    in_child(lambda: in_child(lambda: (mod.by_child(), os.kill(os.getpid(), 9))))

def test_spawn():
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=mod.by_child)
    process.start()
    process.join()
    assert process.exitcode == 0

def test_forkserver():
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=mod.by_child)
    process.start()
    process.join()
    assert process.exitcode == 0

def test_pool_terminated():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(mod.by_child) == "child"

def test_subprocess():
    subprocess.run([sys.executable, "-c", "import mod; mod.by_child()"], check=True)

def test_empty_environment():
    subprocess.run([sys.executable, "-c", "import mod; mod.by_child()"], check=True, env={})

def test_cleared_environment(monkeypatch):
    for name in list(os.environ):
        monkeypatch.delenv(name)
    subprocess.run([sys.executable, "-c", "import mod; mod.by_child()"], check=True)

def test_long_lived_child():
    global server
    reader, writer = os.pipe()
    server = os.fork(), writer
    if server[0] == 0:
        mod.by_child()
        os.close(writer)
        os.read(reader, 1)
        mod.by_child_later()
        os._exit(0)
    time.sleep(0.2)

def test_long_lived_child_later():
    os.write(server[1], b"x")
    os.waitpid(server[0], 0)

@pytest.fixture(scope="module")
def wide():
    mod.by_parent()
    return 1

def test_fixture_first(wide): pass
def test_fixture_second(wide): pass
def test_fixture_not(): pass

@pytest.fixture(scope="class")
def late():
    mod.branch(0)

class TestLate:
    def test_one(self, request):
        mod.branch(0)
        request.getfixturevalue("late")
    def test_two(self, late): pass

def test_recursion_limit():
    with pytest.raises(RecursionError):
        mod.deep(0)
"""


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project({"mod.py": MODULE, "test_mod.py": TESTS})


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start()


@pytest.fixture(scope="module")
def slot(process: Process) -> Slot:
    return process.slot()


@pytest.mark.parametrize(
    ("test", "edges"),
    [
        ("test_sorted", {("test_sorted", "through_sorted"), ("through_sorted", "leaf")}),
        (
            "test_generator",
            {("test_generator", "consumer"), ("consumer", "generator"), ("generator", "leaf")},
        ),
        (
            "test_coroutine",
            {("test_coroutine", "awaiting"), ("awaiting", "coroutine"), ("coroutine", "leaf")},
        ),
        ("test_recursive", {("test_recursive", "recursive"), ("recursive", "recursive")}),
        ("test_thread", {("test_thread", "in_thread"), ("-", "<lambda>"), ("<lambda>", "leaf")}),
    ],
)
def test_edges(test: str, edges: set[tuple[str, str]], slot: Slot) -> None:
    assert slot.trace([test])[0].edges == edges | {("-", test)}


def test_each_test_of_a_shared_fork_has_its_own_lines(project: Project, slot: Slot) -> None:
    names = ["test_yes", "test_no", "test_yes_again"]
    yes, no = project.line("mod.py", '"yes"'), project.line("mod.py", '"no"')
    found = [(yes in trace.lines, no in trace.lines) for trace in slot.trace(names)]
    assert found == [(True, False), (False, True), (True, False)]


def test_a_trace_function_of_a_tests_own_ends_no_recording(project: Project, slot: Slot) -> None:
    trace = slot.trace(["test_own_trace_function", "test_yes", "test_thread"])
    assert project.line("mod.py", '"yes"') in trace[1].lines
    assert ("<lambda>", "leaf") in trace[2].edges


def test_a_debugger_in_a_test_hides_nothing_and_sees_all(project: Project, slot: Slot) -> None:
    trace = slot.trace(["test_debugger"])[0]
    for line in ('"yes"', "# by_parent", "return x + 1"):
        assert project.line("mod.py", line) in trace.lines, line


@pytest.mark.parametrize(
    "test",
    [
        "test_fork_exits_at_once",
        "test_fork_is_killed",
        "test_fork_closes_everything",
        "test_grandchild",
        "test_spawn",
        "test_forkserver",
        "test_pool_terminated",
        "test_subprocess",
        "test_empty_environment",
        "test_cleared_environment",
    ],
)
def test_children_of_tests_are_traced(test: str, project: Project, slot: Slot) -> None:
    for shared in ([test], ["test_yes", test, "test_no"]):
        reached = [by_child(trace.lines, project) for trace in slot.trace(shared)]
        assert reached == [name == test for name in shared]


def by_child(lines: set[tuple[str, int]], project: Project) -> bool:
    text = (project.root / "mod.py").read_text().splitlines()
    return any(text[line - 1].endswith("# by_child") for _, line in lines)


def test_a_child_that_outlives_its_test_ends_the_shared_fork(project: Project, slot: Slot) -> None:
    run = slot.run(["test_long_lived_child", "test_long_lived_child_later"], trace=True)
    # What it has reached for one test it does not report again for the next.
    assert run.words == ["passed", "more"]


def test_a_wide_fixture_belongs_to_every_test_that_uses_it(project: Project, slot: Slot) -> None:
    names = ["test_fixture_first", "test_yes", "test_fixture_second", "test_fixture_not"]
    line = project.line("mod.py", "# by_parent")
    assert [line in t.lines for t in slot.trace(names)] == [True, False, True, False]


def test_lines_reached_before_a_fixture_are_the_fixtures_too(project: Project, slot: Slot) -> None:
    line = project.line("mod.py", '"no"')
    assert all(line in t.lines for t in slot.trace(["test_one", "test_two"]))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the trace function counts as a frame")
def test_the_recursion_limit_is_the_tests_own(slot: Slot) -> None:
    slot.trace(["test_recursion_limit"])
