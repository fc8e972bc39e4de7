"""Running a project's suite in a fresh interpreter, with limits of time and memory.

Invariant: when a run returns, all that it started is gone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .copies import drop_bytecode, is_left_out
from .processes import adopt_orphans, end, family, is_over

# Notes which tests started and failed: the terminal summary cuts ids and mixes them with messages.
PLUGIN = """\
import os
_events = os.path.join(os.path.dirname(os.path.abspath(__file__)), "events")
def _note(word, nodeid):
    with open(_events, "a", encoding="utf-8", errors="backslashreplace") as out:
        out.write(word + " " + nodeid.replace("\\n", "\\\\n") + "\\n")
def pytest_collection_modifyitems(items):
    wanted = os.path.join(os.path.dirname(_events), "only")
    if os.path.exists(wanted):
        with open(wanted, encoding="utf-8") as file:
            name = file.read()
        items[:] = [item for item in items if item.nodeid == name]
def pytest_runtest_logstart(nodeid, location):
    _note("start", nodeid)
def pytest_runtest_logreport(report):
    if report.failed:
        _note("fail", report.nodeid)
def pytest_sessionfinish(session):
    _note("end", "")
def pytest_collectreport(report):
    if report.failed:
        _note("uncollected", report.nodeid)
"""
PLUGIN_NAME = "mutdiff_oracle_events"

# Runs a module as `python -m` does and writes down which files its modules came from.
PROBE = """\
import atexit, json, os, runpy, sys
out, module = sys.argv[1:3]
def note():
    found = [getattr(m, "__file__", None) for m in list(sys.modules.values())]
    with open(out, "w") as file:
        json.dump(sorted({os.path.abspath(f) for f in found if isinstance(f, str)}), file)
atexit.register(note)
sys.argv[:] = sys.argv[2:]
sys.path[0] = os.getcwd()
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""

# How often the memory of a run is looked at, in seconds.
TICK = 0.1

# The exit code of a run that selected nothing, of pytest and of unittest from 3.12 on.
NO_TESTS = 5
# In place of the exit code of a run that was killed since it held too much memory.
OVER = 1000

