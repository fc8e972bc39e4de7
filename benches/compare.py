#!/usr/bin/env python3
"""Measure mutdiff against plain pytest, against itself with two jobs, and against git alone.

    compare.py --repo DIR --python PY [--mutdiff BIN] [--runs 3] [--only trace,jobs,unchanged]
               [--json OUT] [--options "--scope lines"] [--tests ARGS…]

trace      start-up + collection + full trace, over plain `pytest`, with 1 job and with 2 (plain
           pytest with two jobs is `pytest -n 2` where pytest-xdist is installed; with `--halves`,
           and without xdist, two processes, each of which collects all and runs every other test)
jobs       throughput of the mutants phase with 2 jobs over that with 1
unchanged  a second run with nothing changed, over `git diff --name-only main` + `python -c pass`

All that a ratio compares is run in turns within this one run, after a warm-up; figures are medians.
`.mutdiff/` in DIR is removed before each full run. Exit code 1: a ratio is beyond its bound.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Bounds of the ratios: at most for costs, at least for throughput.
TRACE_BOUND = 1.5
JOBS_BOUND = 1.7
UNCHANGED_BOUND = 3.0

HALF_PLUGIN = """\
import os
def pytest_collection_modifyitems(items):
    part, parts = int(os.environ["HALF_PART"]), int(os.environ["HALF_PARTS"])
    items[:] = items[part::parts]
