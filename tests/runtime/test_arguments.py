"""Programs that tests start: what is an interpreter, what it is given and may run; in this process.

The same from outside, with real processes: test_beyond.py, test_children.py, test_spawning.py.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _mutdiff import beyond, kept, spawning
from _mutdiff.project import Project

FILES = {
    "pkg/__init__.py": "",
    "pkg/__main__.py": "from . import one\n",
    "pkg/one.py": "from ..top import x\nfrom .sub.deep import y\n",
    "pkg/sub/__init__.py": "from .. import two\n",
    "pkg/sub/deep.py": "from ...pkg import three as other, four\nfrom . import *\n",
    "pkg/two.py": "import os.path, pkg.three as t\n",
    "pkg/three.py": "",
    "pkg/four.py": "",
    "pkg/five.py": "from inner import x\n",
    "top.py": "",
    "src/inner.py": "import top\n",
    "dynamic.py": "from importlib import import_module\n",
    "magic.py": "__import__('top')\n",
    "runs.py": "import runpy\n",
    "broken.py": "def (\n",
    "null.py": "x = '\0'\n",
    "calls.py": "import dynamic\n",
    "odd.py": "import top\nx = '\\d' is 1\n",
}
ALL = set(FILES)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "generated").write_text("import top\n")
    (tmp_path / "away").mkdir()
    return Project(str(tmp_path), list(FILES), [])


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("c", "import top", {"top.py"}),
        ("c", "from top import x", {"top.py"}),
        ("c", "import top\nimport os", {"top.py"}),
        ("m", "pkg.five", {"pkg/__init__.py", "pkg/five.py", "src/inner.py", "top.py"}),
        ("c", "import inner", {"src/inner.py", "top.py"}),
        ("c", "import os, sys", set()),
        ("c", "def f():\n    from pkg import three", {"pkg/__init__.py", "pkg/three.py"}),
        ("c", "from . import top", {"top.py"}),
        ("c", "import calls", ALL),
        ("c", "import magic", ALL),
        ("c", "import runs", ALL),
        ("c", "import broken", ALL),
        ("c", "def (", ALL),
        ("c", "import top; import_module", ALL),
        ("c", "import null", ALL),
        ("m", "top", {"top.py"}),
        ("m", "pkg.two", {"pkg/__init__.py", "pkg/two.py", "pkg/three.py"}),
        ("m", "pkg.sub", {"pkg/__init__.py", "pkg/sub/__init__.py", "pkg/two.py", "pkg/three.py"}),
        ("f", "top.py", {"top.py"}),
        ("f", "away/../odd.py", {"odd.py", "top.py"}),
        ("f", "pkg/sub/deep.py", {"pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/deep.py",
                                  "pkg/two.py", "pkg/three.py", "pkg/four.py"}),
        ("f", "generated", {"top.py"}),
        ("f", "pkg", {name for name in ALL if name.startswith("pkg/")}
         - {"pkg/five.py"} | {"top.py"}),
        ("?", "", ALL),
    ],
)  # fmt: skip
def test_what_a_process_names_is_what_it_may_run(
    kind: str, value: str, expected: set[str], project: Project
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = beyond.files(project, (kind, value.encode()), project.root)
    assert {project.files[index] for index in found} == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import whole", {"__init__.py"}),
        ("import whole.one", {"__init__.py", "one.py", "two.py"}),
        ("import whole.sub.deep", {"__init__.py", "sub/deep.py", "two.py"}),
        ("import whole.sub.deeper.away", {"__init__.py", "sub/deeper/away.py", "two.py"}),
    ],
)
def test_the_projects_folder_may_be_a_package(
    code: str, expected: set[str], tmp_path: Path
) -> None:
    files = {
        "__init__.py": "",
        "one.py": "from . import two\n",
        "two.py": "",
        "sub/deep.py": "from .. import two\n",
        "sub/deeper/away.py": "from ...whole import two\nfrom .... import whole\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    project = Project(str(tmp_path), list(files), [])
    found = beyond.files(project, ("c", code.encode()), "/")
    assert {project.files[index] for index in found} == expected


def test_a_script_may_be_named_from_anywhere(project: Project) -> None:
    files = project.files
    for folder, script in [
        (f"{project.root}/away", "../top.py"),
        ("/usr", f"{project.root}/top.py"),
    ]:
        assert beyond.files(project, ("f", script.encode()), folder) == {files.index("top.py")}
    with pytest.raises(OSError):
        beyond.files(project, ("f", b"absent.py"), project.root)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("-I -", ("?", b"")),
        ("-I - script.py", ("?", b"")),
        ("-X dev -m pkg", None),
        ("-Sm pkg script.py", ("m", b"pkg")),
        ("-I -- script.py", ("?", b"")),
        ("-E --check-hash-based-pycs never script.py", ("f", b"script.py")),
        ("-E --check-hash-based-pycs", ("?", b"")),
        ("-E --help-all script.py", ("f", b"script.py")),
        ("-S -W", ("?", b"")),
        ("-S -c", ("c", b"")),
        ("-S -m", ("m", b"")),
        ("-Smpkg -I", ("m", b"pkg")),
        ("-WS -m pkg", None),
        ("-Xdev -I -m pkg", ("m", b"pkg")),
        ("-W ignore script.py -I", None),
        ("script.py", None),
        ("-I -u script.py -c pass", ("f", b"script.py")),
    ],
)
def test_an_interpreters_arguments_are_read_as_it_reads_them(
    arguments: str, expected: object
) -> None:
    assert beyond.target(arguments.encode().split()) == expected


PYTHON = os.fsencode(sys.executable)


@pytest.fixture
def told(monkeypatch: Any) -> list[Any]:
    told: list[Any] = []
    monkeypatch.setattr(spawning, "_tell", None)
    spawning.tell(lambda *what: told.append(what))
    return told


@pytest.mark.parametrize(
    ("program", "arguments", "expected", "beyond_us"),
    [
        ("/no/python", "python", True, []),
        ("/no/python3.13t", "python -I", True, [("?", b"")]),
        ("/no/pypy3", "python -I x.py", True, [("f", b"x.py")]),
        ("/no/python3.13-config", "python -I", False, []),
        ("/bin/cat", "python -I", False, []),
        ("/no/such", "python", False, []),
        ("/bin/sh", "sh -c python3", True, []),
        ("/bin/sh", "sh -c 'python3'", True, []),
        ("/bin/sh", "sh -c echo", False, []),
        ("/bin/sh", "sh script", False, []),
        ("/bin/sh", "sh", False, []),
        *((f"/no/{a}sh", "x -c python3", True, []) for a in ("a", "ba", "da", "k", "z")),
        ("/bin/sh", "sh -c", False, []),
        (sys.executable, "anything -S x.py", True, [("f", b"x.py")]),
    ],
)
def test_interpreters_are_known(
    program: str, arguments: str, expected: bool, beyond_us: list[Any], told: list[Any]
) -> None:
    given = arguments.replace("'", "").split(" ", 2)
    assert spawning._is_python([program], given, None) is expected
    assert told == [(what, os.getcwd()) for what in beyond_us]


def test_an_interpreter_by_any_name_is_known(monkeypatch: Any, told: list[Any]) -> None:
    monkeypatch.setattr(sys, "executable", "/no/snake")
    assert spawning._is_python(["/no/snake"], ["snake", "-I"], b"/here")
    assert spawning._is_python(["/bin/sh"], ["sh", "-c", "exec /no/snake -I x.py"], "/here")
    assert told == [(("?", b""), "/here"), (("f", b"x.py"), "/here")]


def test_a_shells_words_are_read(told: list[Any]) -> None:
    line = "cd / && \"python3\" -I 'one.py' x; PYTHON=1 /usr/bin/python3.12 -S two.py"
    assert spawning._is_python([b"/bin/bash"], [b"bash", b"-c", line.encode()], b"/")
    assert told == [(("f", b"one.py"), "/"), (("f", b"two.py"), "/")]


def test_a_script_says_what_it_is_for(tmp_path: Path, told: list[Any]) -> None:
    tool = tmp_path / "tool"
    tool.write_bytes(b"#!/usr/bin/env python3\n")
    absent = str(tmp_path / "absent")
    assert spawning._is_python([absent, str(tool)], ["tool", "-I"], None)
    assert told == []
    tool.write_bytes(b"#!/x/python3 -I\nimport os\n")
    assert spawning._is_python([str(tool)], ["tool", "one"], "/")
    assert told == [(("f", os.fsencode(tool)), "/")]
    for text in (b"#!/bin/sh\n# python\n", b"python", b"", b"# python\n", b"#!/" + b"x" * 200):
        tool.write_bytes(text + b"python\n" * (text[-1:] == b"x"))
        assert not spawning._is_python([str(tool), sys.executable], ["tool"], None)
    assert not spawning._is_python([absent], ["tool"], None)
    assert not spawning._is_python([], ["tool"], None)


def test_nobody_is_told_before_someone_asks() -> None:
    spec = importlib.util.find_spec(spawning.__name__)
    assert spec is not None and spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh._tell is None
    assert fresh._is_python(["python"], ["python", "-I"], None)


NEEDED = {b"_MUTDIFF_CHILD": b"state", b"PYTHONPATH": b"/ours"}


def test_the_environment_of_this_process_is_the_one_that_is_left_out(monkeypatch: Any) -> None:
    monkeypatch.setattr(kept, "environ", {"A": "é", "_MUTDIFF_CHILD": "old"})
    assert spawning._with(None, NEEDED) == {b"A": "é".encode(), **NEEDED}
    monkeypatch.setattr(kept, "environ", {"_MUTDIFF_CHILD": "state", "PYTHONPATH": "/ours:/own"})
    assert spawning._with(None, NEEDED) is None


def test_an_environment_that_was_given_is_not_changed() -> None:
    given = {b"PYTHONPATH": b"", b"X": b"1"}
    assert spawning._with(given, NEEDED) == {b"X": b"1", b"_MUTDIFF_HIDDEN": b"1", **NEEDED}
    assert given == {b"PYTHONPATH": b"", b"X": b"1"}
    assert spawning._with(dict(NEEDED), NEEDED) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"PYTHONPATH": "/ours"}),
        ({"PYTHONPATH": ""}, {"PYTHONPATH": "/ours"}),
        ({"PYTHONPATH": "/own:/x"}, {"PYTHONPATH": "/ours:/own:/x"}),
        ({"PYTHONPATH": "/ours:/own"}, {"PYTHONPATH": "/ours:/own"}),
    ],
)
def test_variables_are_announced_and_concealed(
    before: dict[str, str], after: dict[str, str], monkeypatch: Any
) -> None:
    environ = dict(before)
    monkeypatch.setattr(kept, "environ", environ)
    spawning.announce("state", "/ours")
    assert environ == {"_MUTDIFF_CHILD": "state", **after}
    spawning.announce("later", "/ours")
    assert environ == {"_MUTDIFF_CHILD": "later", **after}
    spawning.conceal("/ours")
    assert environ == {"_MUTDIFF_CHILD": "later", **after}
    environ["_MUTDIFF_HIDDEN"] = "1"
    spawning.conceal("/ours")
    own = after["PYTHONPATH"].partition("/ours")[2].lstrip(":")
    assert environ == ({"PYTHONPATH": own} if own else {})
    environ.clear()
    environ["_MUTDIFF_HIDDEN"] = "1"
    spawning.conceal("/ours")
    assert environ == {}


@pytest.fixture
def installed(monkeypatch: Any) -> Iterator[list[Any]]:
    """Stands in for the system's own functions, and gives them back."""
    import _posixsubprocess

    calls: list[Any] = []

    def call(name: str) -> Any:
        def called(*arguments: Any, **options: Any) -> int:
            calls.append((name, arguments, options))
            return 7

        return called

    monkeypatch.setattr(_posixsubprocess, "fork_exec", call("fork_exec"))
    if hasattr(subprocess, "_fork_exec"):
        monkeypatch.setattr(subprocess, "_fork_exec", None)
    for name in ("execv", "execve", "posix_spawn", "posix_spawnp"):
        monkeypatch.setattr(os, name, call(name))
    monkeypatch.setattr(os, "supports_fd", {os.execve})
    monkeypatch.setattr(kept, "execve", call("kept"))
    monkeypatch.setattr(kept, "environ", {"A": "1", "_MUTDIFF_CHILD": "s"})
    yield calls


