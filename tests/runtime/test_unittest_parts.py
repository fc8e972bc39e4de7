"""The unittest runner in this process: what it collects, what a report says, what is torn down."""

from __future__ import annotations

import os
import sys
import unittest
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _mutdiff import kept, unittest_runner
from _mutdiff.runner import Collected, CollectionFailed
from _mutdiff.unittest_runner import UnittestRunner

TESTS = """
import sys, unittest
done = []
def setUpModule(): done.append("set up")
def tearDownModule(): done.append("torn down")
class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls): done.append("class")
    @classmethod
    def tearDownClass(cls): done.append("class done")
    def test_a_pass(self): done.append("test")
    def test_b_fail(self): self.assertEqual(1, 2)
    def test_c_error(self): raise LookupError("so")
    def test_d_sub(self):
        for n in range(3):
            with self.subTest(n=n): self.assertNotEqual(n, 1)
    def test_e_subs(self):
        with self.subTest(): pass
    @unittest.expectedFailure
    def test_f_expected(self): self.fail()
    @unittest.expectedFailure
    def test_g_unexpected(self): pass
    def test_h_skip(self): self.skipTest("so")
    def test_i_exit(self): sys.exit(5)
    def test_j_interrupt(self): raise KeyboardInterrupt
class Other(unittest.TestCase):
    def test(self): pass
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: Any) -> Iterator[Any]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["x"])
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    # Discovery leaves its folder there, and the loader is one for the whole process.
    monkeypatch.setattr(unittest.defaultTestLoader, "_top_level_dir", None, raising=False)
    names: list[str] = []

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        names.append(name)

    yield write
    for name in names:
        sys.modules.pop(name, None)


def collect(*arguments: str) -> tuple[UnittestRunner, list[Collected]]:
    runner = UnittestRunner(list(arguments))
    found: list[list[Collected]] = []
    run = unittest.TestSuite.run
    runner.collect(found.append)
    assert unittest.TestSuite.run is run
    return runner, found[0]


def test_discovery_leaves_out_what_is_not_wanted(place: Any, tmp_path: Path) -> None:
    case = "import unittest\nclass Case(unittest.TestCase):\n    def test(self): pass\n"
    for name in ("test_mut_a", "test_mut_b", "test_mut_none"):
        place(name, "" if name.endswith("none") else case)
    loader = unittest.TestLoader
    before = loader.loadTestsFromModule, loader._match_path  # type: ignore[attr-defined]
    for only, ids in (
        (None, ["test_mut_a.Case.test", "test_mut_b.Case.test"]),
        (["test_mut_b.py", "test_mut_none.py"], ["test_mut_b.Case.test"]),
    ):
        wanted = None if only is None else [str(tmp_path / name) for name in only]
        runner = UnittestRunner(["discover"], wanted)
        found: list[list[Collected]] = []
        runner.collect(found.append)
        assert [test.id for test in found[0]] == ids
        asked = {Path(path).name for path in runner.asked}
        assert asked == set(only or ("test_mut_a.py", "test_mut_b.py", "test_mut_none.py"))
        assert before == (loader.loadTestsFromModule, loader._match_path)  # type: ignore


def begin(runner: UnittestRunner, report: bool, monkeypatch: Any) -> list[Any]:
    put: list[Any] = []
    monkeypatch.setattr(kept, "dup2", lambda one, two: put.append((one, two)))
    runner.ready("/scratch")
    runner.begin(report)
    with pytest.raises(OSError):
        os.fstat(runner._null)
    assert {one for one, _ in put} == {runner._null}
    return [two for _, two in put]


WORDS = {
    "a_pass": "passed", "b_fail": "failed", "c_error": "failed", "d_sub": "failed",
    "e_subs": "passed", "f_expected": "skipped", "g_unexpected": "failed", "h_skip": "skipped",
    "i_exit": "failed", "j_interrupt": "failed",
}  # fmt: skip


@pytest.mark.parametrize("report", [False, True])
def test_a_report_says_what_happened(report: bool, place: Any, monkeypatch: Any) -> None:
    place("mut_unit", TESTS)
    runner, collected = collect("mut_unit")
    ids = [f"mut_unit.Case.test_{name}" for name in WORDS]
    assert [test.id for test in collected] == [*ids, "mut_unit.Other.test"]
    assert {test.file for test in collected} == {str(Path("mut_unit.py").resolve())}
    assert collected[0].code is not None
    assert collected[0].code.co_name == "test_a_pass"
    assert sys.argv == ["python -m unittest", "mut_unit"]
    main = sys.modules["__main__"]
    spec = find_spec("unittest.__main__")
    assert spec is not None
    assert (main.__package__, main.__file__, main.__spec__) == ("unittest", spec.origin, spec)
    assert begin(runner, report, monkeypatch) == ([0] if report else [0, 1, 2])
    said: dict[str, str] = {}
    for number, (name, word) in enumerate(WORDS.items()):
        outcome = runner.run(number, number + 1)
        assert outcome.word == word, name
        said[name] = outcome.output
    assert runner.run(len(WORDS), None).word == "passed"
    done = sys.modules["mut_unit"].done
    assert done == ["set up", "class", "test", "class done", "torn down"]
    always = {"g_unexpected": "unexpected success", "i_exit": "", "j_interrupt": ""}
    if not report:
        assert {name for name, text in said.items() if text} <= set(always)
        return
    assert said["a_pass"] == said["e_subs"] == ""
    assert "AssertionError: 1 != 2" in said["b_fail"]
    assert "LookupError: so" in said["c_error"]
    assert said["d_sub"].count("AssertionError: 1 == 1") == 1
    assert said["g_unexpected"] == "unexpected success"
    assert not any("XX" in text or "TypeError" in text for text in said.values())


def test_what_ends_the_process_fails_its_test(place: Any, monkeypatch: Any) -> None:
    place("mut_unit", TESTS)
    runner, collected = collect("mut_unit.Case")
    begin(runner, True, monkeypatch)
    at = list(WORDS).index("j_interrupt")
    outcome = runner.run(at, None)
    assert (outcome.word, outcome.output) == ("failed", "KeyboardInterrupt: ")
    assert len(collected) == len(WORDS)


def test_a_module_that_ends_itself_is_torn_down_once(place: Any, monkeypatch: Any) -> None:
    place("mut_unit", TESTS)
    runner, _ = collect("mut_unit")
    begin(runner, False, monkeypatch)
    hooked: list[Any] = []
    runner.fixture_hook = lambda owner, begins: hooked.append((owner, begins))
    runner.run(0, None)
    module = sys.modules["mut_unit"]
    assert module.done == ["set up", "class", "test", "class done", "torn down"]
    assert hooked == [
        ("mut_unit", True), ("mut_unit", False), (module.Case, True), (module.Case, False)
    ]  # fmt: skip
    assert runner.shared_fixtures(0) == [module.Case, "mut_unit"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("raise ValueError('so')", "failed"), ("raise unittest.SkipTest('so')", "skipped")],
)
@pytest.mark.parametrize("wide", ["class", "module"])
def test_a_set_up_that_did_not_succeed_holds_for_all(
    text: str, word: str, wide: str, place: Any, monkeypatch: Any
) -> None:
    up = f"def setUpModule(): {text}\n" if wide == "module" else ""
    own = f"    @classmethod\n    def setUpClass(cls): {text}\n" if wide == "class" else ""
    tests = "    def test_a(self): pass\n    def test_b(self): pass\n"
    place("mut_unit", f"import unittest\n{up}class Case(unittest.TestCase):\n{own}{tests}")
    runner, _ = collect("mut_unit")
    begin(runner, True, monkeypatch)
    outcomes = [runner.run(0, 1), runner.run(1, None)]
    assert [outcome.word for outcome in outcomes] == [word, word]
    if word == "failed":
        assert "ValueError: so" in outcomes[0].output


def test_each_class_and_module_has_a_set_up_of_its_own(place: Any, monkeypatch: Any) -> None:
    head = "import unittest\ndef fail(): raise ValueError\ndef skip(): raise unittest.SkipTest\n"
    text = ""
    for name, does in [("A", "fail"), ("B", "skip")]:
        text += f"class {name}(unittest.TestCase):\n    @classmethod\n"
        text += f"    def setUpClass(cls): {does}()\n    def test(self): pass\n"
    place("mut_classes", head + text)
    case = "class C(unittest.TestCase):\n    def test(self): pass\n"
    place("mut_fails", f"{head}setUpModule = fail\n{case}")
    place("mut_skips", f"{head}setUpModule = skip\n{case}")
    runner, collected = collect("mut_classes", "mut_fails", "mut_skips")
    begin(runner, False, monkeypatch)
    order = [*range(1, len(collected)), None]
    words = [runner.run(number, following).word for number, following in enumerate(order)]
    assert words == ["failed", "skipped", "failed", "skipped"]


def test_an_inherited_test_is_of_the_file_that_inherits(place: Any) -> None:
    place("mut_base", "import unittest\nclass Base:\n    def test(self): pass\n")
    place("mut_unit", "import mut_base, unittest\nclass A(mut_base.Base, unittest.TestCase): ...\n")
    _, [test] = collect("mut_unit")
    assert test.file == str(Path("mut_unit.py").resolve())
    assert test.code is not None
    assert test.code.co_filename == str(Path("mut_base.py").resolve())


def test_no_example_of_hypothesis_is_kept(place: Any, monkeypatch: Any) -> None:
    told: list[bool] = []
    monkeypatch.setattr(unittest_runner, "keep_no_examples", lambda: told.append(True))
    place("mut_unit", TESTS)
    runner, _ = collect("mut_unit")
    begin(runner, False, monkeypatch)
    assert told == [True]


def test_a_mistake_in_a_module_is_told(place: Any) -> None:
    place("mut_broken", "import mut_absent\n")
    with pytest.raises(CollectionFailed, match="mut_absent"):
        collect("discover", "-p", "mut_broken.py")
    with pytest.raises(CollectionFailed, match="unittest ended with exit code 2"):
        collect("--no-such-option")
    place("mut_load", "def load_tests(*_): raise ValueError('so')\n")
    place("mut_other", "import mut_absent_too\n")
    with pytest.raises(CollectionFailed) as raised:
        collect("discover", "-p", "mut_*.py")
    said = str(raised.value)
    assert said.startswith("unittest.loader._FailedTest.mut_broken\n")
    assert "\nunittest.loader._FailedTest.mut_load\n" in said
    assert "mut_absent_too" in said


def test_what_a_script_would_run_at_once_is_collected(place: Any) -> None:
    body = "import unittest\nclass A(unittest.TestCase):\n    def test(self): pass\n"
    run = "found = unittest.defaultTestLoader.loadTestsFromTestCase(A)\n"
    place("mut_now", f"{body}{run}unittest.TestSuite([found]).run(unittest.TestResult())\n")
    place("mut_ends", f"{body}{run}found.run(unittest.TestResult())\nraise SystemExit(3)\n")
    _, collected = collect("mut_now")
    assert [test.id for test in collected] == ["mut_now.A.test"]
    _, collected = collect("mut_ends")
    assert [test.id for test in collected] == ["mut_ends.A.test"]


def test_a_test_of_a_module_that_nobody_knows_has_its_codes_file(place: Any) -> None:
    place("mut_unit", TESTS)
    _, [test, *_] = collect("mut_unit")
    case = sys.modules["mut_unit"].Case("test_a_pass")
    del sys.modules["mut_unit"]
    found = unittest_runner._describe(case)
    assert (found.file, found.code) == (test.code and test.code.co_filename, test.code)

    class Bare(unittest.TestCase):
        def runTest(self) -> None: ...

    Bare.__module__ = "mut_nowhere"
    bare = Bare()
    assert unittest_runner._describe(bare).file == __file__
    bare._testMethodName = "absent"
    nothing = unittest_runner._describe(bare)
    assert (nothing.file, nothing.code) == (None, None)
    del bare._testMethodName
    bare.id = lambda: "x"  # type: ignore[method-assign]
    assert unittest_runner._describe(bare) == Collected("x", None, None)
