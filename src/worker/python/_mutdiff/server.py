"""The warm process and its slots: they fork, wait and report, and never run test code.

Invariant: a slot has one child at a time; when Rust goes away, the slot kills its child's whole
session and exits, so nothing outlives the run.
"""

from __future__ import annotations

import gc
import json
import sys
import traceback
import warnings
from typing import Any

from . import PROTOCOL, elsewhere, frozen, kept
from .channel import Memory, Socket
from .child import Child
from .codes import Codes
from .handlers import Handlers
from .imports import Imports
from .project import Project
from .runner import Collected, CollectionFailed, Runner
from .swap import LiveFunctions
from .tracer import Tracer, make_tracer


class Server:
    """One Python process of a run."""

    def __init__(self, config_path: str, runtime: str) -> None:
        with kept.open_file(config_path, encoding="utf-8") as file:
            config: dict[str, Any] = json.load(file)
        self._config = config
        self._config_path = config_path
        self._runtime = runtime
        self._project = Project(config["root"], config["files"], config["test_files"])
        self._socket = Socket(config["socket"])
        self._imports = Imports(self._project, config["cache"])
        self._codes = Codes(self._project)
        self._tracer: Tracer | None = None
        self._handlers = Handlers()
        self._runner: Runner | None = None
        self._live: LiveFunctions | None = None

    def run(self) -> None:
        """Serves until Rust closes the connection."""
        self._socket.send(
            {
                "hello": self._config["mode"],
                "protocol": PROTOCOL,
                "pid": kept.getpid(),
                "python": sys.version.split()[0],
            }
        )
        # Hypothesis keeps files in the working directory unless it is told otherwise.
        kept.environ.setdefault(
            "HYPOTHESIS_STORAGE_DIRECTORY", f"{self._config['scratch']}/hypothesis"
        )
        frozen.thaw_when_asked()
        if self._config["mode"] == "cold":
            self._run_cold()
        else:
            self._run_warm()

    def _make_runner(self, only: list[str] | None, scratch: str) -> Runner:
        arguments: list[str] = self._config["arguments"]
        if self._config["runner"] == "unittest":
            from .unittest_runner import UnittestRunner

            return UnittestRunner(arguments, self._config.get("only"))
        from . import pytest_runner

        return pytest_runner.make(arguments, self._imports, scratch, only)

    def _run_warm(self) -> None:
        if self._config["trace"]:
            self._tracer = make_tracer(self._codes)
            self._imports.install(self._loaded)
            self._imports.record_pairs()
            self._tracer.start()
        else:
            self._imports.install(None)
        self._runner = self._make_runner(self._config["only"], self._config["scratch"])
        try:
            self._runner.collect(self._collected)
        except CollectionFailed as error:
            self._socket.send({"collection_failed": str(error)})

    def _loaded(self, code: Any) -> None:
        new = self._codes.register(code)
        if new and self._tracer is not None:
            self._tracer.watch(new)

    def _collected(self, tests: list[Collected]) -> None:
        message: dict[str, Any] = {"collected": [self._describe(test) for test in tests]}
        gc.collect()
        self._live = LiveFunctions(self._project)
        if self._tracer is not None:
            tracer, codes = self._tracer, self._codes
            recording = tracer.current
            if sys.version_info < (3, 12):
                tracer.stop()
            for code in self._live.codes():
                self._loaded(code)
            tracer.forget_all()
            message["lines"] = sorted(recording.lines)
            message["edges"] = sorted(recording.edges)
            message["imports"] = self._imports.pairs()
            message["codes"] = codes.describe()
        if self._runner is not None:
            asked = {self._project.index(path) for path in self._runner.asked}
            message["asked"] = sorted(index for index in asked if index is not None)
            message["whole"] = self._runner.whole(self._project)
        message["preload"] = self._preloadable()
        message["elsewhere"] = elsewhere.stand_ins(self._project, self._config["roots"])
        message["unlisted"] = elsewhere.unlisted(self._project)
        gc.freeze()
        self._socket.send(message)
        self._serve()

    def _describe(self, test: Collected) -> list[Any]:
        file = self._project.index(test.file) if test.file else None
        if test.code is None:
            return [test.id, file, None]
        code_file = self._project.index(test.code.co_filename)
        return [test.id, file, [code_file, max(1, test.code.co_firstlineno), test.code.co_name]]

    def _preloadable(self) -> list[str]:
        """Modules that a cold process may import ahead: not the project's, not pytest plugins."""
        avoid = {"_mutdiff", "__main__", "__mp_main__", "sitecustomize", "usercustomize"}
        if self._config["runner"] == "pytest":
            from . import pytest_runner

            avoid |= pytest_runner.plugin_packages()
        names = []
        for name, module in list(sys.modules.items()):
            spec = getattr(module, "__spec__", None)
            file = getattr(module, "__file__", None)
            if spec is None or spec.name != name or name.split(".")[0] in avoid:
                continue
            if file is None or self._project.index(file) is not None:
                continue
            if file.startswith(self._project.root) and "site-packages" not in file:
                continue
            names.append(name)
        return names

    def _run_cold(self) -> None:
        self._imports.install(None)
        before = set(sys.modules)
        for name in self._config["preload"]:
            try:
                __import__(name)
            except BaseException:  # a module that cannot be had ahead will be had in its turn
                continue
        self._imports.ahead = frozenset(sys.modules.keys() - before)
        leaked = [
            name
            for name, module in list(sys.modules.items())
            if self._project.index(getattr(module, "__file__", None) or "<none>") is not None
        ]
        gc.collect()
        gc.freeze()
        self._socket.send({"ready": True, "leaked": leaked})
        self._serve()

    def _serve(self) -> None:
        """Forks a slot for each request, until the connection ends."""
        self._handlers.set_aside()
        slots: set[int] = set()
        while True:
            command = self._socket.receive()
            if command is None:
                kept.exit_now(0)
            for pid in list(slots):
                if kept.waitpid(pid, kept.WNOHANG)[0]:
                    slots.discard(pid)
            pid = _fork_quietly()
            if pid:
                slots.add(pid)
                continue
            self._socket.close()
            try:
                self._run_slot(command)
            except BaseException:
                # Rust shows the log when a slot goes away.
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                kept.exit_now(1)

    def _run_slot(self, command: dict[str, Any]) -> None:
        slot: int = command["slot"]
        memory = Memory(command["memory"])
        link = Socket(self._config["socket"])
        link.send({"slot": slot, "token": command["token"], "pid": kept.getpid()})
        kept.environ["PYTEST_XDIST_WORKER"] = f"gw{slot}"
        kept.environ["PYTEST_XDIST_WORKER_COUNT"] = str(self._config["jobs"])
        scratch = f"{self._config['scratch']}/slot-{slot}-{command['token']}"
        kept.makedirs(scratch, exist_ok=True)
        child = Child(
            self._project, self._imports, memory, scratch, self._runtime, self._config_path
        )
        if self._runner is not None:
            self._runner.ready(f"{scratch}/tmp")
        fork = kept.fork if _is_single_threaded() else _fork_quietly
        while True:
            order = link.receive()
            if order is None:
                kept.exit_now(0)
            received = kept.monotonic()
            if not order["trace"] and self._tracer is not None:
                self._tracer.stop()
                self._imports.stop_registering()
                self._tracer = None
            child.prepare(order, self._live)
            pid = fork()
            if pid == 0:
                try:
                    child.enter()
                    link.close()
                    self._run_child(child, order, scratch)
                finally:
                    kept.exit_now(0)
            forked = kept.monotonic()
            status = _wait(pid, link)
            link.send({"status": status, "times": [received, forked, kept.monotonic()]})

    def _run_child(self, child: Child, order: dict[str, Any], scratch: str) -> None:
        self._handlers.give_back()
        if self._config["mode"] == "cold":
            child.run_cold(order, self._make_runner(order["only"], scratch))
        else:
            assert self._runner is not None
            child.run_hot(order, self._runner, self._tracer)


