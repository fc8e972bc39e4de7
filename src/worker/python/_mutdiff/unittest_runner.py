"""Running tests with the standard library's unittest, by its own loader and suites.

Invariant: what ``python -m unittest ARGS`` would run is what is collected; class and module
fixtures are set up once per run of neighbouring tests, as in a plain suite.
"""

from __future__ import annotations

import sys
import traceback
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from . import kept
from .apart import whole_for_unittest
from .project import Project
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


class UnittestRunner(Runner):
    """unittest, in this process."""

    def __init__(self, arguments: list[str], only: list[str] | None = None) -> None:
        super().__init__()
        self._arguments = arguments
        self._only = None if only is None else frozenset(only)
        self._tests: list[unittest.TestCase] = []
        self._result = _Result()
        #: Classes and modules whose set-up did not succeed: (failed, skipped).
        self._setup: dict[object, tuple[bool, bool]] = {}

    def collect(self, then: Callable[[list[Collected]], None]) -> None:
        found: list[Any] = []

        class Keeper:
            def run(self, suite: Any, /) -> unittest.TestResult:
                found.append(suite)
                return unittest.TestResult()

        def keep(suite: Any, result: Any, debug: bool = False) -> Any:
            found.append(suite)
            return result

        be_main("unittest")
        sys.argv = ["python -m unittest", *self._arguments]
        forget_loader = self._watch_loader()
        run = unittest.TestSuite.run
        # A script that is named as a test module may run what it has loaded at once, without
        # asking whether it is `__main__`; what it would run is what is collected.
        unittest.TestSuite.run = keep  # type: ignore[method-assign,assignment]
        try:
            unittest.TestProgram(
                module=None, argv=sys.argv, testRunner=Keeper(), exit=False, verbosity=0
            )
        except SystemExit as reason:
            if not found:
                raise CollectionFailed(f"unittest ended with exit code {reason.code}") from None
        finally:
            unittest.TestSuite.run = run  # type: ignore[method-assign]
            forget_loader()
        self._tests = []
        for suite in found:
            known = {test.id() for test in self._tests}
            self._tests += [test for test in _flat(suite) if test.id() not in known]
        errors = []
        for test in self._tests:
            if type(test).__name__ == "_FailedTest":
                errors.append(f"{test.id()}\n{getattr(test, '_exception', '')}")
        if errors:
            raise CollectionFailed("\n".join(errors))
        then([_describe(test) for test in self._tests])

    def _watch_loader(self) -> Callable[[], None]:
        """Has discovery leave out files that are not wanted, and notes whose tests are asked for,
        until what it returns is called."""
        loader, only, asked = unittest.TestLoader, self._only, self.asked
        load, match = loader.loadTestsFromModule, loader._match_path

        def load_and_note(self: Any, module: Any, *rest: Any, **more: Any) -> Any:
            file = getattr(module, "__file__", None)
            if isinstance(file, str):
                asked.add(file)
            return load(self, module, *rest, **more)

        def match_wanted(self: Any, path: str, full_path: str, pattern: str) -> Any:
            wanted = only is None or full_path in only or kept.realpath(full_path) in only
            return wanted and match(self, path, full_path, pattern)

        def forget() -> None:
            loader.loadTestsFromModule = load  # type: ignore[method-assign]
            loader._match_path = match  # type: ignore[method-assign]

        loader.loadTestsFromModule = load_and_note  # type: ignore[method-assign]
        loader._match_path = match_wanted  # type: ignore[method-assign]
        return forget

    def whole(self, project: Project) -> str:
        return whole_for_unittest(project)

    def ready(self, scratch: str) -> None:
        self._null = kept.os_open(kept.NULL, kept.O_RDWR)
        keep_no_examples()

    def begin(self, report: bool) -> None:
        self._result = _Result()
        self._result.report = report
        # Keeps the suite from tearing classes and modules down after each single test.
        self._result._testRunEntered = True
        for fd in (0,) if report else (0, 1, 2):
            kept.dup2(self._null, fd)
        kept.close(self._null)

    def run(self, number: int, following: int | None) -> Outcome:
        result = self._result
        result.fixture_hook = self.fixture_hook
        result.failed = result.was_skipped = False
        result.text = []
        suite = _Suite([self._tests[number]])
        try:
            suite.run(result)
            last = following is None or type(self._tests[following]) is not type(
                self._tests[number]
            )
            if last:
                suite.end_class(self._tests[number], result)
            if following is None:
                suite.end_module(result)
        except (KeyboardInterrupt, SystemExit) as reason:
            result.failed = True
            result.text.append(f"{type(reason).__name__}: {reason}")
        kind = type(self._tests[number])
        if getattr(kind, "_classSetupFailed", False) or result._moduleSetUpFailed:
            # The suite says so once, at the class's first test; it holds for the others too.
            owner = kind.__module__ if result._moduleSetUpFailed else kind
            result.failed, result.was_skipped = self._setup.setdefault(
                owner, (result.failed, result.was_skipped)
            )
        if result.failed:
            return Outcome(FAILED, "\n".join(result.text))
        return Outcome(SKIPPED if result.was_skipped else PASSED)

    def shared_fixtures(self, number: int) -> list[Any]:
        kind = type(self._tests[number])
        return [kind, kind.__module__]


