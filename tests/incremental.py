#!/usr/bin/env python3
"""Random edits of random small projects: a run with a store against one from an empty store.

    incremental.py --mutdiff BIN [--python PY] [--edits N] [--seed S] [--keep DIR]

Each edit is followed by two runs over all functions: one with the store of all runs before it, one
without any. Every verdict must be the same. On a difference, the project is kept, and the edits
that led there are printed; exit code 1. Tests are written from what the code yields, so they pass.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MODULES = ("alpha", "beta", "gamma")
#: Pieces of expressions; {c} a constant, {m} a module's, {f} a call, {s} state that stays.
SHAPES = (
    "n + {c}",
    "n * {c} - 1",
    "{m} + n",
    "{f} + {c}",
    "{f} if n > {c} else n",
    "max({f}, {m})",
    "sorted([n, {c}, {f}], key=lambda v: -v)[0]",
    "Box(n + {c}).doubled() + {m}",
    "cached(n) + {c}",
    "len(lazily(n)) + {m}",
)


class Project:
    """What the files are made of."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.constants = {module: chance.randint(1, 9) for module in MODULES}
        self.factor = chance.randint(2, 4)
        self.base = chance.randint(0, 5)
        self.comments = 0
        self.functions: dict[str, list[str]] = {module: [] for module in MODULES}
        self.bodies: dict[str, str] = {}
        self.serial = 0
        for module in MODULES:
            for _ in range(2):
                self.add_function(module)
        #: name → (function, argument, how strictly it looks)
        self.tests: dict[str, tuple[str, int, str]] = {}
        for _ in range(5):
            self.add_test()

    def expression(self, module: str, known: list[str]) -> str:
        shape = self.chance.choice(SHAPES)
        if "{f}" in shape and not known:
            shape = "n + {c}"
        callee = self.chance.choice(known) if known else ""
        return shape.format(c=self.chance.randint(0, 6), m="LIMIT", f=f"{callee}(n)")

    def before(self, name: str) -> list[str]:
        """The functions that one may call: no cycles, so that all ends."""
        order = [f for module in MODULES for f in self.functions[module]]
        return order[: order.index(name)] if name in order else order

    def add_function(self, module: str) -> str:
        self.serial += 1
        name = f"f{self.serial}"
        known = self.before(name)
        later = {f for other in MODULES[MODULES.index(module) + 1 :] for f in self.functions[other]}
        known = [f for f in known if f not in later]
        self.bodies[name] = self.expression(module, known)
        self.functions[module].append(name)
        return f"add {name} to {module}"

    def add_test(self) -> str:
        self.serial += 1
        function = self.chance.choice(sorted(self.bodies))
        look = self.chance.choice(("exact", "exact", "weak"))
        self.tests[f"test_{self.serial}"] = (function, self.chance.randint(0, 6), look)
        return f"add test_{self.serial} of {function}, {look}"

    def edit(self) -> str:
        """Changes something, and says what."""
        chance = self.chance
        kind = chance.choice(
            ("body", "body", "body", "constant", "factor", "base", "comment", "look", "look")
            + ("test+", "test-", "function+", "order")
        )
        if kind == "body":
            name = chance.choice(sorted(self.bodies))
            self.bodies[name] = self.expression("", self.before(name))
            return f"{name} is {self.bodies[name]}"
        if kind == "constant":
            module = chance.choice(MODULES)
            self.constants[module] = chance.randint(1, 9)
            return f"{module}.LIMIT is {self.constants[module]}"
        if kind == "factor":
            self.factor = chance.randint(2, 5)
            return f"Box.doubled takes {self.factor}"
        if kind == "base":
            self.base = chance.randint(0, 5)
            return f"what is cached begins at {self.base}"
        if kind == "look":
            name = chance.choice(sorted(self.tests))
            function, argument, look = self.tests[name]
            self.tests[name] = (function, argument, "weak" if look == "exact" else "exact")
            return f"{name} looks {self.tests[name][2]}"
        if kind == "test+":
            return self.add_test()
        if kind == "test-" and len(self.tests) > 3:
            name = chance.choice(sorted(self.tests))
            del self.tests[name]
            return f"remove {name}"
        if kind == "function+" and len(self.bodies) < 10:
            return self.add_function(chance.choice(MODULES))
        if kind == "order":
            chance.shuffle(names := list(self.tests))
            self.tests = {name: self.tests[name] for name in names}
            return "another order of tests"
        self.comments += 1
        return "a comment"

    def files(self) -> dict[str, str]:
        """The files, with tests that pass."""
        found = {
            "shared.py": (
                f"# {self.comments} comments\n_CACHE = {{}}\n\n\ndef fill(n):\n"
                f"    return n + {self.base}\n\n\ndef cached(n):\n    if 'value' not in _CACHE:\n"
                "        _CACHE['value'] = fill(1)\n    return _CACHE['value'] + n\n\n\n"
                "def lazily(n):\n    import lazy\n\n    return lazy.WORDS[: n % 3]\n\n\n"
                f"class Box:\n    def __init__(self, n):\n        self.n = n\n\n"
                f"    def doubled(self):\n        return self.n * {self.factor}\n"
            ),
            "lazy.py": f"WORDS = ['a', 'b', 'c'][{self.base % 2}:]\n",
        }
        for place, module in enumerate(MODULES):
            text = "from shared import Box, cached, lazily\n"
            text += "".join(f"from {other} import *\n" for other in MODULES[:place])
            text += f"\nLIMIT = {self.constants[module]}\n"
            for name in self.functions[module]:
                text += f"\n\ndef {name}(n):\n    return {self.bodies[name]}\n"
            found[f"{module}.py"] = text
        return found