def _is_single_threaded() -> bool:
    """Whether this process has no other thread: a slot, being a fork, has only what fork hooks of
    libraries began."""
    try:
        return len(kept.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _fork_quietly() -> int:
    with warnings.catch_warnings():
        # From 3.12 on, forking with threads alive warns, which may be turned into an error.
        warnings.simplefilter("ignore")
        return kept.fork()


def _wait(pid: int, link: Socket) -> int:
    """Waits for a child; kills its session when Rust goes away; returns the wait status."""
    if kept.pidfd_open is not None:
        handle = kept.pidfd_open(pid)
        poll = kept.poll()
        poll.register(handle, kept.POLLIN)
        poll.register(link.fileno, kept.POLLIN)
        if not any(fd == handle for fd, _ in poll.poll()):
            # Rust sends nothing while a child runs: the other end is closed.
            _kill_session(pid)
        kept.close(handle)
    if kept.waitid is not None:
        kept.waitid(kept.P_PID, pid, kept.WAIT_KEEP)
        # The child is dead and not reaped yet, so its number still names its own group.
        _kill_session(pid)
    return kept.waitpid(pid, 0)[1]


def _kill_session(pid: int) -> None:
    try:
        kept.killpg(pid, kept.SIGKILL)
    except OSError:
        pass


def start(config_path: str, runtime: str) -> None:
    """Called by Rust's ``python -c``."""
    kept.hide()
    Server(config_path, runtime).run()
