#!/usr/bin/env python3
"""The history of a project, commit by commit: a run with the store of all commits before it against
one from an empty store.

    replay.py --mutdiff BIN --repo DIR --python PY [--commits N] [--from REV] [--work DIR]
              [--json OUT] [-- ARGUMENTS OF MUTDIFF…]

For each of N consecutive first-parent commits up to REV, oldest first, a copy of the repository is
at that commit, and mutdiff compares it with the commit before. Every mutant of the run without a
store must have the same verdict in the other. A store knows what tests did at the base, and may
have more in scope for it: such mutants are counted apart (`wider`); with `--scope all` there are
none. `DIR` itself is not touched. Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Row:
    """What was seen of a commit."""

    commit: str
    subject: str
    python_files: int
    mutants: int = 0
    reused: int = 0
    wider: int = 0
    incremental: float = 0.0
    fresh: float = 0.0
    differences: list[str] = field(default_factory=list)
    note: str = ""

    def line(self) -> str:
        return (
            f"{self.commit[:8]}  {self.python_files:3} files  {self.mutants:5} mutants  "
            f"{self.reused:5} reused  {self.wider:4} wider  "
            f"{self.incremental:6.1f} s  {self.fresh:6.1f} s  "
            f"{len(self.differences):3} differ  {self.note}{self.subject[:40]}"
        )


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def run(
    mutdiff: str, python: str, folder: Path, report: Path, arguments: list[str]
) -> tuple[dict[str, Any] | None, float, str]:
    """The report, or nothing; how long it took; what was said."""
    report.unlink(missing_ok=True)
    command = [mutdiff, "--repo", str(folder), "--python", python, "--base", "HEAD~1"]
    command += ["--gate", "none", "--quiet", "--no-github-actions", "--report", f"json={report}"]
    began = time.monotonic()
    ran = subprocess.run([*command, *arguments], capture_output=True, text=True)
    took = time.monotonic() - began
    if ran.returncode not in (0, 4) or not report.exists():
        return None, took, f"exit code {ran.returncode}: {ran.stdout[-1500:]}{ran.stderr[-1500:]}"
    return json.loads(report.read_text()), took, ""


def verdicts(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """By id: the mutant for people, and its verdict."""
    found: dict[str, tuple[str, str]] = {}
    for m in report["mutants"]:
        place = f"{m['path']}::{m['function']} {m['original']!r} -> {m['replacement']!r}"
        assert m["id"] not in found, f"{m['id']} is there twice"
        found[m["id"]] = (place, m["verdict"])
    return found


def compare(one: dict[str, tuple[str, str]], other: dict[str, tuple[str, str]]) -> list[str]:
    lines = []
    for key, (place, without) in sorted(other.items()):
        there, with_store = one.get(key, (place, "not in scope"))
        if (place, with_store) != (there, without):
            lines.append(f"{key} {place}: with a store {with_store}, without {without}")
    return lines


def replay(given: argparse.Namespace, work: Path) -> list[Row]:
    source = given.repo.resolve()
    walked = git(source, "rev-list", "--first-parent", f"-{given.commits}", given.start).split()
    copy, fresh = work / "incremental", work / "fresh"
    for folder in (copy, fresh):
        shutil.rmtree(folder, ignore_errors=True)
    git(work, "clone", "--quiet", "--no-hardlinks", str(source), str(copy))
    rows = []
    mutdiff = str(Path(given.mutdiff).resolve())
    # A virtual environment's interpreter is a link that must stay one.
    python = str(given.python.absolute())
    for commit in reversed(walked):
        git(copy, "checkout", "--quiet", "--force", "--detach", commit)
        git(copy, "clean", "--quiet", "-fdx", "-e", ".mutdiff")
        subject = git(copy, "log", "-1", "--format=%s").strip()
        changed = git(copy, "diff", "--name-only", "HEAD~1", "HEAD").split()
        row = Row(commit, subject, sum(path.endswith(".py") for path in changed))
        rows.append(row)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(copy, fresh, symlinks=True, ignore=shutil.ignore_patterns(".mutdiff"))
        reports = work / "with_store.json", work / "without.json"
        one, row.incremental, said = run(mutdiff, python, copy, reports[0], given.arguments)
        other, row.fresh, said_fresh = run(mutdiff, python, fresh, reports[1], given.arguments)
        if one is None or other is None:
            if (one is None) != (other is None):
                row.differences.append(f"one run failed: {said}{said_fresh}")
            row.note = f"[{(said or said_fresh)[:200]}] "
        else:
            row.mutants = len(one["mutants"])
            row.reused = one["counts"]["reused"]
            row.differences = compare(verdicts(one), verdicts(other))
            row.wider = len(verdicts(one).keys() - verdicts(other).keys())
        if not row.python_files:
            row.note += "[no Python] "
        print(row.line(), flush=True)
        for line in row.differences:
            print(f"    {line}", flush=True)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", required=True)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--commits", type=int, default=30)
    parser.add_argument("--from", dest="start", default="HEAD")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("arguments", nargs="*", help="of mutdiff, behind --")
    given = parser.parse_args()
    work = given.work or Path(tempfile.mkdtemp(prefix="replay-"))
    work.mkdir(parents=True, exist_ok=True)
    rows = replay(given, work.resolve())
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    if given.work is None:
        shutil.rmtree(work)
    # The first commit has no store to begin with.
    later = rows[1:] or rows
    times = [[row.incremental for row in later], [row.fresh for row in later]]
    middle = [statistics.median(each) for each in times]
    print(
        f"{len(rows)} commits, {sum(row.python_files > 0 for row in rows)} of them of Python; "
        f"{sum(row.mutants for row in rows)} verdicts compared, "
        f"{sum(row.reused for row in rows)} reused, {sum(row.wider for row in rows)} wider, "
        f"{sum(len(row.differences) for row in rows)} differences; a commit behind the first, "
        f"incremental and fresh: median {middle[0]:.1f} s and {middle[1]:.1f} s, "
        f"in all {sum(times[0]):.0f} s and {sum(times[1]):.0f} s"
    )
    return 1 if any(row.differences for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
