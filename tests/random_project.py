"""Random small Python projects, as data that edits change and that files are written from.

Modules hold blocks (`random_blocks`) and functions that call one another and what the blocks bind;
tests look at them, each with an assertion that was true when it was written. `settle` runs the code
and writes anew those assertions that hold no more; a project whose code does not run is refused.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from random_blocks import BLOCKS, DEEP, LAZY, MARK, Block, kind_of, slots

MODULES = ("alpha", "beta", "gamma")
STYLES = ("star", "names", "module")
#: Bodies of functions, a line each; {c} a number, {f} a use of something else in `n`.
BODIES = (
    "return n + {c}",
    "return n * {c} - 1",
    "return {k} + n",
    "return {f} + {c}",
    "return {f} if n > {c} else n",
    "return {f} if n > {c} else {g}",
    "return max({f}, {k})",
    "return sorted([n, {c}, {f}], key=lambda v: -v)[0]",
    "return sum(map(lambda v: v + {c}, [{f}, n]))",
    "if n > {c}:\n    return {f}\nreturn {g}",
    "found = {f}\nif found % 2:\n    found += {c}\nreturn found",
    "try:\n    return {k} // (n - {c})\nexcept ZeroDivisionError:\n    return {f}",
    "def inner(m):\n    return m + {f}\n\nreturn inner({c})",
)
CHECKS = ("equal", "equal", "less", "more", "parity", "other", "type")

#: Imports each module first in a process of its own, then all, and prints what the calls yield.
EVALUATE = """\
import importlib, json, os, sys
modules, calls = json.loads(sys.argv[1])
for name in modules:
    if not (child := os.fork()):
        try:
            importlib.import_module(name)
        except BaseException:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
for name in modules:
    globals()[name] = importlib.import_module(name)
