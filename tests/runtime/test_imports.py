"""The import hook: cache, override, who imports whom, warnings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from driver import Project

FILES = {
    "pkg/__init__.py": "from . import a\nfrom .b import value\n",
    "pkg/a.py": "import os\n\ndef one():\n    return 1\n",
    "pkg/b.py": "from pkg.a import one\nimport pkg.c as c\n\nvalue = one()\n",
    "pkg/c.py": "LIMIT = 10\n\ndef late():\n    from pkg import a\n    return a.one() + LIMIT\n",
    "test_p.py": """
        import importlib, sys
        import pkg, pkg.c
        def test_value(): assert pkg.value == 1
        def test_late(): assert pkg.c.late() == 11
        def test_fresh(monkeypatch):
            for name in [n for n in sys.modules if n.split(".")[0] == "pkg"]:
                monkeypatch.delitem(sys.modules, name)
            assert importlib.import_module("pkg").value == 1
        """,
}


def test_who_imports_whom(make_project: Callable[..., Project]) -> None:
    project = make_project(FILES)
    files = project.files
    found = {(files[a], files[b]) for a, b in project.start().collected["imports"]}
    assert found == {
        ("pkg/__init__.py", "pkg/a.py"),
        ("pkg/__init__.py", "pkg/b.py"),
        ("pkg/b.py", "pkg/a.py"),
        ("pkg/b.py", "pkg/c.py"),
        ("pkg/b.py", "pkg/__init__.py"),
        ("test_p.py", "pkg/__init__.py"),
        ("test_p.py", "pkg/c.py"),
    }


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_bytecode_is_cached_by_content_and_away_from_the_sources(
    runner: str, make_project: Callable[..., Project]
) -> None:
    files = dict(FILES)
    files["test_p.py"] = (
        "import unittest, pkg\n"
        "class T(unittest.TestCase):\n    def test(self): self.assertEqual(pkg.value, 1)\n"
    )
    project = make_project(files)
    cache = project.area / "cache"
    cache.mkdir()
    for value, word in ((1, "passed"), (2, "failed"), (1, "passed")):
        project.write("pkg/a.py", f"import os\n\ndef one():\n    return {value}\n")
        process = project.start(runner=runner, cache=str(cache))
        assert process.slot().run([0]).words == [word]
        kept = len(list(cache.iterdir()))
        assert kept >= 5
    assert not list(project.root.rglob("*.pyc"))
    for file in cache.iterdir():
        file.write_bytes(b"spoiled")
    process = project.start(runner=runner, cache=str(cache))
    assert process.slot().run([0]).words == ["passed"]
    assert len(list(cache.iterdir())) == kept


def test_a_module_imported_again_has_the_mutant(make_project: Callable[..., Project]) -> None:
    project = make_project(FILES)
    slot = project.start().slot()
    mutant = project.mutant("pkg/a.py", "return 1", "return 2")
    run = slot.run(["test_value", "test_late", "test_fresh"], mutant)
    assert run.words == ["passed", "failed", "failed"]
    run = slot.run(["test_fresh"], project.mutant("pkg/a.py", "return 1", "return 1 "), probe=True)
    assert (run.words, run.probe) == (["passed"], True)


def test_a_file_that_changed_is_told(make_project: Callable[..., Project]) -> None:
    project = make_project(FILES)
    mutant = project.mutant("pkg/a.py", "return 1", "return 2")
    warm, cold = project.start().slot(), project.start("cold").slot()
    (project.root / "pkg/a.py").write_text("def one():\n    return 1\n\n\n")
    assert warm.run(["test_value"], mutant).words[-1] == "source_changed"
    assert cold.run(["test_p.py::test_value"], mutant).words == ["source_changed"]


WARNED = {
    "pytest.ini": "[pytest]\nfilterwarnings =\n    error\n    ignore:so:UserWarning:mine\n",
    "mine.py": "import library\n",
    "library.py": "import warnings\nwarnings.warn('so', stacklevel=2)\n",
    "test_w.py": "import mine\ndef test(): pass\n",
}


def test_warnings_at_import_are_attributed_to_the_importer(
    make_project: Callable[..., Project],
) -> None:
    process = make_project(WARNED).start()
    assert process.ids == ["test_w.py::test"], process.collected


COLD = """
import enum, dataclasses
TABLE = {n: n * 2 for n in range(3)}
def build(): return 3
BUILT = build()
def register(f, names=[]):
    names.append(f.__name__)
    return f
@register
def default(x=5): return x
class E(enum.Enum):
    A = 7
@dataclasses.dataclass
class D:
    field: int = 9
"""
COLD_TESTS = """
import mod, pytest
def test_table(): assert mod.TABLE[1] == 2
def test_built(): assert mod.BUILT == 3
def test_default(): assert mod.default() == 5
def test_enum(): assert mod.E.A.value == 7
def test_field(): assert mod.D().field == 9
@pytest.mark.parametrize("n", range(mod.BUILT))
def test_parameter(n): assert n < 3
"""


def test_code_that_runs_at_import_is_decided_cold(make_project: Callable[..., Project]) -> None:
    project = make_project({"mod.py": COLD, "test_mod.py": COLD_TESTS})
    process = project.start()
    slot = project.start("cold", preload=process.collected["preload"]).slot()
    for old, new, test in (
        ("n * 2", "n * 3", "test_table"),
        ("return 3", "return 4", "test_built"),
        ("x=5", "x=6", "test_default"),
        ("A = 7", "A = 8", "test_enum"),
        ("= 9", "= 10", "test_field"),
    ):
        mutant = project.mutant("mod.py", old, new)
        run = slot.run([f"test_mod.py::{test}"], mutant, known=process.ids, stop=True)
        assert run.words[-1] == "failed", (old, run)
        same = project.mutant("mod.py", old, old + " ")
        assert slot.run([f"test_mod.py::{test}"], same, known=process.ids).words == ["equivalent"]
    more = project.mutant("mod.py", "return 3", "return 4")
    run = slot.run(["test_mod.py::test_enum"], more, known=process.ids)
    assert run.words == ["new_tests", "passed", "failed"]
    fewer = project.mutant("mod.py", "return 3", "return 2")
    run = slot.run(["test_mod.py::test_parameter[2]"], fewer, known=process.ids)
    assert run.words == ["missing"]
    broken = project.mutant("mod.py", "BUILT = build()", "BUILT = nothing()")
    assert slot.run(["test_mod.py::test_enum"], broken).words == ["collection_failed"]
    invalid = project.mutant("mod.py", "BUILT = build()", "BUILT = build(")
    assert slot.run(["test_mod.py::test_enum"], invalid).words == ["invalid"]
