"""Tracing with ``sys.settrace`` (Python 3.10 and 3.11), threads included.

Invariant: a frame is traced by line only while its code has lines that this process has not
recorded; library frames cost one call of the global trace function each.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any

from .codes import NOBODY, SHIFT, Codes, identity
from .following import Following, real_gettrace
from .tracer import Recording, Tracer, reached

#: ``co_flags`` of generators, coroutines and asynchronous generators.
_SUSPENDABLE = 0x20 | 0x80 | 0x200


class SettraceTracer(Tracer):
    """Records through the global trace function."""

    def __init__(self, codes: Codes) -> None:
        super().__init__(codes)
        #: ``identity(code)`` → lines not yet recorded.
        self._missing: dict[int, set[int]] = {}
        #: ``identity(code)`` of generators and coroutines → ``f_lasti`` at their first entry.
        self._entries: dict[int, int] = {}
        self._trace, self._record_into = self._make()
        self._following = Following(self._trace)

    def watch(self, codes: Iterable[CodeType]) -> None:
        for code in codes:
            if code.co_flags & _SUSPENDABLE:
                self._entries[identity(code)] = _entry(code)
            if identity(code) in self.codes.line_bases:
                self._missing[identity(code)] = _lines(code)

    def start(self) -> None:
        self._following.install()

    def resume(self) -> None:
        if real_gettrace() is not self._trace:
            self.start()

    def stop(self) -> None:
        self._following.uninstall()

    def forget(self) -> None:
        for number in reached(self.current):
            code = self.codes.codes[number]
            if identity(code) in self._missing:
                self._missing[identity(code)] = _lines(code)

    def forget_all(self) -> None:
        """Like ``forget``, for all code: after imports, before the first test."""
        for code in self.codes.codes:
            if identity(code) in self._missing:
                self._missing[identity(code)] = _lines(code)

    def _rebind(self) -> None:
        # Not a new trace function: threads that run keep theirs.
        self._record_into(self.current)

    def _make(self) -> tuple[Any, Callable[[Recording], None]]:
        number = self.codes.numbers.get
        bases = self.codes.line_bases
        add_line, add_edge = self.current.lines.add, self.current.edges.add
        missing, entries = self._missing, self._entries
        nobody = NOBODY << SHIFT

        def record_into(recording: Recording) -> None:
            nonlocal add_line, add_edge
            add_line, add_edge = recording.lines.add, recording.edges.add

        def local(frame: FrameType, event: str, _arg: object) -> Any:
            if event == "line":
                key = identity(frame.f_code)
                line = frame.f_lineno
                add_line(bases[key] + line)
                missing[key].discard(line)
            return local

        def trace(frame: FrameType, _event: str, _arg: object) -> Any:
            key = identity(frame.f_code)
            callee = number(key)
            if callee is None:
                return None
            if key not in entries or frame.f_lasti == entries[key]:
                # Not for a generator or coroutine that goes on: it was entered before.
                back = frame.f_back
                while back is not None:
                    caller = number(identity(back.f_code))
                    if caller is not None:
                        add_edge(caller << SHIFT | callee)
                        break
                    back = back.f_back
                else:
                    add_edge(nobody | callee)
            return local if missing.get(key) else None

        return trace, record_into


def _entry(code: CodeType) -> int:
    """``f_lasti`` of a generator's or coroutine's first call event: before anything, or on the
    instruction that says so (``RESUME 0``, from 3.11 on)."""
    resume = dis.opmap.get("RESUME")
    instructions = code.co_code
    for at in range(0, len(instructions), 2):
        if instructions[at] == resume:
            return at
    return -1


def _lines(code: CodeType) -> set[int]:
    return {line for _, line in dis.findlinestarts(code) if line}
