"""What the runners share: a collected test, an outcome, and the interface of a runner.

Invariant: a runner collects in the process that calls ``collect`` and runs tests only in forks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from types import CodeType
from typing import Any

from .project import Project

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"


@dataclass
class Collected:
    """A collected test."""

    id: str
    file: str | None
    code: CodeType | None


@dataclass
class Outcome:
    """How a test ended; ``output`` is filled only when a report was asked for."""

    word: str
    output: str = ""


class CollectionFailed(Exception):
    """The tests could not be collected; the text says what the runner said."""


class Runner:
    """A test runner, in this process."""

    #: Called with the name of a wider-scoped fixture's owner and whether its set-up begins.
    fixture_hook: Callable[[object, bool], None] | None = None

    def __init__(self) -> None:
        #: The files that were asked for tests, whether they had any or not.
        self.asked: set[str] = set()

    def whole(self, project: Project) -> str:
        """Why files cannot be collected apart from one another, once all are; empty if they can."""
        raise NotImplementedError

    def collect(self, then: Callable[[list[Collected]], None]) -> None:
        """Collects and calls ``then`` while the collected tests can be run."""
        raise NotImplementedError

    def ready(self, scratch: str) -> None:
        """Prepares a slot, whose forks run one after another: its own directory and capture."""
        raise NotImplementedError

    def begin(self, report: bool) -> None:
        """Prepares a fork of a slot that is ready."""
        raise NotImplementedError

    def run(self, number: int, following: int | None) -> Outcome:
        """Runs a test by its number; ``following`` is the next one in this process."""
        raise NotImplementedError

    def shared_fixtures(self, number: int) -> list[Any]:
        """Wider-scoped fixtures that a test has just used: keys of what ``fixture_hook`` saw."""
        raise NotImplementedError


def be_main(package: str) -> str:
    """Gives ``__main__`` what it has under ``python -m package``; its file.

    Without a file, libraries take a process for an interactive one (pandas, tqdm).
    """
    spec = find_spec(f"{package}.__main__")
    assert spec is not None and spec.origin is not None
    sys.modules["__main__"].__dict__.update(
        __file__=spec.origin,
        __cached__=spec.cached,
        __loader__=spec.loader,
        __package__=spec.parent,
        __spec__=spec,
    )
    return spec.origin


def code_of(function: Any) -> CodeType | None:
    """The code of a function under its decorators' wrappers."""
    for _ in range(100):
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is None:
            break
        function = wrapped
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def keep_no_examples() -> None:
    """Hypothesis replays the examples that failed before: what fails with a mutant must not reach
    the runs to come, here or of the user's. Examples that are there already are replayed."""
    database = sys.modules.get("hypothesis.database")
    kept_in_files = getattr(database, "DirectoryBasedExampleDatabase", None)
    if kept_in_files is not None:
        for name in ("save", "move", "delete"):
            setattr(kept_in_files, name, lambda *_: None)
