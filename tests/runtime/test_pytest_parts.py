"""Parts of the pytest runner by themselves: plugins, files that are wanted, reports, phases.

What they make together is tested against pytest itself in test_pytest_runner.py.
"""

from __future__ import annotations

import os
import sys
import unittest
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from _mutdiff import kept, pytest_runner
from _mutdiff.pytest_phases import Phases
from _mutdiff.pytest_runner import PytestRunner
from _pytest import outcomes, skipping, tmpdir


def make(only: list[str] | None = None) -> PytestRunner:
    return PytestRunner(["tests"], SimpleNamespace(), "/scratch", only)  # type: ignore[arg-type]


def entry(name: str, value: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, value=value)


@pytest.fixture
def plugins(monkeypatch: Any) -> list[SimpleNamespace]:
    found: list[SimpleNamespace] = []

    def entry_points(group: str) -> list[SimpleNamespace]:
        assert group == "pytest11"
        return found

    monkeypatch.setattr(pytest_runner.metadata, "entry_points", entry_points)
    return found


def test_plugins_that_fight_with_forks_are_off(plugins: list[SimpleNamespace]) -> None:
    assert pytest_runner._switched_off() == []
    names = ["random_order", "pytest-reverse", "sugar", "pytest_watch", "instafail", "xdist"]
    plugins += [entry(name, f"package_{at}.plugin:X") for at, name in enumerate(names)]
    assert pytest_runner._switched_off() == [
        part for name in names[:-1] for part in ("-p", f"no:{name}")
    ]
    plugins.append(entry("flat", "package_6:X"))
    assert pytest_runner.plugin_packages() == {f"package_{at}" for at in range(7)}


class Manager:
    def __init__(self, names: set[str], modules: list[str]) -> None:
        self._names = names
        self._modules = modules

    def has_plugin(self, name: str) -> bool:
        return name in self._names

    def get_plugins(self) -> list[Any]:
        return [SimpleNamespace(__name__=name) for name in self._modules] + [object()]


@pytest.mark.parametrize("seed", [None, 7, "default", "last"])
def test_plugins_that_are_loaded_are_kept_out_of_the_way(
    seed: Any, plugins: list[SimpleNamespace]
) -> None:
    plugins += [
        entry("xdist", "xdist.plugin"),
        entry("pytest_cov", "pytest_cov.plugin"),
        entry("rerunfailures", "rerun"),
        entry("randomly", "pytest_randomly"),
        entry("other", "other"),
    ]
    parsed: list[Any] = []

    def parse_known_args(arguments: list[str], namespace: Any) -> str:
        parsed.append((list(arguments), namespace))
        return "parsed"

    option = Namespace(x=1)
    known = Namespace() if seed is None else Namespace(randomly_seed=seed)
    config = SimpleNamespace(
        pluginmanager=Manager({"pytest_cov", "randomly", "other"}, ["xdist.plugin", "y"]),
        known_args_namespace=known,
        option=option,
        _parser=SimpleNamespace(parse_known_args=parse_known_args),
    )
    runner = make()
    arguments = ["-x"]
    runner.loading(config, arguments)
    last = ["--randomly-seed=1"] if isinstance(seed, str) else []
    assert arguments == ["-x", "-n0", "--no-cov", "--randomly-dont-reorganize", *last]
    assert runner._is_worker is True
    [(given, namespace)] = parsed
    assert (given, config.known_args_namespace) == (arguments, "parsed")
    assert namespace == option
    assert namespace is not option
    config.pluginmanager = Manager({"rerunfailures"}, [])
    config.known_args_namespace = known
    again = make()
    arguments = []
    again.loading(config, arguments)
    assert arguments == ["--reruns=0", *last]
    assert again._is_worker is False


def test_only_files_that_hold_wanted_tests_are_collected(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    place = f"{tmp_path}/test_b.py"
    assert make().wanted("/p/test_a.py", [])
    runner = make(["/p/test_a.py"])
    assert runner.wanted("/p/test_a.py", [])
    assert not runner.wanted(place, [])
    assert runner.wanted("/p/__init__.py", [])
    assert not runner.wanted(place, ["other", "/p/test_c.py"])
    assert runner.wanted(place, ["other", "test_b.py::test_one"])
    assert runner.wanted(place, [place])
    hook = pytest_runner._Plugin(runner).pytest_ignore_collect
    config = SimpleNamespace(args=["test_c.py"])
    assert hook(Path("/p/test_a.py"), config) is None
    assert hook(Path(place), config) is True
    assert hook(Path("/p/folder"), config) is None
    assert hook(Path(f"{tmp_path}/test_c.py"), config) is None
    assert not make([]).wanted("/p/test_a.py", [])


def report(**values: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"failed": False, "skipped": False, "when": "call", **values})


