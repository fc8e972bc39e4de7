"""Running tests with pytest: collect once, then one item at a time through its own hooks.

Invariant: set-up, call and tear-down go through pytest's hooks, so fixtures, marks and plugins
decide the outcome as they do in a plain run; only the text of failures is not built.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from copy import copy
from importlib import metadata
from typing import Any

from . import kept
from .apart import whole_for_pytest
from .imports import Imports
from .project import Project
from .pytest_phases import Phases
from .runner import (
    FAILED,
    PASSED,
    SKIPPED,
    Collected,
    CollectionFailed,
    Outcome,
    Runner,
    be_main,
    code_of,
    keep_no_examples,
)

#: Options that keep a plugin installed but out of the way, by the plugin's entry point.
#: They are given last, so they win over the project's own `addopts`.
_NEUTRAL = {
    "xdist": ["-n0"],
    "pytest_cov": ["--no-cov"],
    "rerunfailures": ["--reruns=0"],
    # Kept on, since the project may give it options and rely on its seeding.
    "randomly": ["--randomly-dont-reorganize"],
}
#: Where the project asks for another seed in each run.
_SEED = "--randomly-seed=1"
_OFF = {"random_order", "pytest-reverse", "sugar", "pytest_watch", "instafail"}


class PytestRunner(Runner):
    """pytest, in this process."""

    def __init__(
        self, arguments: list[str], imports: Imports, scratch: str, only: list[str] | None = None
    ) -> None:
        super().__init__()
        self._arguments = arguments
        self._imports = imports
        self._scratch = scratch
        self._only = None if only is None else frozenset(only)
        self._items: list[Any] = []
        self._config: Any = None
        self._errors: list[str] = []
        self._failed = False
        self._skipped = False
        self._report = False
        self._text: list[str] = []
        self._then: Callable[[list[Collected]], None] = lambda _: None
        self._served = False
        self._used: list[Any] = []
        self._null = -1
        self._captures: list[tuple[int, int]] = []
        self._is_worker = False
        self._shared = ""

    def collect(self, then: Callable[[list[Collected]], None]) -> None:
        import pytest
        from _pytest.assertion import rewrite

        self._then = then
        self._imports.install_for_pytest(rewrite, f"-{pytest.__version__}")
        fixed = ["-o", f"cache_dir={self._scratch}/cache", "--color=no"]
        sys.argv = [be_main("pytest"), *self._arguments]
        code = pytest.main([*self._arguments, *_switched_off(), *fixed], plugins=[_Plugin(self)])
        if not self._served:
            raise CollectionFailed(
                "\n".join(self._errors) or f"pytest ended with exit code {int(code)}"
            )

    def ready(self, scratch: str) -> None:
        worker = kept.environ.get("PYTEST_XDIST_WORKER", "gw0")
        factory = getattr(self._config, "_tmp_path_factory", None)
        if factory is not None:
            from pathlib import Path

            self._shared = scratch
            factory._given_basetemp = Path(scratch, f"popen-{worker}")
            factory._basetemp = None
        if self._is_worker:
            self._config.workerinput = {
                "workerid": worker,
                "workercount": int(kept.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
                "testrunuid": f"{kept.getpid():x}",
                "mainargv": list(sys.argv),
            }
        self._own_capture()
        keep_no_examples()

    def begin(self, report: bool) -> None:
        self._report = report
        if self._shared:
            _empty(self._shared)
        for captured, saved in self._captures:
            # A fork that was killed leaves what it had captured.
            kept.ftruncate(captured, 0)
            kept.lseek(captured, 0, 0)
            kept.dup2(self._null, saved, inheritable=False)
        if not report:
            kept.dup2(self._null, 1)
            kept.dup2(self._null, 2)
        kept.dup2(self._null, 0)
        kept.close(self._null)

    def run(self, number: int, following: int | None) -> Outcome:
        from _pytest.outcomes import Exit

        item = self._items[number]
        nextitem = None if following is None else self._items[following]
        self._failed = self._skipped = False
        self._text = []
        if not self._report:
            # Building the text of a failure costs more than the rest of a test.
            item.repr_failure = item._repr_failure_py = lambda *_, **__: ""
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        except (Exit, KeyboardInterrupt, SystemExit) as reason:
            self._failed = True
            self._text.append(f"{type(reason).__name__}: {reason}")
            self._abandon(item, nextitem)
        if self._failed:
            return Outcome(FAILED, "\n".join(self._text))
        return Outcome(SKIPPED if self._skipped else PASSED)

    def _abandon(self, item: Any, nextitem: Any) -> None:
        """Tears down after an exception that pytest lets through, for the tests to come."""
        try:
            item.session._setupstate.teardown_exact(nextitem)
        except BaseException:
            pass  # the test has failed already

    def shared_fixtures(self, number: int) -> list[Any]:
        return self._used

    def collected(self, session: Any) -> None:
        """Called by the plugin when collection has ended."""
        self._config = session.config
        self._phases = Phases()
        self._items = session.items
        self._served = True
        self._then([self._describe(item) for item in self._items])

    def loading(self, config: Any, arguments: list[str]) -> None:
        """Called by the plugin when all installed plugins are loaded and options are not final.

        Only those that are loaded know their options: a project may switch off each, or all.
        """
        manager = config.pluginmanager
        modules = {getattr(plugin, "__name__", None) for plugin in manager.get_plugins()}
        for entry in metadata.entry_points(group="pytest11"):
            if manager.has_plugin(entry.name) or entry.value in modules:
                arguments += _NEUTRAL.get(entry.name, [])
                self._is_worker |= entry.name == "xdist"
        seed = getattr(config.known_args_namespace, "randomly_seed", 0)
        if not isinstance(seed, int):
            arguments.append(_SEED)
        # pytest-cov looks there before the options are final.
        config.known_args_namespace = config._parser.parse_known_args(
            arguments, namespace=copy(config.option)
        )

    def wanted(self, path: str, named: list[str]) -> bool:
        """Whether a file is to be collected; ``named`` are the command line's own places."""
        if self._only is None or path in self._only or path.endswith("__init__.py"):
            return True
        # Leaving out a file that the command line names would be a usage error.
        return any(kept.realpath(place.split("::")[0]) == path for place in named)

    def wanted_folder(self, path: str, config: Any) -> bool:
        """Whether a folder is to be looked into: files that are no Python may be tests as well."""
        if self._only is None or config.getoption("doctestglob", None):
            return True
        below = f"{path}/"
        if any(file.startswith(below) for file in self._only):
            return True
        # As with a file that the command line names.
        places = (f"{kept.realpath(place.split('::')[0])}/" for place in config.args)
        return any(place.startswith(below) for place in places)

    def asking(self, collector: Any) -> None:
        """Called by the plugin for each collector before it is asked for tests."""
        from _pytest.nodes import File

        if isinstance(collector, File):
            self.asked.add(str(collector.path))

    def whole(self, project: Project) -> str:
        return whole_for_pytest(self._config)

    def collection_error(self, text: str) -> None:
        """Called by the plugin for each file that cannot be collected."""
        self._errors.append(text)

    def stop_on_errors(self, session: Any) -> None:
        """Ends the session when something could not be collected."""
        if self._errors and not session.config.option.continue_on_collection_errors:
            raise session.Interrupted("errors during collection")

    def protocol(self, item: Any, nextitem: Any) -> bool:
        """Set-up, call, tear-down of an item, without logging."""
        from _pytest.assertion import util

        if not self._report:
            util._reprcompare = None
            util._assertion_pass = None
        has_request = hasattr(item, "_request")
        if has_request and not item._request:
            item._initrequest()
        if self._report or self._phases.needs_reports(item):
            run = self._reported
        else:
            run = self._unreported
        if run(item, "setup") and not item.config.getoption("setuponly", False):
            run(item, "call")
        request = getattr(item, "_request", None)
        self._used = list(getattr(request, "_fixture_defs", {}).values())
        run(item, "teardown", nextitem=nextitem)
        if has_request:
            item._request = False
            item.funcargs = None
        return True

    def _reported(self, item: Any, when: str, **options: Any) -> bool:
        from _pytest import runner

        report = runner.call_and_report(item, when, log=False, **options)  # type: ignore[arg-type]
        self.note(report)
        return bool(report.passed)

    def _unreported(self, item: Any, when: str, **options: Any) -> bool:
        outcome = self._phases.run(item, when, **options)
        self._failed = self._failed or outcome == FAILED
        self._skipped = self._skipped or outcome == SKIPPED
        return outcome == PASSED

    def note(self, report: Any) -> None:
        """Takes a phase's (or a subtest's) report into the outcome."""
        if report.failed:
            self._failed = True
            if self._report:
                self._text.append(f"{report.when}: {getattr(report, 'longreprtext', '')}")
                for title, text in report.sections:
                    self._text.append(f"--- {title} ---\n{text}")
        elif report.skipped:
            self._skipped = True

    def _describe(self, item: Any) -> Collected:
        path = getattr(item, "path", None) or getattr(item, "fspath", None)
        return Collected(
            item.nodeid, None if path is None else str(path), code_of(getattr(item, "obj", None))
        )

    def _own_capture(self) -> None:
        """Gives this slot capture files of its own: slots share the offsets of inherited ones."""
        self._null = kept.os_open(kept.NULL, kept.O_RDWR)
        manager = self._config.pluginmanager.getplugin("capturemanager")
        capturing = getattr(manager, "_global_capturing", None)
        for name in ("out", "err"):
            capture = getattr(capturing, name, None)
            file = getattr(capture, "tmpfile", None)
            saved = getattr(capture, "targetfd_save", None)
            if saved is not None and file is not None and kept.memfd_create is not None:
                own = kept.memfd_create("mutdiff-capture")
                kept.dup2(own, file.fileno(), inheritable=False)
                kept.close(own)
                self._captures.append((file.fileno(), saved))


