"""Trace functions of tests beside the runtime's own: each is told what it would be told alone."""

from __future__ import annotations

import _thread
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
from _mutdiff import following
from _mutdiff.following import Following


def work() -> int:
    value = 1
    return value


class Told:
    """A trace function that keeps what it is told of ``work``."""

    def __init__(self, local: bool = True, until: str = "", other: bool = False) -> None:
        self.events: list[str] = []
        self._local = local
        self._until = until
        self._other = other

    def __call__(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if frame.f_code is work.__code__:
            self.events.append(event)
            return self.local if self._local else None
        return None

    def local(self, _frame: FrameType, event: str, _arg: Any) -> Any:
        self.events.append(event)
        if self._other:
            return self.other
        return None if event == self._until else self.local

    def other(self, _frame: FrameType, event: str, _arg: Any) -> Any:
        self.events.append(f"other {event}")
        return self.other


WHOLE = ["call", "line", "line", "return"]


@pytest.fixture
def own() -> Iterator[Told]:
    before = sys.gettrace()
    told = Told()
    stand_in = Following(told)
    stand_in.install()
    yield told
    stand_in.uninstall()
    sys.settrace(before)


def in_thread(start: Any = None) -> None:
    done: list[bool] = []

    def run() -> None:
        work()
        done.append(True)

    if start is None:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    else:
        start(run, ())
        while not done:
            time.sleep(0.001)


def test_the_runtimes_own_is_told_and_not_seen(own: Told) -> None:
    assert sys.gettrace() is None
    assert threading.gettrace() is None
    work()
    assert own.events == WHOLE


def test_both_are_told(own: Told) -> None:
    theirs = Told()
    sys.settrace(theirs)
    assert sys.gettrace() is theirs
    work()
    sys.settrace(None)
    assert sys.gettrace() is None
    assert (own.events, theirs.events) == (WHOLE, WHOLE)
    work()
    assert (own.events, theirs.events) == (WHOLE * 2, WHOLE)


#: What trace functions may return, and what the interpreter tells one of them alone.
KINDS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "whole": ({}, WHOLE),
    "none from the global one": ({"local": False}, ["call"]),
    # The interpreter goes on with the local one that it has.
    "none from the local one": ({"until": "line"}, WHOLE),
    "another local one": ({"other": True}, ["call", "line", "other line", "other return"]),
}


@pytest.mark.parametrize("theirs", KINDS)
@pytest.mark.parametrize("ours", KINDS)
def test_each_is_told_what_it_would_be_told_alone(theirs: str, ours: str) -> None:
    mine, alone, own = (Told(**KINDS[kind][0]) for kind in (theirs, theirs, ours))
    sys.settrace(alone)
    work()
    sys.settrace(None)
    stand_in = Following(own)
    stand_in.install()
    try:
        sys.settrace(mine)
        work()
        sys.settrace(None)
    finally:
        stand_in.uninstall()
    assert alone.events == mine.events == KINDS[theirs][1]
    assert own.events == KINDS[ours][1]


def test_a_test_does_not_see_the_functions_that_stand_in(own: Told) -> None:
    seen: list[str] = []

    def theirs(frame: FrameType, _event: str, _arg: Any) -> Any:
        seen.append(frame.f_code.co_name)

    sys.settrace(theirs)
    sys.gettrace()
    sys.settrace(theirs)
    work()
    sys.settrace(None)
    assert seen == ["work"]


def test_threads_are_told_of(own: Told) -> None:
    in_thread()
    assert own.events == WHOLE
    in_thread(_thread.start_new_thread)
    assert own.events == WHOLE * 2


def test_threads_take_the_trace_function_that_is_set_for_them(own: Told) -> None:
    theirs, elsewhere = Told(), Told()
    sys.settrace(elsewhere)
    threading.settrace(theirs)
    assert threading.gettrace() is theirs
    in_thread()
    threading.settrace(None)  # type: ignore[arg-type]
    sys.settrace(None)
    assert threading.gettrace() is None
    assert (own.events, theirs.events, elsewhere.events) == (WHOLE, WHOLE, [])
    in_thread()
    assert (own.events, theirs.events) == (WHOLE * 2, WHOLE)


def test_each_thread_has_its_own_trace_function(own: Told) -> None:
    theirs = Told()
    seen: list[Any] = []

    def run() -> None:
        seen.append(sys.gettrace())
        sys.settrace(theirs)
        seen.append(sys.gettrace())
        work()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [None, theirs]
    assert sys.gettrace() is None
    work()
    assert (own.events, theirs.events) == (WHOLE * 2, WHOLE)


