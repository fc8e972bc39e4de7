"""What a recording is made of, in this process: numbers of code, files, packed lines and edges."""

from __future__ import annotations

import _thread
import dis
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import pytest
from _mutdiff import kept
from _mutdiff.codes import LOW, NOBODY, SHIFT, Codes, identity
from _mutdiff.project import Project
from _mutdiff.runner import code_of
from _mutdiff.tracer import Recording, Tracer, make_tracer, reached

SOURCE = """\
def leaf(n=0):
    if n:
        return leaf(n - 1)
    return 1

def through(items):
    return sorted(items, key=lambda n: leaf() * n)

def steps():
    yield leaf()
    yield leaf()

def go_on(generator):
    return next(generator)

def outer():
    def inner():
        return leaf()
    return inner
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "m.py").write_text(SOURCE)
    (tmp_path / "test_m.py").write_text("")
    return Project(str(tmp_path), ["other.py", "m.py", "test_m.py"], [2])


def compiled(project: Project, source: str = SOURCE, index: int = 1) -> CodeType:
    return compile(source, project.path(index), "exec")


def nested(code: CodeType, *names: str) -> CodeType:
    for name in names:
        [code] = [c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name]
    return code


def test_code_is_numbered_once_with_all_that_is_nested_in_it(project: Project) -> None:
    codes = Codes(project)
    root = compiled(project)
    inner = nested(root, "outer", "inner")
    assert codes.register(inner) == [inner]
    new = codes.register(root)
    assert new[0] is root
    assert sorted(code.co_name for code in new) == [
        "<lambda>", "<module>", "go_on", "leaf", "outer", "steps", "through"
    ]  # fmt: skip
    assert codes.codes == [inner, *new]
    assert [codes.numbers[identity(code)] for code in codes.codes] == list(range(8))
    assert codes.line_bases == {identity(code): 1 << 32 for code in codes.codes}
    assert codes.register(root) == []
    assert codes.describe(7) == [[1, new[6].co_firstlineno, new[6].co_name]]
    assert codes.describe()[:2] == [[1, 17, "inner"], [1, 1, "<module>"]]
    assert (LOW, NOBODY) == (0xFFFFFFFF, 0xFFFFFFFF)


def test_code_that_already_has_a_number_hides_none_beside_it(project: Project) -> None:
    codes = Codes(project)
    root = compiled(project)
    last = [code for code in root.co_consts if isinstance(code, CodeType)][-1]
    codes.register(last)
    assert len(codes.register(root)) == 6


def test_lines_of_tests_and_other_code_are_not_recorded(project: Project) -> None:
    codes = Codes(project)
    assert codes.register(compile("x = 1", "/elsewhere/m.py", "exec")) == []
    [test] = codes.register(compiled(project, "x = 1", 2))
    assert codes.line_bases == {}
    assert codes.file_of == [2]
    assert codes.describe() == [[2, 1, "<module>"]]
    number = codes.stand_in(0, 7, "far")
    assert (number, codes.describe(1)) == (1, [[0, 7, "far"]])
    # Some compilers number from 0; there is no such line.
    assert codes.register(test.replace(co_firstlineno=0, co_name="odd"))
    assert codes.describe(2) == [[2, 1, "odd"]]


def test_a_file_is_known_by_every_spelling(project: Project, monkeypatch: Any) -> None:
    root = Path(project.root)
    (root / "link").symlink_to(root)
    assert project.index(f"{root}/m.py") == 1
    assert project.index(f"{root}/./m.py") == 1
    assert project.index(f"{root}/link/link/m.py") == 1
    assert project.index(f"{root}/link/other.py") == 0
    assert project.path(1) == f"{root}/m.py"
    assert project.index("<string>") is None
    assert project.index("/elsewhere/m.py") is None
    monkeypatch.chdir(root)
    assert project.index("m.py") == 1
    (root / "sub").mkdir()
    monkeypatch.chdir(root / "sub")
    assert project.index("m.py") is None
    assert Project(f"{root}/link", ["m.py"], []).index(f"{root}/m.py") == 0


def test_a_file_is_asked_for_once_and_again_after_a_fault(
    project: Project, monkeypatch: Any
) -> None:
    asked: list[str] = []

    def ask(path: str) -> str:
        asked.append(path)
        if len(asked) == 1:
            raise OSError("patched")
        return os.path.realpath(path)

    monkeypatch.setattr(kept, "realpath", ask)
    link = f"{project.root}/./m.py"
    assert project.index(link) is None
    assert [project.index(link) for _ in range(3)] == [1, 1, 1]
    assert [project.index("/far") for _ in range(3)] == [None] * 3
    assert asked == [link, link, "/far"]
    assert project.index("<frozen os>") is None
    assert project.index(f"{project.root}/other.py") == 0
    assert len(asked) == 3


def test_code_is_found_under_wrappers() -> None:
    def function() -> None: ...

    def wrapper() -> None: ...

    wrapper.__wrapped__ = function  # type: ignore[attr-defined]
    assert code_of(wrapper) is function.__code__
    assert code_of(type("C", (), {"m": function})().m) is function.__code__
    wrapper.__wrapped__ = type("C", (), {"m": function})().m  # type: ignore[attr-defined]
    assert code_of(wrapper) is function.__code__
    wrapper.__wrapped__ = wrapper  # type: ignore[attr-defined]
    assert code_of(wrapper) is wrapper.__code__
    assert code_of(len) is None
    assert code_of(type("C", (), {"__code__": 1})) is None
    assert code_of(None) is None


def test_recordings_add_up() -> None:
    one, two = Recording(), Recording()
    one.lines |= {1}
    two.lines |= {2}
    one.edges |= {5 << SHIFT | 6}
    two.edges |= {NOBODY << SHIFT | 7}
    one.add(two)
    assert one.lines == {1, 2}
    assert reached(one) == {5, 6, 7}
    assert two.lines == {2}


class Watched:
    """A tracer over the module's code, and the module."""

    def __init__(self, project: Project) -> None:
        self.codes = Codes(project)
        self.tracer = make_tracer(self.codes)
        self.space: dict[str, Any] = {}
        root = compiled(project)
        self.tracer.watch(self.codes.register(root))
        exec(root, self.space)

    def start(self) -> None:
        self.tracer.start()

    def taken(self) -> tuple[set[int], set[tuple[str, str]]]:
        """What was recorded since this was asked last."""
        recording = self.tracer.swap(Recording())
        assert all(packed >> SHIFT == 1 for packed in recording.lines)
        names = {NOBODY: "-", **{n: code.co_name for n, code in enumerate(self.codes.codes)}}
        return (
            {packed & LOW for packed in recording.lines},
            {(names[packed >> SHIFT], names[packed & LOW]) for packed in recording.edges},
        )


