"""Fixtures of the runtime's tests: a project that is closed at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
from driver import RUNTIME, Project

sys.path.insert(0, str(RUNTIME))


@pytest.fixture(scope="module")
def make_project() -> Iterator[Callable[..., Project]]:
    """Makes projects that live as long as the test file's tests."""
    made: list[Project] = []

    def make(files: dict[str, str]) -> Project:
        made.append(Project(files))
        return made[-1]

    yield make
    for project in made:
        project.close()