def test_a_bare_threads_arguments_are_its_own(own: Told) -> None:
    got: list[Any] = []
    _thread.start_new_thread(lambda *a, **k: got.append((a, k)), (1, 2), {"x": 3})
    while not got:
        time.sleep(0.001)
    assert got == [((1, 2), {"x": 3})]


def test_all_is_as_before_at_the_end() -> None:
    told = Told()
    stand_in = Following(told)
    stand_in.install()
    stand_in.uninstall()
    work()
    in_thread()
    # Those that were there when the module was loaded.
    assert (sys.settrace, sys.gettrace) == (following._settrace, following.real_gettrace)
    assert threading.settrace == following._settrace_of_threads
    assert threading.gettrace == following._gettrace_of_threads
    assert _thread.start_new_thread == following._start_bare
    assert (told.events, sys.gettrace(), threading.gettrace()) == ([], None, None)


def test_functions_that_were_taken_earlier_go_on_as_the_interpreters() -> None:
    own, theirs = Told(), Told()
    stand_in = Following(own)
    stand_in.install()
    settrace, gettrace, start = sys.settrace, sys.gettrace, _thread.start_new_thread
    of_threads, get_of_threads = threading.settrace, threading.gettrace
    settrace(theirs)
    of_threads(theirs)
    stand_in.uninstall()
    assert (gettrace(), get_of_threads()) == (None, None)
    settrace(theirs)
    of_threads(theirs)
    assert gettrace() is sys.gettrace() is theirs
    assert get_of_threads() is threading.gettrace() is theirs
    work()
    in_thread()
    settrace(None)
    of_threads(None)  # type: ignore[arg-type]
    in_thread(start)
    assert (own.events, theirs.events) == ([], WHOLE * 2)
    # Another fork begins to record: nothing is left of the trace functions before.
    stand_in.install()
    assert (sys.gettrace(), threading.gettrace()) == (None, None)
    settrace(theirs)
    assert sys.gettrace() is theirs
    settrace(None)
    of_threads(theirs)
    in_thread()
    in_thread(start)
    stand_in.uninstall()
    assert (own.events, theirs.events) == (WHOLE * 2, WHOLE * 3)


def test_what_the_interpreter_tells_one_is_told_to_two() -> None:
    # Called here, since what the interpreter calls as a trace function is traced by nobody.
    told: list[Any] = []

    def function(name: str, result: Any) -> Any:
        def trace(*event: Any) -> Any:
            told.append((name, *event))
            return result

        return trace

    frame: Any = SimpleNamespace(f_code=work.__code__)
    local, other = function("local", None), function("other", None)
    for own, theirs, result in [(None, None, None), (local, None, local), (None, other, other)]:
        both = following._both(function("own", own), function("theirs", theirs))
        assert both(frame, "call", 5) is result
        assert told == [("own", frame, "call", 5), ("theirs", frame, "call", 5)]
        told.clear()
        for hidden in (Following._set, Following._get, following._both):
            assert both(SimpleNamespace(f_code=hidden.__code__), "call", 5) is None
        assert told == []
    first, then = function("own", local), function("theirs", other)
    pair = following._both(function("-", first), function("-", then))(frame, "call", 5)
    told.clear()
    for names in (("own", "theirs"), ("local", "other"), ("local", "other")):
        assert pair(frame, "line", 6) is pair
        assert told == [(name, frame, "line", 6) for name in names]
        told.clear()


def test_a_new_thread_begins_with_what_was_set_for_it(monkeypatch: Any) -> None:
    told, own = Told(), Told()
    stand_in = Following(own)
    stand_in.install()
    stand_in._set_for_threads(told)
    stand_in.uninstall()
    stand_in._installed = True
    put: list[Any] = []
    monkeypatch.setattr(following, "_settrace", put.append)
    monkeypatch.setattr(following, "real_gettrace", lambda: put[-1])
    frame: Any = SimpleNamespace(f_code=work.__code__)
    assert isinstance(stand_in._in_new_thread(frame, "call", None), following._Local)
    assert (told.events, own.events) == (["call"], ["call"])
    assert stand_in._get() is told
    monkeypatch.setattr(following, "real_gettrace", lambda: None)
    assert stand_in._in_new_thread(frame, "call", None) is None
