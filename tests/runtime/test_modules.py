"""The import hook, who imports whom, modules from elsewhere, audit events: in this process."""

from __future__ import annotations

import builtins
import importlib
import marshal
import os
import runpy
import sys
import warnings
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any

import pytest
from _mutdiff import elsewhere, imports, kept, writes
from _mutdiff.imports import Imports
from _mutdiff.project import Project
from _mutdiff.writes import NoWrites, Writes

FILES = {
    "mut_pkg/__init__.py": "",
    "mut_pkg/a.py": "value = 1\n",
    "mut_pkg/b.py": "import warnings\nfrom . import a\nfrom .a import value\nimport os.path\n",
    "mut_pkg/c.py": "import mut_pkg.b\nwarned = __import__('mut_warns')\n",
    "script.py": "said = __name__, __file__\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: Any) -> Iterator[Project]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "mut_warns.py").write_text("import warnings\nwarnings.warn('so', stacklevel=2)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for owner, name in [
        (SourceFileLoader, "get_code"),
        (runpy, "_get_code_from_file"),
        (builtins, "__import__"),
        (sys, "dont_write_bytecode"),
    ]:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    yield Project(str(tmp_path), list(FILES), [])
    for name in [name for name in sys.modules if name.split(".")[0] in ("mut_pkg", "mut_warns")]:
        del sys.modules[name]


def file(project: Project, name: str) -> str:
    return project.path(project.files.index(name))


def load(name: str) -> Any:
    sys.modules.pop(name, None)
    return importlib.import_module(name)


def test_code_is_told_before_it_runs_and_replaced_on_demand(project: Project) -> None:
    hook = Imports(project, None)
    told: list[str] = []
    hook.install(lambda code: told.append(code.co_filename))
    assert sys.dont_write_bytecode is True
    assert load("mut_pkg.a").value == 1
    assert told == [file(project, "mut_pkg/__init__.py"), file(project, "mut_pkg/a.py")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load("mut_warns").__name__ == "mut_warns"
    assert len(told) == 2
    hook.override(1, lambda: compile("value = 2", "x", "exec"))
    assert load("mut_pkg.a").value == 2
    assert len(told) == 2
    hook.stop_registering()
    load("mut_pkg.b")
    assert len(told) == 2
    assert not list(Path(project.root).rglob("*.pyc"))


def test_a_file_is_run_by_its_path(project: Project) -> None:
    hook = Imports(project, None)
    told: list[CodeType] = []
    hook.install(told.append)
    script = file(project, "script.py")
    for path in (script, Path(script), os.fsencode(script)):
        assert runpy.run_path(path)["said"][0] == "<run_path>"  # type: ignore[arg-type]
    assert [code.co_filename for code in told] == [script] * 3
    assert hook.knows(script)
    assert hook.load(script) is not None
    other = f"{project.root}/mut_warns.py"
    assert not hook.knows(other)
    assert hook.load(other) is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert runpy.run_path(other)["__file__"] == other
    hook.override(4, lambda: compile("said = 5", "x", "exec"))
    assert runpy.run_path(script)["said"] == 5
    assert hook.load(script) is not None
    Path(script).unlink()
    hook._overrides.clear()
    with pytest.raises(OSError):
        runpy.run_path(script)


def test_modules_are_loaded_from_the_cache(tmp_path: Path, project: Project) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    told: list[CodeType] = []
    hook = Imports(project, str(cache))
    hook.register(compile("", "x", "exec"))
    hook.install(told.append)
    path = Path(file(project, "mut_pkg/a.py"))
    assert load("mut_pkg.a").value == 1
    names = {entry.name for entry in cache.iterdir()}
    assert len(names) == 2
    assert all(name.endswith(f"-{sys.flags.optimize}") for name in names)
    path.write_text("value = 2\n")
    assert load("mut_pkg.a").value == 2
    [new] = {entry.name for entry in cache.iterdir()} - names
    code = compile("value = 3", str(path), "exec")
    (cache / new).write_bytes(marshal.dumps(code))
    assert load("mut_pkg.a").value == 3
    assert [code.co_filename for code in told[1:]] == [str(path)] * 3


def test_a_script_with_a_mistake_says_so_itself(project: Project) -> None:
    hook = Imports(project, None)
    hook.install(None)
    Path(file(project, "script.py")).write_text("x = '\0'")
    with pytest.raises((ValueError, SyntaxError)):
        runpy.run_path(file(project, "script.py"))


def test_bytecode_is_kept_by_content_place_and_salt(tmp_path: Path, project: Project) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    hook = Imports(project, str(cache))
    compiled: list[str] = []

    def get(path: str, data: bytes, salt: str = "") -> Any:
        def compile_it() -> CodeType:
            compiled.append(path)
            return compile(data, path, "exec")

        code = hook._cached(path, data, salt, compile_it)
        assert code.co_filename == path
        space: dict[str, Any] = {}
        exec(code, space)
        return space["x"]

    for _ in range(2):
        assert [get("a", b"x = 1"), get("b", b"x = 1"), get("a", b"x = 2")] == [1, 1, 2]
        assert get("a", b"x = 1", "-pytest") == 1
        assert get("\udcff", b"x = 3") == 3
    assert compiled == ["a", "b", "a", "a", "\udcff"]
    names = sorted(path.name for path in cache.iterdir())
    assert len(names) == 5
    assert all(sys.implementation.cache_tag in name for name in names)
    assert [f"-{sys.flags.optimize}-pytest" in name for name in names].count(True) == 1
    for spoiled in (b"", b"junk", marshal.dumps(5), marshal.dumps(compile("x = 9", "a", "exec"))):
        for entry in cache.iterdir():
            entry.write_bytes(spoiled)
        if len(spoiled) > 20:
            assert get("a", b"x = 1") == 9
            continue
        compiled.clear()
        assert get("a", b"x = 1") == 1
        assert get("a", b"x = 1") == 1
        assert compiled == ["a"]
    for entry in cache.iterdir():
        entry.unlink()
    cache.rmdir()
    compiled.clear()
    assert [get("a", b"x = 1"), get("a", b"x = 1")] == [1, 1]
    assert compiled == ["a", "a"]


def test_who_imports_whom_is_noted_while_it_is_asked_for(project: Project) -> None:
    hook = Imports(project, None)
    original = builtins.__import__
    hook.record_pairs()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load("mut_pkg.c")
    assert [warning.filename for warning in caught] == [file(project, "mut_pkg/c.py")]
    found = hook.pairs()
    assert builtins.__import__ is original
    names = [(project.files[one], project.files[two]) for one, two in found]
    assert sorted(names) == [
        ("mut_pkg/b.py", "mut_pkg/__init__.py"),
        ("mut_pkg/b.py", "mut_pkg/a.py"),
        ("mut_pkg/c.py", "mut_pkg/__init__.py"),
        ("mut_pkg/c.py", "mut_pkg/b.py"),
    ]
    assert found == sorted(found)


def test_an_import_without_a_place_is_an_import(project: Project) -> None:
    hook = Imports(project, None)
    hook.record_pairs()
    try:
        assert builtins.__import__("os") is os
        assert builtins.__import__("os", {}, {}, ("path",), 0) is os
        assert builtins.__import__("os", {"__name__": "x"}, None, None) is os
        given = {"__file__": file(project, "script.py"), "__package__": None}
        assert builtins.__import__("os.path", given) is os
        assert builtins.__import__("mut_pkg.a", given).a.value == 1
        assert builtins.__import__("os", given, None, None) is os
    finally:
        found = hook.pairs()
    assert found == [(4, 0), (4, 1)]


@pytest.mark.parametrize(
    ("package", "name", "level", "fromlist", "expected"),
    [
        ("", "a.b", 0, (), ["a", "a.b"]),
        ("p", "a", 0, ("x", "y"), ["a", "a.x", "a.y"]),
        ("p.q", "", 1, ("x",), ["p", "p.q", "p.q.x"]),
        ("p.q", "r", 1, (), ["p", "p.q", "p.q.r"]),
        ("p.q", "r.s", 2, ("x",), ["p", "p.r", "p.r.s", "p.r.s.x"]),
    ],
)
def test_names_of_imports(
    package: str, name: str, level: int, fromlist: tuple[str, ...], expected: list[str]
) -> None:
    assert imports._imported(package, name, level, fromlist) == expected


def test_assertions_are_rewritten_once(tmp_path: Path, project: Project) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    calls: list[str] = []

    def rewrite_test(fn: Path, config: Any) -> Any:
        assert config == "config"
        calls.append(fn.name)
        return "stat", compile("x = 1", str(fn), "exec")

    rewrite = SimpleNamespace(_rewrite_test=rewrite_test, _read_pyc=lambda *a: a)
    hook = Imports(project, str(cache))
    told: list[CodeType] = []
    hook.install(told.append)
    hook.install_for_pytest(rewrite, "-9")
    ours = Path(file(project, "script.py"))
    assert rewrite._rewrite_test(ours, "config")[0] == "stat"
    first, code = rewrite._rewrite_test(ours, "config")
    assert (first, code.co_filename) == (b"", str(ours))
    assert (calls, len(told)) == (["script.py"], 2)
    [name] = [path.name for path in cache.iterdir()]
    assert name.endswith("-9")
    replaced = compile("x = 2", str(ours), "exec")
    hook.override(4, lambda: replaced)
    assert rewrite._rewrite_test(ours, "config") == (b"", replaced)
    assert told[1:] == [code, replaced]
    other = Path(project.root, "mut_warns.py")
    assert rewrite._rewrite_test(other, "config")[0] == "stat"
    assert (calls, len(told)) == (["script.py", "mut_warns.py"], 3)
    assert rewrite._read_pyc(ours, "pyc") is None
    assert rewrite._read_pyc(other, "pyc", 1, 2) == (other, "pyc", 1, 2)


STAND_INS = ["src/known/__init__.py", "src/known/part.py", "top.py", "other/__init__.py",
             "tests/__init__.py", "docs/__init__.py", "other/deep/__init__.py",
             "away/__init__.py"]  # fmt: skip


@pytest.fixture
def placed(tmp_path: Path, monkeypatch: Any) -> Any:
    found = Project(str(tmp_path), STAND_INS, [4])

    def place(name: str, where: str | None) -> None:
        module = ModuleType(name)
        if where is not None:
            module.__file__ = where
        monkeypatch.setitem(sys.modules, name, module)

    monkeypatch.setattr(elsewhere, "find_spec", lambda name: None)
    return found, place


def test_modules_from_elsewhere_are_told(placed: Any, tmp_path: Path) -> None:
    project, place = placed
    roots = ["src/", ""]
    assert elsewhere.stand_ins(project, roots) == []
    place("known", "/x/known/__init__.py")
    place("known.part", f"{tmp_path}/src/known/part.py")
    place("top", "/lib/site-packages/top.py")
    place("tests", "/x/tests/__init__.py")
    place("other", None)
    place("other.deep", "<frozen>")
    place("unknown", "/x/unknown.py")
    assert elsewhere.stand_ins(project, roots) == [
        ["known", "/x/known/__init__.py", "src/known/__init__.py"],
        ["top", "/lib/site-packages/top.py", "top.py"],
    ]
    assert elsewhere.stand_ins(project, ["src/"]) == [
        ["known", "/x/known/__init__.py", "src/known/__init__.py"],
    ]
    place("known.part", "/dist-packages/part.py")
    assert ["known.part", "/dist-packages/part.py", "src/known/part.py"] in elsewhere.stand_ins(
        project, roots
    )


def test_pythons_own_modules_stand_in_for_nothing(placed: Any) -> None:
    project, place = placed
    place("top", os.__file__)
    assert elsewhere.stand_ins(project, [""]) == []
    place("top", os.path.dirname(os.__file__) + "-more/x.py")
    assert len(elsewhere.stand_ins(project, [""])) == 1
    place("top", os.path.dirname(os.__file__) + "/site-packages/top.py")
    assert len(elsewhere.stand_ins(project, [""])) == 1


def test_packages_that_would_be_imported_from_elsewhere_are_told(
    placed: Any, monkeypatch: Any, tmp_path: Path
) -> None:
    project, place = placed
    place("other", f"{tmp_path}/other/__init__.py")
    asked: list[str] = []
    origins = {
        "known": "/x/known/__init__.py",
        "docs": "/x/docs/__init__.py",
        "away": f"{tmp_path}/away/__init__.py",
    }

    def find_spec(name: str) -> Any:
        asked.append(name)
        return SimpleNamespace(origin=origins[name])

    monkeypatch.setattr(elsewhere, "find_spec", find_spec)
    expected = ["known", "/x/known/__init__.py", "src/known/__init__.py"]
    assert elsewhere.stand_ins(project, ["src/", ""]) == [expected]
    assert asked == ["known", "away"]
    for spec in (None, SimpleNamespace(origin=None), SimpleNamespace(origin="/x/known.so")):
        monkeypatch.setattr(elsewhere, "find_spec", lambda _, spec=spec: spec)
        assert elsewhere.stand_ins(project, ["src/"]) == []
    monkeypatch.setattr(elsewhere, "find_spec", lambda name: int(name))
    assert elsewhere.stand_ins(project, ["src/"]) == []


@pytest.mark.parametrize("name", ["benchmarks", "docs", "examples", "scripts", "tools", "own"])
def test_packages_that_many_have_are_not_asked_for(
    name: str, monkeypatch: Any, tmp_path: Path
) -> None:
    spec = SimpleNamespace(origin="/x/__init__.py")
    monkeypatch.setattr(elsewhere, "find_spec", lambda _: spec)
    monkeypatch.delitem(sys.modules, name, raising=False)
    project = Project(str(tmp_path), [f"{name}/__init__.py"], [])
    found = elsewhere.stand_ins(project, [""])
    assert found == ([[name, "/x/__init__.py", f"{name}/__init__.py"]] if name == "own" else [])


class Audited:
    """A watch over events that are told by hand."""

    def __init__(self, tmp_path: Path, monkeypatch: Any) -> None:
        hooks: list[Any] = []
        monkeypatch.setattr(sys, "addaudithook", hooks.append)
        monkeypatch.setattr(kept, "environ", {"TMPDIR": "/a/", "TEMP": "/b", "TMP": "/c"})
        self.own = str(tmp_path / "own")
        self.watch = Writes(self.own)
        [self.hook] = hooks

    def told(self, event: str, *args: Any) -> bool:
        self.hook(event, args)
        return self.watch.took_place()

    def opened(self, path: Any, flags: Any = os.O_WRONLY) -> bool:
        return self.told("open", path, "w", flags)


@pytest.fixture
def audited(tmp_path: Path, monkeypatch: Any) -> Audited:
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    return Audited(tmp_path, monkeypatch)


def test_files_that_are_opened_to_be_changed_are_told(audited: Audited, tmp_path: Path) -> None:
    for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_WRONLY | os.O_CLOEXEC):
        assert audited.opened("/fixed", flag)
        assert not audited.watch.took_place()
    assert not audited.opened("/fixed", os.O_RDONLY | os.O_CLOEXEC)
    assert not audited.opened("/fixed", None)
    assert not audited.opened(5)
    assert not audited.opened(None)
    assert not audited.opened(object())
    for own in (f"{audited.own}/x", "own/x", "/dev/null", "/proc/self/x", b"/dev/tty"):
        assert not audited.opened(own)
    assert audited.opened("own-not/x")
    assert audited.opened(b"/fixed")
    assert audited.opened(Path("/fixed"))
    assert audited.opened("relative")
    for cached in ("/x/__pycache__/a", "/x/a.pyc"):
        assert not audited.opened(cached)
    (tmp_path / "link").symlink_to(audited.own)
    assert not audited.opened(str(tmp_path / "link" / "x"))
    assert audited.opened(str(tmp_path / "link-not"))
    unnamed = getattr(os, "O_TMPFILE", 0)
    if unnamed:
        assert not audited.opened("/fixed", unnamed | os.O_RDWR)
        assert audited.opened("/fixed", os.O_DIRECTORY | os.O_RDWR)
    assert not audited.opened(str(tmp_path))
    assert audited.told("os.rmdir", str(tmp_path), -1)


def test_names_that_tempfile_made_up_are_a_tests_own(audited: Audited) -> None:
    trial = os.O_RDWR | os.O_CREAT | os.O_EXCL
    for folder in ("/tmp", "/var/tmp", "/usr/tmp", "/a", "/b", "/c"):
        assert not audited.opened(f"{folder}/abcd_123", trial)
    assert not audited.told("os.remove", "/tmp/abcd_123", -1)
    assert audited.opened("/tmp/abcd_124", os.O_RDWR | os.O_CREAT)
    assert audited.opened("/home/abcd_123", trial)
    assert audited.opened("/tmp/abcd_1234", trial)
    assert audited.opened("/tmp/Abcd_123", trial)
    assert audited.opened("abcd_123", trial)
    assert not audited.told("tempfile.mkdtemp", "/home/made")
    assert not audited.told("tempfile.mkstemp", b"/home/file")
    assert not audited.opened("/home/made/x")
    assert not audited.opened("/home/file")
    assert audited.opened("/home/other")
    assert audited.opened("/home/made-not")


@pytest.mark.parametrize(
    ("event", "args", "told"),
    [
        ("os.mkdir", ("/fixed", 0o777, -1), True),
        ("os.mkdir", ("/fixed", 0o777, 5), False),
        ("os.mkdir", ("own/x", 0o777, None), False),
        ("os.remove", ("/fixed", -1), True),
        ("os.remove", ("fixed", 5), False),
        ("os.rename", ("/fixed", "own/x", -1, -1), True),
        ("os.rename", ("own/x", "/fixed", -1, -1), True),
        ("os.rename", ("own/x", "own/y", -1, -1), False),
        ("os.rename", ("/fixed", "/fixed", 5, -1), True),
        ("os.rename", ("/fixed", "/fixed", -1, 5), True),
        ("os.rename", ("/fixed", "/fixed", 4, 5), False),
        ("os.rmdir", ("/fixed", -1), True),
        ("os.rmdir", ("/fixed", 5), False),
        ("os.link", ("own/x", "/fixed", -1, -1), True),
        ("os.link", ("/fixed", "own/x", -1, -1), False),
        ("os.link", ("own/x", "/fixed", -1, 5), False),
        ("os.symlink", ("own/x", "/fixed", -1), True),
        ("os.symlink", ("/fixed", "own/x", -1), False),
        ("os.symlink", ("own/x", "/fixed", 5), False),
        ("os.truncate", ("/fixed", 0), True),
        ("os.truncate", (5, 0), False),
        ("shutil.rmtree", ("/fixed", None), True),
        ("shutil.rmtree", ("own/x", None), False),
        ("sqlite3.connect", ("/fixed.db",), True),
        ("sqlite3.connect", (":memory:",), False),
        ("sqlite3.connect", ("file:x?mode=memory",), False),
        ("sqlite3.connect", ("file:x",), True),
        ("sqlite3.connect", ("memory",), True),
        ("socket.bind", (None, ("127.0.0.1", 80)), True),
        ("socket.bind", (None, ("127.0.0.1", 0)), False),
        ("socket.bind", (None, ("::1", 80, 0, 0)), True),
        ("socket.bind", (None, "/path"), True),
        ("socket.bind", (None, ""), False),
        ("socket.bind", (None, ("one",)), True),
        ("os.listdir", ("/fixed",), False),
    ],
)
def test_events_that_change_a_place_are_told(
    event: str, args: tuple[Any, ...], told: bool, audited: Audited
) -> None:
    assert audited.told(event, *args) is told


def test_what_was_written_is_told_once_or_for_good(audited: Audited) -> None:
    watch = audited.watch
    assert not watch.took_place(lasting=True)
    audited.hook("open", ("/fixed", "w", os.O_WRONLY))
    audited.hook("open", (f"{audited.own}/x", "w", os.O_WRONLY))
    audited.hook("socket.bind", (None, ("", 0)))
    os.symlink(audited.own, "link")
    audited.hook("open", ("link/x", "w", os.O_WRONLY))
    assert watch.took_place()
    assert not watch.took_place()
    audited.hook("socket.bind", (None, ("", 80)))
    audited.hook("open", (f"{audited.own}/x", "w", os.O_WRONLY))
    assert watch.took_place(lasting=True)
    assert watch.took_place()
    assert watch.took_place(lasting=True)
    assert audited.hook.__cantrace__ is False
    assert not NoWrites().took_place()
    assert not NoWrites().took_place(lasting=True)


def test_events_that_nobody_looks_at_cost_no_call(monkeypatch: Any) -> None:
    taken: list[str] = []
    monkeypatch.setattr(sys, "addaudithook", lambda _: None)
    monkeypatch.setattr(kept, "environ", {})
    Writes("/own")
    hook: Any = writes._hook(lambda event, args: taken.append(event))
    for event in ("open", "sys._getframe", "os.rename", "code.__new__", "socket.bind"):
        hook(event, ())
    assert taken == ["open", "os.rename", "socket.bind"]


def test_loaded_files_that_git_ignores_are_told_and_installed_ones_are_not(
    project: Project, monkeypatch: Any
) -> None:
    load("mut_warns")
    load("mut_pkg.a")
    assert elsewhere.unlisted(project) == ["mut_warns.py"]
    for place in ("venv/lib/site-packages/m.py", "lib/m.so", "../m.py", "new\nline.py"):
        monkeypatch.setitem(
            sys.modules, "mut_other", SimpleNamespace(__file__=f"{project.root}/{place}")
        )
        assert elsewhere.unlisted(project) == ["mut_warns.py"]
    monkeypatch.setattr(sys, "prefix", project.root)
    assert elsewhere.unlisted(project) == []
