#!/usr/bin/env python3
"""Measures what a one-function change costs in projects of several sizes, as ratios.

    scale.py --mutdiff BIN --python PY [--sizes 100,1000,10000,50000] [--runs 5] [--dest DIR]
             [--json OUT] [--million] [--profile]

Each project of `generate_project.py` is recorded once (`mutdiff record`). Then, in turns, each gets
a change of one function that it never had, and `mutdiff --base main` runs: the wall time is the
median of these, the ratio that to the smallest size, and memory the largest sum of the
proportional set sizes of mutdiff and its processes, looked at every 10 ms of a run that is not
timed. `--million` fills the store of the largest project up to 1,000,000 verdicts (those of mutants
that a run decided, under other names) and times the scope query there (`mutdiff store scope` of the
changed function: its callers and their tests) against `python -c pass`, and `mutdiff --list`, which
looks at every file too.
`--profile` prints the phases of each run.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import generate_project


@dataclass
class Spent:
    """The time of a run: on the wall, and of the processors, which other work disturbs less."""

    wall: float
    processor: float


class Bench:
    """What is measured with."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.mutdiff = str(given.mutdiff.resolve())
        # Not resolved: the link is what makes it the environment's.
        self.python = os.path.abspath(given.python)
        # No change that an earlier call may have made.
        self.turn = int(time.time()) * 1000

    def command(self, folder: Path, report: Path) -> list[str]:
        return [
            *(self.mutdiff, "--repo", str(folder), "--python", self.python, "--base", "main"),
            *("--gate", "none", "--quiet", "--no-github-actions", "--report", f"json={report}"),
        ]

    def record(self, folder: Path) -> float:
        """The first trace of everything; its seconds."""
        began = time.perf_counter()
        run([self.mutdiff, "record", "--repo", str(folder), "--python", self.python])
        return time.perf_counter() - began

    def changed(self, folder: Path, memory: bool = False) -> tuple[Spent, float, dict[str, Any]]:
        """A run after a change that was never there: its time, MiB, report."""
        self.turn += 1
        generate_project.change(folder, self.turn)
        report = folder / ".mutdiff" / "scale.json"
        largest = 0.0
        before = os.times()
        began = time.perf_counter()
        process = subprocess.Popen(
            self.command(folder, report), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        if memory:
            done = threading.Event()
            sizes = [0.0]

            def look() -> None:
                while not done.wait(0.01):
                    sizes.append(memory_of(process.pid))

            thread = threading.Thread(target=look)
            thread.start()
        _, errors = process.communicate()
        after = os.times()
        processor = (after.children_user + after.children_system) - (
            before.children_user + before.children_system
        )
        spent = Spent(time.perf_counter() - began, processor)
        if memory:
            done.set()
            thread.join()
            largest = max(sizes)
        if process.returncode != 0:
            raise SystemExit(f"{folder}: exit code {process.returncode}\n{errors.decode()}")
        found: dict[str, Any] = json.loads(report.read_text())
        return spent, largest, found


def run(command: list[str]) -> None:
    """Runs a command that has to succeed."""
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise SystemExit(f"{command}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")


def memory_of(root: int) -> float:
    """MiB that a process and all its descendants hold, pages that they share counted once."""
    total, pending = 0, [root]
    while pending:
        pid = pending.pop()
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
            for task in Path(f"/proc/{pid}/task").iterdir():
                pending += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):
            continue
    return total / 1024


def size_of(folder: Path) -> float:
    """MiB of the store."""
    return sum(file.stat().st_size for file in (folder / ".mutdiff").glob("store.db*")) / 2**20


