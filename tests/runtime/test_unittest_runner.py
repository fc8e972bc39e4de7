"""unittest's outcomes and fixtures in forks are those of a plain run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from driver import Process, Project, Slot

TESTS = """
import unittest, mod

class Outcomes(unittest.TestCase):
    def test_pass(self): pass
    def test_fail(self): self.fail()
    def test_error(self): raise ValueError
    @unittest.skip("so")
    def test_skip(self): self.fail()
    def test_skip_call(self): self.skipTest("so")
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass
    def test_subtests(self):
        for n in range(3):
            with self.subTest(n=n): self.assertEqual(n % 2, 0)
    def test_subtests_pass(self):
        for n in range(3):
            with self.subTest(n=n): pass
    def test_subtest_skips(self):
        with self.subTest(): self.skipTest("so")
    def test_cleanup(self): self.addCleanup(self.fail)
    def test_exit(self): raise SystemExit(0)
    def test_interrupt(self): raise KeyboardInterrupt

class Teardown(unittest.TestCase):
    def tearDown(self): raise ValueError
    def test_pass(self): pass

class Async(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self): self.value = 1
    async def test_pass(self): self.assertEqual(self.value, 1)
    async def test_fail(self): self.assertEqual(self.value, 2)

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise ValueError
    def test_one(self): pass
    def test_two(self): pass

