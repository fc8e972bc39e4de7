#!/usr/bin/env python3
"""Random edits of random small projects: a run with a store against one from an empty store.

    incremental.py --mutdiff BIN [--python PY] [--edits N] [--seed S] [--jobs N] [--keep DIR]
                   [--only-project K]

Projects come from `random_project.py`, edits from `random_edits.py`; one project in sixteen has its
tests run by pytest, if the Python has it. After one to three edits come two runs over all
functions: one with the store of all runs before it, one without any. The ids and the verdicts of
both must be the same; where the edits only moved and reformatted code, the first run must decide
nothing. Now and then an older state comes back, or the base moves to the present one.

On a difference the project, the edits and how to replay them are printed; exit code 1.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from random_edits import edit, new_project
from random_project import Project

#: Edits of one project.
EDITS_EACH = 15


@dataclass
class Tally:
    """What was seen of a project."""

    edits: int = 0
    compared: int = 0
    reused: int = 0
    #: Verdicts that two runs from empty stores do not agree on.
    unstable: int = 0
    complaints: list[str] = field(default_factory=list)


@dataclass
class Asked:
    """What the command line says."""

    mutdiff: str
    python: str
    seed: int
    scratch: Path
    has_pytest: bool


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def run(asked: Asked, runner: str, folder: Path, report: Path) -> dict[str, Any] | str:
    """A report, or what went wrong."""
    command = [asked.mutdiff, "--repo", str(folder), "--python", asked.python, "--runner", runner]
    command += ["--base", "main", "--scope", "all", "--gate", "none", "--quiet", "--jobs", "1"]
    # No mutant here runs for ever: what takes long has met a machine with much to do.
    command += ["--deadline-floor", "60", "--no-github-actions", "--report", f"json={report}"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        return f"exit code {ran.returncode}\n{ran.stdout}{ran.stderr}"
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    """By id and replacement."""
    found = {}
    for m in report["mutants"]:
        key = f"{m['path']}::{m['function']} {m['id']} {m['original']!r} -> {m['replacement']!r}"
        assert key not in found, f"{key} is there twice"
        found[key] = m["verdict"]
    return found


def play(asked: Asked, number: int, wanted: int) -> Tally:
    """The edits of one project."""
    chance = random.Random(f"{asked.seed}/{number}")
    runner = "pytest" if asked.has_pytest and chance.random() < 0.06 else "unittest"
    folder = asked.scratch / f"project{number}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    while not (project := new_project(chance, runner)).settle(folder):
        pass
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "base")
    tally = Tally()
    states = [copy.deepcopy(project)]
    told: list[str] = []
    cosmetic = False
    while True:
        complaint = compare(asked, runner, folder, cosmetic, tally)
        if complaint:
            again = f"--seed {asked.seed} --only-project {number}"
            edits = "".join(f"    {line}\n" for line in told)
            tally.complaints.append(f"{folder} ({runner}, {again}), edits:\n{edits}{complaint}")
            return tally
        if tally.edits >= wanted:
            return tally
        project, cosmetic = step(chance, project, states, folder, tally, told)


def step(
    chance: random.Random,
    project: Project,
    states: list[Project],
    folder: Path,
    tally: Tally,
    told: list[str],
) -> tuple[Project, bool]:
    """The next state of a project, and whether all of its code means what it did."""
    if chance.random() < 0.08:
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--allow-empty", "-m", "further")
        told.append("-- commit")
    tally.edits += 1
    if len(states) > 1 and chance.random() < 0.08:
        which = chance.randrange(len(states))
        project = copy.deepcopy(states[which])
        assert project.settle(folder)
        told.append(f"-- back to state {which}")
        return project, False
    several = chance.choice((1, 1, 2, 3))
    cosmetic = True
    while several:
        tried = copy.deepcopy(project)
        says, keeps = edit(tried, chance)
        if not tried.settle(folder):
            continue
        several -= 1
        project, cosmetic = tried, cosmetic and keeps
        tally.edits += 1 if several else 0
        told.append(says)
    assert project.settle(folder)
    told.append(f"-- state {len(states)}")
    states.append(copy.deepcopy(project))
    return project, cosmetic


def compare(asked: Asked, runner: str, folder: Path, cosmetic: bool, tally: Tally) -> str | None:
    """Runs with the store and without one; what differs."""
    reports = folder.with_suffix(".reports")
    reports.mkdir(exist_ok=True)
    with_store = run(asked, runner, folder, reports / "with_store.json")
    fresh = folder.with_suffix(".fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(folder, fresh, ignore=shutil.ignore_patterns(".mutdiff"))
    without = run(asked, runner, fresh, reports / "without.json")
    if isinstance(with_store, str) and with_store == without:
        return None  # tests of this state fail, and both runs say so
    if isinstance(with_store, str) or isinstance(without, str):
        failed = (with_store, without)
        return "".join(f"  {each}\n" for each in failed if isinstance(each, str))
    one, other = verdicts(with_store), verdicts(without)
    tally.compared += len(one)
    tally.reused += with_store["counts"]["reused"]
    differing = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
    if differing:
        # What two runs from empty stores do not agree on says nothing of stores.
        shutil.rmtree(fresh / ".mutdiff")
        again = run(asked, runner, fresh, reports / "again.json")
        assert not isinstance(again, str), again
        second = verdicts(again)
        unstable = {key for key in differing if other.get(key) != second.get(key)}
        tally.unstable += len(unstable)
        differing -= unstable
    lines = [
        f"  {key}: with a store {one.get(key)}, without {other.get(key)}\n"
        for key in sorted(differing)
    ]
    anew = [m["id"] for m in with_store["mutants"] if not m["reused"]]
    if cosmetic and len(anew) != with_store["counts"]["suppressed"]:
        lines.append(f"  code only moved, and {len(anew)} mutants were decided: {anew[:5]}\n")
    return "".join(lines) or None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--edits", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only-project", type=int)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    scratch = given.keep or Path(tempfile.mkdtemp(prefix="incremental-"))
    probe = [given.python, "-c", "import pytest"]
    asked = Asked(
        mutdiff=str(Path(given.mutdiff).resolve()),
        python=given.python,
        seed=given.seed,
        scratch=scratch.resolve(),
        has_pytest=subprocess.run(probe, capture_output=True).returncode == 0,
    )
    numbers = range(1, -(-given.edits // EDITS_EACH) + 1)
    if given.only_project is not None:
        numbers = range(given.only_project, given.only_project + 1)
    total = Tally()
    with ThreadPoolExecutor(given.jobs) as pool:
        left = given.edits
        asks = []
        for number in numbers:
            wanted = min(EDITS_EACH, left) if given.only_project is None else EDITS_EACH
            left -= wanted
            asks.append(pool.submit(play, asked, number, wanted))
        for done in asks:
            tally = done.result()
            total.edits += tally.edits
            total.compared += tally.compared
            total.reused += tally.reused
            total.unstable += tally.unstable
            total.complaints += tally.complaints
            for complaint in tally.complaints:
                print(complaint, flush=True)
    if given.keep is None and not total.complaints:
        shutil.rmtree(scratch, ignore_errors=True)
    print(
        f"{total.edits} edits of {len(numbers)} projects: {total.compared} verdicts compared, "
        f"{total.reused} reused, {len(total.complaints)} projects differ, "
        f"{total.unstable} verdicts that two fresh runs disagree on"
    )
    return 1 if total.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
