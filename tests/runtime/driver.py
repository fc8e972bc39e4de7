"""A stand-in for the Rust side: starts the runtime, sends orders, reads a slot's memory.

Invariant: it starts Python as ``src/worker/process.rs`` does and reads the memory as
``src/worker/memory.rs`` does; nothing it started outlives ``Project.close``.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RUNTIME = Path(__file__).resolve().parents[2] / "src" / "worker" / "python"
BOOT = (
    "import sys; d = sys.argv.pop(); c = sys.argv.pop(); sys.path[0] = d; "
    "from _mutdiff.server import start; import os; sys.path[0] = os.getcwd(); "
    "start(c, d)"
)
SIZE = 64 << 20
NOBODY = 0xFFFFFFFF


@dataclass
class Run:
    """What a child did."""

    status: int
    records: list[dict[str, Any]]
    started: int
    flags: int
    killed: bool

    @property
    def finished(self) -> bool:
        return bool(self.flags & 1 << 8) and (self.killed or self.status == 0)

    @property
    def probe(self) -> bool:
        return bool(self.flags & 1)

    @property
    def words(self) -> list[str]:
        """Outcomes in order; the kind of any other record."""
        return [record.get("w") or record["k"] for record in self.records]


@dataclass
class Trace:
    """What one test reached, in words."""

    lines: set[tuple[str, int]] = field(default_factory=set)
    edges: set[tuple[str, str]] = field(default_factory=set)


class Link:
    """Length-prefixed JSON over a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        self.connection.sendall(struct.pack("<I", len(data)) + data)

    def receive(self, seconds: float = 30) -> dict[str, Any] | None:
        self.connection.settimeout(seconds)
        head = self._exactly(4)
        return None if head is None else json.loads(self._exactly(struct.unpack("<I", head)[0]))

    def _exactly(self, size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            part = self.connection.recv(size - len(data))
            if not part:
                return None
            data += part
        return data


class Slot:
    """One slot: a child at a time."""

    def __init__(self, process: Process, link: Link, memory: Path) -> None:
        self._process = process
        self._link = link
        self._memory = open(memory, "r+b")

    def run(
        self,
        tests: list[Any],
        mutant: dict[str, Any] | None = None,
        seconds: float = 20,
        **order: Any,
    ) -> Run:
        """Runs tests by number or by name (warm), by id (cold)."""
        process = self._process
        if process.mode == "warm":
            tests = [test if isinstance(test, int) else process.number(test) for test in tests]
        self._memory.seek(0)
        self._memory.write(bytes(64))
        self._memory.flush()
        message = {
            "tests": tests,
            "mutant": mutant,
            "probe": False,
            "trace": False,
            "watch": True,
            "report": False,
            "stop": False,
            "known_codes": len(process.codes),
            "only": None,
            "known": [],
            **order,
        }
        self._link.send(message)
        ready = select.select([self._link.connection], [], [], seconds)[0]
        killed = not ready
        if killed:
            pid = struct.unpack("<I", self._header()[:4])[0]
            os.killpg(pid, signal.SIGKILL)
        answer = self._link.receive()
        assert answer is not None, f"the slot is gone\n{process.log()}"
        header = self._header()
        _, started, used, flags = struct.unpack("<4I", header[:16])
        records = self._records(used)
        # A slot that has once run untraced never traces again.
        wrong = [r for r in records if r["k"] == "test" and ("n" in r) != message["trace"]]
        assert not wrong, wrong
        return Run(answer["status"], records, started, flags, killed)

    def trace(self, tests: list[Any]) -> list[Trace]:
        """Runs tests traced, in one fork; they must pass or be skipped."""
        run = self.run(tests, trace=True, stop=False)
        assert run.finished and set(run.words) <= {"passed", "skipped"}, (
            f"{run}\n{self._process.log()}"
        )
        return [self._process.named(record) for record in run.records]

    def _header(self) -> bytes:
        self._memory.seek(0)
        return self._memory.read(64)

    def _records(self, used: int) -> list[dict[str, Any]]:
        self._memory.seek(64)
        data = self._memory.read(used)
        records = []
        at = 0
        while at < used:
            head, body = struct.unpack_from("<II", data, at)
            at += 8
            record = json.loads(data[at : at + head])
            at += head
            record["body"] = struct.unpack_from(f"<{body // 8}Q", data, at)
            at += body
            records.append(record)
        return records


class Process:
    """One warm or cold process."""

    def __init__(self, project: Project, config: dict[str, Any], env: dict[str, str]) -> None:
        self._project = project
        self.mode: str = config["mode"]
        self.codes: list[Any] = []
        self.ids: list[str] = []
        self._log = project.area / f"{self.mode}.log"
        self._tokens = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(config["socket"])
        self._listener.listen(16)
        self._listener.settimeout(30)
        path = project.area / f"{self.mode}.json"
        path.write_text(json.dumps(config))
        with open(self._log, "wb") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-c", BOOT, str(path), str(RUNTIME)],
                cwd=project.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONHASHSEED": "0", **env},
                start_new_session=True,
            )
        self._link = self._accept()
        hello = self._link.receive()
        assert hello is not None and hello["protocol"] == 2
        self.collected: dict[str, Any] = self._link.receive() or {"died": self.log()}
        if "collected" in self.collected:
            self.ids = [test[0] for test in self.collected["collected"]]
            self.codes = self.collected.get("codes", [])

    def slot(self, number: int = 0) -> Slot:
        self._tokens += 1
        memory = self._project.area / f"memory-{self.mode}-{self._tokens}"
        with open(memory, "wb") as file:
            file.truncate(SIZE)
        self._link.send({"slot": number, "token": self._tokens, "memory": str(memory)})
        link = self._accept()
        hello = link.receive()
        assert hello is not None and hello["token"] == self._tokens
        return Slot(self, link, memory)

    def number(self, name: str) -> int:
        """The number of the one test whose id ends with ``name``."""
        found = [number for number, known in enumerate(self.ids) if known.endswith(name)]
        assert len(found) == 1, f"{name} in {self.ids}"
        return found[0]

    def named(self, record: dict[str, Any]) -> Trace:
        """A test record's numbers as files, lines and names."""
        lines, edges = record["n"]
        body = record["body"]
        codes = self.codes + record.get("codes", [])
        files = self._project.files

        def name(number: int) -> str:
            return "-" if number == NOBODY else codes[number][2]

        return Trace(
            {(files[packed >> 32], packed & NOBODY) for packed in body[:lines]},
            {(name(packed >> 32), name(packed & NOBODY)) for packed in body[lines : lines + edges]},
        )

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        self._link.connection.close()
        self._listener.close()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise

    def _accept(self) -> Link:
        return Link(self._listener.accept()[0])


