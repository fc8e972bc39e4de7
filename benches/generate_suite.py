#!/usr/bin/env python3
"""Generate a project with very many tiny tests, as a git repository with a base and a change.

    generate_suite.py DEST [--cases 50000] [--functions 200] [--files 8] [--unittest]

`src/bulk/` holds the functions, a module for each test file; `tests/` their parametrised cases, the
same number for each function. Branch `change` (checked out) changes `--changed` of the functions.
The same arguments give the same repository, to the commit id.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

BODIES = (
    "    return value * {k} + 1\n",
    "    if value % 2:\n        return value - {k}\n    return value + {k}\n",
    "    total = 0\n    for step in range(value % 4):\n        total += step * {k}\n"
    "    return total\n",
    "    return helper(value) + {k}\n",
    "    return len(str(value)) * {k} if value > 3 else {k}\n",
)
CHANGED_BODY = (
    "    result = value * {k}\n    if result > 50:\n        result -= {k}\n    return result\n"
)
HELPER = "def helper(value):\n    return value // 3\n\n\n"


def body(number: int, changed: bool) -> str:
    """The body of the `number`-th function."""
    form = CHANGED_BODY if changed else BODIES[number % len(BODIES)]
    return form.format(k=number % 7 + 2)


def module(numbers: range, changed: frozenset[int]) -> str:
    """The source of the module with these functions."""
    parts = [f"def function_{n}(value):\n{body(n, n in changed)}" for n in numbers]
    return HELPER + "\n\n".join(parts)


def pytest_file(index: int, numbers: range, cases: list[int]) -> str:
    """A test file with `cases[n]` parametrised cases for the n-th function."""
    names = ", ".join(f"function_{n}" for n in numbers)
    parts = [f"import pytest\n\nfrom bulk.part_{index} import {names}\n"]
    for number, count in zip(numbers, cases, strict=True):
        parts.append(
            f'\n\n@pytest.mark.parametrize("value", range({count}))\n'
            f"def test_function_{number}(value):\n"
            f"    result = function_{number}(value)\n"
            f"    assert result == function_{number}(value)\n"
            f"    assert result >= -9\n"
        )
    return "".join(parts)


def unittest_file(index: int, numbers: range, cases: list[int]) -> str:
    """The same with a method for each case."""
    names = ", ".join(f"function_{n}" for n in numbers)
    parts = [f"import unittest\n\nfrom bulk.part_{index} import {names}\n"]
    for number, count in zip(numbers, cases, strict=True):
        parts.append(f"\n\nclass TestFunction{number}(unittest.TestCase):\n")
        for value in range(count):
            parts.append(
                f"    def test_{value}(self):\n"
                f"        self.assertGreaterEqual(function_{number}({value}), -9)\n\n"
            )
    return "".join(parts)


def git(repo: Path, *arguments: str) -> None:
    """Run git in `repo` without the user's and the system's configuration."""
    person = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (
            ("NAME", "bulk"),
            ("EMAIL", "bulk@mutdiff.invalid"),
            ("DATE", "2025-01-01T00:00:00Z"),
        )
    }
    bare = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **person}
    subprocess.run(["git", *arguments], cwd=repo, env={**os.environ, **bare}, check=True)


def shares(total: int, parts: int) -> list[int]:
    """`total` split into `parts` as evenly as can be."""
    return [total // parts + (n < total % parts) for n in range(parts)]


def generate(arguments: argparse.Namespace) -> None:
    """Write both branches."""
    repo: Path = arguments.dest
    if repo.exists():
        shutil.rmtree(repo)
    source, tests = repo / "src" / "bulk", repo / "tests"
    source.mkdir(parents=True)
    tests.mkdir()
    (source / "__init__.py").write_text("")
    configuration = '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n'
    (repo / "pyproject.toml").write_text(configuration)
    if arguments.unittest:
        path = 'import sys\n\nsys.path.insert(0, "src")\n'
        (tests / "__init__.py").write_text(path)
    of_function = shares(arguments.cases, arguments.functions)
    spread = max(1, arguments.functions // max(1, arguments.changed))
    changed = frozenset(range(0, spread * arguments.changed, spread))
    write_tests = unittest_file if arguments.unittest else pytest_file
    git(repo, "init", "--quiet", "--initial-branch", "main")
    for branch in ("main", "change"):
        first = 0
        for index, size in enumerate(shares(arguments.functions, arguments.files)):
            numbers = range(first, first + size)
            first += size
            now = changed if branch == "change" else frozenset[int]()
            (source / f"part_{index}.py").write_text(module(numbers, now))
            text = write_tests(index, numbers, of_function[numbers.start : numbers.stop])
            (tests / f"test_part_{index}.py").write_text(text)
        if branch == "change":
            git(repo, "checkout", "--quiet", "-b", branch)
        git(repo, "add", "--all")
        git(repo, "commit", "--quiet", "-m", branch)


def main() -> int:
    """Generate what was asked for and say where it is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dest", type=Path, help="removed first if it exists")
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--functions", type=int, default=200)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--changed", type=int, default=5, help="functions that the change changes")
    parser.add_argument("--unittest", action="store_true")
    arguments = parser.parse_args()
    if arguments.dest.exists() and not (arguments.dest / "src" / "bulk").is_dir():
        parser.error(f"{arguments.dest} exists and was not generated by this script")
    generate(arguments)
    print(f"{arguments.cases} cases of {arguments.functions} functions in {arguments.dest}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
