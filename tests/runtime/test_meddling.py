"""Tests that meddle with what the runtime rests on; all run in one fork after one another."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from driver import Process, Project, Slot, gone_within

TESTS = """
import builtins, ctypes, faulthandler, gc, hashlib, json, os, resource, signal, struct, sys
import threading, time, tempfile, traceback, unittest, warnings
from unittest import mock

def broken(*_, **__):
    raise RuntimeError("patched")

def spoil(module, *names):
    for name in names:
        setattr(module, name, broken)

class T(unittest.TestCase):
    def test_ok(self): pass
    def test_os(self):
        spoil(os, "fork", "_exit", "getpid", "stat", "lstat", "open", "listdir", "unlink",
              "makedirs", "path", "setsid", "waitpid", "dup2", "close", "fsencode")
    def test_time(self): spoil(time, "monotonic", "time", "sleep")  # unittest needs another
    def test_builtins(self): spoil(builtins, "open", "__import__")
    def test_json(self): spoil(json, "dumps", "loads"); spoil(struct, "pack", "unpack")
    def test_traceback(self): spoil(traceback, "format_exc")
    def test_hashlib(self): spoil(hashlib, "sha256")
    def test_all_modules(self):
        # What freezegun and pyfakefs do.
        real = {time.monotonic, time.perf_counter, open, os.stat, os.open, os.fork}
        for module in list(sys.modules.values()):
            if not getattr(module, "__name__", "").startswith(("_mutdiff", "json", "signal")):
                continue
            for name, value in list(vars(module).items()):
                try:
                    hit = value in real
                except Exception:
                    continue
                if hit:
                    setattr(module, name, broken)
    def test_environ(self): os.environ = {}
    def test_modules(self):
        for name in list(sys.modules):
            if name.split(".")[0] in ("_mutdiff", "json", "struct", "mmap"):
                del sys.modules[name]
    def test_path(self): sys.path[:] = []
    def test_stdout(self): sys.stdout = sys.stderr = sys.__stdout__ = None
    def test_prints(self): os.write(1, b"noise"); os.write(2, b"noise"); print("noise")
    def test_close_all(self): os.closerange(0, 256)
    def test_cwd(self):
        place = tempfile.mkdtemp(); os.chdir(place); os.rmdir(place)
    def test_handlers(self):
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
    def test_alarm(self): signal.alarm(100)
    def test_rlimit(self): resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    def test_fsize(self): resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    def test_faulthandler(self): faulthandler.enable(open(os.devnull, "w"))
    def test_settrace(self): sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)
    def test_monitoring(self):
        if sys.version_info >= (3, 12):
            for tool in range(6):
                if sys.monitoring.get_tool(tool) is None:
                    sys.monitoring.use_tool_id(tool, "greedy")
            sys.monitoring.restart_events()
    def test_warnings(self): warnings.simplefilter("error")
    def test_thread(self): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    def test_gc(self): gc.unfreeze(); gc.disable()
    def test_recursion_limit(self): sys.setrecursionlimit(60)
    def test_setsid(self):
        if os.fork() == 0:
            os.setsid()
            open("../daemon", "w").write(str(os.getpid()))
            time.sleep(60)
        while not os.path.exists("../daemon") or not open("../daemon").read(): time.sleep(0.01)
    def test_group(self):
        pid = os.fork()
        if pid == 0: time.sleep(60)
        open("../group", "w").write(str(pid))
    def test_segfault(self): ctypes.string_at(0)
    def test_abort(self): os.abort()
    def test_exit_0(self): os._exit(0)
    def test_sys_exit(self): sys.exit(0)
    def test_raise_in_grandchild(self):
        pid = os.fork()
        if pid == 0: raise RuntimeError
        self.assertEqual(os.waitpid(pid, 0)[1] >> 8, 1)
    def test_interrupt_in_grandchild(self):
        pid = os.fork()
        if pid == 0: raise KeyboardInterrupt
        self.assertEqual(os.waitpid(pid, 0)[1] >> 8, 1)
    def test_return_in_grandchild(self):
        pid = os.fork()
        if pid: os.waitpid(pid, 0)
    def test_memory(self):
        resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
        with self.assertRaises(MemoryError): bytearray(1 << 30)
