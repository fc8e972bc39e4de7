#!/usr/bin/env python3
"""Measures the engine against its floor, in one run.

The floor of a mutant is one bare fork of a process that has collected the tests, which runs set-up,
call and tear-down of the same tests in the same order: no mutant, no report, no supervision. The
three phases are pytest's own hooks, because plugins are part of what a test is (a marker that
skips, `caplog`, captured output); `--bare` calls the functions of `_pytest.runner` below them, with
which such tests run otherwise than they are meant to: a lower floor, for comparison. What mutdiff
takes for the mutant is its `milliseconds` in the report of a run at `--jobs 1`. The two are taken
in turns (mutdiff, floor, mutdiff, floor, …) on one machine, so a slow spell hits both.

Only mutants of functions count (`<module>` and class bodies are decided by a fresh import, for
which a fork is no floor), and only those that some test ran for.

    benches/floor.py --mutdiff BIN --repo DIR --python PY --rounds 3 --tests tests
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def floor_process(sequence_path: str, out_path: str, bare: bool, arguments: list[str]) -> None:
    """Runs inside the project's Python: collects once, forks for each entry of the sequence."""
    import gc

    import pytest
    from _pytest import runner

    def phases(item: Any) -> Any:
        if bare:
            return (
                runner.pytest_runtest_setup,
                runner.pytest_runtest_call,
                runner.pytest_runtest_teardown,
            )
        hooks = item.ihook
        return hooks.pytest_runtest_setup, hooks.pytest_runtest_call, hooks.pytest_runtest_teardown

    class Plugin:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: Any) -> bool:
            sequence = json.loads(Path(sequence_path).read_text())
            items = {item.nodeid: item for item in session.items}
            gc.collect()
            gc.freeze()
            times = []
            null = os.open(os.devnull, os.O_RDWR)
            for entry in sequence:
                wanted = [items[test] for test in entry["tests"] if test in items]
                began = time.perf_counter()
                pid = os.fork()
                if pid == 0:
                    try:
                        os.dup2(null, 1)
                        os.dup2(null, 2)
                        for number, item in enumerate(wanted):
                            following = wanted[number + 1] if number + 1 < len(wanted) else None
                            set_up, call, tear_down = phases(item)
                            try:
                                set_up(item=item)
                                call(item=item)
                            except BaseException:
                                pass
                            try:
                                tear_down(item=item, nextitem=following)
                            except BaseException:
                                pass
                    finally:
                        os._exit(0)
                os.waitpid(pid, 0)
                times.append((time.perf_counter() - began) * 1000)
            Path(out_path).write_text(json.dumps(times))
            return True

    sys.exit(pytest.main([*arguments, "-p", "no:cacheprovider", "-q"], plugins=[Plugin()]))


def main() -> int:
    form = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--mutdiff", default="target/release/mutdiff")
    parser.add_argument("--repo", required=True)
    parser.add_argument("--base", default="main")
    parser.add_argument("--python", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scope", default="functions")
    parser.add_argument("--bare", action="store_true", help="floor below pytest's hooks")
    parser.add_argument("--json")
    parser.add_argument("--tests", nargs=argparse.REMAINDER, default=[])
    given = parser.parse_args()
    repo = Path(given.repo).resolve()
    ours: dict[str, list[float]] = {}
    floors: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        report_path = Path(scratch) / "report.json"
        sequence_path = Path(scratch) / "sequence.json"
        out_path = Path(scratch) / "out.json"
        for number in range(given.rounds):
            shutil.rmtree(repo / ".mutdiff", ignore_errors=True)
            command = [given.mutdiff, "--repo", str(repo), "--base", given.base, "--jobs", "1"]
            command += ["--scope", given.scope, "--python", given.python, "-q"]
            command += ["--report", f"json={report_path}", "--tests", *given.tests]
            ran = subprocess.run(command, capture_output=True, text=True)
            if ran.returncode not in (0, 1):
                print(ran.stderr, file=sys.stderr)
                return 2
            report = json.loads(report_path.read_text())
            sequence = [
                {"id": mutant["id"], "tests": mutant["tests"]}
                for mutant in report["mutants"]
                if mutant["tests"]
                and mutant["verdict"] in ("killed", "survived")
                and not mutant["function"].split("#")[0].endswith(">")
            ]
            sequence_path.write_text(json.dumps(sequence))
            call = [given.python, os.path.abspath(__file__), "--inside"]
            call += [str(sequence_path), str(out_path), str(int(given.bare)), *given.tests]
            environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")
            subprocess.run(call, cwd=repo, env=environment, capture_output=True, text=True)
            times = json.loads(out_path.read_text())
            known = {mutant["id"]: mutant["milliseconds"] for mutant in report["mutants"]}
            for entry, floor in zip(sequence, times, strict=True):
                ours.setdefault(entry["id"], []).append(known[entry["id"]])
                floors.setdefault(entry["id"], []).append(floor)
            print(f"round {number + 1}: {len(sequence)} mutants", file=sys.stderr)
    ratios = [statistics.median(ours[key]) / statistics.median(floors[key]) for key in ours]
    result = {
        "mutants": len(ratios),
        "mutdiff_median_ms": statistics.median(statistics.median(v) for v in ours.values()),
        "floor_median_ms": statistics.median(statistics.median(v) for v in floors.values()),
        "median_ratio": statistics.median(ratios),
        "total_ratio": sum(map(statistics.median, ours.values()))
        / sum(map(statistics.median, floors.values())),
    }
    print(json.dumps(result, indent=2))
    if given.json:
        Path(given.json).write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        floor_process(sys.argv[2], sys.argv[3], sys.argv[4] == "1", sys.argv[5:])
    sys.exit(main())
