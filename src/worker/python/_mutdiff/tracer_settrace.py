"""Tracing with ``sys.settrace`` (Python 3.10 and 3.11), threads included.

Invariant: a frame is traced by line only while its code has lines that this process has not
recorded; library frames cost one call of the global trace function each.
"""

from __future__ import annotations

import dis
import sys
import threading
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any

from .codes import NOBODY, SHIFT, Codes
from .tracer import Tracer, reached


class SettraceTracer(Tracer):
    """Records through the global trace function."""

    def __init__(self, codes: Codes) -> None:
        super().__init__(codes)
        #: ``id(code)`` → lines not yet recorded.
        self._missing: dict[int, set[int]] = {}
        self._trace = self._make()

    def watch(self, codes: Iterable[CodeType]) -> None:
        for code in codes:
            if id(code) in self.codes.line_bases:
                self._missing[id(code)] = _lines(code)

    def start(self) -> None:
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def stop(self) -> None:
        threading.settrace(None)
        sys.settrace(None)

    def forget(self) -> None:
        for number in reached(self.current):
            code = self.codes.codes[number]
            if id(code) in self._missing:
                self._missing[id(code)] = _lines(code)

    def forget_all(self) -> None:
        """Like ``forget``, for all code: after imports, before the first test."""
        for code in self.codes.codes:
            if id(code) in self._missing:
                self._missing[id(code)] = _lines(code)

    def _rebind(self) -> None:
        active = sys.gettrace() is self._trace
        self._trace = self._make()
        if active:
            self.start()

    def _make(self) -> Any:
        number = self.codes.numbers.get
        bases = self.codes.line_bases
        add_line, add_edge = self.current.lines.add, self.current.edges.add
        missing = self._missing
        nobody = NOBODY << SHIFT

        def local(frame: FrameType, event: str, _arg: object) -> Any:
            if event == "line":
                key = id(frame.f_code)
                line = frame.f_lineno
                add_line(bases[key] + line)
                missing[key].discard(line)
            return local

        def trace(frame: FrameType, _event: str, _arg: object) -> Any:
            key = id(frame.f_code)
            callee = number(key)
            if callee is None:
                return None
            if frame.f_lasti < 1 or not frame.f_code.co_flags & 0x2A0:
                # Not for a generator or coroutine that goes on: it was entered before.
                back = frame.f_back
                while back is not None:
                    caller = number(id(back.f_code))
                    if caller is not None:
                        add_edge(caller << SHIFT | callee)
                        break
                    back = back.f_back
                else:
                    add_edge(nobody | callee)
            return local if missing.get(key) else None

        return trace


def _lines(code: CodeType) -> set[int]:
    return {line for _, line in dis.findlinestarts(code) if line}
