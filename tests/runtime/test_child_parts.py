"""What a fork does with a command, step by step: runner, tracer and memory are stand-ins.

What it does with real ones is tested in all files that start a process.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _mutdiff import channel, child, kept, mutation, spawning, swap
from _mutdiff.child import Child
from _mutdiff.codes import NOBODY, SHIFT, Codes
from _mutdiff.hits import Writer
from _mutdiff.project import Project
from _mutdiff.runner import Collected, CollectionFailed, Outcome
from _mutdiff.tracer import Recording

SOURCE = "def f():\n    return 1\n"
AT = SOURCE.index("1")


class Memory:
    path = "/memory"

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.told: list[Any] = []
        self.left = 1000
        self.fits = True

    def start_child(self) -> None:
        self.told.append("start")

    def time(self, place: int) -> None:
        self.told.append(("time", place))

    def set_flag(self, flag: int) -> None:
        self.told.append(("flag", flag))

    def test_started(self, number: int) -> None:
        self.told.append(("test", number))

    def probe(self) -> None:
        self.told.append("probe")

    def room(self) -> int:
        return self.left

    def append(self, header: dict[str, Any], body: bytes = b"") -> bool:
        if not self.fits and header["k"] == "test":
            return False
        spent = header.pop("us", 0)
        assert 0 <= spent < 10e6
        self.records.append(header)
        self.bodies.append(body)
        return True


ENDED = [("time", channel.TIME_TESTS_DONE), ("flag", channel.FLAG_FINISHED)]


class Runner:
    """Runs tests that are functions, or words."""

    fixture_hook: Any = None

    def __init__(self, *tests: Any) -> None:
        self.tests = tests
        self.calls: list[Any] = []
        self.uses: dict[int, list[Any]] = {}
        self.ids: list[str] = []

    def begin(self, report: bool) -> None:
        self.calls.append(("begin", report))

    def ready(self, scratch: str) -> None:
        self.calls.append(("ready", scratch))

    def run(self, number: int, following: int | None) -> Outcome:
        self.calls.append((number, following))
        test = self.tests[number]
        word = test() if callable(test) else test
        return Outcome(word or "passed", "text" * 100_000 if word == "long" else "text")

    def shared_fixtures(self, number: int) -> list[Any]:
        return self.uses.get(number, [])

    def collect(self, then: Callable[[list[Collected]], None]) -> None:
        then([Collected(id, None, None) for id in self.ids])


class Tracer:
    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        self.current = Recording()
        self.told: list[str] = []

    def swap(self, recording: Recording) -> Recording:
        before, self.current = self.current, recording
        return before

    def reach(self, line: int, *edge: int) -> None:
        self.current.lines.add(line)
        if edge:
            self.current.edges.add(edge[0] << SHIFT | edge[1])

    def start(self) -> None:
        self.told.append("start")

    def resume(self) -> None:
        self.told.append("resume")

    def forget(self) -> None:
        self.told.append("forget")

    def write_through(self, folder: str) -> None:
        self.told.append(folder)


class Bench:
    """A child and all that it is given."""

    def __init__(self, tmp_path: Path, monkeypatch: Any) -> None:
        (tmp_path / "m.py").write_text(SOURCE)
        self.project = Project(str(tmp_path), ["other.py", "m.py"], [])
        self.overrides: dict[int, Any] = {}
        self.rewritten: set[int] = set()
        self.memory = Memory()
        self.scratch = str(tmp_path / "scratch")
        self.announced: list[Any] = []
        self.tellers: list[Any] = []
        self.at_fork: list[Any] = []
        note = self.announced.append
        monkeypatch.setattr(spawning, "announce", lambda *a: note(("announce", *a)))
        monkeypatch.setattr(spawning, "install", lambda *a: note(("install", *a)) or {b"n": b"d"})
        monkeypatch.setattr(spawning, "renew", lambda *a: note(("renew", *a)))
        monkeypatch.setattr(spawning, "tell", self.tellers.append)
        monkeypatch.setattr(
            kept, "register_at_fork", lambda after_in_child: self.at_fork.append(after_in_child)
        )
        imports: Any = SimpleNamespace(
            override=lambda index, plain, rewritten: self.overrides.__setitem__(index, plain),
            is_rewritten=self.rewritten.__contains__,
        )
        memory: Any = self.memory
        self.child = Child(self.project, imports, memory, self.scratch, "/runtime", "/config")
        self.codes = Codes(self.project)
        self.codes.register(compile(SOURCE, self.project.path(1), "exec"))
        self.tracer = Tracer(self.codes)

    def command(self, *tests: Any, **more: Any) -> dict[str, Any]:
        return {
            "tests": list(tests), "mutant": None, "probe": False, "trace": False, "watch": False,
            "report": False, "stop": False, "known_codes": len(self.codes.codes), "known": [],
            **more,
        }  # fmt: skip

    def mutant(self, text: str = "2", digest: str = "") -> dict[str, Any]:
        return {
            "file": 1, "start": AT, "end": AT + 1, "text": text, "unit": None,
            "digest": digest or hashlib.sha256(SOURCE.encode()).hexdigest(),
        }  # fmt: skip

    def hot(self, runner: Runner, *tests: Any, **more: Any) -> list[dict[str, Any]]:
        self.memory.__init__()  # type: ignore[misc]
        tracer: Any = self.tracer
        self.child.run_hot(self.command(*tests, **more), runner, tracer)  # type: ignore[arg-type]
        return self.memory.records


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: Any) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_children_are_told_of_the_mutant_or_the_trace(bench: Bench) -> None:
    mutant = bench.mutant()
    bench.child.prepare(bench.command(mutant=mutant, probe=True), None)
    bench.child.prepare(bench.command(trace=True), None)
    names = [told[0] for told in bench.announced]
    assert names == ["announce", "install", "announce", "renew"]
    text, site = bench.announced[0][1:]
    assert bench.announced[1][1:] == (text, site)
    assert site == "/runtime/site"
    assert json.loads(text) == {
        "config": "/config", "mutant": mutant, "log": None, "memory": "/memory",
        "slot": "/memory",
    }  # fmt: skip
    later = bench.announced[2][1]
    assert bench.announced[3][1:] == ({b"n": b"d"}, later)
    assert json.loads(later) == {
        "config": "/config", "mutant": None, "log": f"{bench.scratch}/trace", "memory": None,
        "slot": "/memory",
    }  # fmt: skip


def test_a_fork_says_who_it_is(bench: Bench, monkeypatch: Any) -> None:
    monkeypatch.setattr(kept, "setsid", lambda: bench.memory.told.append("session"))
    bench.child.enter()
    assert bench.memory.told == ["session", "start", ("time", channel.TIME_CHILD)]


def test_tests_run_in_order_and_each_is_written(bench: Bench) -> None:
    runner = Runner("passed", "failed", "skipped")
    records = bench.hot(runner, 2, -1, 0, -1, 1)
    assert records == [
        {"k": "test", "i": 0, "w": "skipped"},
        {"k": "missing", "i": 1},
        {"k": "test", "i": 2, "w": "passed"},
        {"k": "missing", "i": 3},
        {"k": "test", "i": 4, "w": "failed"},
    ]
    assert runner.calls == [("begin", False), (2, 0), (0, 1), (1, None)]
    assert bench.memory.told == [
        ("time", channel.TIME_SWAPPED), *(("test", n) for n in (1, 2, 3, 4, 5)), *ENDED
    ]  # fmt: skip


def test_a_run_stops_where_it_is_told_to(bench: Bench) -> None:
    runner = Runner("passed", "failed")
    assert [r["w"] for r in bench.hot(runner, 0, 1, 0, stop=True)] == ["passed", "failed"]
    runner.calls.clear()
    assert [r["w"] for r in bench.hot(runner, 1, 0)] == ["failed", "passed"]
    assert runner.calls[1:] == [(1, 0), (0, None)]


def test_a_report_is_as_long_as_memory_bears(bench: Bench) -> None:
    runner = Runner("failed", "long")
    short, long = bench.hot(runner, 0, 1, report=True)
    assert short == {"k": "test", "i": 0, "w": "failed", "o": "text"}
    assert len(long["o"]) == 200_000
    assert runner.calls[0] == ("begin", True)


def test_how_long_a_test_took_is_written(bench: Bench, monkeypatch: Any) -> None:
    times = iter([10.0, 12.5, 20.0, 22.25])
    monkeypatch.setattr(kept, "perf_counter", lambda: next(times))
    spent: list[int] = []

    def append(header: dict[str, Any], body: bytes = b"") -> bool:
        spent.append(header["us"])
        return True

    monkeypatch.setattr(bench.child._memory, "append", append)
    bench.child.run_hot(bench.command(0), Runner("passed"), None)  # type: ignore[arg-type]
    tracer: Any = bench.tracer
    bench.child.run_hot(bench.command(0, trace=True), Runner("passed"), tracer)  # type: ignore
    assert spent == [2_500_000, 2_250_000]


def test_a_fault_of_the_runtime_is_no_failure(bench: Bench) -> None:
    def fault() -> None:
        raise SystemExit("so")

    for trace in (False, True):
        [record] = bench.hot(Runner(fault), 0, trace=trace)
        assert record["k"] == "engine_error"
        assert "SystemExit: so" in record["why"]
        assert bench.memory.told[-2:] == ENDED


def test_a_fork_of_a_test_that_comes_back_ends(bench: Bench, monkeypatch: Any) -> None:
    class Ended(BaseException):
        pass

    def end(status: int) -> None:
        assert status == 1
        raise Ended

    me = kept.getpid()
    monkeypatch.setattr(kept, "exit_now", end)

    def come_back() -> None:
        monkeypatch.setattr(kept, "getpid", lambda: me + 1)

    def come_back_with_an_error() -> None:
        come_back()
        raise ValueError

    for test in (come_back, come_back_with_an_error):
        for trace in (False, True):
            with pytest.raises(Ended):
                bench.hot(Runner(test), 0, trace=trace)
            assert bench.memory.records == []
            monkeypatch.setattr(kept, "getpid", lambda: me)
    runner = Runner(come_back)
    runner.ids = ["a"]
    caught: list[bool] = []

    def collect(then: Any) -> None:
        with pytest.raises(Ended):
            then([Collected("a", None, None)])
        caught.append(True)

    monkeypatch.setattr(runner, "collect", collect)
    bench.child.run_cold(bench.command("a"), runner)  # type: ignore[arg-type]
    assert ([r["k"] for r in bench.memory.records], caught) == (["new_tests"], [True])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (mutation.CannotPlace("so"), "cannot_place"),
        (mutation.SourceChanged("so"), "source_changed"),
        (SyntaxError("so"), "invalid"),
        (KeyboardInterrupt("so"), "engine_error"),
    ],
)
def test_a_mutant_that_cannot_be_placed_runs_no_test(
    error: BaseException, kind: str, bench: Bench, monkeypatch: Any
) -> None:
    def place(*_: Any) -> None:
        raise error

    monkeypatch.setattr(swap, "place", place)
    live: Any = object()
    bench.child.prepare(bench.command(mutant=bench.mutant()), live)
    runner = Runner("passed")
    [record] = bench.hot(runner, 0, mutant=bench.mutant())
    assert record["k"] == kind
    assert record["why"] == "so" or (kind == "engine_error" and "Interrupt: so" in record["why"])
    assert runner.calls == []
    assert bench.memory.told == ENDED
    # The next command is another.
    bench.child.prepare(bench.command(), live)
    assert bench.hot(runner, 0) == [{"k": "test", "i": 0, "w": "passed"}]


def test_reasons_are_cut(bench: Bench) -> None:
    bench.child._refuse("invalid", "x" * 30_000)
    assert bench.memory.records == [{"k": "invalid", "why": "x" * 20_000}]


class Placement:
    def __init__(self) -> None:
        self.effects = 0

    def take_effect(self) -> None:
        self.effects += 1


def test_a_file_whose_assertions_pytest_rewrites_is_not_decided_hot(bench: Bench) -> None:
    bench.rewritten.add(1)
    live: Any = object()
    bench.child.prepare(bench.command(mutant=bench.mutant()), live)
    [record] = bench.hot(Runner(lambda: None, "failed"), 0, mutant=bench.mutant())
    assert record["k"] == "cannot_place"


@pytest.mark.parametrize("probe", [False, True])
def test_a_placed_mutant_takes_effect_before_the_tests(
    probe: bool, bench: Bench, monkeypatch: Any
) -> None:
    placement = Placement()
    asked: list[Any] = []
    monkeypatch.setattr(swap, "place", lambda *a: asked.append(a) or placement)
    same: list[Any] = []

    def is_same(*given: Any) -> bool:
        same.append(given)
        return True

    monkeypatch.setattr(swap, "same_as_original", is_same)
    live: Any = object()
    command = {"mutant": bench.mutant(), "probe": probe}
    bench.child.prepare(bench.command(**command), live)
    [(mutant, of, path, call)] = asked
    assert (mutant.text, of, path) == ("2", live, bench.project.path(1))
    assert call == (bench.memory.probe if probe else None)
    effects: list[int] = []
    runner = Runner(lambda: effects.append(placement.effects), "failed")
    records = bench.hot(runner, 0, **command)
    assert effects == [1]
    test = {"k": "test", "i": 0, "w": "passed"}
    assert records == ([test] if probe else [test, {"k": "equivalent", "why": ""}])
    assert same == ([] if probe else [(mutant, placement, path)])
    space: dict[str, Any] = {}
    exec(bench.overrides[1](), space)
    bench.memory.told.clear()
    assert space["f"]() == 2
    assert bench.memory.told == (["probe"] if probe else [])
    if probe:
        return
    assert [r["k"] for r in bench.hot(runner, 1, 0, **command)] == ["test", "test"]
    assert [r["k"] for r in bench.hot(runner, 1, 0, stop=True, **command)] == ["test"]
    monkeypatch.setattr(swap, "same_as_original", lambda *_: False)
    assert bench.hot(runner, 0, **command) == [test]

    def changed(*_: Any) -> bool:
        raise mutation.SourceChanged("so")

    monkeypatch.setattr(swap, "same_as_original", changed)
    assert bench.hot(runner, 0, **command) == [test, {"k": "source_changed", "why": "so"}]


def test_nothing_is_placed_without_a_mutant_or_live_functions(
    bench: Bench, monkeypatch: Any
) -> None:
    monkeypatch.setattr(swap, "place", lambda *_: 1 / 0)
    live: Any = object()
    bench.child.prepare(bench.command(), live)
    bench.child.prepare(bench.command(mutant=bench.mutant()), None)
    assert bench.hot(Runner("passed"), 0) == [{"k": "test", "i": 0, "w": "passed"}]
    assert bench.overrides == {}


class Ended(BaseException):
    pass


def cold(bench: Bench, runner: Runner, monkeypatch: Any, *tests: str, **more: Any) -> Any:
    def end(status: int) -> None:
        assert status == 0
        raise Ended

    monkeypatch.setattr(kept, "exit_now", end)
    bench.memory.__init__()  # type: ignore[misc]
    bench.child.run_cold(bench.command(*tests, **more), runner)  # type: ignore[arg-type]
    return bench.memory.records


def test_a_cold_fork_collects_and_runs(bench: Bench, monkeypatch: Any) -> None:
    runner = Runner("passed", "failed", "skipped")
    runner.ids = ["a", "b", "new"]
    collect, ended = runner.collect, []

    def collect_to_the_end(then: Any) -> None:
        try:
            collect(then)
        except Ended:
            ended.append(True)

    monkeypatch.setattr(runner, "collect", collect_to_the_end)
    more = {"known": ["a", "b", "gone"], "mutant": bench.mutant(), "report": True}
    assert cold(bench, runner, monkeypatch, "b", "gone", **more) == [
        {"k": "new_tests", "ids": ["new"]},
        {"k": "test", "i": 0, "w": "failed", "o": "text"},
        {"k": "missing", "i": 1},
        {"k": "test", "i": 2, "w": "skipped", "o": "text"},
    ]
    assert ended == [True]
    assert runner.calls == [("ready", f"{bench.scratch}/tmp"), ("begin", True), (1, 2), (2, None)]
    assert bench.memory.told == [
        ("time", channel.TIME_SWAPPED), ("test", 1), *(("test", n) for n in (1, 2, 3)), *ENDED
    ]  # fmt: skip
    space: dict[str, Any] = {}
    exec(bench.overrides[1](), space)
    assert space["f"]() == 2
    bench.overrides.clear()
    found = cold(bench, runner, monkeypatch, "a", known=["a", "b", "new"])
    assert found == [{"k": "test", "i": 0, "w": "passed"}]
    assert bench.overrides == {}
    runner.tests = (lambda: 1 / 0,)
    [record] = cold(bench, runner, monkeypatch, "a", known=["a", "b", "new"])
    assert record["k"] == "engine_error"
    assert "ZeroDivisionError" in record["why"]
    assert bench.memory.told[-2:] == ENDED


def test_a_cold_fork_says_why_it_runs_nothing(bench: Bench, monkeypatch: Any) -> None:
    runner = Runner("passed")

    def refused(**more: Any) -> Any:
        [record] = cold(bench, runner, monkeypatch, "a", **more)
        assert bench.memory.told[-2:] == ENDED
        assert record["why"] != "None"
        return record["k"], record["why"].splitlines()[-1] if record["why"] else ""

    assert refused(mutant=bench.mutant("1")) == ("equivalent", "")
    assert refused(mutant=bench.mutant(")"))[0] == "invalid"
    assert refused(mutant=bench.mutant(digest="0" * 64))[0] == "source_changed"
    for error, why in [(CollectionFailed("so"), "so"), (SystemExit("so"), "SystemExit: so")]:
        runner.collect = lambda _, error=error: raise_it(error)  # type: ignore[method-assign]
        assert refused() == ("collection_failed", why)
    assert refused(mutant=bench.mutant("1"), probe=True)[0] == "collection_failed"
    space: dict[str, Any] = {}
    exec(bench.overrides[1](), space)
    bench.memory.told.clear()
    space["f"]()
    assert bench.memory.told == ["probe"]
    bench.child._refusal = "engine_error", "so"
    assert refused() == ("engine_error", "so")


def raise_it(error: BaseException) -> None:
    raise error


def words(record: dict[str, Any], body: bytes) -> tuple[set[int], set[tuple[int, int]]]:
    lines, edges = record["n"]
    numbers = struct.unpack(f"<{lines + edges}Q", body)
    assert list(numbers[:lines]) == sorted(numbers[:lines])
    return set(numbers[:lines]), {(n >> SHIFT, n & NOBODY) for n in numbers[lines:]}


def traced(bench: Bench, runner: Runner, *tests: int, **more: Any) -> list[Any]:
    records = bench.hot(runner, *tests, trace=True, **more)
    return [words(r, b) for r, b in zip(records, bench.memory.bodies, strict=True) if "n" in r]


def test_each_traced_test_has_what_it_reached(bench: Bench) -> None:
    reach = bench.tracer.reach
    runner = Runner(lambda: reach(7, NOBODY, 1), lambda: reach(8), lambda: None)
    assert traced(bench, runner, 0, 1, 2) == [
        ({7}, {(NOBODY, 1)}), ({8}, set()), (set(), set())
    ]  # fmt: skip
    assert [(r["k"], r["i"], r["w"]) for r in bench.memory.records] == [
        ("test", 0, "passed"), ("test", 1, "passed"), ("test", 2, "passed")
    ]  # fmt: skip
    assert not any({"x", "b", "codes"} & set(record) for record in bench.memory.records)
    assert runner.calls == [("begin", False), (0, 1), (1, 2), (2, None)]
    assert bench.tracer.told == ["start", *["resume", "forget"] * 3]
    assert [told for told in bench.memory.told if told[0] == "test"] == [
        ("test", 1), ("test", 2), ("test", 3)
    ]  # fmt: skip
    [at_fork] = bench.at_fork
    at_fork()
    assert bench.tracer.told[-1] == f"{bench.scratch}/trace"
    # One test alone is not followed by any whose lines could be hidden.
    bench.tracer.told.clear()
    assert traced(bench, runner, 1) == [({8}, set())]
    assert bench.tracer.told == ["start", "resume"]


def test_a_fork_that_traces_nothing_runs_tests(bench: Bench) -> None:
    [record] = bench.hot(Runner("passed"), 0, trace=False)
    assert "n" not in record
    memory = bench.memory
    memory.records.clear()
    bench.child.run_hot(bench.command(0, trace=True), Runner("passed"), None)  # type: ignore
    assert "n" not in memory.records[0]


def test_what_children_wrote_is_of_the_test_that_ran(bench: Bench, monkeypatch: Any) -> None:
    folder = f"{bench.scratch}/trace"
    Writer(folder).write(b"L\t1\t99\n")

    def first() -> None:
        writer = Writer(folder)
        writer.write(b"L\t1\t5\nE\t-\t1\t1\tf\n")
        writer.write(b"B\t1\nB\t0\n")

    runner = Runner(first, "passed")
    number = [code.co_name for code in bench.codes.codes].index("f")
    line = 1 << SHIFT | 5
    assert traced(bench, runner, 0, 1) == [({line}, {(NOBODY, number)}), (set(), set())]
    assert [record.get("b") for record in bench.memory.records] == [[0, 1], [0, 1]]
    [note] = bench.tellers
    note(("?", b""), "/")
    monkeypatch.setattr(child.Reader, "anyone_left", lambda _: True)
    assert [r["k"] for r in bench.hot(runner, 1, 1, trace=True)] == ["test", "more"]
    assert bench.memory.records[1]["i"] == 1
    assert [r["k"] for r in bench.hot(runner, 1, trace=True)] == ["test"]


def test_a_full_memory_ends_a_shared_fork(bench: Bench) -> None:
    def fill() -> None:
        bench.memory.left = 249

    records = bench.hot(Runner(fill, "passed"), 0, 1, trace=True)
    assert records[1:] == [{"k": "more", "i": 1}]
    enough = Runner(lambda: setattr(bench.memory, "left", 250), "passed")
    assert [r["k"] for r in bench.hot(enough, 0, 1, trace=True)] == ["test", "test"]
    bench.memory.left = 0
    assert [r["k"] for r in bench.hot(Runner("passed"), 0, trace=True)] == ["test"]

    def overflow() -> None:
        bench.memory.fits = False

    records = bench.hot(Runner(overflow, "passed"), 0, 1, trace=True)
    assert records == [{"k": "engine_error", "why": "a trace larger than the slot's memory"}]


def test_code_that_was_loaded_by_a_test_is_described(bench: Bench) -> None:
    known = len(bench.codes.codes)

    def load(*edge: int) -> Callable[[], None]:
        def test() -> None:
            if len(bench.codes.codes) == known:
                bench.codes.stand_in(0, 9, "late")
            bench.tracer.reach(1, *edge)

        return test

    described = [[0, 9, "late"]]
    for edge, expected in [
        ((NOBODY, 0), None),
        ((0, 1), None),
        ((NOBODY, known), described),
        ((known, 0), described),
        ((0, known), described),
    ]:
        bench.tracer.current = Recording()
        [record] = bench.hot(Runner(load(*edge)), 0, trace=True, known_codes=known)
        assert record.get("codes") == expected, edge
    [record] = bench.hot(Runner("passed"), 0, trace=True, known_codes=known)
    assert "codes" not in record


def test_a_wide_fixture_is_of_all_that_use_it(bench: Bench) -> None:
    reach = bench.tracer.reach
    runner = Runner()

    def set_up(owner: str, *lines: int, inside: Callable[[], None] | None = None) -> None:
        runner.fixture_hook(owner, True)
        if inside is not None:
            inside()
        for line in lines:
            reach(line, NOBODY, 0)
        runner.fixture_hook(owner, False)

    def first() -> None:
        reach(1)
        set_up("session", 10, inside=lambda: set_up("inner", 11))
        reach(2)

    def again() -> None:
        set_up("session")
        set_up("other", 12)
        reach(3)

    def anew() -> None:
        set_up("session", 13)
        runner.fixture_hook("other", True)
        bench.tracer.current.edges.add(1 << SHIFT | 0)
        runner.fixture_hook("other", False)

    runner.tests = (first, lambda: reach(4), again, anew, lambda: None)
    runner.uses = {
        0: ["session"], 1: ["session", "unknown"], 2: ["other", "session"], 3: [],
        4: ["session", "other"],
    }  # fmt: skip
    found = traced(bench, runner, 0, 1, 2, 3, 4)
    lines = [lines for lines, _ in found]
    assert lines == [{1, 2, 10, 11}, {4, 10, 11}, {3, 10, 11, 12}, {13}, {13}]
    assert found[4][1] == {(NOBODY, 0), (1, 0)}
    # What a set-up hides from the test, and the test from the set-up, is told again.
    assert bench.tracer.told.count("forget") == 6 * 2 + 5
    alone = Runner("passed")
    traced(bench, alone, 0)
    assert alone.fixture_hook is None


def test_what_was_written_is_told_with_its_test(bench: Bench, monkeypatch: Any) -> None:
    wrote = {"now": False, "for good": False}
    made: list[str] = []

    class Writes:
        def __init__(self, own: str) -> None:
            made.append(own)

        def took_place(self, lasting: bool = False) -> bool:
            seen, wrote["now"] = wrote["now"], False
            wrote["for good"] = wrote["for good"] or (lasting and seen)
            return seen or wrote["for good"]

    monkeypatch.setattr(child, "Writes", Writes)
    runner = Runner()

    def write() -> None:
        wrote["now"] = True

    def before_a_fixture() -> None:
        write()
        runner.fixture_hook("one", True)
        runner.fixture_hook("one", False)

    def in_a_fixture() -> None:
        runner.fixture_hook("two", True)
        write()
        runner.fixture_hook("two", False)

    runner.tests = ("passed", write, "passed", before_a_fixture, "passed", in_a_fixture, "passed")
    found = [bool(r.get("x")) for r in bench.hot(runner, *range(7), trace=True, watch=True)]
    assert found == [False, True, False, True, False, True, True]
    assert made == [kept.realpath(bench.scratch)]
    assert all("x" not in r for r in bench.hot(runner, 1, 1, trace=True))
    assert len(made) == 1