class _Suite(unittest.TestSuite):
    """A suite that says when class and module fixtures are set up."""

    def _handleClassSetUp(self, test: Any, result: Any) -> None:
        with _Noted(result, type(test)):
            super()._handleClassSetUp(test, result)  # type: ignore[misc]

    def _handleModuleFixture(self, test: Any, result: Any) -> None:
        with _Noted(result, type(test).__module__):
            super()._handleModuleFixture(test, result)  # type: ignore[misc]

    def end_class(self, test: Any, result: Any) -> None:
        """Tears the class down that was set up last, whatever comes next."""
        self._tearDownPreviousClass(None, result)  # type: ignore[attr-defined]
        result._previousTestClass = _nothing_before(type(test))

    def end_module(self, result: Any) -> None:
        """Tears the module down that was set up last."""
        self._handleModuleTearDown(result)  # type: ignore[attr-defined]


def _nothing_before(kind: type) -> type:
    """A class in the same module whose tear-down has been done."""
    done = type("_Done", (unittest.TestCase,), {"__module__": kind.__module__})
    done.__unittest_skip__ = True  # type: ignore[attr-defined]
    return done


class _Noted:
    def __init__(self, result: Any, owner: object) -> None:
        self._hook = result.fixture_hook
        self._owner = owner

    def __enter__(self) -> None:
        if self._hook is not None:
            self._hook(self._owner, True)

    def __exit__(self, *_: object) -> None:
        if self._hook is not None:
            self._hook(self._owner, False)


class _Result(unittest.TestResult):
    """Keeps whether a test would make the suite red, and the text only when asked."""

    report = False
    failed = False
    was_skipped = False
    fixture_hook: Callable[[object, bool], None] | None = None
    _testRunEntered = False
    _moduleSetUpFailed = False

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def _bad(self, error: Any) -> None:
        self.failed = True
        if self.report:
            self.text.append("".join(traceback.format_exception(*error)))

    def addError(self, test: Any, err: Any) -> None:
        self._bad(err)

    def addFailure(self, test: Any, err: Any) -> None:
        self._bad(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._bad(err)

    def addSkip(self, test: Any, reason: str) -> None:
        self.was_skipped = True

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self.was_skipped = True

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.failed = True
        self.text.append("unexpected success")


def _flat(suite: Any) -> Iterator[unittest.TestCase]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        elif test is not None:
            yield test


def _describe(test: unittest.TestCase) -> Collected:
    method = getattr(type(test), getattr(test, "_testMethodName", ""), None)
    code = code_of(method)
    file = getattr(sys.modules.get(type(test).__module__), "__file__", None)
    if file is None and code is not None:
        file = code.co_filename  # loaded by its path, and known to no one by its name
    examples = getattr(test, "_dt_test", None)
    if examples is not None:
        file = examples.filename  # a doctest's class is the library's
    return Collected(test.id(), file, code)