@pytest.fixture
def watched(project: Project) -> Iterator[Watched]:
    made = Watched(project)
    yield made
    made.tracer.stop()


def test_nothing_is_recorded_before_the_start(watched: Watched) -> None:
    for _ in range(2):
        watched.space["leaf"]()
        assert watched.taken() == (set(), set())


def test_lines_and_edges_are_recorded_through_libraries(watched: Watched) -> None:
    watched.start()
    watched.space["through"]([2, 1])
    lines, edges = watched.taken()
    assert lines == {2, 4, 7} | ({1, 6} & lines)
    assert edges == {("-", "through"), ("through", "<lambda>"), ("<lambda>", "leaf")}


def test_what_was_recorded_is_recorded_again_once_it_is_forgotten(watched: Watched) -> None:
    leaf = watched.space["leaf"]
    watched.start()
    leaf()
    assert watched.taken()[0] >= {2, 4}
    leaf(1)
    # Lines are told once in a process, or as long as the function has others; edges each time.
    lines, edges = watched.taken()
    assert 3 in lines
    assert (lines == {3}) == (sys.version_info >= (3, 12))
    assert edges == {("-", "leaf"), ("leaf", "leaf")}
    leaf()
    watched.tracer.forget()
    leaf()
    lines, edges = watched.taken()
    assert lines >= {2, 4}
    assert edges == {("-", "leaf")}
    watched.tracer.forget_all()
    leaf()
    assert watched.taken()[0] >= {2, 4}


def test_a_generator_is_entered_once(watched: Watched) -> None:
    watched.start()
    steps = watched.space["steps"]()
    next(steps)
    assert watched.taken()[1] == {("-", "steps"), ("steps", "leaf")}
    watched.space["go_on"](steps)
    assert watched.taken()[1] == {("-", "go_on"), ("steps", "leaf")}


def test_code_that_is_watched_later_is_recorded(watched: Watched, project: Project) -> None:
    watched.start()
    late = compiled(project, "\n\n\ndef late():\n    return 1\n", 0)
    watched.tracer.watch(watched.codes.register(late))
    space: dict[str, Any] = {}
    exec(late, space)
    space["late"]()
    recording = watched.tracer.swap(Recording())
    assert {packed for packed in recording.lines if packed >> SHIFT == 0} == {4, 5}
    assert len(recording.edges) == 2