ALONG = {b"A": b"1", b"_MUTDIFF_CHILD": b"s", b"PYTHONPATH": b"/ours"}


def test_programs_are_started_with_the_variables(installed: list[Any]) -> None:
    import _posixsubprocess

    original = os.execve
    needed = spawning.install("s", "/ours")
    assert needed == {b"_MUTDIFF_CHILD": b"s", b"PYTHONPATH": b"/ours"}
    os.execv("python", ["python"])
    os.execve("python", ["python"], {"B": "2"})
    assert os.posix_spawn("python", ["python"], {b"B": b"2"}, setpgroup=0) == 7
    os.posix_spawnp("python", ["python"], {b"B": b"2"}, file_actions=[])
    names = [name for name, _, _ in installed]
    assert names == ["kept", "execve", "posix_spawn", "posix_spawnp"]
    assert installed[0][1] == ("python", ["python"], ALONG)
    hidden = {b"B": b"2", b"_MUTDIFF_HIDDEN": b"1", **needed}
    assert installed[1][1] == ("python", ["python"], hidden)
    assert installed[2][1:] == (("python", ["python"], hidden), {"setpgroup": 0})
    assert installed[3][1:] == (("python", ["python"], hidden), {"file_actions": []})
    installed.clear()
    os.execv("/bin/cat", ["cat"])
    os.execve("/bin/cat", ["cat"], {"B": "2"})
    os.posix_spawn("/bin/cat", ["cat"], {"B": "2"}, setpgroup=0)
    assert installed == [
        ("execv", ("/bin/cat", ["cat"]), {}),
        ("execve", ("/bin/cat", ["cat"], {"B": "2"}), {}),
        ("posix_spawn", ("/bin/cat", ["cat"], {"B": "2"}), {"setpgroup": 0}),
    ]
    assert (os.execve.__name__, os.execve.__qualname__) == ("execve", "execve")
    assert original in os.supports_fd
    assert os.execve in os.supports_fd
    assert os.execv not in os.supports_fd
    if hasattr(subprocess, "_fork_exec"):
        assert subprocess._fork_exec is _posixsubprocess.fork_exec
    spawning.renew(needed, "next")
    installed.clear()
    os.execve("python", ["python"], {})
    assert installed[0][1][2][b"_MUTDIFF_CHILD"] == b"next"


