"""Trace functions of tests (debuggers, coverage tools) beside the runtime's own (to Python 3.11).

Invariant: a test sees the trace function that it set, and nothing of the runtime's; both are told
of every event that each would be told of alone.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from .codes import identity

Trace = Callable[[FrameType, Any, Any], Any]

_settrace, real_gettrace = sys.settrace, sys.gettrace
_start_bare: Any = _thread.start_new_thread
_settrace_of_threads, _gettrace_of_threads = threading.settrace, threading.gettrace


class Following:
    """Stands in for ``sys.settrace`` and its kin while ``own`` records.

    One a process: who took a function while modules were imported has it in tests, too.
    """

    def __init__(self, own: Trace) -> None:
        self._own = own

    def install(self) -> None:
        """Puts the functions into place, and begins to record."""
        self._installed = True
        #: Of each thread, since a trace function belongs to one.
        self._theirs = threading.local()
        self._theirs_for_threads: Trace | None = None
        sys.settrace = self._set
        sys.gettrace = self._get
        threading.settrace = self._set_for_threads
        threading.gettrace = self._get_for_threads
        _thread.start_new_thread = self._start_bare
        _settrace_of_threads(self._in_new_thread)
        _settrace(self._own)

    def uninstall(self) -> None:
        """Takes the functions away, and the trace function."""
        self._installed = False
        sys.settrace, sys.gettrace = _settrace, real_gettrace
        threading.settrace, threading.gettrace = _settrace_of_threads, _gettrace_of_threads
        _thread.start_new_thread = _start_bare
        threading.settrace(None)
        sys.settrace(None)

    def _set(self, function: Trace | None, /) -> None:
        if not self._installed:
            _settrace(function)
            return
        self._theirs.function = function
        _settrace(self._own if function is None else _both(self._own, function))

    def _get(self) -> Trace | None:
        if not self._installed:
            return real_gettrace()
        function: Trace | None = getattr(self._theirs, "function", None)
        return function

    def _set_for_threads(self, func: Trace | None) -> None:
        if self._installed:
            self._theirs_for_threads = func
        else:
            _settrace_of_threads(func)

    def _get_for_threads(self) -> Trace | None:
        return self._theirs_for_threads if self._installed else _gettrace_of_threads()

    def _in_new_thread(self, frame: FrameType, event: Any, arg: Any) -> Any:
        self._set(self._theirs_for_threads)
        trace = real_gettrace()
        return None if trace is None else trace(frame, event, arg)

    def _start_bare(self, function: Any, *rest: Any) -> Any:
        """A thread that ``threading`` does not know takes no trace function from there."""

        def traced(*args: Any, **keywords: Any) -> None:
            _settrace(self._own)
            function(*args, **keywords)

        return _start_bare(traced if self._installed else function, *rest)


def _both(own: Trace, theirs: Trace) -> Trace:
    """A global trace function that tells two."""

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if identity(frame.f_code) in _HIDDEN:
            return None
        own_local = own(frame, event, arg)
        their_local = theirs(frame, event, arg)
        if own_local is None or their_local is None:
            return own_local or their_local
        return _Local(own_local, their_local)

    return trace


#: Calls that a test would not see if the functions here were the interpreter's.
_HIDDEN = {identity(function.__code__) for function in (Following._set, Following._get, _both)}


class _Local:
    """Tells two local trace functions.

    As with the interpreter, one that returns ``None`` stays: only a global one says no that way.
    """

    __slots__ = ("_own", "_theirs")

    def __init__(self, own: Trace, theirs: Trace) -> None:
        self._own = own
        self._theirs = theirs

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        self._own = self._own(frame, event, arg) or self._own
        self._theirs = self._theirs(frame, event, arg) or self._theirs
        return self
