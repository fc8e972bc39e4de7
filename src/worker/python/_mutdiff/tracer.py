"""Recording lines and edges: what every tracer keeps, and the choice between the two kinds.

Invariant: only registered code (the project's own) is recorded; library frames between two
project frames are skipped, so a callback through ``sorted`` links caller and callee.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType

from . import kept
from .codes import LOW, NOBODY, SHIFT, Codes


class Recording:
    """Lines and edges, packed: ``file << 32 | line`` and ``caller << 32 | callee``."""

    __slots__ = ("edges", "lines")

    def __init__(self) -> None:
        self.lines: set[int] = set()
        self.edges: set[int] = set()

    def add(self, other: Recording) -> None:
        """Takes all that ``other`` holds."""
        self.lines |= other.lines
        self.edges |= other.edges


def reached(recording: Recording) -> set[int]:
    """The numbers of the code objects that took part in a recorded call."""
    numbers = {packed & LOW for packed in recording.edges}
    numbers.update(packed >> SHIFT for packed in recording.edges)
    numbers.discard(NOBODY)
    return numbers


class Tracer:
    """What the tracers of both kinds share."""

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.current = Recording()
        self._through: int | None = None

    def watch(self, codes: Iterable[CodeType]) -> None:
        """Begins to record newly registered code."""
        raise NotImplementedError

    def start(self) -> None:
        """Begins to record."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends recording for good, and leaves nothing behind that slows code down."""
        raise NotImplementedError

    def forget(self) -> None:
        """Makes lines that were recorded before recordable again, in this process."""
        raise NotImplementedError

    def forget_all(self) -> None:
        """Like ``forget``, for all code: after imports, before the first test."""
        raise NotImplementedError

    def swap(self, recording: Recording) -> Recording:
        """Records into ``recording`` from now on; returns what was recorded into before."""
        before, self.current = self.current, recording
        self._rebind()
        return before

    def write_through(self, path: str) -> None:
        """Writes every new hit to ``path`` at once: for children of tests, which may die badly."""
        self._through = kept.os_open(path, kept.APPEND, 0o600)
        self.current = _WrittenThrough(self._through, self.codes)
        self._rebind()

    def _rebind(self) -> None:
        """Called when ``current`` is another object."""


class _ThroughSet(set[int]):
    """A set that writes each new member to a file as text."""

    def __init__(self, fd: int, codes: Codes, edges: bool) -> None:
        super().__init__()
        self._fd = fd
        self._codes = codes
        self._edges = edges

    def add(self, packed: int) -> None:
        if packed in self:
            return
        super().add(packed)
        high, low = packed >> SHIFT, packed & LOW
        if self._edges:
            text = f"E\t{self._point(high)}\t{self._point(low)}\n"
        else:
            text = f"L\t{high}\t{low}\n"
        try:
            # One write of a short line to a file opened for appending is not torn apart.
            kept.os_write(self._fd, text.encode("utf-8", "backslashreplace"))
        except OSError:
            pass

    def _point(self, number: int) -> str:
        if number == NOBODY:
            return "-"
        code = self._codes.codes[number]
        return f"{self._codes.file_of[number]}\t{max(1, code.co_firstlineno)}\t{code.co_name}"


class _WrittenThrough(Recording):
    def __init__(self, fd: int, codes: Codes) -> None:
        super().__init__()
        self.lines = _ThroughSet(fd, codes, edges=False)
        self.edges = _ThroughSet(fd, codes, edges=True)


def read_log(path: str, codes: Codes, recording: Recording) -> None:
    """Adds what children of a test wrote to ``path`` and empties the file."""
    try:
        with kept.open_file(path, "r+b") as file:
            text = file.read().decode("utf-8", "replace")
            file.truncate(0)
    except OSError:
        return
    points: dict[tuple[int, int, str], int] = {
        (codes.file_of[number], max(1, code.co_firstlineno), code.co_name): number
        for number, code in enumerate(codes.codes)
    }
    for line in text.splitlines():
        fields = line.split("\t")
        try:
            if fields[0] == "L":
                recording.lines.add(int(fields[1]) << SHIFT | int(fields[2]))
            elif fields[0] == "E":
                caller, rest = _read_point(fields[1:], points)
                callee, _ = _read_point(rest, points)
                if callee is not None and callee != NOBODY:
                    recording.edges.add((NOBODY if caller is None else caller) << SHIFT | callee)
        except (ValueError, IndexError):
            continue  # the last line of a child that was killed while it wrote


def _read_point(
    fields: list[str], points: dict[tuple[int, int, str], int]
) -> tuple[int | None, list[str]]:
    if fields[0] == "-":
        return NOBODY, fields[1:]
    return points.get((int(fields[0]), int(fields[1]), fields[2])), fields[3:]


def make_tracer(codes: Codes) -> Tracer:
    """The tracer for this interpreter: ``sys.monitoring`` from 3.12 on, ``sys.settrace`` before."""
    if sys.version_info >= (3, 12):
        from .tracer_monitoring import MonitoringTracer

        return MonitoringTracer(codes)
    from .tracer_settrace import SettraceTracer

    return SettraceTracer(codes)
