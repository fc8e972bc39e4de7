"""Tracing with ``sys.monitoring`` (Python 3.12 and later).

Invariant: events are local to project code, so library code runs at full speed; each line costs
one callback a process, since the callback disables its own place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import CodeType, FrameType

from .codes import NOBODY, SHIFT, Codes, identity
from .tracer import Recording, Tracer, reached

assert sys.version_info >= (3, 12)

_monitoring = sys.monitoring
#: 0 to 2 and 5 are set aside for debuggers, coverage, profilers and the optimiser.
_TOOLS = (4, 3)
_ENTRY = _monitoring.events.PY_START
_LINE = _monitoring.events.LINE


class MonitoringTracer(Tracer):
    """Records through local events on registered code."""

    def __init__(self, codes: Codes) -> None:
        super().__init__(codes)
        self._tool = next(tool for tool in _TOOLS if _monitoring.get_tool(tool) is None)
        _monitoring.use_tool_id(self._tool, "mutdiff")
        self._watched: list[CodeType] = []
        self._on = False

    def watch(self, codes: Iterable[CodeType]) -> None:
        for code in codes:
            self._watched.append(code)
            if self._on:
                self._enable(code)

    def start(self) -> None:
        self._on = True
        self._rebind()
        for code in self._watched:
            self._enable(code)

    def stop(self) -> None:
        self._on = False
        for code in self._watched:
            _monitoring.set_local_events(self._tool, code, 0)
        _monitoring.register_callback(self._tool, _ENTRY, None)
        _monitoring.register_callback(self._tool, _LINE, None)
        _monitoring.free_tool_id(self._tool)

    def forget(self) -> None:
        # Not restart_events(): that makes every code object of the process be looked at again,
        # libraries included. Taking the events away and giving them back resets one place.
        for number in reached(self.current):
            self._reset(self.codes.codes[number])

    def forget_all(self) -> None:
        """Like ``forget``, for all code: after imports, before the first test."""
        for code in self._watched:
            self._reset(code)

    def _reset(self, code: CodeType) -> None:
        _monitoring.set_local_events(self._tool, code, 0)
        self._enable(code)

    def _enable(self, code: CodeType) -> None:
        events = _ENTRY | _LINE if identity(code) in self.codes.line_bases else _ENTRY
        _monitoring.set_local_events(self._tool, code, events)

    def _rebind(self) -> None:
        if not self._on:
            return
        recording = self.current
        _monitoring.register_callback(self._tool, _LINE, _on_line(self.codes, recording))
        _monitoring.register_callback(self._tool, _ENTRY, _on_entry(self.codes, recording))


def _on_line(codes: Codes, recording: Recording) -> object:
    bases, add, disable = codes.line_bases, recording.lines.add, _monitoring.DISABLE
    known_by = identity

    def on_line(code: CodeType, line: int) -> object:
        base = bases.get(known_by(code))
        if base is not None:
            add(base + line)
        return disable

    return on_line


def _on_entry(codes: Codes, recording: Recording) -> object:
    number, add, getframe = codes.numbers.get, recording.edges.add, sys._getframe
    known_by, nobody = identity, NOBODY << SHIFT
    # Most entries of a function come from where the one before came from, and nearly all are of
    # an edge that was seen: both are known by identity, before anything is packed. Registered
    # code lives for ever, and only registered callers are remembered.
    last: dict[int, CodeType] = {}
    caller_before = last.get
    seen: set[tuple[int, int]] = set()

    def take(key: int, frame: FrameType | None) -> None:
        """Takes an entry that is not the one before again."""
        pair = known_by(frame.f_code) if frame is not None else nobody, key
        if frame is not None and pair in seen:
            last[key] = frame.f_code
            return
        callee = number(key)
        if callee is None:
            return
        caller = number(pair[0])
        if caller is not None:
            add(caller << SHIFT | callee)
            seen.add(pair)
            return
        while frame is not None:
            caller = number(known_by(frame.f_code))
            if caller is not None:
                add(caller << SHIFT | callee)
                return
            frame = frame.f_back
        add(nobody | callee)

    def on_entry(code: CodeType, _offset: int) -> None:
        key = known_by(code)
        try:
            frame = getframe(2)
        except ValueError:  # a script, thread or greenlet begins here
            take(key, None)
            return
        if caller_before(key) is not frame.f_code:
            take(key, frame)

    return on_entry