"""


@dataclass
class Ratio:
    """One line of the table; times in milliseconds, throughput in mutants a second."""

    name: str
    ours: float
    theirs: float
    ratio: float
    bound: float
    at_most: bool
    unit: str
    ours_samples: list[float]
    theirs_samples: list[float]

    @property
    def holds(self) -> bool:
        """Whether the ratio is within its bound."""
        return self.ratio <= self.bound if self.at_most else self.ratio >= self.bound


def ratio(
    name: str,
    ours: list[float],
    theirs: list[float],
    bound: float,
    *,
    at_most: bool = True,
    unit: str = "ms",
) -> Ratio:
    """The ratio of the medians."""
    left, right = statistics.median(ours), statistics.median(theirs)
    return Ratio(name, left, right, left / right, bound, at_most, unit, ours, theirs)


class Bench:
    """What is measured: a repository, its interpreter, and mutdiff."""

    def __init__(self, arguments: argparse.Namespace, scratch: Path) -> None:
        self.mutdiff: str = arguments.mutdiff
        self.repo: Path = arguments.repo.resolve()
        self.python: str = os.path.abspath(arguments.python)
        self.base: str = arguments.base
        self.options: list[str] = shlex.split(arguments.options)
        self.tests: list[str] = arguments.tests
        self.runs: int = arguments.runs
        self.scratch = scratch
        probe = subprocess.run([self.python, "-c", "import xdist"], capture_output=True)
        self.halves: bool = arguments.halves or probe.returncode != 0
        (scratch / "half_of_the_tests.py").write_text(HALF_PLUGIN)

    def timed(self, command: list[str], accepted: tuple[int, ...] = (0,)) -> float:
        """Wall time of a command in milliseconds."""
        start = time.perf_counter()
        done = subprocess.run(command, cwd=self.repo, capture_output=True, text=True, check=False)
        elapsed = (time.perf_counter() - start) * 1000
        if done.returncode not in accepted:
            raise SystemExit(
                f"{shlex.join(command)} ended with exit code {done.returncode}:\n"
                f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return elapsed

    def run_mutdiff(self, jobs: int, fresh: bool) -> dict[str, Any]:
        """One run and its report; `wall` is the time as seen from outside, in milliseconds."""
        if fresh:
            shutil.rmtree(self.repo / ".mutdiff", ignore_errors=True)
        report = self.scratch / "report.json"
        report.unlink(missing_ok=True)
        command = self.command(jobs, "--report", f"json={report}", "-q", "--timings")
        wall = self.timed(command, accepted=(0, 1))
        document: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return {**document, "wall": wall}

    def command(self, jobs: int, *more: str) -> list[str]:
        """A run of mutdiff."""
        command = [self.mutdiff, "--repo", str(self.repo), "--base", self.base]
        command += ["--python", self.python, "--jobs", str(jobs), *more, *self.options]
        return command + (["--tests", *self.tests] if self.tests else [])

    def plain(self, jobs: int) -> float:
        """Wall time of plain pytest in milliseconds."""
        command = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *self.tests]
        if jobs == 1:
            return self.timed(command)
        if not self.halves:
            return self.timed([*command, "-n", str(jobs)])
        start = time.perf_counter()
        processes = []
        for part in range(jobs):
            environment = {**os.environ, "HALF_PART": str(part), "HALF_PARTS": str(jobs)}
            users = [path for path in (os.environ.get("PYTHONPATH"),) if path]
            environment["PYTHONPATH"] = os.pathsep.join([str(self.scratch), *users])
            command_of_part = [*command, "-p", "half_of_the_tests"]
            command_of_part += [f"--basetemp={self.scratch / f'part{part}'}"]
            processes.append(
                subprocess.Popen(
                    command_of_part, cwd=self.repo, env=environment, stdout=subprocess.DEVNULL
                )
            )
        codes = [process.wait() for process in processes]
        if any(codes):
            raise SystemExit(f"half of the plain suite ended with exit code {max(codes)}")
        return (time.perf_counter() - start) * 1000

    def turns(self, *measures: Callable[[], float]) -> list[list[float]]:
        """Each measure `runs` times, in turns, after one of each that does not count."""
        samples: list[list[float]] = [[] for _ in measures]
        for turn in range(self.runs + 1):
            for measure, kept in zip(measures, samples, strict=True):
                value = measure()
                if turn:
                    kept.append(value)
        return samples


def phases(report: dict[str, Any]) -> dict[str, float]:
    """Milliseconds of each phase."""
    listed = report["timings"]["phases"]
    if isinstance(listed, dict):
        return {name: float(value) for name, value in listed.items()}
    return {entry["phase"]: float(entry["milliseconds"]) for entry in listed}


def trace_cost(report: dict[str, Any]) -> float:
    """What stands against a plain run: all from the interpreter's start to the trace's end."""
    spent = phases(report)
    if not spent.get("trace"):
        raise SystemExit("the report has no time for the trace: was the store not removed?")
    return sum(spent.get(name, 0.0) for name in ("start_up", "collection", "trace"))


def throughput(report: dict[str, Any]) -> float:
    """Mutants that were decided by running tests, a second."""
    silent = {"equivalent", "suppressed", "invalid", "not run", "not_run", "no tests", "no_tests"}
    words = [
        m["verdict"] if isinstance(m["verdict"], str) else m["verdict"]["kind"]
        for m in report["mutants"]
    ]
    decided = sum(word not in silent for word in words)
    return decided / phases(report)["mutants"] * 1000


def measure_trace(bench: Bench) -> list[Ratio]:
    """Full trace over plain pytest."""
    found = []
    for jobs in (1, 2):
        ours, theirs = bench.turns(
            lambda jobs=jobs: trace_cost(bench.run_mutdiff(jobs, fresh=True)),  # type: ignore[misc]
            lambda jobs=jobs: bench.plain(jobs),  # type: ignore[misc]
        )
        found.append(ratio(f"full trace / plain pytest, {jobs} jobs", ours, theirs, TRACE_BOUND))
    return found


def measure_jobs(bench: Bench) -> list[Ratio]:
    """Two jobs over one."""
    two, one = bench.turns(
        lambda: throughput(bench.run_mutdiff(2, fresh=True)),
        lambda: throughput(bench.run_mutdiff(1, fresh=True)),
    )
    name = "throughput of mutants, 2 jobs / 1"
    return [ratio(name, two, one, JOBS_BOUND, at_most=False, unit="1/s")]


def measure_unchanged(bench: Bench) -> list[Ratio]:
    """A run without anything to do over the least that it could cost."""
    bench.run_mutdiff(2, fresh=True)
    git = ["git", "diff", "--name-only", bench.base]
    ours, theirs = bench.turns(
        lambda: bench.timed(bench.command(2), accepted=(0, 1)),
        lambda: bench.timed(git) + bench.timed([bench.python, "-c", "pass"]),
    )
    return [ratio("unchanged run / (git diff + python -c pass)", ours, theirs, UNCHANGED_BOUND)]


MEASURES = {"trace": measure_trace, "jobs": measure_jobs, "unchanged": measure_unchanged}


def table(ratios: list[Ratio]) -> str:
    """The ratios for people."""
    lines = [f"{'':46} {'ours':>10} {'theirs':>10} {'unit':>5} {'ratio':>6}  bound"]
    for entry in ratios:
        sign = "<=" if entry.at_most else ">="
        lines.append(
            f"{entry.name:46} {entry.ours:10.1f} {entry.theirs:10.1f} {entry.unit:>5} "
            f"{entry.ratio:6.2f}  {sign} {entry.bound}{'' if entry.holds else '  BEYOND'}"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--mutdiff", default=str(root / "target" / "release" / "mutdiff"))
    parser.add_argument("--base", default="main")
    parser.add_argument("--runs", type=int, default=3, help="runs that count, of each kind")
    parser.add_argument("--only", default=",".join(MEASURES))
    parser.add_argument("--options", default="", help="more options for mutdiff, in one string")
    parser.add_argument("--halves", action="store_true", help="two processes in place of xdist")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--tests", nargs=argparse.REMAINDER, default=[], help="the runner's arguments; put it last"
    )
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    unknown = [name for name in wanted if name not in MEASURES]
    if unknown:
        parser.error(f"--only takes {', '.join(MEASURES)}, not {', '.join(unknown)}")
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="compare-") as scratch:
        bench = Bench(arguments, Path(scratch))
        for name in wanted:
            ratios += MEASURES[name](bench)
            print(f"{name} done", file=sys.stderr, flush=True)
    print(f"{bench.repo}, median of {bench.runs} runs")
    print(table(ratios))
    if arguments.json:
        entries = [{**asdict(entry), "holds": entry.holds} for entry in ratios]
        document = {"repo": str(bench.repo), "runs": bench.runs, "ratios": entries}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0 if all(entry.holds for entry in ratios) else 1


if __name__ == "__main__":
    raise SystemExit(main())