def fill(folder: Path, verdicts: int) -> None:
    """Fills a store up with verdicts: those that are there, under the names of other mutants."""
    with sqlite3.connect(folder / ".mutdiff" / "store.db") as store:
        rows = store.execute("SELECT * FROM verdict").fetchall()
        missing = verdicts - store.execute("SELECT count(*) FROM verdict").fetchone()[0]
        added = 0
        while added < missing:
            batch = []
            for mutant, basis, *rest in rows[: missing - added]:
                name = f"{added:x}".rjust(len(mutant), "0")[-len(mutant) :]
                batch.append((name, basis, *rest))
                added += 1
            marks = ",".join("?" * len(rows[0]))
            store.executemany(f"INSERT INTO verdict VALUES ({marks})", batch)
    store.close()
    connection = sqlite3.connect(folder / ".mutdiff" / "store.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def phases(report: dict[str, Any]) -> str:
    """Where a run's time went."""
    parts = report["timings"]["phases"]
    return ", ".join(f"{part['phase']} {part['milliseconds']:.0f}" for part in parts)


def timed(command: list[str]) -> float:
    """Milliseconds of a command."""
    began = time.perf_counter()
    run(command)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", type=Path, required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--sizes", default="100,1000,10000,50000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dest", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    bench = Bench(given)
    sizes = [int(size) for size in given.sizes.split(",")]
    dest = given.dest or Path(tempfile.mkdtemp(prefix="scale-"))
    folders = {size: dest / f"functions{size}" for size in sizes}
    results: dict[int, dict[str, Any]] = {size: {"seconds": [], "processor": []} for size in sizes}
    for size, folder in folders.items():
        if not (folder / ".git").exists():
            generate_project.generate(folder, size)
            generate_project.repository(folder)
        results[size]["record"] = bench.record(folder)
        print(f"{size} functions: recorded in {results[size]['record']:.1f} s", flush=True)
        # The first run fills caches of bytecode and of the system.
        bench.changed(folder)
    for _ in range(given.runs):
        for size, folder in folders.items():
            spent, _, report = bench.changed(folder)
            results[size]["seconds"].append(spent.wall)
            results[size]["processor"].append(spent.processor)
            if given.profile:
                print(f"  {size}: {spent.wall * 1000:.0f} ms: {phases(report)}", flush=True)
    for size, folder in folders.items():
        _, memory, report = bench.changed(folder, memory=True)
        counts = report["counts"]
        tests = {test for mutant in report["mutants"] for test in mutant["tests"]}
        results[size] |= {"memory": memory, "store": size_of(folder), "counts": counts}
        results[size]["tests"] = len(tests)
    smallest = statistics.median(results[sizes[0]]["seconds"])
    smallest_processor = statistics.median(results[sizes[0]]["processor"])
    print("functions  seconds  ratio  processor  ratio  memory MiB  store MiB  mutants  tests")
    for size in sizes:
        found = results[size]
        median = found["median"] = statistics.median(found["seconds"])
        found["ratio"] = median / smallest
        processor = found["median_processor"] = statistics.median(found["processor"])
        found["processor_ratio"] = processor / smallest_processor
        print(
            f"{size:9}  {median:7.2f}  {found['ratio']:5.2f}  {processor:9.2f}"
            f"  {found['processor_ratio']:5.2f}  {found['memory']:10.0f}"
            f"  {found['store']:9.1f}  {found['counts']['mutants']:7}  {found['tests']:5}"
        )
    if given.million:
        folder = folders[sizes[-1]]
        fill(folder, 1_000_000)
        listed = folder / ".mutdiff" / "scale.json"
        asked = ["store", "scope", "--repo", str(folder), generate_project.CHANGED]
        scope, listing, bare = [], [], []
        for _ in range(max(5, given.runs)):
            scope.append(timed([bench.mutdiff, *asked]))
            listing.append(timed([*bench.command(folder, listed), "--list"]))
            bare.append(timed([bench.python, "-c", "pass"]))
        found = {
            "scope_ms": statistics.median(scope),
            "list_ms": statistics.median(listing),
            "python_ms": statistics.median(bare),
            "store": size_of(folder),
        }
        _, found["memory"], _ = bench.changed(folder, memory=True)
        results[sizes[-1]]["million"] = found
        print(
            f"{sizes[-1]} functions, 1,000,000 verdicts: scope query {found['scope_ms']:.1f} ms, "
            f"python -c pass {found['python_ms']:.1f} ms, --list {found['list_ms']:.0f} ms, "
            f"store {found['store']:.0f} MiB, memory of a run {found['memory']:.0f} MiB"
        )
    if given.json:
        given.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