class Skipping(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest("so")
    def test_one(self): pass
    def test_two(self): pass

@unittest.skip("so")
class Skipped(unittest.TestCase):
    def test_one(self): self.fail()

class BrokenEnd(unittest.TestCase):
    @classmethod
    def tearDownClass(cls): raise ValueError
    def test_one(self): pass
    def test_two(self): pass

class Wide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.value = mod.klass()
        cls.addClassCleanup(mod.cleanup)
    def test_one(self): self.assertEqual(self.value, 1)
    def test_two(self): self.assertEqual(self.value, 1)
"""

MODULE_FIXTURES = """
import unittest, mod
state = []
def setUpModule(): state.append(mod.module())
def tearDownModule(): state.clear()
class A(unittest.TestCase):
    def test(self): self.assertEqual(state, [2])
class B(unittest.TestCase):
    def test(self): self.assertEqual(state, [2])
"""

LOADED = """
import unittest
class Loaded(unittest.TestCase):
    def __init__(self, number):
        super().__init__("runTest")
        self.number = number
    def id(self): return f"loaded.{self.number}"
    def runTest(self): self.assertLess(self.number, 2)
def load_tests(loader, standard, pattern):
    return unittest.TestSuite([unittest.TestSuite([Loaded(n)]) for n in range(3)])
"""

BROKEN_MODULE = """
import unittest
def setUpModule(): raise ValueError
class A(unittest.TestCase):
    def test(self): pass
class B(unittest.TestCase):
    def test(self): pass
"""

MODULE = """
def klass():
    return 1
def cleanup():
    return 3
def module():
    return 2
"""

EXPECTED = {
    "Outcomes.test_pass": "passed",
    "Outcomes.test_fail": "failed",
    "Outcomes.test_error": "failed",
    "Outcomes.test_skip": "skipped",
    "Outcomes.test_skip_call": "skipped",
    "Outcomes.test_expected": "skipped",
    "Outcomes.test_unexpected": "failed",
    "Outcomes.test_subtests": "failed",
    "Outcomes.test_subtests_pass": "passed",
    "Outcomes.test_subtest_skips": "skipped",
    "Outcomes.test_cleanup": "failed",
    "Outcomes.test_exit": "failed",
    "Outcomes.test_interrupt": "failed",
    "Teardown.test_pass": "failed",
    "Async.test_pass": "passed",
    "Async.test_fail": "failed",
    "Broken.test_one": "failed",
    "Broken.test_two": "failed",
    "Skipping.test_one": "skipped",
    "Skipping.test_two": "skipped",
    "Skipped.test_one": "skipped",
    "Wide.test_one": "passed",
    "Wide.test_two": "passed",
    "test_module.A.test": "passed",
    "test_module.B.test": "passed",
    "loaded.0": "passed",
    "loaded.1": "passed",
    "loaded.2": "failed",
    "test_broken.A.test": "failed",
    "test_broken.B.test": "failed",
}


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(
        {
            "mod.py": MODULE,
            "test_a.py": TESTS,
            "test_module.py": MODULE_FIXTURES,
            "test_load.py": LOADED,
            "test_broken.py": BROKEN_MODULE,
        }
    )


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start(runner="unittest")


@pytest.fixture(scope="module")
def slot(process: Process) -> Slot:
    return process.slot()


@pytest.fixture(scope="module")
def tracing(process: Process) -> Slot:
    return process.slot()


@pytest.mark.parametrize("name", EXPECTED)
def test_alone(name: str, slot: Slot) -> None:
    assert slot.run([f"{name}"]).words == [EXPECTED[name]]


@pytest.mark.parametrize("trace", [False, True])
def test_all_in_one_fork(trace: bool, process: Process, slot: Slot, tracing: Slot) -> None:
    names = list(EXPECTED)
    run = (tracing if trace else slot).run(names, trace=trace)
    assert run.finished, process.log()
    assert dict(zip(names, run.words, strict=True)) == EXPECTED


def test_a_class_that_cannot_be_torn_down_fails_its_last_test(slot: Slot) -> None:
    names = ["BrokenEnd.test_one", "BrokenEnd.test_two"]
    assert slot.run(names).words == ["passed", "failed"]
    assert slot.run(names[:1]).words == ["failed"]


def test_wide_fixtures_belong_to_the_tests_that_use_them(project: Project, tracing: Slot) -> None:
    names = ["Outcomes.test_pass", "Wide.test_one", "Wide.test_two", "module.A.test"]
    names += ["module.B.test", "loaded.0"]
    lines = {name: project.line("mod.py", f"return {n}") for n, name in enumerate("kmc", 1)}
    found = [
        "".join(name for name, line in lines.items() if line in trace.lines)
        for trace in tracing.trace(names)
    ]
    assert found == ["", "k", "kc", "m", "m", ""]


@pytest.mark.parametrize("text", ["import nothing_of_the_kind", "def (", "1/0"])
def test_a_collection_failure_says_why(text: str, make_project: Callable[..., Project]) -> None:
    project = make_project({"test_s.py": text + "\n"})
    said = project.start(runner="unittest").collected["collection_failed"]
    assert "test_s" in said and text.split()[-1].rstrip("(") in said


CASE = """
import os, unittest, mod
class Case(unittest.TestCase):
    def test_one(self): self.assertEqual(mod.klass(), 1)
    def test_two(self):
        with open(os.environ["COUNT"], "a") as file:
            print(__name__, file=file)
"""

RUNNER = """
import importlib, importlib.util, sys, unittest
load = unittest.defaultTestLoader.loadTestsFromModule
suite = unittest.TestSuite()
suite.addTests(load(importlib.import_module("cases.test_case")))
spec = importlib.util.spec_from_file_location("by_path", "cases/by_path.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
suite.addTests(load(module))
result = unittest.TextTestRunner(verbosity=2).run(suite)
sys.exit(not result.wasSuccessful())
"""


@pytest.mark.parametrize("argument", ["run_tests.py", "run_tests"])
def test_what_a_runner_script_would_run_is_collected(
    argument: str, make_project: Callable[..., Project]
) -> None:
    files = {"run_tests.py": RUNNER, "cases/test_case.py": CASE, "cases/by_path.py": CASE}
    project = make_project({**files, "mod.py": MODULE})
    count = project.area / "count"
    count.write_text("")
    process = project.start(runner="unittest", arguments=(argument,), env={"COUNT": str(count)})
    ids = [
        f"{name}.Case.test_{n}" for name in ("cases.test_case", "by_path") for n in ("one", "two")
    ]
    assert process.ids == ids, process.collected
    files_of = [project.files[test[1]] for test in process.collected["collected"]]
    assert files_of == ["cases/test_case.py"] * 2 + ["cases/by_path.py"] * 2
    assert count.read_text() == "", "tests ran where they were collected"
    slot = process.slot()
    assert slot.run([0, 1, 2, 3]).words == ["passed"] * 4
    assert count.read_text().split() == ["cases.test_case", "by_path"]
    mutant = project.mutant("mod.py", "return 1", "return 2")
    assert slot.run([0, 2], mutant).words == ["failed", "failed"]