print(json.dumps([eval(call) for call in calls]))
"""


@dataclass
class Function:
    """A function of one argument."""

    body: str
    decorator: str = ""
    default: str = ""
    docstring: str = ""


@dataclass
class Test:
    """A test: what it calls, and what it expects of it."""

    owner: str
    expression: str
    check: str
    value: int = 0
    skipped: bool = False
    by_helper: bool = False
    #: The name of a test of the base class that it takes the place of.
    shadows: str = ""


@dataclass
class Project:
    """What the files are made of."""

    runner: str
    package: bool
    constants: dict[str, int] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)
    #: Modules with an `__all__`.
    listed: dict[str, bool] = field(default_factory=dict)
    #: Names of functions and kinds of blocks, module by module, in the order of the file.
    order: dict[str, list[str]] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    tests: dict[str, Test] = field(default_factory=dict)
    #: What `made` and `kept` are in the tests: of a test each, and of all of a class or module.
    made: str = "1"
    kept: str = "2"
    strict: bool = True
    comments: dict[str, int] = field(default_factory=dict)
    spread: dict[str, bool] = field(default_factory=dict)
    serial: int = 0

    def homes(self) -> dict[str, str]:
        """Which module binds each name."""
        found = {module.upper(): module for module in self.constants}
        for module, items in self.order.items():
            for item in items:
                names = BLOCKS[item].binds if item in BLOCKS else (item,)
                found.update((name, module) for name in names)
        return found

    def owners(self) -> list[str]:
        """Where tests may be: classes or files of tests, and the class that others inherit."""
        return (
            ["One", "Two", "Base"] if self.package and self.runner == "unittest" else ["One", "Two"]
        )

    def files(self) -> dict[str, str]:
        """All files, by path."""
        found = {f"{module}.py": self.module(module) for module in self.order}
        for name in ("lazy.py", "deep.py"):
            if name in self.blocks:
                found[name] = self.blocks[name].text()
        folder = "tests/" if self.package else ""
        if self.package:
            found["tests/__init__.py"] = ""
            found["tests/support.py"] = self.support()
        for owner, file in (("One", "test_one.py"), ("Two", "test_two.py")):
            found[folder + file] = self.test_file(owner)
        if self.runner == "pytest":
            found[folder + "conftest.py"] = self.conftest()
        return found

    def module(self, module: str) -> str:
        text, imports = [], set()
        for item in self.order[module]:
            if item in BLOCKS:
                imports.add(BLOCKS[item].imports)
                text.append(self.blocks[item].text())
            else:
                text.append(self.function(item))
        body = "\n\n".join(text)
        body = f"{module.upper()} = {self.constants[module]}\n\n\n{body}"
        head = self.imports(body, module, self.styles[module])
        names = sorted(name for name, home in self.homes().items() if home == module)
        listed = f"__all__ = {names}\n\n" if self.listed[module] else ""
        text_of = "".join(sorted(imports)) + head + "\n" + listed + self.resolve(body, module)
        return "# comment\n" * self.comments.get(module, 0) + text_of

    def function(self, name: str) -> str:
        function = self.functions[name]
        extra = f", extra={function.default}" if function.default else ""
        head = f"{function.decorator}\n" if function.decorator else ""
        body = function.body
        if self.spread.get(name):
            # The same code, laid out in another way.
            body = body.replace("return ", "return (  # spread\n    ", 1)
            body = re.sub(r"(# spread\n.*)", r"\1\n)", body, count=1)
        lines = [f'"""{function.docstring}"""'] if function.docstring else []
        lines += body.splitlines()
        if function.default:
            lines.insert(len(lines) - len(body.splitlines()), "n = n + extra")
        inside = "".join(f"    {line}\n" if line else "\n" for line in lines)
        return f"{head}def {name}(n{extra}):\n{inside}"

    def imports(self, text: str, module: str, style: str) -> str:
        """What a file imports for the names that it mentions."""
        homes = self.homes()
        needed: dict[str, set[str]] = {}
        for name in MARK.findall(text):
            if homes.get(name, module) != module:
                needed.setdefault(homes[name], set()).add(name)
        lines = {
            "star": lambda home: f"from {home} import *\n",
            "names": lambda home: f"from {home} import {', '.join(sorted(needed[home]))}\n",
            "module": lambda home: f"import {home}\n",
        }
        return "".join(lines[style](home) for home in sorted(needed))

    def resolve(self, text: str, module: str, style: str | None = None) -> str:
        """A text with its marks spelled as a file that imports in this style does."""
        homes = self.homes()
        style = style or self.styles[module]

        def spelled(mark: re.Match[str]) -> str:
            home = homes[mark[1]]
            return f"{home}.{mark[1]}" if style == "module" and home != module else mark[1]

        return MARK.sub(spelled, text)

    def support(self) -> str:
        """The helpers of the tests."""
        same = "found == value" if self.strict else "isinstance(found, int)"
        text = (
            "import subprocess\nimport sys\nimport unittest\n\n"
            # The tests in here call it as the other files do.
            "support = sys.modules[__name__]\n\n\n"
            "def looks(found, how, value):\n"
            f"    good = {{'equal': {same}, 'less': found < value, 'more': found > value,\n"
            "            'parity': found % 2 == value, 'other': found != value}\n"
            "    assert good.get(how, True)\n\n\n"
            "def child(code):\n"
            "    command = [sys.executable, '-B', '-c', code]\n"
            "    return int(subprocess.run(command, capture_output=True, check=True).stdout)\n"
        )
        if self.runner == "unittest":
            text += "\n\n" + self.test_class("Base", "unittest.TestCase")
            text = self.imports(text, "", "module") + self.resolve(text, "", "module")
        return text

    def test_file(self, owner: str) -> str:
        pytest = self.runner == "pytest"
        if pytest:
            text = "".join(
                self.test(name) for name, test in self.tests.items() if test.owner == owner
            )
        else:
            text = self.test_class(owner, "support.Base" if self.package else "unittest.TestCase")
        style = "names" if owner == "One" else "module"
        head = "import pytest\n" if pytest else "import unittest\n"
        head += "from tests import support\n" if self.package else ""
        return head + self.imports(text, "", style) + "\n\n" + self.resolve(text, "", style)

    def test_class(self, name: str, base: str) -> str:
        text = f"class {name}({base}):\n"
        if "." not in base or base.startswith("unittest"):
            text += (
                "    @classmethod\n    def setUpClass(cls):\n"
                f"        cls.kept = {self.kept}\n\n"
                f"    def setUp(self):\n        self.made = {self.made}\n\n"
            )
        tests = [self.test(test) for test, found in self.tests.items() if found.owner == name]
        text += "".join(tests) or "    pass\n"
        return text

    def test(self, name: str) -> str:
        """A test as its runner wants it."""
        test = self.tests[name]
        pytest = self.runner == "pytest"
        value = test.value
        if test.by_helper:
            look = f"support.looks(found, {test.check!r}, {value})"
        elif pytest:
            look = (
                "assert "
                + {
                    "equal": f"found == {value}",
                    "less": f"found < {value}",
                    "more": f"found > {value}",
                    "parity": f"found % 2 == {value}",
                    "other": f"found != {value}",
                    "type": "isinstance(found, int)",
                }[test.check]
            )
        else:
            look = (
                "self."
                + {
                    "equal": f"assertEqual(found, {value})",
                    "less": f"assertLess(found, {value})",
                    "more": f"assertGreater(found, {value})",
                    "parity": f"assertEqual(found % 2, {value})",
                    "other": f"assertNotEqual(found, {value})",
                    "type": "assertIsInstance(found, int)",
                }[test.check]
            )
        uses = [each for each in ("made", "kept") if f"~{each}" in test.expression]
        expression = test.expression.replace("~", "" if pytest else "self.")
        skip = ("@pytest.mark" if pytest else "@unittest") + ".skip('later')\n"
        if pytest and "~k" in test.expression:
            skip += "@pytest.mark.parametrize('k', [0, 1, 3])\n"
            skip = skip if test.skipped else skip.split("\n", 1)[1]
            uses.append("k")
        elif not test.skipped:
            skip = ""
        text = skip + (
            f"def {test.shadows or name}({', '.join(uses) if pytest else 'self'}):\n"
            f"    found = {expression}\n    {look}\n"
        )
        if pytest:
            return text + "\n\n"
        return "".join(f"    {line}\n" for line in text.splitlines()) + "\n"

    def conftest(self) -> str:
        text = (
            "import pytest\n\n\n@pytest.fixture\ndef made():\n"
            f"    return {self.made}\n\n\n@pytest.fixture(scope='module')\ndef kept():\n"
            f"    return {self.kept}\n"
        )
        return self.imports(text, "", "module") + self.resolve(text, "", "module")

    def settle(self, folder: Path) -> bool:
        """Writes the files, with assertions that hold; `False` if the code does not run."""
        write(folder, self.files())
        calls = []
        for test in self.tests.values():
            text = test.expression.replace("~made", f"({self.made})")
            text = text.replace("~kept", f"({self.kept})").replace("~k", "1")
            child = re.fullmatch(r"support\.child\('import \w+; print\((.*)\)'\)", text)
            calls.append(child[1] if child else self.resolve(text, "", "module"))
        command = [sys.executable, "-B", "-c", EVALUATE, json.dumps([list(self.order), calls])]
        try:
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:
            return False
        if ran.returncode != 0:
            return False
        values = json.loads(ran.stdout)
        if not all(isinstance(value, int) and abs(value) < 10**9 for value in values):
            return False
        for test, value in zip(self.tests.values(), values, strict=True):
            if not holds(test, int(value)):
                test.value = expected(test.check, int(value))
        write(folder, self.files())
        return True


def holds(test: Test, found: int) -> bool:
    return {
        "equal": found == test.value,
        "less": found < test.value,
        "more": found > test.value,
        "parity": found % 2 == test.value,
        "other": found != test.value,
        "type": True,
    }[test.check]


def expected(check: str, found: int) -> int:
    """A value with which an assertion about what was found holds."""
    further = {"less": found + 2, "more": found - 2, "parity": found % 2, "other": found + 1}
    return further.get(check, found)


def write(folder: Path, files: dict[str, str]) -> None:
    """Makes a folder hold these Python files; those that are the same are not touched."""
    for path in folder.rglob("*.py"):
        if str(path.relative_to(folder)) not in files:
            path.unlink()
    for name, text in files.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)


def new_block(chance: random.Random, kind: str) -> Block:
    numbers, switches = slots(kind_of(kind).text)
    return Block(
        kind,
        {slot: chance.randint(0, 5) for slot in numbers},
        {switch: chance.random() < 0.6 for switch in switches},
    )


__all__ = ["DEEP", "LAZY", "Function", "Project", "Test", "new_block"]