def test_what_makes_no_sense_is_the_systems_to_refuse(installed: list[Any]) -> None:
    spawning.install("s", "/ours")
    os.execve("python", 5, {})  # type: ignore[arg-type]
    os.execve("python", ["python"], {1: 2})  # type: ignore[dict-item]
    os.execve("python")  # type: ignore[call-arg]
    assert [call[1] for call in installed] == [
        ("python", 5, {}),
        ("python", ["python"], {1: 2}),
        ("python",),
    ]


def test_subprocesses_are_started_with_the_variables(installed: list[Any]) -> None:
    import _posixsubprocess

    spawning.install("s", "/ours")
    fork_exec: Any = _posixsubprocess.fork_exec
    assert fork_exec(["python"], [b"python"], True, (3,), None, None, "more") == 7
    assert fork_exec(["python"], [b"python"], True, (3,), None, [b"B=2=3"], "more") == 7
    fork_exec(["cat"], [b"/bin/cat"], True, (3,), None, [b"B=2"])
    fork_exec(["python"], [b"python"], True, (3,), None, [b"nothing"])
    fork_exec(1)
    given = [call[1] for call in installed]
    assert given[0][:5] == (["python"], [b"python"], True, (3,), None)
    assert sorted(given[0][5]) == [b"A=1", b"PYTHONPATH=/ours", b"_MUTDIFF_CHILD=s"]
    assert given[0][6:] == ("more",)
    assert b"B=2=3" in given[1][5]
    assert b"_MUTDIFF_HIDDEN=1" in given[1][5]
    assert given[2][5] == [b"B=2"]
    assert given[3][5] == [b"nothing"]
    assert given[4] == (1,)


def test_a_subprocess_out_of_reach_is_told(installed: list[Any], told: list[Any]) -> None:
    import _posixsubprocess

    spawning.install("s", "/ours")
    fork_exec: Any = _posixsubprocess.fork_exec
    path = [b"PYTHONPATH=/a=b"]
    fork_exec(["python", "-I", "x.py"], [b"/no/python"], True, (3,), b"/there", path)
    assert told == [(("f", b"x.py"), "/there")]
    assert b"PYTHONPATH=/ours:/a=b" in installed[0][1][5]


def test_a_system_without_a_function_goes_on(installed: list[Any], monkeypatch: Any) -> None:
    monkeypatch.delattr(os, "posix_spawnp")
    spawning.install("s", "/ours")
    assert not hasattr(os, "posix_spawnp")