def test_reports_make_the_outcome() -> None:
    runner = make()
    runner.note(report())
    assert (runner._failed, runner._skipped, runner._text) == (False, False, [])
    runner.note(report(skipped=True))
    assert (runner._failed, runner._skipped) == (False, True)
    runner._skipped = False
    bad = report(failed=True, longreprtext="why", sections=[("out", "one"), ("err", "two")])
    runner.note(bad)
    assert (runner._failed, runner._skipped, runner._text) == (True, False, [])
    runner._report = True
    runner.note(bad)
    assert runner._text == ["call: why", "--- out ---\none", "--- err ---\ntwo"]
    runner._text.clear()
    runner.note(report(failed=True, sections=[], when="setup"))
    assert runner._text == ["setup: "]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("passed", (True, False, False)), ("failed", (False, True, False)),
     ("skipped", (False, False, True))],
)  # fmt: skip
def test_phases_make_the_outcome(outcome: str, expected: tuple[bool, ...]) -> None:
    runner = make()
    asked: list[Any] = []

    def run(item: Any, when: str, **options: Any) -> str:
        asked.append((item, when, options))
        return outcome

    runner._phases = SimpleNamespace(run=run)  # type: ignore[assignment]
    passed = runner._unreported("item", "teardown", nextitem=5)
    assert (passed, runner._failed, runner._skipped) == expected
    assert asked == [("item", "teardown", {"nextitem": 5})]
    runner._phases = SimpleNamespace(run=lambda *_: "passed")  # type: ignore[assignment]
    assert runner._unreported("item", "call")
    assert (runner._failed, runner._skipped) == expected[1:]


def test_errors_of_the_collection_end_it() -> None:
    class Interrupted(Exception):
        pass

    option = SimpleNamespace(continue_on_collection_errors=False)
    session = SimpleNamespace(config=SimpleNamespace(option=option), Interrupted=Interrupted)
    runner = make()
    plugin = pytest_runner._Plugin(runner)
    runner.stop_on_errors(session)
    plugin.pytest_collectreport(report(nodeid="a"))
    runner.stop_on_errors(session)
    plugin.pytest_collectreport(report(failed=True, nodeid="a", longreprtext="why"))
    assert runner._errors == ["a\nwhy"]
    with pytest.raises(Interrupted):
        runner.stop_on_errors(session)
    option.continue_on_collection_errors = True
    runner.stop_on_errors(session)