def test_edges_into_tests_are_recorded_without_lines(watched: Watched, project: Project) -> None:
    watched.start()
    test = compiled(project, "def test():\n    return 1\n", 2)
    watched.tracer.watch(watched.codes.register(test))
    space: dict[str, Any] = {}
    exec(test, space)
    space["test"]()
    for again in (watched.tracer.forget, watched.tracer.forget_all):
        lines, edges = watched.taken()
        assert (lines, edges) == (set(), {("-", "<module>"), ("-", "test")} & edges)
        assert ("-", "test") in edges
        again()
        space["test"]()


def test_threads_are_recorded(watched: Watched) -> None:
    watched.start()
    thread = threading.Thread(target=watched.space["leaf"])
    thread.start()
    thread.join()
    assert watched.taken()[1] == {("-", "leaf")}


def test_nothing_is_left_behind_at_the_end(project: Project) -> None:
    watched = Watched(project)
    watched.start()
    before = watched.tracer
    watched.tracer.stop()
    watched.space["leaf"]()
    assert watched.taken() == (set(), set())
    again = Watched(project)
    again.start()
    again.space["leaf"]()
    assert again.taken()[1] == {("-", "leaf")}
    again.tracer.stop()
    assert type(before) is type(again.tracer)
    if sys.version_info >= (3, 12):
        tool, code = before._tool, watched.space["leaf"].__code__  # type: ignore[attr-defined]
        assert tool == again.tracer._tool  # type: ignore[attr-defined]
        watched.tracer.watch([code])
        sys.monitoring.use_tool_id(tool, "next")
        events = sys.monitoring.events
        assert sys.monitoring.get_local_events(tool, code) == 0
        for event in (events.LINE, events.PY_START):
            assert sys.monitoring.register_callback(tool, event, None) is None
        sys.monitoring.free_tool_id(tool)


