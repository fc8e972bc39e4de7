"""The warm process, the start-up of children and scripts, by their parts: in this process.

What they do together is tested in all files that start a process.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import pytest
from _mutdiff import kept, scripts, server, startup
from _mutdiff.project import Project
from _mutdiff.runner import Collected
from _mutdiff.server import Server


@pytest.fixture
def serving(tmp_path: Path) -> Server:
    made = Server.__new__(Server)
    made._project = Project(str(tmp_path), ["a.py", "test_a.py"], [1])
    made._config = {"runner": "unittest", "arguments": ["x"]}
    return made


def test_a_test_is_described_by_its_file_and_code(serving: Server) -> None:
    root = serving._project.root
    code = compile("\n\npass", f"{root}/a.py", "exec")
    path = f"{root}/test_a.py"
    assert serving._describe(Collected("t", path, code)) == ["t", 1, [0, 1, "<module>"]]
    assert serving._describe(Collected("t", None, None)) == ["t", None, None]
    odd = code.replace(co_firstlineno=0, co_filename="/far.py", co_name="n")
    assert serving._describe(Collected("t", "/far.py", odd)) == ["t", None, [None, 1, "n"]]
    assert serving._describe(Collected("t", path, code.replace(co_firstlineno=3)))[2][1] == 3


@pytest.mark.parametrize("runner", ["unittest", "pytest"])
def test_what_may_be_imported_ahead_is_no_part_of_the_project(
    runner: str, serving: Server, monkeypatch: Any
) -> None:
    from _mutdiff import pytest_runner

    serving._config["runner"] = runner
    root = serving._project.root
    monkeypatch.setattr(pytest_runner, "plugin_packages", lambda: {"plugin"})
    modules: dict[str, Any] = {}

    def place(name: str, file: str | None, spec: str | None = "") -> None:
        modules[name] = module = ModuleType(name)
        module.__file__ = file
        module.__spec__ = None if spec is None else SimpleNamespace(name=spec or name)  # type: ignore

    place("library.part", "/x/library/part.py")
    place("built_in", None)
    place("without", "/x/without.py", spec=None)
    place("alias", "/x/alias.py", spec="other")
    place("ours", f"{root}/a.py")
    place("generated", f"{root}/generated.py")
    place("installed", f"{root}/.venv/lib/site-packages/installed.py")
    place("plugin.deep", "/x/plugin/deep.py")
    for avoided in ("_mutdiff.x", "__main__", "__mp_main__", "sitecustomize", "usercustomize"):
        place(avoided, "/x/y.py")
    modules["bare"] = object()
    monkeypatch.setattr(server.sys, "modules", {**modules})
    try:
        found = serving._preloadable()
    finally:
        monkeypatch.undo()
    expected = ["library.part", "installed", "plugin.deep"]
    assert found == (expected if runner == "unittest" else expected[:2])


def test_the_runner_is_the_one_that_was_asked_for(serving: Server, monkeypatch: Any) -> None:
    from _mutdiff import pytest_runner
    from _mutdiff.unittest_runner import UnittestRunner

    made: Any = serving._make_runner(None, "/scratch")
    assert isinstance(made, UnittestRunner)
    assert made._arguments == ["x"]
    serving._config["runner"] = "pytest"
    serving._imports = "imports"  # type: ignore[assignment]
    monkeypatch.setattr(pytest_runner, "make", lambda *given: given)
    assert serving._make_runner(["a"], "/s") == (["x"], "imports", "/s", ["a"])  # type: ignore


def forked(work: Any) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(3)
    return pid


class Link:
    def __init__(self) -> None:
        self.fileno, self.far = (end.detach() for end in socket.socketpair())

    def close(self) -> None:
        for end in (self.fileno, self.far):
            try:
                os.close(end)
            except OSError:
                pass


@pytest.mark.parametrize("without", ["", "pidfd_open", "waitid"])
def test_a_childs_end_is_waited_for(without: str, monkeypatch: Any) -> None:
    if without:
        monkeypatch.setattr(kept, without, None)
    link: Any = Link()
    before = os.listdir("/proc/self/fd")
    ready, tell = os.pipe()

    def work() -> None:
        os.setsid()
        os.close(tell)
        time.sleep(0.05)

    pid = forked(work)
    os.close(tell)
    os.read(ready, 1)
    os.close(ready)
    status = server._wait(pid, link)
    assert os.waitstatus_to_exitcode(status) == 3
    assert os.listdir("/proc/self/fd") == before
    link.close()


def test_a_child_is_killed_when_the_other_side_goes_away() -> None:
    link: Any = Link()
    ready, tell = os.pipe()

    def work() -> None:
        os.setsid()
        os.close(link.far)
        os.write(tell, b".")
        time.sleep(20)

    pid = forked(work)
    os.read(ready, 1)
    threading.Timer(0.05, os.close, (link.far,)).start()
    begun = time.monotonic()
    assert os.WTERMSIG(server._wait(pid, link)) == signal.SIGKILL
    assert time.monotonic() - begun < 5
    link.close()
    for end in (ready, tell):
        os.close(end)


def test_what_a_child_leaves_in_its_group_is_killed() -> None:
    link: Any = Link()
    ready, tell = os.pipe()

    def work() -> None:
        os.setsid()
        left = os.fork()
        if left == 0:
            time.sleep(20)
            os._exit(0)
        os.write(tell, b"%d" % left)
        os._exit(5)

    assert os.waitstatus_to_exitcode(server._wait(forked(work), link)) == 5
    left = int(os.read(ready, 20))
    for _ in range(500):
        try:
            state = Path(f"/proc/{left}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            break
        if state == "Z":
            break
        time.sleep(0.01)
    else:
        pytest.fail("it is alive")
    link.close()
    for end in (ready, tell):
        os.close(end)
    server._kill_session(pid=2**22 + 5)


def test_threads_are_counted(monkeypatch: Any) -> None:
    assert server._is_single_threaded() == (threading.active_count() == 1)
    monkeypatch.setattr(kept, "listdir", lambda _: ["1"])
    assert server._is_single_threaded() is True
    monkeypatch.setattr(kept, "listdir", lambda _: ["1", "2"])
    assert server._is_single_threaded() is False
    monkeypatch.setattr(kept, "listdir", lambda _: os.listdir("/no/such"))
    assert server._is_single_threaded() is False


def test_forking_with_threads_warns_nobody(monkeypatch: Any) -> None:
    monkeypatch.setattr(kept, "fork", lambda: warnings.warn("threads", stacklevel=1) or 7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert server._fork_quietly() == 7
        with pytest.raises(UserWarning):
            warnings.warn("so", stacklevel=1)


def test_a_server_is_hidden_and_runs(monkeypatch: Any) -> None:
    told: list[Any] = []

    class Made:
        def __init__(self, *given: Any) -> None:
            told.append(given)

        def run(self) -> None:
            told.append("run")

    monkeypatch.setattr(server, "Server", Made)
    monkeypatch.setattr(kept, "hide", lambda: told.append("hidden"))
    server.start("/config", "/runtime")
    assert told == ["hidden", ("/config", "/runtime"), "run"]


class Joined:
    """A process that joins, with stand-ins for what it calls."""

    def __init__(self, tmp_path: Path, monkeypatch: Any) -> None:
        self.told: list[Any] = []
        note = self.told.append
        config = {"root": str(tmp_path), "files": ["a.py", "b.py"], "test_files": [0],
                  "cache": "/cache"}  # fmt: skip
        (tmp_path / "config").write_text(json.dumps(config))
        self.state: dict[str, Any] = {
            "config": str(tmp_path / "config"), "log": None, "mutant": None, "memory": None
        }  # fmt: skip
        self.tracer = SimpleNamespace(
            watch=lambda codes: note(("watch", codes)),
            write_through=lambda log: note(("write", log)),
            start=lambda: note("start"),
        )
        self.imports = SimpleNamespace(
            install=lambda told: note(("imports", told)),
            override=lambda index, compile_it: note(("override", index, compile_it)),
        )
        monkeypatch.setattr(startup.spawning, "conceal", lambda site: note(("conceal", site)))
        monkeypatch.setattr(startup.spawning, "install", lambda *a: note(("install", *a)))
        monkeypatch.setattr(startup.spawning, "tell", lambda out: note(("tell", out)))
        monkeypatch.setattr(kept, "hide", lambda: note("hide"))
        monkeypatch.setattr(
            kept, "register_at_fork", lambda after_in_child: note(("fork", after_in_child))
        )
        monkeypatch.setattr(startup.hits, "note_beyond", lambda *a: ("beyond", *a))
        monkeypatch.setattr(startup.scripts, "take_over", lambda imports: note(("over", imports)))

        def make_tracer(codes: Any) -> Any:
            assert codes.codes == []
            return self.tracer

        monkeypatch.setattr(startup, "make_tracer", make_tracer)

        def make_imports(project: Project, cache: str) -> Any:
            assert (project.files, project.test_files) == (["a.py", "b.py"], {0})
            assert cache == "/cache"
            return self.imports

        monkeypatch.setattr(startup, "Imports", make_imports)

    def join(self, **state: Any) -> list[Any]:
        self.told.clear()
        text = json.dumps({**self.state, **state})
        startup.join(text, "/site")
        assert self.told[:2] == [("conceal", "/site"), "hide"]
        assert ("install", text, "/site") in self.told
        assert self.told[-1] == ("over", self.imports)
        return [told for told in self.told[2:-1] if told[0] != "install"]


@pytest.fixture
def joined(tmp_path: Path, monkeypatch: Any) -> Joined:
    return Joined(tmp_path, monkeypatch)


def test_a_child_joins_the_trace(joined: Joined, tmp_path: Path) -> None:
    tell, imports, write, fork, start = joined.join(log="/log")
    assert tell[1][:2] == ("beyond", "/log")
    assert isinstance(tell[1][2], Project)
    assert (write, start) == (("write", "/log"), "start")
    joined.told.clear()
    fork[1]()
    assert joined.told == [("write", "/log")]
    code: CodeType = compile("", f"{tmp_path}/a.py", "exec")
    imports[1](code)
    assert joined.told[1:] == [("watch", [code])]


def test_a_child_joins_the_mutant(joined: Joined, tmp_path: Path, monkeypatch: Any) -> None:
    assert joined.join() == [("imports", None)]
    (tmp_path / "b.py").write_text("x = 1\n")
    asked: list[Any] = []
    monkeypatch.setattr(startup.Mutant, "read", lambda m: SimpleNamespace(file=m["file"]))
    monkeypatch.setattr(startup.mutation, "compile_file", lambda *a: asked.append(a) or "code")
    imports, override = joined.join(mutant={"file": 1})
    assert (imports, override[:2]) == (("imports", None), ("override", 1))
    assert override[2]() == "code"
    [(path, mutant, probe)] = asked
    assert (path, mutant.file, probe) == (f"{kept.realpath(tmp_path)}/b.py", 1, None)
    (tmp_path / "memory").write_bytes(bytes(100))
    _, override = joined.join(mutant={"file": 1}, memory=str(tmp_path / "memory"))
    override[2]()
    asked[-1][2]()
    assert (tmp_path / "memory").read_bytes()[12:16] == b"\1\0\0\0"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: Any) -> Path:
    path = tmp_path / "script.py"
    path.write_text(
        "ran.append((__name__, __file__, __cached__, __loader__.name,\n"
        "             __loader__.path, type(__loader__).__name__))\n"
    )
    monkeypatch.setattr(sys, "path_hooks", ["other"])
    monkeypatch.setattr(sys, "path", [str(path), "/rest"])
    monkeypatch.setattr(sys, "argv", [str(path), "argument"])
    main = ModuleType("__main__")
    main.__dict__["ran"] = []
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setitem(sys.modules, "runpy", ModuleType("runpy"))
    monkeypatch.setitem(sys.path_importer_cache, str(path), object())
    return path


class Importing:
    """Stands in for the import hook: knows one script."""

    def __init__(self, script: Path, code: Any = None) -> None:
        self._script = kept.realpath(str(script))
        self._code = code or compile(script.read_text(), str(script), "exec")

    def knows(self, path: str) -> bool:
        return path == self._script or os.path.dirname(path) == os.getcwd()

    def load(self, path: str) -> CodeType | None:
        assert path == self._script
        if isinstance(self._code, Exception):
            raise self._code
        return None if self._code == "none" else self._code


def take_over(imports: Importing) -> Any:
    scripts.take_over(imports)  # type: ignore[arg-type]
    return None if sys.path_hooks == ["other"] else sys.path_hooks[0]


@pytest.mark.parametrize("argv", [[], [""], ["-"], ["-c"], ["-m"], ["/other.py"]])
def test_what_is_no_script_of_the_project_is_pythons(argv: list[str], script: Path) -> None:
    sys.argv[:] = argv
    assert take_over(Importing(script)) is None


@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize("real", [False, True])
def test_a_script_runs_where_python_would_run_a_module(
    safe: bool, real: bool, script: Path, monkeypatch: Any
) -> None:
    before = sys.modules["runpy"]
    if not real:
        del sys.modules["runpy"]
    claim = take_over(Importing(script))
    with pytest.raises(ImportError) as raised:
        claim("/other")
    assert raised.value.args == ("/other",)
    assert sys.path_hooks == [claim, "other"]
    assert claim(str(script)) is not None
    assert sys.path_hooks == ["other"]
    once = importlib.import_module("runpy")
    assert once.__name__ == "runpy"
    with pytest.raises(AttributeError, match=r"^absent$"):
        once.absent  # noqa: B018
    with monkeypatch.context() as patch:
        patch.setattr(sys, "flags", SimpleNamespace(safe_path=safe))
        run = once._run_module_as_main
    assert sys.modules.get("runpy") is (before if real else None)
    assert sys.path == (["/rest"] if safe else [str(script.parent), "/rest"])
    assert str(script) not in sys.path_importer_cache
    run("__main__", False)
    ran = sys.modules["__main__"].__dict__["ran"]
    assert ran == [("__main__", str(script), None, "__main__", str(script), "SourceFileLoader")]


def test_a_path_that_another_has_changed_stays(script: Path) -> None:
    claim = take_over(Importing(script))
    claim(str(script))
    sys.path[:] = ["/first", str(script)]
    sys.modules["runpy"]._run_module_as_main  # noqa: B018
    assert sys.path == ["/first", str(script)]


@pytest.mark.parametrize("code", [SyntaxError("so"), OSError("so"), "none"])
def test_a_script_that_cannot_be_loaded_is_pythons(code: Any, script: Path) -> None:
    claim = take_over(Importing(script, code))
    before = sys.modules["runpy"]
    with pytest.raises(ImportError) as raised:
        claim(str(script))
    assert raised.value.args == (str(script),)
    assert sys.path_hooks == ["other"]
    assert sys.modules["runpy"] is before


def test_a_script_in_the_root_folder_has_it_on_its_path(script: Path) -> None:
    once = scripts._Once("/s.py", "/s.py", compile("", "/s.py", "exec"), None)
    sys.modules["runpy"] = once
    sys.path[:] = ["/s.py"]
    once._run_module_as_main  # noqa: B018
    assert sys.path == ["/"]


class Ended(BaseException):
    pass


class Wire:
    """A connection: what was sent, and what there is to receive."""

    fileno = 9

    def __init__(self, *given: Any) -> None:
        self.given = list(given)
        self.sent: list[Any] = []
        self.closed = 0

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def receive(self) -> Any:
        return self.given.pop(0) if self.given else None

    def close(self) -> None:
        self.closed += 1


class Served:
    """A server with stand-ins for all that it starts."""

    def __init__(self, tmp_path: Path, monkeypatch: Any) -> None:
        (tmp_path / "a.py").write_text("def f():\n    return 1\n")
        self.config: dict[str, Any] = {
            "root": str(tmp_path), "files": ["a.py", "test_a.py"], "test_files": [1],
            "socket": "/socket", "cache": "/cache", "mode": "warm", "scratch": str(tmp_path),
            "arguments": [], "runner": "unittest", "trace": False, "only": ["a"],
            "preload": [], "roots": [""], "jobs": 3,
        }  # fmt: skip
        self.tmp_path = tmp_path
        self.told: list[Any] = []
        note = self.told.append
        self.wire = Wire()
        self.forks: list[int] = []
        self.environ: dict[str, str] = {}
        monkeypatch.setattr(server, "Socket", lambda path: note(("socket", path)) or self.wire)
        monkeypatch.setattr(kept, "environ", self.environ)
        monkeypatch.setattr(kept, "exit_now", self.end)
        monkeypatch.setattr(kept, "fork", lambda: self.forks.pop(0))
        monkeypatch.setattr(server, "_fork_quietly", lambda: self.forks.pop(0))
        monkeypatch.setattr(server, "_is_single_threaded", lambda: False)
        monkeypatch.setattr(server, "_wait", lambda pid, link: note(("wait", pid, link)) or 5)
        monkeypatch.setattr(server.gc, "collect", lambda: note("collect"))
        monkeypatch.setattr(server.gc, "freeze", lambda: note("freeze"))
        self.tracer = SimpleNamespace(
            current=SimpleNamespace(lines={3, 1}, edges={7}),
            start=lambda: note("trace"),
            stop=lambda: note("stop"),
            forget_all=lambda: note("forget"),
            watch=lambda codes: note(("watch", [code.co_name for code in codes])),
        )

        def make_tracer(codes: Any) -> Any:
            assert codes is self.made._codes
            return self.tracer

        monkeypatch.setattr(server, "make_tracer", make_tracer)
        monkeypatch.setattr(server.Handlers, "set_aside", lambda _: note("aside"))
        monkeypatch.setattr(server.Handlers, "give_back", lambda _: note("back"))

    def end(self, status: int) -> None:
        self.told.append(("end", status))
        raise Ended

    def make(self, **config: Any) -> Server:
        self.config.update(config)
        path = self.tmp_path / "config.json"
        path.write_text(json.dumps(self.config))
        made = Server(str(path), "/runtime")
        assert self.told.pop() == ("socket", "/socket")
        assert (made._imports._project, made._imports._cache) == (made._project, "/cache")
        assert (made._runner, made._live) == (None, None)
        self.made = made
        made._imports = SimpleNamespace(  # type: ignore[assignment]
            install=lambda told: self.told.append(("install", told)),
            record_pairs=lambda: self.told.append("pairs"),
            pairs=lambda: [(0, 1)],
            stop_registering=lambda: self.told.append("stop registering"),
        )
        return made


@pytest.fixture
def served(tmp_path: Path, monkeypatch: Any) -> Served:
    return Served(tmp_path, monkeypatch)


def test_a_server_says_who_it_is(served: Served, monkeypatch: Any) -> None:
    monkeypatch.setattr(server.frozen, "thaw_when_asked", lambda: None)
    for mode in ("warm", "cold"):
        made = served.make(mode=mode)
        ran: list[str] = []
        monkeypatch.setattr(made, "_run_warm", lambda ran=ran: ran.append("warm"))
        monkeypatch.setattr(made, "_run_cold", lambda ran=ran: ran.append("cold"))
        made.run()
        assert ran == [mode]
        assert served.wire.sent.pop() == {
            "hello": mode, "protocol": 2, "pid": os.getpid(),
            "python": "{}.{}.{}".format(*sys.version_info[:3]),
        }  # fmt: skip
    name = "HYPOTHESIS_STORAGE_DIRECTORY"
    assert served.environ == {name: f"{served.tmp_path}/hypothesis"}
    served.environ[name] = "own"
    made.run()
    assert served.environ == {name: "own"}


@pytest.mark.parametrize("trace", [False, True])
def test_a_warm_process_collects(trace: bool, served: Served, monkeypatch: Any) -> None:
    made = served.make(trace=trace)
    tests = [Collected("a", f"{served.tmp_path}/test_a.py", None)]
    asked: list[Any] = []
    files = {f"{served.tmp_path}/{name}.py" for name in ("test_a", "a", "unknown")}
    runner = SimpleNamespace(
        collect=lambda then: then(tests), asked=files, whole=lambda of: "w" * (of is made._project)
    )
    monkeypatch.setattr(made, "_make_runner", lambda *given: asked.append(given) or runner)
    monkeypatch.setattr(made, "_serve", lambda: served.told.append("serve"))
    monkeypatch.setattr(made, "_preloadable", lambda: ["library"])
    monkeypatch.setattr(
        server.elsewhere, "stand_ins", lambda of, roots: [roots] * (of is made._project)
    )
    code = compile("def g(): pass", f"{served.tmp_path}/a.py", "exec")
    live = SimpleNamespace(codes=lambda: [code])
    monkeypatch.setattr(server, "LiveFunctions", {made._project: live}.get)
    made._run_warm()
    assert asked == [(["a"], str(served.tmp_path))]
    assert made._live is live
    [message] = served.wire.sent
    expected: dict[str, Any] = {
        "collected": [["a", 1, None]], "preload": ["library"], "elsewhere": [[""]],
        "asked": [0, 1], "whole": "w", "unlisted": [],
    }  # fmt: skip
    told = [told for told in served.told if told != "stop"]
    if not trace:
        assert message == expected
        assert told == [("install", None), "collect", "freeze", "serve"]
        return
    expected.update(lines=[1, 3], edges=[7], imports=[[0, 1]])
    expected["codes"] = [[0, 1, "<module>"], [0, 1, "g"]]
    assert json.loads(json.dumps(message)) == expected
    assert told[0][0] == "install"
    watched = ("watch", ["<module>", "g"])
    assert told[1:] == ["pairs", "trace", "collect", watched, "forget", "freeze", "serve"]
    assert ("stop" in served.told) == (sys.version_info < (3, 12))
    told[0][1](code)
    assert served.told[-1] == "serve"
    told[0][1](compile("", f"{served.tmp_path}/a.py", "exec"))
    assert served.told[-1] == ("watch", ["<module>"])
    made._tracer = None
    told[0][1](compile("1", f"{served.tmp_path}/a.py", "exec"))
    assert served.told[-1] == ("watch", ["<module>"])


def test_a_failed_collection_is_told(served: Served, monkeypatch: Any) -> None:
    from _mutdiff.runner import CollectionFailed

    def collect(_: Any) -> None:
        raise CollectionFailed("so")

    made = served.make()
    monkeypatch.setattr(made, "_make_runner", lambda *_: SimpleNamespace(collect=collect))
    made._run_warm()
    assert served.wire.sent == [{"collection_failed": "so"}]


def test_a_cold_process_imports_ahead(served: Served, monkeypatch: Any) -> None:
    (served.tmp_path / "mut_ahead.py").write_text("")
    (served.tmp_path / "mut_ends.py").write_text("raise SystemExit\n")
    monkeypatch.syspath_prepend(str(served.tmp_path))
    made = served.make(mode="cold", preload=["mut_absent", "mut_ends", "mut_ahead"])
    monkeypatch.setattr(made, "_serve", lambda: served.told.append("serve"))
    made._run_cold()
    assert sys.modules.pop("mut_ahead")
    assert served.wire.sent == [{"ready": True, "leaked": []}]
    assert served.told == [("install", None), "collect", "freeze", "serve"]
    leaked = ModuleType("mut_leaked")
    leaked.__file__ = f"{served.tmp_path}/a.py"
    monkeypatch.setitem(sys.modules, "mut_leaked", leaked)
    made._run_cold()
    assert served.wire.sent[1] == {"ready": True, "leaked": ["mut_leaked"]}


def test_a_server_forks_a_slot_for_each_request(
    served: Served, monkeypatch: Any, capsys: Any
) -> None:
    made = served.make()
    served.wire.given = ["one", "two", "three"]
    served.forks = [101, 102, 103]
    reaped: list[Any] = []

    def waitpid(pid: int, options: int) -> tuple[int, int]:
        assert options == os.WNOHANG
        reaped.append(pid)
        return (pid, 0) if pid == 101 else (0, 0)

    monkeypatch.setattr(kept, "waitpid", waitpid)
    with pytest.raises(Ended):
        made._serve()
    assert served.told == ["aside", ("end", 0)]
    assert reaped == [101, 102]
    for error in (None, ValueError("so")):
        served.told.clear()
        served.wire.given, served.forks = ["command"], [0]

        def run_slot(command: Any, error: Any = error) -> None:
            served.told.append(command)
            if error:
                raise error

        monkeypatch.setattr(made, "_run_slot", run_slot)
        with pytest.raises(Ended):
            made._serve()
        assert served.told == ["aside", "command", ("end", 1)]
        assert ("ValueError: so" in capsys.readouterr().err) == (error is not None)
    assert served.wire.closed == 2


@pytest.mark.parametrize("single", [False, True])
def test_a_slot_forks_a_child_for_each_order(
    single: bool, served: Served, monkeypatch: Any
) -> None:
    made = served.make()
    made._tracer = served.tracer  # type: ignore[assignment]
    made._live = "live"  # type: ignore[assignment]
    runner = SimpleNamespace(ready=lambda scratch: served.told.append(("ready", scratch)))
    made._runner = runner  # type: ignore[assignment]
    note = served.told.append
    prepared = SimpleNamespace(
        prepare=lambda order, live: note(("prepare", order["n"], live)),
        enter=lambda: note("enter"),
    )
    monkeypatch.setattr(server, "Child", lambda *given: note(("child", *given)) or prepared)
    monkeypatch.setattr(server, "Memory", lambda path: f"memory {path}")
    monkeypatch.setattr(server, "_is_single_threaded", lambda: single)
    other = "_fork_quietly" if single else "fork"
    monkeypatch.setattr(server if single else kept, other, lambda: 1 / 0)
    times = iter(map(float, range(1, 20)))
    monkeypatch.setattr(kept, "monotonic", lambda: next(times))
    served.forks = [201, 202, 203]
    orders = [{"n": 1, "trace": True}, {"n": 2, "trace": False}, {"n": 3, "trace": False}]
    served.wire.given = list(orders)
    command = {"slot": 4, "token": 9, "memory": "/m"}
    scratch = f"{served.tmp_path}/slot-4-9"
    with pytest.raises(Ended):
        made._run_slot(command)
    wire = served.wire
    assert wire.sent == [
        {"slot": 4, "token": 9, "pid": os.getpid()},
        {"status": 5, "times": [1.0, 2.0, 3.0]},
        {"status": 5, "times": [4.0, 5.0, 6.0]},
        {"status": 5, "times": [7.0, 8.0, 9.0]},
    ]
    assert served.told == [
        ("socket", "/socket"),
        ("child", made._project, made._imports, "memory /m", scratch, "/runtime",
         f"{served.tmp_path}/config.json"),
        ("ready", f"{scratch}/tmp"),
        ("prepare", 1, "live"), ("wait", 201, wire),
        "stop", "stop registering", ("prepare", 2, "live"), ("wait", 202, wire),
        ("prepare", 3, "live"), ("wait", 203, wire),
        ("end", 0),
    ]  # fmt: skip
    assert os.path.isdir(scratch)
    assert served.environ == {"PYTEST_XDIST_WORKER": "gw4", "PYTEST_XDIST_WORKER_COUNT": "3"}
    # In the child.
    served.told.clear()
    served.wire.given, served.forks = [orders[0]], [0]
    made._runner = None
    monkeypatch.setattr(made, "_run_child", lambda *given: note(("run", *given)))
    with pytest.raises(Ended):
        made._run_slot(command)
    assert served.told[2:] == [
        ("prepare", 1, "live"), "enter", ("run", prepared, orders[0], scratch), ("end", 0)
    ]  # fmt: skip
    assert wire.closed == 1


def test_a_child_runs_hot_or_cold(served: Served, monkeypatch: Any) -> None:
    made = served.make()
    child: Any = SimpleNamespace(
        run_hot=lambda *given: served.told.append(("hot", *given)),
        run_cold=lambda *given: served.told.append(("cold", *given)),
    )
    made._runner, made._tracer = "runner", "tracer"  # type: ignore[assignment]
    order = {"only": ["x"]}
    made._run_child(child, order, "/s")
    assert served.told == ["back", ("hot", order, "runner", "tracer")]
    made._config["mode"] = "cold"
    monkeypatch.setattr(made, "_make_runner", lambda *given: given)
    served.told.clear()
    made._run_child(child, order, "/s")
    assert served.told == ["back", ("cold", order, (["x"], "/s"))]