def test_a_shared_folder_is_empty_for_each_fork(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    for _ in range(2):
        pytest_runner._empty(str(folder))
        assert list(folder.iterdir()) == []
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("")
    pytest_runner._empty(str(folder))
    handle = os.open(folder, os.O_RDONLY)
    pytest_runner._empty(str(folder))
    assert os.fstat(handle).st_nlink > 0
    os.close(handle)


def test_wide_fixtures_are_told(monkeypatch: Any) -> None:
    runner = make()
    plugin = pytest_runner._Plugin(runner)
    told: list[Any] = []

    def around(scope: str) -> None:
        fixture = SimpleNamespace(scope=scope)
        steps = plugin.pytest_fixture_setup(fixture, None)
        next(steps)
        told.append("set up")
        with pytest.raises(StopIteration):
            next(steps)

    around("module")
    assert told == ["set up"]
    runner.fixture_hook = lambda owner, begins: told.append((owner.scope, begins))  # type: ignore
    around("function")
    assert told == ["set up"] * 2
    around("module")
    assert told[2:] == [("module", True), "set up", ("module", False)]
    steps: Any = plugin.pytest_fixture_setup(SimpleNamespace(scope="class"), None)
    next(steps)
    with pytest.raises(ZeroDivisionError):
        steps.throw(ZeroDivisionError())
    assert told[-1] == ("class", False)


def test_a_slots_own_capture_files_take_the_place_of_the_inherited(monkeypatch: Any) -> None:
    inherited, saved = os.memfd_create("a"), os.memfd_create("b")
    os.write(inherited, b"before")
    with os.fdopen(os.dup(inherited), "r+b") as file:
        capture = SimpleNamespace(tmpfile=file, targetfd_save=saved)
        manager = SimpleNamespace(_global_capturing=SimpleNamespace(out=capture, err=None))
        runner = make()
        runner._config = SimpleNamespace(
            pluginmanager=SimpleNamespace(getplugin={"capturemanager": manager}.get)
        )
        before = len(os.listdir("/proc/self/fd"))
        runner._own_capture()
        assert len(os.listdir("/proc/self/fd")) == before + 1  # the null device
        assert runner._captures == [(file.fileno(), saved)]
        assert os.fstat(file.fileno()).st_size == 0
        assert not os.get_inheritable(file.fileno())
        assert os.readlink(f"/proc/self/fd/{runner._null}") == "/dev/null"
        os.close(runner._null)
        for incomplete in (
            SimpleNamespace(tmpfile=None, targetfd_save=saved),
            SimpleNamespace(tmpfile=file, targetfd_save=None),
        ):
            manager._global_capturing.out = incomplete
            other = make()
            other._config = runner._config
            other._own_capture()
            assert other._captures == []
            os.close(other._null)
        manager._global_capturing = SimpleNamespace(err=capture)
        other = make()
        other._config = runner._config
        other._own_capture()
        assert other._captures == [(file.fileno(), saved)]
        os.close(other._null)
    assert os.pread(inherited, 10, 0) == b"before"
    os.close(inherited)
    os.close(saved)


def test_a_runner_without_capture_or_folders_is_ready(monkeypatch: Any, tmp_path: Path) -> None:
    runner = make()
    runner._config = SimpleNamespace(pluginmanager=SimpleNamespace(getplugin=lambda _: None))
    monkeypatch.setattr(kept, "environ", {})
    told: list[bool] = []
    monkeypatch.setattr(pytest_runner, "keep_no_examples", lambda: told.append(True))
    runner.ready(str(tmp_path / "own"))
    assert told == [True]
    assert (runner._shared, runner._captures) == ("", [])
    assert not hasattr(runner._config, "workerinput")
    os.close(runner._null)
    factory = SimpleNamespace(_given_basetemp=None, _basetemp="old")
    runner._config._tmp_path_factory = factory
    runner._is_worker = True
    runner.ready(str(tmp_path / "own"))
    os.close(runner._null)
    assert (factory._given_basetemp, factory._basetemp) == (tmp_path / "own" / "popen-gw0", None)
    assert runner._shared == str(tmp_path / "own")
    given = runner._config.workerinput
    assert (given["workerid"], given["workercount"]) == ("gw0", 1)
    assert given["testrunuid"] == f"{os.getpid():x}"
    assert isinstance(given["mainargv"], list)
    environ = {"PYTEST_XDIST_WORKER": "gw3", "PYTEST_XDIST_WORKER_COUNT": "4"}
    monkeypatch.setattr(kept, "environ", environ)
    runner.ready(str(tmp_path / "own"))
    os.close(runner._null)
    assert factory._given_basetemp == tmp_path / "own" / "popen-gw3"
    given = runner._config.workerinput
    assert (given["workerid"], given["workercount"]) == ("gw3", 4)


class Item:
    """Stands in for a test function."""

    def __init__(self, call: Callable[..., Any], **hooks: Any) -> None:
        self.stash: dict[Any, Any] = {}
        self.ihook = SimpleNamespace(pytest_runtest_call=call, **hooks)
        self.usepdb: bool | None = None
        self.config = SimpleNamespace(
            getoption=lambda name, default: (
                default if self.usepdb is None or name != "usepdb" else self.usepdb
            )
        )


def raising(error: BaseException) -> Callable[..., Any]:
    def call(**_: Any) -> None:
        raise error

    return call


def test_a_phase_ends_as_its_hook_does() -> None:
    phases = Phases()
    given: list[Any] = []
    item = Item(lambda **options: given.append(options))
    assert phases.run(item, "call", nextitem=1) == "passed"
    assert given == [{"item": item, "nextitem": 1}]
    assert item.stash == {tmpdir.tmppath_result_key: {"call": True}}
    item.ihook.pytest_runtest_setup = raising(ValueError())
    assert phases.run(item, "setup") == "failed"
    assert item.stash == {tmpdir.tmppath_result_key: {"call": True, "setup": False}}
    for error in (KeyboardInterrupt(), outcomes.Exit("so")):
        with pytest.raises(type(error)):
            phases.run(Item(raising(error)), "call")
    debugged = Item(raising(KeyboardInterrupt()))
    debugged.usepdb = True
    assert phases.run(debugged, "call") == "failed"
    assert phases.run(Item(raising(SystemExit())), "call") == "failed"
    phases._tmp_results = None
    bare = Item(lambda **_: None)
    assert (phases.run(bare, "call"), bare.stash) == ("passed", {})


@pytest.mark.parametrize(
    "error",
    [outcomes.Skipped("so"), outcomes.XFailed("so"), unittest.SkipTest("so"), ValueError(), None],
)
@pytest.mark.parametrize("word", ["passed", "failed", "skipped"])
def test_where_more_than_an_error_has_a_say_pytest_reports(
    error: BaseException | None, word: str
) -> None:
    made: list[Any] = []

    def makereport(item: Any, call: Any) -> Any:
        assert isinstance(item, Item)
        made.append((call.when, call.excinfo.value if call.excinfo else None))
        return SimpleNamespace(failed=word == "failed", skipped=word == "skipped")

    call = (lambda **_: None) if error is None else raising(error)
    item = Item(call, pytest_runtest_makereport=makereport)
    expected = isinstance(error, ValueError) or error is None
    if expected:
        item.stash[skipping.xfailed_key] = True
    assert Phases().run(item, "call") == word
    assert made == [("call", error)]
    assert tmpdir.tmppath_result_key not in item.stash


def test_only_plain_functions_need_no_report() -> None:
    phases = Phases()
    foreign = SimpleNamespace(function=SimpleNamespace(__module__="theirs"))
    own = SimpleNamespace(function=SimpleNamespace(__module__="_pytest.runner"))
    hooks: list[Any] = [own]
    makereport = SimpleNamespace(get_hookimpls=lambda: hooks)
    ihook = SimpleNamespace(pytest_runtest_makereport=makereport)

    class Kind:
        def __init__(self) -> None:
            self.ihook = ihook

    assert phases._plain_item is pytest.Function
    phases._plain_item = Kind  # type: ignore[assignment]
    assert not phases.needs_reports(Kind())
    assert phases.needs_reports(type("Other", (Kind,), {})())
    hooks.append(foreign)
    assert phases.needs_reports(Kind())
    hooks[:] = [SimpleNamespace(function=SimpleNamespace())]
    assert phases.needs_reports(Kind())
    hooks.clear()
    phases._xfailed = None
    assert phases.needs_reports(Kind())


@pytest.mark.parametrize("reported", [False, True])
def test_a_fork_begins_with_nothing_of_the_one_before(
    reported: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    runner = make()
    runner._null = os.open(os.devnull, os.O_RDWR)
    captured = os.memfd_create("a")
    os.write(captured, b"before")
    runner._captures = [(captured, 77)]
    runner._shared = str(tmp_path / "shared")
    put: list[Any] = []
    monkeypatch.setattr(kept, "dup2", lambda one, two, **more: put.append((one, two, more)))
    null = runner._null
    runner.begin(reported)
    silent = [] if reported else [(null, 1, {}), (null, 2, {})]
    assert put == [(null, 77, {"inheritable": False}), *silent, (null, 0, {})]
    with pytest.raises(OSError):
        os.fstat(null)
    assert (os.fstat(captured).st_size, os.lseek(captured, 0, os.SEEK_CUR)) == (0, 0)
    assert list((tmp_path / "shared").iterdir()) == []
    assert runner._report is reported
    os.close(captured)
    runner._null = os.open(os.devnull, os.O_RDWR)
    runner._captures, runner._shared = [], ""
    runner.begin(reported)


class Run:
    """A runner over items whose protocol is a function."""

    def __init__(self, *protocols: Callable[[], None]) -> None:
        self.runner = make()
        self.told: list[Any] = []
        self.runner._items = [self.item(protocol) for protocol in protocols]

    def item(self, protocol: Callable[[], None]) -> Any:
        def run(item: Any, nextitem: Any) -> None:
            self.told.append((item, nextitem))
            protocol()

        hook = SimpleNamespace(pytest_runtest_protocol=run)
        state = SimpleNamespace(teardown_exact=lambda following: self.told.append(following))
        return SimpleNamespace(
            config=SimpleNamespace(hook=hook), session=SimpleNamespace(_setupstate=state)
        )


def test_an_item_runs_with_the_one_that_follows() -> None:
    def fail() -> None:
        runner._failed = True
        runner._text += ["one", "two"]

    def skip() -> None:
        runner._skipped = True

    def nothing() -> None: ...

    run = Run(fail, skip, nothing)
    runner = run.runner
    outcomes_ = [runner.run(0, 1), runner.run(1, 2), runner.run(2, None)]
    assert [outcome.word for outcome in outcomes_] == ["failed", "skipped", "passed"]
    assert [outcome.output for outcome in outcomes_] == ["one\ntwo", "", ""]
    one, two, three = runner._items
    assert run.told == [(one, two), (two, three), (three, None)]
    assert one.repr_failure(1, x=2) == one._repr_failure_py() == ""
    runner._report = True
    told = Run(nothing)
    told.runner._report = True
    told.runner.run(0, None)
    assert not hasattr(told.runner._items[0], "repr_failure")


@pytest.mark.parametrize("error", [outcomes.Exit("so"), KeyboardInterrupt("so"), SystemExit("so")])
def test_what_pytest_lets_through_fails_the_item_and_tears_it_down(error: BaseException) -> None:
    run = Run(raising(error), lambda: None)
    outcome = run.runner.run(0, 1)
    assert (outcome.word, outcome.output) == ("failed", f"{type(error).__name__}: so")
    assert run.told[1:] == [run.runner._items[1]]
    run.runner._items[0].session._setupstate.teardown_exact = raising(ValueError())
    assert run.runner.run(0, None).word == "failed"
    assert run.runner.run(1, None).word == "passed"


@pytest.mark.parametrize("how", ["unreported", "asked", "needed"])
def test_an_item_is_set_up_called_and_torn_down(how: str, monkeypatch: Any) -> None:
    from _pytest import runner as of_pytest
    from _pytest.assertion import util

    runner = make()
    told: list[Any] = []
    fails: set[str] = set()
    only_set_up = False

    def phase(item: Any, when: str, **options: Any) -> str:
        told.append((when, options))
        return "failed" if when in fails else "passed"

    original: Any = of_pytest.call_and_report

    def call_and_report(item: Any, when: str, log: bool = True, **options: Any) -> Any:
        if not isinstance(item, SimpleNamespace):  # of pytest that runs this test
            return original(item, when, log, **options)
        assert log is False
        return report(failed=phase(item, when, **options) == "failed", when=when,
                      passed=when not in fails, sections=[])  # fmt: skip

    monkeypatch.setattr(of_pytest, "call_and_report", call_and_report)
    monkeypatch.setattr(util, "_reprcompare", "own")
    monkeypatch.setattr(util, "_assertion_pass", "own")
    runner._phases = SimpleNamespace(  # type: ignore[assignment]
        run=phase if how == "unreported" else None,
        needs_reports=lambda asked: how == "needed" and asked in (item, bare),
    )
    runner._report = how == "asked"
    made: list[bool] = []
    request = SimpleNamespace(_fixture_defs={"a": "one", "b": "two"})

    def init() -> None:
        made.append(True)
        item._request = request

    def getoption(name: str, default: object) -> object:
        assert name == "setuponly"
        return only_set_up or default

    config = SimpleNamespace(getoption=getoption)
    bare: Any = SimpleNamespace(config=config)
    item: Any = SimpleNamespace(_request=False, _initrequest=init, config=config, funcargs={})
    assert runner.protocol(item, "next") is True
    whole = [("setup", {}), ("call", {}), ("teardown", {"nextitem": "next"})]
    assert (told, made, runner._failed) == (whole, [True], False)
    assert (item._request, item.funcargs) == (False, None)
    assert runner.shared_fixtures(0) == ["one", "two"]
    assert util._reprcompare == util._assertion_pass == ("own" if how == "asked" else None)
    fails.add("setup")
    item._request = request
    told.clear()
    runner.protocol(item, None)
    assert [when for when, _ in told] == ["setup", "teardown"]
    assert (made, runner._failed) == ([True], True)
    fails.clear()
    only_set_up = True
    told.clear()
    runner.protocol(item, None)
    assert [when for when, _ in told] == ["setup", "teardown"]
    only_set_up = False
    told.clear()
    runner.protocol(bare, None)
    assert len(told) == 3
    assert runner.shared_fixtures(0) == []
    assert not hasattr(bare, "_request")


def test_items_are_described_by_path_and_code() -> None:
    def function() -> None: ...

    runner = make()
    code = function.__code__
    item: Any = SimpleNamespace(nodeid="a::b", path=Path("/p/a.py"), obj=function)
    assert runner._describe(item) == pytest_runner.Collected("a::b", "/p/a.py", code)
    item = SimpleNamespace(nodeid="a", fspath="/p/old.py")
    assert runner._describe(item) == pytest_runner.Collected("a", "/p/old.py", None)
    assert runner._describe(SimpleNamespace(nodeid="a")).file is None


def test_the_plugin_hands_on_to_the_runner(monkeypatch: Any) -> None:
    told: list[Any] = []
    runner: Any = SimpleNamespace(
        loading=lambda *a: told.append(("loading", *a)),
        stop_on_errors=lambda s: told.append(("stop", s)),
        collected=lambda s: told.append(("collected", s)),
        protocol=lambda *a: told.append(("protocol", *a)) or "said",
        note=lambda r: told.append(("note", r)),
    )
    plugin = pytest_runner._Plugin(runner)
    steps = plugin.pytest_load_initial_conftests("config", ["x"])  # type: ignore[arg-type]
    next(steps)
    assert told.pop() == ("loading", "config", ["x"])
    assert plugin.pytest_runtestloop("session") is True
    assert told == [("stop", "session"), ("collected", "session")]
    assert plugin.pytest_runtest_protocol("item", "next") == "said"  # type: ignore[comparison-overlap]
    plugin.pytest_runtest_logreport("report")
    assert told[2:] == [("protocol", "item", "next"), ("note", "report")]
    session = SimpleNamespace(config="config", items=[SimpleNamespace(nodeid="a")])
    made = make()
    found: list[Any] = []
    made._then = found.append
    made.collected(session)
    assert (made._config, made._items, made._served) == ("config", session.items, True)
    assert found == [[pytest_runner.Collected("a", None, None)]]
    assert isinstance(made._phases, Phases)


def test_hooks_come_first_or_around(monkeypatch: Any) -> None:
    names = ("pytest_runtestloop", "pytest_runtest_protocol", "pytest_ignore_collect")
    around = ("pytest_load_initial_conftests", "pytest_fixture_setup")
    runner = pytest_runner.make(["a"], "imports", "/s", ["b"])  # type: ignore[arg-type]
    assert (runner._arguments, runner._imports, runner._scratch) == (["a"], "imports", "/s")
    assert runner._only == {"b"}
    assert pytest_runner.make([], "imports", "/s", None)._only is None  # type: ignore[arg-type]
    for name in (*names, *around):
        options = getattr(pytest_runner._Plugin, name).pytest_impl
        assert (options["tryfirst"], options["hookwrapper"]) == (name in names, name in around)


def test_pytest_is_asked_to_collect(plugins: list[SimpleNamespace], monkeypatch: Any) -> None:
    from _pytest.assertion import rewrite

    plugins.append(entry("sugar", "sugar"))
    told: list[Any] = []
    monkeypatch.setattr(pytest_runner.sys, "argv", ["x"])
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    runner = make()
    runner._imports = SimpleNamespace(  # type: ignore[assignment]
        install_for_pytest=lambda *given: told.append(given)
    )

    def main(arguments: list[str], plugins: list[Any]) -> int:
        told.append(arguments)
        [plugin] = plugins
        assert plugin._runner is runner
        assert runner._then is then
        runner._served = served
        return 5

    def then(_: Any) -> None: ...

    monkeypatch.setattr(pytest, "main", main)
    served = True
    runner.collect(then)
    assert told == [
        (rewrite, f"-{pytest.__version__}"),
        ["tests", "-p", "no:sugar", "-o", "cache_dir=/scratch/cache", "--color=no"],
    ]
    main_file = str(Path(pytest.__file__).with_name("__main__.py"))
    assert pytest_runner.sys.argv == [main_file, "tests"]
    served = False
    with pytest.raises(pytest_runner.CollectionFailed, match=r"^pytest ended with exit code 5$"):
        runner.collect(then)
    runner._errors += ["one", "two"]
    with pytest.raises(pytest_runner.CollectionFailed, match=r"^one\ntwo$"):
        runner.collect(then)