class _Plugin:
    """Takes the place of pytest's own run loop."""

    def __init__(self, runner: PytestRunner) -> None:
        self._runner = runner

    def pytest_load_initial_conftests(self, early_config: Any, args: list[str]) -> Iterator[None]:
        self._runner.loading(early_config, args)
        yield

    def pytest_collectstart(self, collector: Any) -> None:
        self._runner.asking(collector)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._runner.collection_error(f"{report.nodeid}\n{report.longreprtext}")

    def pytest_ignore_collect(self, collection_path: Any, config: Any) -> bool | None:
        path = str(collection_path)
        if path.endswith(".py"):
            wanted = self._runner.wanted(path, config.args)
        else:
            wanted = not collection_path.is_dir() or self._runner.wanted_folder(path, config)
        return None if wanted else True

    def pytest_runtestloop(self, session: Any) -> bool:
        self._runner.stop_on_errors(session)
        self._runner.collected(session)
        return True

    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> bool:
        return self._runner.protocol(item, nextitem)

    def pytest_runtest_logreport(self, report: Any) -> None:
        # Only subtests report here, since the runner logs nothing itself.
        self._runner.note(report)

    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        hook = self._runner.fixture_hook
        if hook is None or fixturedef.scope == "function":
            yield
            return
        hook(fixturedef, True)
        try:
            yield
        finally:
            hook(fixturedef, False)