class Project:
    """A project in a directory of its own, and the processes started for it."""

    def __init__(self, files: dict[str, str]) -> None:
        # Not pytest's tmp_path: a socket's path has little more than a hundred bytes.
        self.area = Path(tempfile.mkdtemp(prefix="mutdiff-rt-"))
        self.root = self.area / "project"
        self.files: list[str] = []
        self._processes: list[Process] = []
        for name, text in files.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8", newline="")
        if name.endswith(".py") and name not in self.files:
            self.files.append(name)

    def start(
        self,
        mode: str = "warm",
        runner: str = "pytest",
        arguments: tuple[str, ...] = (),
        trace: bool = True,
        env: dict[str, str] | None = None,
        **config: Any,
    ) -> Process:
        serial = len(self._processes)
        scratch = self.area / f"scratch-{serial}"
        scratch.mkdir()
        tests = [
            index
            for index, name in enumerate(self.files)
            if Path(name).name.startswith(("test_", "conftest"))
        ]
        whole = {
            "socket": str(self.area / f"{serial}.sock"),
            "root": str(self.root),
            "files": self.files,
            "test_files": tests,
            "cache": None,
            "runner": runner,
            "arguments": list(arguments),
            "trace": trace and mode == "warm",
            "mode": mode,
            "only": None,
            "preload": [],
            "scratch": str(scratch),
            "jobs": 1,
            "roots": ["src/", ""],
            **config,
        }
        process = Process(self, whole, env or {})
        self._processes.append(process)
        return process

    def mutant(self, file: str, old: str, new: str) -> dict[str, Any]:
        """The message of a mutant that replaces the one occurrence of ``old``."""
        path = self.root / file
        text = path.read_bytes()
        assert text.count(old.encode()) == 1, f"{old!r} in {file}"
        start = text.index(old.encode())
        end = start + len(old.encode())
        return {
            "file": self.files.index(file),
            "start": start,
            "end": end,
            "text": new,
            "digest": hashlib.sha256(text).hexdigest(),
            "unit": unit(text, start, end, new),
        }

    def line(self, file: str, text: str) -> tuple[str, int]:
        """File and line of the one line that holds ``text``."""
        lines = (self.root / file).read_text(encoding="utf-8").splitlines()
        found = [number for number, line in enumerate(lines, 1) if text in line]
        assert len(found) == 1, f"{text!r} on lines {found}"
        return file, found[0]

    def close(self) -> None:
        try:
            for process in self._processes:
                process.close()
        finally:
            shutil.rmtree(self.area, ignore_errors=True)


def unit(text: bytes, start: int, end: int, new: str) -> dict[str, Any] | None:
    """The outermost function around a span, as ``src/mutate/unit.rs`` gives it."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column

    def indent(line: int) -> str:
        row = text[starts[line - 1] : starts[line]]
        return row[: len(row) - len(row.lstrip(b" \t\x0c"))].decode()

    def inside(node: Any) -> bool:
        first = offset(node.lineno, node.col_offset)
        return first <= start and end <= offset(node.end_lineno, node.end_col_offset)

    def search(node: ast.AST, classes: list[dict[str, str]]) -> dict[str, Any] | None:
        for child in ast.iter_child_nodes(node):
            if hasattr(child, "lineno") and not inside(child):
                continue
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                first = offset(child.lineno, child.col_offset)
                last = offset(child.end_lineno or 0, child.end_col_offset or 0)
                decorators = getattr(child, "decorator_list", [])
                return {
                    "text": (text[first:start] + new.encode() + text[end:last]).decode(),
                    "offset": start - first,
                    "indent": indent(child.lineno),
                    "name": getattr(child, "name", "<lambda>"),
                    "first_line": min([child.lineno, *(d.lineno for d in decorators)]),
                    "def_line": child.lineno,
                    "classes": classes,
                }
            below = classes
            if isinstance(child, ast.ClassDef):
                below = [*classes, {"indent": indent(child.lineno), "name": child.name}]
            found = search(child, below)
            if found is not None:
                return found
        return None

    return search(ast.parse(text), [])


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")")[-1].split()[0] != "Z"


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