UNITTEST_FAILED = re.compile(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (\S+) \((\S+?)\)", re.MULTILINE)
UNITTEST_END = re.compile(r"^Ran \d+ tests? in ", re.MULTILINE)
UNITTEST_RUNNING = re.compile(r"^(\w+) \((\S+?)\)(?:\n.*)? \.\.\. ", re.MULTILINE)


@dataclass
class Outcome:
    """How a run ended: `end` is `passed`, `failed` or `timeout`."""

    end: str
    how: str
    failed: list[str]
    seconds: float
    output: str = ""
    modules: list[str] = field(default_factory=list)


class Slot:
    """A directory in which one run at a time takes place: a copy, temporary files, notes."""

    def __init__(self, directory: Path, name: str) -> None:
        self.copy = directory / name
        self.temporary = directory / "tmp"
        self.notes = directory / "notes"
        self.notes.mkdir(parents=True, exist_ok=True)
        (self.notes / f"{PLUGIN_NAME}.py").write_text(PLUGIN)
        (self.notes / "probe.py").write_text(PROBE)


class Suite:
    """The tests of a project and the interpreter that runs them."""

    def __init__(
        self, original: Path, python: str, runner: str, arguments: list[str], memory: int
    ) -> None:
        self.original = original
        self.python = python
        self.runner = runner
        self.arguments = arguments
        self.memory = memory
        self.roots = self._roots()
        self._live: dict[int, Slot] = {}
        self._lock = threading.Lock()
        self._stopped = False
        adopt_orphans()

    def version(self) -> str:
        """The interpreter's own version text."""
        command = [self.python, "-c", "import sys; print(sys.version)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def _roots(self) -> list[Path]:
        """Directories of the original that the interpreter imports from, relative to it.

        An editable install puts them on `sys.path`; the same places in the copy must come first.
        """
        command = [self.python, "-c", "import json, sys; print(json.dumps(sys.path[1:]))"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd="/")
        found = []
        for entry in json.loads(done.stdout):
            path = Path(entry).resolve()
            if self.is_project(path) and path.is_dir():
                found.append(path.relative_to(self.original))
        if not found:
            source = [Path("src")] if (self.original / "src").is_dir() else []
            found = [*source, Path()]
        return found

    def is_project(self, path: Path) -> bool:
        """Whether an absolute path lies in the original and in no environment inside of it."""
        if not path.is_relative_to(self.original):
            return False
        inside = [path, *path.parents]
        below = inside[: inside.index(self.original)]
        return not any(is_left_out(directory) for directory in below)

    def environment(self, slot: Slot) -> dict[str, str]:
        """The environment of a run: the copy is imported, nothing is compiled to disk."""
        before = [str(slot.copy / root) for root in self.roots]
        users = [
            entry
            for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)
            if entry and not self.is_project(Path(entry).resolve())
        ]
        changed = {
            "PYTHONPATH": os.pathsep.join([*before, str(slot.notes), *users]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(slot.temporary),
        }
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
        return {**kept, **changed}

    def command(self, slot: Slot, stop_first: bool, only: str | None) -> list[str]:
        """The runner's module and arguments: the whole suite, or `only` one test of it.

        For pytest the plug-in leaves the other tests out, so that the arguments stay the user's.
        The cache is a new one in each run, and not switched off: a project may ask for `--lf`.
        """
        if self.runner == "pytest":
            cache = f"cache_dir={slot.temporary / 'cache'}"
            base = ["pytest", "-q", "-o", cache, "-p", PLUGIN_NAME]
            return [*base, *(["-x"] if stop_first else []), *self.arguments]
        base = ["unittest", *self.arguments, "-v"]
        base += ["-f"] if stop_first else []
        return [*base, "-k", _unittest_pattern(only)] if only else base

    def run(
        self,
        slot: Slot,
        limit: float,
        *,
        stop_first: bool = True,
        only: str | None = None,
        probe: bool = False,
    ) -> Outcome:
        """Run the suite on `slot.copy` in a fresh interpreter for at most `limit` seconds."""
        drop_bytecode(slot.copy)
        shutil.rmtree(slot.temporary, ignore_errors=True)
        slot.temporary.mkdir(parents=True)
        events, modules = slot.notes / "events", slot.notes / "modules.json"
        events.unlink(missing_ok=True)
        modules.unlink(missing_ok=True)
        (slot.notes / "only").unlink(missing_ok=True)
        if only:
            (slot.notes / "only").write_text(only, encoding="utf-8")
        start_of = [str(slot.notes / "probe.py"), str(modules)] if probe else ["-m"]
        command = [self.python, *start_of, *self.command(slot, stop_first, only)]
        log = slot.notes / "output"
        start = time.perf_counter()
        with log.open("wb") as out:
            code = self._wait(command, slot, out.fileno(), limit)
        seconds = time.perf_counter() - start
        output = log.read_text(encoding="utf-8", errors="replace")
        if self.runner == "pytest":
            failed, running, uncollected = _pytest_events(events)
            ended = events.exists() and "end \n" in events.read_text(encoding="utf-8")
        else:
            failed, running, uncollected = _unittest_events(output)
            ended = UNITTEST_END.search(output) is not None
        found = json.loads(modules.read_text()) if modules.exists() else []
        if code is None:
            return Outcome("timeout", f"no end in {running}", failed, seconds, output, found)
        if code == 0 and ended:
            return Outcome("passed", "", [], seconds, output, found)
        if code == OVER:
            how = f"more than {self.memory >> 20} MiB, last started: {running}"
            failed = [running] if running else []
        elif code == 0:
            how = f"exit code 0 before the suite had ended, last started: {running}"
            failed = [running] if running else []
        elif uncollected:
            how = f"exit code {code}, not collected: {', '.join(uncollected[:3])}"
        elif failed:
            how = f"exit code {code}"
        elif code == NO_TESTS and not running:
            how = "no such test" if only else "no tests ran"
        else:
            how = f"exit code {code} and no failed test, last started: {running}"
            failed = [running] if running and code not in (3, 4, 5) else []
        return Outcome("failed", how, failed, seconds, output, found)

    def _wait(self, command: list[str], slot: Slot, out: int, limit: float) -> int | None:
        """The exit code, `OVER` when it was killed for its memory, `None` when the limit passed."""
        with self._lock:
            if self._stopped:
                raise InterruptedError
            process = subprocess.Popen(
                command,
                cwd=slot.copy,
                env=self.environment(slot),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._live[process.pid] = slot
        code: int | None = None
        try:
            until = time.monotonic() + limit
            while code is None and (left := until - time.monotonic()) > 0:
                try:
                    code = process.wait(timeout=min(TICK, left))
                except subprocess.TimeoutExpired:
                    if self.memory and is_over(family(process.pid, slot.temporary), self.memory):
                        code = OVER
        finally:
            end(process.pid, slot.temporary)
            process.wait()
            with self._lock:
                del self._live[process.pid]
        if self._stopped:
            raise InterruptedError
        return code

    def stop(self) -> None:
        """Kill every run that is under way and let no other start."""
        with self._lock:
            self._stopped = True
            for pid, slot in self._live.items():
                end(pid, slot.temporary)


def _pytest_events(events: Path) -> tuple[list[str], str, list[str]]:
    """Failed tests, the test that started last, and what could not be collected."""
    failed: dict[str, None] = {}
    uncollected: dict[str, None] = {}
    running = ""
    if events.exists():
        for line in events.read_text(encoding="utf-8").splitlines():
            word, _, name = line.partition(" ")
            if word == "start":
                running = name
            elif word == "fail":
                failed[name] = None
            elif word == "uncollected":
                uncollected[name] = None
    return list(failed), running, list(uncollected)


def _unittest_events(output: str) -> tuple[list[str], str, list[str]]:
    """The same from unittest's own text."""
    failed: dict[str, None] = {}
    uncollected: dict[str, None] = {}
    for name, holder in UNITTEST_FAILED.findall(output):
        dotted = _dotted(name, holder)
        (uncollected if "_FailedTest" in holder else failed)[dotted] = None
    started = [_dotted(name, holder) for name, holder in UNITTEST_RUNNING.findall(output)]
    return list(failed), started[-1] if started else "", list(uncollected)


def _unittest_pattern(name: str) -> str:
    """What `-k` takes for one test; the whole class or module for what is set up for all of it.

    A pattern with a star is matched against the whole name, so its end is exact.
    """
    holder, _, last = name.rpartition(".")
    shared = {"setUpClass", "tearDownClass", "setUpModule", "tearDownModule"}
    return f"*{holder}.*" if last in shared else f"*{name}"


def _dotted(name: str, holder: str) -> str:
    """`module.Class.test`: from 3.11 on the text in brackets ends in the test's name."""
    return holder if holder.endswith(f".{name}") else f"{holder}.{name}"