def _mark_hooks() -> None:
    import pytest

    first = pytest.hookimpl(tryfirst=True)
    for name in (
        "pytest_runtestloop",
        "pytest_runtest_protocol",
        "pytest_ignore_collect",
    ):
        setattr(_Plugin, name, first(getattr(_Plugin, name)))
    around = pytest.hookimpl(hookwrapper=True)
    for name in ("pytest_load_initial_conftests", "pytest_fixture_setup"):
        setattr(_Plugin, name, around(getattr(_Plugin, name)))


def make(
    arguments: list[str], imports: Imports, scratch: str, only: list[str] | None
) -> PytestRunner:
    """A runner; imports pytest."""
    _mark_hooks()
    return PytestRunner(arguments, imports, scratch, only)


def _empty(folder: str) -> None:
    """Makes a folder, or empties it of what the last fork left.

    Suites that know xdist share files in the folder above a worker's own, and believe what they
    find there.
    """
    try:
        left = kept.listdir(folder)
    except FileNotFoundError:
        kept.makedirs(folder)
        return
    if left:
        from shutil import rmtree

        rmtree(folder, ignore_errors=True)
        kept.makedirs(folder, exist_ok=True)


def _switched_off() -> list[str]:
    """Options that switch off the installed plugins that fight with forks and order."""
    entries = metadata.entry_points(group="pytest11")
    return [part for entry in entries if entry.name in _OFF for part in ("-p", f"no:{entry.name}")]


def plugin_packages() -> set[str]:
    """Top-level packages of installed pytest plugins: importing them early makes pytest warn."""
    entries = metadata.entry_points(group="pytest11")
    return {entry.value.split(":")[0].split(".")[0] for entry in entries}