def write(project: Project, folder: Path) -> None:
    for name, text in project.files().items():
        (folder / name).write_text(text)
    home = {name: module for module in MODULES for name in project.functions[module]}
    calls = [(home[f], f, argument) for f, argument, _ in project.tests.values()]
    code = (
        "import importlib, json, sys\n"
        "print(json.dumps([getattr(importlib.import_module(m), f)(n)"
        " for m, f, n in json.loads(sys.argv[1])]))"
    )
    command = [sys.executable, "-B", "-c", code, json.dumps(calls)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    text = "import unittest\n\nimport alpha\nimport beta\nimport gamma\n\n\n"
    text += "class Tests(unittest.TestCase):\n"
    values = json.loads(ran.stdout)
    for (name, (_, _, look)), (module, f, n), value in zip(
        project.tests.items(), calls, values, strict=True
    ):
        check = f"assertEqual(found, {value})" if look == "exact" else "assertLess(found, 10**6)"
        text += (
            f"    def {name}(self):\n        found = {module}.{f}({n})\n        self.{check}\n\n"
        )
    (folder / "test_all.py").write_text(text)


def run(mutdiff: str, python: str, folder: Path, report: Path) -> dict[str, Any]:
    command = [mutdiff, "--repo", str(folder), "--python", python, "--runner", "unittest"]
    command += ["--base", "main", "--scope", "all", "--gate", "none", "--quiet", "--jobs", "1"]
    command += ["--no-github-actions", "--report", f"json={report}"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"{folder}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {
        f"{m['path']}::{m['function']} {m['id']} {m['original']} -> {m['replacement']}": m[
            "verdict"
        ]
        for m in report["mutants"]
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--edits", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    mutdiff = str(Path(given.mutdiff).resolve())
    scratch = given.keep or Path(tempfile.mkdtemp(prefix="incremental-"))
    scratch.mkdir(parents=True, exist_ok=True)
    compared = reused = done = projects = 0
    while done < given.edits:
        chance = random.Random(given.seed * 1000 + projects)
        projects += 1
        project = Project(chance)
        folder = scratch / f"project{projects}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write(project, folder)
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        for command in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["add", "."],
            ["commit", "--quiet", "-m", "base"],
        ):
            subprocess.run(["git", "-C", str(folder), *who, *command], check=True)
        run(mutdiff, given.python, folder, scratch / "first.json")
        edits = []
        for _ in range(min(15, given.edits - done)):
            edits.append(project.edit())
            write(project, folder)
            with_store = run(mutdiff, given.python, folder, scratch / "with_store.json")
            fresh = scratch / "fresh"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns(".mutdiff"))
            without = run(mutdiff, given.python, fresh, scratch / "without.json")
            one, other = verdicts(with_store), verdicts(without)
            compared += len(one)
            reused += with_store["counts"]["reused"]
            done += 1
            if one != other:
                print(f"project {projects}, {folder}, after the edits:")
                print("".join(f"  {edit}\n" for edit in edits))
                for key in sorted(one.keys() | other.keys()):
                    if one.get(key) != other.get(key):
                        print(f"  {key}: with a store {one.get(key)}, without {other.get(key)}")
                return 1
    if given.keep is None:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{done} edits of {projects} projects: {compared} verdicts compared, {reused} reused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