"""

MEDDLING = [
    *("os", "time", "builtins", "json", "traceback", "hashlib", "all_modules", "environ"),
    *("modules", "path", "stdout", "prints", "close_all", "cwd", "handlers", "alarm", "rlimit"),
    *("fsize", "faulthandler", "settrace", "monitoring", "warnings", "thread", "gc", "memory"),
    *("recursion_limit", "raise_in_grandchild", "interrupt_in_grandchild"),
    "return_in_grandchild",
]


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project({"mod.py": "def f():\n    return 1\n", "test_mod.py": TESTS})


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start(runner="unittest", arguments=("test_mod",))


@pytest.fixture(scope="module")
def slot(process: Process) -> Slot:
    return process.slot()


@pytest.fixture(scope="module")
def tracing(process: Process) -> Slot:
    return process.slot()


@pytest.mark.parametrize("trace", [False, True])
@pytest.mark.parametrize("name", MEDDLING)
def test_a_meddling_test_spoils_no_result(
    name: str, trace: bool, process: Process, slot: Slot, tracing: Slot
) -> None:
    slot = tracing if trace else slot
    tests = [f".T.test_{name}", ".T.test_ok"]
    run = slot.run(tests, trace=trace)
    assert (run.finished, run.words) == (True, ["passed", "passed"]), (run, process.log())
    # And the next fork is clean.
    assert slot.run([".T.test_ok"], trace=trace).words == ["passed"]


@pytest.mark.parametrize("name", ["segfault", "abort", "exit_0"])
def test_a_dead_child_is_not_finished(name: str, slot: Slot) -> None:
    run = slot.run([".T.test_ok", f".T.test_{name}", ".T.test_ok"])
    assert (run.finished, run.words, run.started) == (False, ["passed"], 2)


def test_sys_exit_is_a_failure(slot: Slot) -> None:
    assert slot.run([".T.test_sys_exit", ".T.test_ok"]).words == ["failed", "passed"]


def test_what_a_test_leaves_in_its_group_is_killed(project: Project, slot: Slot) -> None:
    assert slot.run([".T.test_group"]).words == ["passed"]
    assert gone_within(int((project.area / "group").read_text()), 2)


def test_a_daemon_with_a_session_of_its_own_spoils_no_result(project: Project, slot: Slot) -> None:
    assert slot.run([".T.test_setsid"]).words == ["passed"]
    # Rust finds and kills it: as a subreaper it becomes the daemon's parent.
    os.kill(int((project.area / "daemon").read_text()), 9)


AT_IMPORT = """
import faulthandler, os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0.5)
faulthandler.dump_traceback_later(0.5, exit=True, file=open(os.devnull, "w"))

def test_handlers():
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
def test_fails(): assert not 1
"""


def test_what_imports_do_to_signals_reaches_tests_and_not_their_parents(
    make_project: Callable[..., Project],
) -> None:
    process = make_project({"test_mod.py": AT_IMPORT}).start()
    first = process.slot()
    for wait in (0.0, 0.7):
        time.sleep(wait)
        for slot in (first, process.slot()):
            assert slot.run([0]).words == ["passed"], process.log()
            assert slot.run([1]).words == ["failed"], process.log()


def test_nothing_outlives_the_connection(make_project: Callable[..., Project]) -> None:
    project = make_project({"test_mod.py": "def test(): pass"})
    process = project.start()
    slot = process.slot()
    slot.run([0])
    children = Path(f"/proc/{process.child.pid}/task/{process.child.pid}/children")
    pids = [int(pid) for pid in children.read_text().split()]
    slot._link.connection.close()
    process.close()
    project._processes.clear()
    assert pids and all(gone_within(pid, 2) for pid in pids)


STATE = """
import mod
def test_state():
    assert mod.STATE == [] and mod.value() == 1
    mod.STATE.append(1)
"""


@pytest.mark.parametrize("trace", [False, True])
def test_a_fork_knows_nothing_of_the_tests_and_the_mutant_before_it(
    trace: bool, make_project: Callable[..., Project]
) -> None:
    module = "STATE = []\ndef value():\n    return 1\n"
    project = make_project({"mod.py": module, "test_mod.py": STATE})
    slot = project.start().slot()
    for mutant, word in [(None, "passed"), ("return 2", "failed"), (None, "passed")]:
        change = None if mutant is None else project.mutant("mod.py", "return 1", mutant)
        assert slot.run([0], change, trace=trace).words == [word]
