"""Recording lines and edges: what every tracer keeps, and the choice between the two kinds.

Invariant: only registered code (the project's own) is recorded; library frames between two
project frames are skipped, so a callback through ``sorted`` links caller and callee.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType

from .codes import LOW, NOBODY, SHIFT, Codes
from .hits import Writer, WrittenSet


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

    def watch(self, codes: Iterable[CodeType]) -> None:
        """Begins to record newly registered code."""
        raise NotImplementedError

    def start(self) -> None:
        """Begins to record."""
        raise NotImplementedError

    def resume(self) -> None:
        """Begins again if a test has ended the recording (by a trace function of its own)."""

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

    def write_through(self, folder: str) -> None:
        """Writes every new hit into ``folder`` at once: for children of tests."""
        try:
            self.current = _WrittenThrough(Writer(folder), self.codes)
        except (OSError, ValueError):
            return  # no room: what this process reaches is lost, what it does is not disturbed
        self._rebind()

    def _rebind(self) -> None:
        """Called when ``current`` is another object."""


class _WrittenThrough(Recording):
    def __init__(self, writer: Writer, codes: Codes) -> None:
        super().__init__()
        self.lines = WrittenSet(writer, codes, edges=False)
        self.edges = WrittenSet(writer, codes, edges=True)


def make_tracer(codes: Codes) -> Tracer:
    """The tracer for this interpreter: ``sys.monitoring`` from 3.12 on, ``sys.settrace`` before."""
    if sys.version_info >= (3, 12):
        from .tracer_monitoring import MonitoringTracer

        return MonitoringTracer(codes)
    from .tracer_settrace import SettraceTracer

    return SettraceTracer(codes)