def test_a_tracer_without_room_goes_on(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tracer = Tracer(Codes(project))
    before = tracer.current
    tracer.write_through(str(tmp_path / "file" / "folder"))
    assert tracer.current is before
    tracer.write_through(str(tmp_path / "folder"))
    tracer.current.lines.add(1 << SHIFT | 5)
    [file] = (tmp_path / "folder").iterdir()
    assert b"L\t1\t5\n" in file.read_bytes()


def test_what_a_child_reaches_is_written_at_once(watched: Watched, tmp_path: Path) -> None:
    watched.start()
    watched.tracer.write_through(str(tmp_path / "hits"))
    watched.space["leaf"](1)
    [file] = (tmp_path / "hits").iterdir()
    lines = file.read_bytes()[8:].rstrip(b"\0").decode().split("\n")
    assert {"L\t1\t2", "L\t1\t3", "L\t1\t4"} <= set(lines)
    assert [line for line in lines if line[:1] == "E"] == [
        "E\t-\t1\t1\tleaf",
        "E\t1\t1\tleaf\t1\t1\tleaf",
    ]


CALLS = """\
def callee():
    enter(callee.__code__, 0)

def caller():
    callee()

def other():
    callee()

def through():
    library(callee)
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring")
def test_what_monitoring_tells_is_taken(project: Project) -> None:
    # Called here and not by the interpreter, which watches nothing of what a callback does.
    from _mutdiff import tracer_monitoring as monitoring

    codes, recording = Codes(project), Recording()
    code = compiled(project, CALLS)
    codes.register(code)
    line = monitoring._on_line(codes, recording)
    assert line(code, 3) is sys.monitoring.DISABLE  # type: ignore[operator]
    assert recording.lines == {1 << SHIFT | 3}
    test = compiled(project, "x = 1", 2)
    codes.register(test)
    assert line(test, 1) is sys.monitoring.DISABLE  # type: ignore[operator]
    assert recording.lines == {1 << SHIFT | 3}

    def library(function: Any) -> None:
        function()

    enter = monitoring._on_entry(codes, recording)
    space: dict[str, Any] = {"enter": enter, "library": library}
    exec(code, space)
    number = {code.co_name: at for at, code in enumerate(codes.codes)}

    def edges(*names: str) -> set[tuple[str, str]]:
        recording.edges.clear()
        for name in names:
            space[name]()
        of = {NOBODY: "-", **{at: name for name, at in number.items()}}
        return {(of[packed >> SHIFT], of[packed & LOW]) for packed in recording.edges}

    assert edges("caller", "other") == {("caller", "callee"), ("other", "callee")}
    # A recorder is made for each recording: what it has told once is there.
    assert edges("caller", "caller", "other", "caller") == set()
    for _ in range(2):
        assert edges("through") == {("through", "callee")}
        assert edges("callee") == {("-", "callee")}
    assert edges("caller") == set()
    recording.edges.clear()
    done = threading.Event()
    _thread.start_new_thread(lambda: (space["callee"](), done.set()), ())
    done.wait(10)
    assert recording.edges == {NOBODY << SHIFT | number["callee"]}
    recording.edges.clear()
    _thread.start_new_thread(space["callee"], ())
    deadline = time.monotonic() + 1
    while not recording.edges and time.monotonic() < deadline:
        time.sleep(0.001)
    assert recording.edges == {NOBODY << SHIFT | number["callee"]}
    recording.edges.clear()
    enter(library.__code__, 0)  # type: ignore[operator]
    assert recording.edges == set()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring")
def test_another_tools_number_is_left_to_it(project: Project) -> None:
    taken = sys.monitoring.get_tool(4)
    if taken is None:
        sys.monitoring.use_tool_id(4, "another")
    tracer = make_tracer(Codes(project))
    assert tracer._tool == 3  # type: ignore[attr-defined]
    tracer.stop()
    if taken is None:
        sys.monitoring.free_tool_id(4)


def test_what_a_trace_function_is_told_is_taken(project: Project) -> None:
    # Called here, since what the interpreter calls as a trace function is traced by nobody.
    from _mutdiff import tracer_settrace

    codes = Codes(project)
    root = compiled(project)
    tracer = tracer_settrace.SettraceTracer(codes)
    tracer.watch(codes.register(root))
    leaf, outer, steps = nested(root, "leaf"), nested(root, "outer"), nested(root, "steps")
    library = library_code()

    def frame(code: CodeType, back: Any = None, last: int = 0, line: int = 1) -> Any:
        return SimpleNamespace(f_code=code, f_back=back, f_lasti=last, f_lineno=line)

    def told(of: Any) -> tuple[Any, set[tuple[int, int]]]:
        tracer.swap(Recording())
        local = tracer._trace(of, "call", None)
        return local, {(packed >> SHIFT, packed & LOW) for packed in tracer.current.edges}

    number = {code.co_name: at for at, code in enumerate(codes.codes)}
    local, edges = told(frame(leaf, frame(library, frame(library, frame(outer, frame(steps))))))
    assert edges == {(number["outer"], number["leaf"])}
    assert told(frame(library, frame(outer))) == (None, set())
    alone = (local, {(NOBODY, number["leaf"])})
    assert told(frame(leaf)) == told(frame(leaf, frame(library))) == alone
    tracer.swap(Recording())
    for event in ("line", "return"):
        assert local(frame(leaf, line=2 if event == "line" else 3), event, None) is local
    assert tracer.current.lines == {1 << SHIFT | 2}
    for line in (1, 3, 4):
        local(frame(leaf, line=line), "line", None)
    assert told(frame(leaf)) == (None, alone[1])
    tracer.forget()
    assert told(frame(leaf)) == alone
    for line in (1, 2, 3, 4):
        local(frame(leaf, line=line), "line", None)
    assert told(frame(leaf)) == (None, alone[1])
    tracer.forget_all()
    assert told(frame(leaf)) == alone
    # A generator is entered where it begins, and goes on anywhere else.
    begin = tracer_settrace._entry(steps)
    assert told(frame(steps, last=begin)) == (local, {(NOBODY, number["steps"])})
    assert told(frame(steps, last=begin + 8)) == (local, set())
    test = compiled(project, "x = 1", 2)
    tracer.watch(codes.register(test))
    assert told(frame(test)) == (None, {(NOBODY, len(codes.codes) - 1)})


def library_code() -> CodeType:
    return compile("pass", "/library.py", "exec")


def test_a_generator_begins_at_its_mark() -> None:
    from _mutdiff import tracer_settrace

    mark = dis.opmap.get("RESUME", 255)
    code: Any = SimpleNamespace(co_code=bytes([1, mark, 2, mark, mark, 0, mark, 0]))
    assert tracer_settrace._entry(code) == (4 if "RESUME" in dis.opmap else -1)
    code.co_code = bytes([1, mark])
    assert tracer_settrace._entry(code) == -1
    assert 0 not in tracer_settrace._lines(compile("x = 1\ny = 2", "f", "exec"))


def test_a_recording_that_a_test_ended_goes_on(watched: Watched) -> None:
    watched.start()
    if sys.version_info < (3, 12):
        from _mutdiff import following

        following._settrace(None)
        watched.space["leaf"]()
        assert watched.taken() == (set(), set())
    watched.tracer.resume()
    watched.space["leaf"]()
    assert watched.taken()[1] == {("-", "leaf")}
