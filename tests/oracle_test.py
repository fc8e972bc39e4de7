#!/usr/bin/env python3
"""Tests of the oracle, run by hand: `python tests/oracle_test.py [--pytest PY]`.

The unittest runner is used throughout; with `--pytest`, an interpreter that has pytest, the same
cases run under pytest too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

ORACLE = Path(__file__).resolve().parent / "oracle.py"

SOURCE = """\
# -*- coding: latin-1 -*-
NAME = "\xe9"


def add(a, b):
    return a + b


def shift(a):
    return a + 1


def down(n):
    while n > 0:
        n -= 1
    return n
"""
TESTS = """\
import unittest

import sums as c


class Sums(unittest.TestCase):
    def test_add(self):
        self.assertEqual(c.add(1, 2), 3)

    def test_down(self):
        self.assertEqual(c.down(3), 0)


if __name__ == "__main__":
    unittest.main()
"""


def entry(number: int, original: str, replacement: str, verdict: str, after: str) -> dict[str, Any]:
    """A mutant of the report: `original` at its first place behind the text `after`."""
    held = SOURCE.encode("latin-1")
    start = held.index(original.encode(), held.index(after.encode()) + len(after))
    line = held.count(b"\n", 0, start) + 1
    place = {"line": line, "column": start - held.rfind(b"\n", 0, start)}
    return {
        "id": f"{number:016x}",
        "path": "sums.py",
        "function": after.split("(", maxsplit=1)[0].removeprefix("def "),
        "operator": "test/test",
        "span": {"start": place, "end": place, "bytes": {"start": start, "end": start + 1}},
        "original": original,
        "replacement": replacement,
        "diff": f"--- a\n+++ b\n-{original}\n+{replacement}\n",
        "verdict": verdict,
        "killed_by": "test_code.Sums.test_add" if verdict == "killed" else None,
        "tests": [],
    }


KILLED = entry(1, "+", "-", "killed", "def add(a, b)")
SURVIVED = entry(2, "+", "-", "no tests", "def shift(a)")
ENDLESS = entry(3, "-", "+", "timeout", "def down(n)")
WRONG_SURVIVOR = {**KILLED, "id": "a" * 16, "verdict": "survived", "killed_by": None}
WRONG_KILL = {**SURVIVED, "id": "b" * 16, "verdict": "killed"}


class OracleTest(unittest.TestCase):
    """What the oracle says of a small project; subclasses choose the runner."""

    runner = "unittest"
    python = sys.executable

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.repo = self.scratch / "project"
        self.repo.mkdir()
        (self.repo / "sums.py").write_bytes(SOURCE.encode("latin-1"))
        (self.repo / "test_code.py").write_text(TESTS)

    def command(self, mutants: list[dict[str, Any]], *more: str) -> list[str]:
        """The command line of the oracle for these mutants."""
        report = self.scratch / "report.json"
        report.write_text(json.dumps({"version": 1, "mutants": mutants}))
        command = [sys.executable, str(ORACLE), "--report", str(report), "--repo", str(self.repo)]
        return [*command, "--python", self.python, "--runner", self.runner, "--jobs", "1", *more]

    def judge(self, mutants: list[dict[str, Any]], *more: str) -> tuple[int, str]:
        """Exit code and output."""
        done = subprocess.run(
            self.command(mutants, *more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def test_right_verdicts_agree(self) -> None:
        code, output = self.judge([KILLED, SURVIVED])
        self.assertEqual(output.splitlines()[-1], "2 mutants, 2 agree, 0 disagree, 0 soft", output)
        self.assertEqual(code, 0)

    def test_kill_that_is_called_survivor_is_found_and_run_alone(self) -> None:
        code, output = self.judge([WRONG_SURVIVOR, SURVIVED])
        self.assertEqual(output.splitlines()[-1], "2 mutants, 1 agree, 1 disagree, 0 soft", output)
        self.assertIn("test_add alone: failed with the mutant", output)
        self.assertIn("passed without", output)
        self.assertEqual(code, 1)

    def test_survivor_that_is_called_killed_is_found(self) -> None:
        code, output = self.judge([KILLED, WRONG_KILL])
        self.assertIn("1 disagree", output.splitlines()[-1], output)
        self.assertEqual(code, 1)

    def test_endless_loop_is_a_timeout(self) -> None:
        code, output = self.judge([ENDLESS], "--timeout-factor", "0.1")
        self.assertIn("brute force: 1 timeout", output)
        self.assertEqual(code, 0, output)

    def add_to_test(self, deed: str) -> None:
        """Has the test of `add` do something more when the sum is wrong."""
        assertion = "self.assertEqual(c.add(1, 2), 3)"
        more = f"if c.add(1, 2) != 3:\n            {deed}\n        {assertion}"
        text = TESTS.replace(assertion, more).replace("import unittest", "import os, unittest", 1)
        (self.repo / "test_code.py").write_text(text)

    def test_exit_before_the_end_is_a_failure(self) -> None:
        self.add_to_test("os._exit(0)")
        code, output = self.judge([KILLED])
        self.assertEqual(output.splitlines()[-1], "1 mutants, 1 agree, 0 disagree, 0 soft", output)
        self.assertEqual(code, 0)

    def test_memory_without_end_is_a_failure(self) -> None:
        held = "held = [bytearray(b'x' * 10**7) for _ in range(60)]"
        self.add_to_test(f"{held}; __import__('time').sleep(9)")
        code, output = self.judge([WRONG_SURVIVOR], "--memory", "200")
        self.assertIn("more than 200 MiB", output)
        self.assertEqual(code, 1)

    def test_daemon_does_not_outlive_its_run(self) -> None:
        place = self.scratch / "daemon"
        sleep = f"open({str(place)!r}, 'w').write(str(os.getpid())); __import__('time').sleep(60)"
        daemon = f"os.fork() or (os.setsid(), os.fork() and os._exit(0), exec({sleep!r}))"
        self.add_to_test(f"{daemon}; __import__('time').sleep(0.5)")
        self.judge([KILLED])
        self.assertFalse(Path("/proc", place.read_text()).exists())

    def test_span_that_holds_other_text_is_an_error(self) -> None:
        code, output = self.judge([{**KILLED, "original": "*"}])
        self.assertIn("the report says b'*'", output)
        self.assertEqual(code, 2)

    def test_red_suite_is_an_error(self) -> None:
        (self.repo / "test_code.py").write_text(TESTS.replace("c.down(3), 0", "c.down(3), 1"))
        code, output = self.judge([KILLED])
        self.assertIn("not green without a mutant", output)
        self.assertIn("test_down", output)
        self.assertEqual(code, 2)

    def test_import_from_the_original_is_an_error(self) -> None:
        (self.repo / "test_code.py").write_text(
            f"import sys\nsys.path.insert(0, {str(self.repo)!r})\n{TESTS}"
        )
        code, output = self.judge([KILLED])
        self.assertIn("from the original", output)
        self.assertEqual(code, 2)

    def test_earlier_judgements_are_used_again(self) -> None:
        out = str(self.scratch / "out.json")
        self.judge([KILLED], "--json", out, "--resume")
        code, output = self.judge([KILLED, SURVIVED], "--json", out, "--resume")
        self.assertIn("1 of 2 are known", output)
        self.assertEqual(code, 0)
        self.assertEqual(len(json.loads(Path(out).read_text())["judgements"]), 2)

    def test_original_is_left_alone(self) -> None:
        self.judge([KILLED, SURVIVED])
        self.assertEqual(
            sorted(path.name for path in self.repo.iterdir()),
            ["sums.py", "test_code.py"],
        )

    def test_interrupt_keeps_the_count_and_kills_the_run(self) -> None:
        mutants = [ENDLESS, KILLED]
        with subprocess.Popen(
            self.command(mutants, "--timeout-factor", "1000"), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            self.assertIn("green", process.stdout.readline())
            time.sleep(1.5)
            process.send_signal(signal.SIGINT)
            output = process.stdout.read()
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted: 1 of 2", output)


def load_tests(
    loader: unittest.TestLoader, suite: unittest.TestSuite, _: str | None
) -> unittest.TestSuite:
    """Add the pytest cases when an interpreter for them was named."""
    python = os.environ.get("ORACLE_TEST_PYTEST")
    if python:
        case = type("PytestTest", (OracleTest,), {"runner": "pytest", "python": python})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    if "--pytest" in sys.argv:
        at = sys.argv.index("--pytest")
        os.environ["ORACLE_TEST_PYTEST"] = sys.argv[at + 1]
        del sys.argv[at : at + 2]
    unittest.main()
