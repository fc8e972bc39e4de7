#!/usr/bin/env python3
"""Makes a project of any size: packages, modules, call chains, tests.

    generate_project.py DEST --functions N [--git]

A package has five modules of twenty functions. A test's call goes through three functions or more
of its package, also those of the module before, and ends in `shared/`, whose size does not depend
on N. Each module has its file of tests: one for each of its ten public functions. With `--git`,
DEST becomes a repository with one commit on `main`. `change(DEST)` changes one function, which has
the same callers and the same tests at every size. The same N gives the same files, byte for byte.
"""

from __future__ import annotations

import argparse
import random
import subprocess
from pathlib import Path

#: Functions of a module, half of which only others call.
IN_MODULE = 20
#: Modules of a package.
IN_PACKAGE = 5
#: The function that `change` changes.
CHANGED = "src/package0000/module4.py::helper_0_4_0"

_SHARED = '''"""What every package rests on."""

LIMIT = 1000


def clamp(value, low=0, high=LIMIT):
    """A value within bounds."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def scale(value, factor):
    return clamp(value * factor)


def mix(left, right):
    return clamp(left) + clamp(right)


class Ledger:
    """Adds up."""

    def __init__(self, start=0):
        self.total = start

    def add(self, amount):
        self.total = mix(self.total, amount)
        return self

    def result(self):
        return self.total
'''


def module(package: int, number: int, chance: random.Random) -> str:
    """A module's text: ten helpers that call one another and the module before, ten users."""
    here, before = f"{package}_{number}", f"{package}_{number - 1}"
    lines = [f'"""Module {number} of package {package}."""', ""]
    lines += ["from shared.core import Ledger, clamp, mix, scale"]
    if number:
        lines += [f"from package{package:04}.module{number - 1} import public_{before}_0"]
    lines += ["", f"OFFSET = {number + 1}"]
    half = IN_MODULE // 2
    for n in range(half):
        constant = chance.randint(2, 9)
        if n % 5 == 0:
            body = [f"    if value > {constant * 10}:", f"        return scale(value, {constant})"]
            body += ["    return clamp(value + OFFSET)"]
        elif n % 5 == 3 and number:
            body = [f"    return public_{before}_0(value) + {constant}"]
        else:
            body = [
                f"    found = helper_{here}_{n - 1}(value)",
                f"    return mix(found, {constant})",
            ]
        lines += ["", "", f"def helper_{here}_{n}(value):", *body]
    for n in range(half):
        constant = chance.randint(2, 9)
        lines += ["", "", f"def public_{here}_{n}(value):", f'    """Number {n}."""']
        lines += [f"    ledger = Ledger({constant})", f"    for step in range({1 + n % 3}):"]
        lines += [f"        ledger.add(helper_{here}_{n}(value + step))"]
        lines += ["    return ledger.result()"]
    return "\n".join(lines) + "\n"


def tests(package: int, number: int, values: list[int]) -> str:
    """The tests of a module, from what its functions yield."""
    here = f"{package}_{number}"
    names = ",\n    ".join(f"public_{here}_{n}" for n in range(len(values)))
    lines = [f"from package{package:04}.module{number} import (\n    {names},\n)", ""]
    for n, value in enumerate(values):
        lines += ["", f"def test_public_{here}_{n}():"]
        lines += [f"    assert public_{here}_{n}(7) == {value}", ""]
    return "\n".join(lines)


def generate(folder: Path, functions: int) -> None:
    """Writes the project."""
    modules = max(1, functions // IN_MODULE)
    write(folder / "pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['src']\n")
    write(folder / ".gitignore", ".mutdiff/\n")
    write(folder / "src/shared/__init__.py", "")
    write(folder / "src/shared/core.py", _SHARED)
    write(
        folder / "tests/conftest.py",
        "import pytest\n\n\n@pytest.fixture\ndef seven():\n    return 7\n",
    )
    for package in range(-(-modules // IN_PACKAGE)):
        name = f"package{package:04}"
        chance = random.Random(package)
        write(folder / f"src/{name}/__init__.py", "")
        count = min(IN_PACKAGE, modules - package * IN_PACKAGE)
        texts = {f"module{n}": module(package, n, chance) for n in range(count)}
        for module_name, text in texts.items():
            write(folder / f"src/{name}/{module_name}.py", text)
        for n, values in enumerate(_yields(folder, package, count)):
            write(folder / f"tests/{name}/test_{name}_module{n}.py", tests(package, n, values))


def _yields(folder: Path, package: int, count: int) -> list[list[int]]:
    """What the public functions of a package yield for the argument of the tests."""
    shared: dict[str, object] = {}
    exec(_SHARED, shared)
    found = []
    space: dict[str, object] = {}
    for number in range(count):
        before = f"public_{package}_{number - 1}_0"
        space = shared | ({before: space[before]} if number else {})
        text = (folder / f"src/package{package:04}/module{number}.py").read_text()
        exec("\n".join(line for line in text.splitlines() if not line.startswith("from ")), space)
        names = [f"public_{package}_{number}_{n}" for n in range(IN_MODULE // 2)]
        found.append([int(space[name](7)) for name in names])  # type: ignore[operator]
    return found


def write(path: Path, text: str) -> None:
    """Writes a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def change(folder: Path, turn: int = 1) -> None:
    """Changes `helper_0_4_0`, which five functions call, directly or not, and three tests reach.
    Each ``turn`` is another change, and none changes what a test sees."""
    path = folder / "src/package0000/module4.py"
    start, rest = path.read_text().split("def helper_0_4_0(value):\n")
    body, behind = rest.split("\n\n\n", 1)
    lines = [*body.splitlines()[:-1], f"    return clamp(value + OFFSET + {turn} - {turn})"]
    body = "\n".join(lines)
    path.write_text(f"{start}def helper_0_4_0(value):\n{body}\n\n\n{behind}")


def repository(folder: Path) -> None:
    """Makes the folder a repository with one commit on `main`."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["add", "."],
        ["commit", "--quiet", "-m", "base"],
    ):
        subprocess.run(["git", "-C", str(folder), *who, *command], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dest", type=Path)
    parser.add_argument("--functions", type=int, required=True)
    parser.add_argument("--git", action="store_true")
    given = parser.parse_args()
    generate(given.dest, given.functions)
    if given.git:
        repository(given.dest)


if __name__ == "__main__":
    main()
