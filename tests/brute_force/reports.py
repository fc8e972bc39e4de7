"""Reading mutdiff's JSON report, drawing a sample from it, and comparing verdicts.

Invariant: nothing here runs the project's code or touches its files.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What the suite must do when mutdiff's verdict is right.
GREEN_VERDICTS = frozenset({"survived", "no tests", "equivalent"})
# Verdicts that claim nothing about the tests; their mutants are left out.
SILENT_VERDICTS = frozenset({"suppressed", "not run"})

AGREEING = frozenset(
    {("killed", "failed"), ("timeout", "timeout"), ("invalid", "does not compile")}
)
SOFT = frozenset({("killed", "timeout"), ("timeout", "failed")})


class ReportError(Exception):
    """The report cannot be read."""


@dataclass(frozen=True)
class Mutant:
    """A mutant of the report; `start` and `end` are byte offsets in the file on disk."""

    id: str
    path: str
    function: str
    operator: str
    start: int
    end: int
    line: int
    column: int
    original: str
    replacement: str
    diff: str
    verdict: str
    killed_by: str | None

    @property
    def key(self) -> str:
        """What was replaced by what, for people and for `expected.json`."""
        return f"{self.original} -> {self.replacement} @ {self.line}:{self.column}"

    @property
    def place(self) -> list[object]:
        """What identifies the mutated file, whatever the id and the verdict are."""
        return [self.path, self.start, self.end, self.replacement]


def read(path: Path) -> list[Mutant]:
    """The mutants of a report, in the order of path and place."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        # A duplicate has the verdict of the mutant that it compiles to the same code as.
        entries = [*document["mutants"], *document.get("duplicates", [])]
        mutants = [_mutant(entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(f"cannot read {path}: {type(error).__name__}: {error}") from error
    return sorted(mutants, key=lambda m: (m.path, m.start, m.end, m.replacement, m.id))


def _mutant(entry: dict[str, Any]) -> Mutant:
    span = entry["span"]
    place = span["bytes"]
    start, end = (place["start"], place["end"]) if isinstance(place, dict) else place
    verdict = entry["verdict"]
    killed_by = entry.get("killed_by")
    if isinstance(verdict, dict):
        killed_by = killed_by or verdict.get("by")
        verdict = verdict["kind"]
    return Mutant(
        id=entry["id"],
        path=entry["path"],
        function=str(entry["function"]),
        operator=entry["operator"],
        start=start,
        end=end,
        line=span["start"]["line"],
        column=span["start"]["column"],
        original=entry["original"],
        replacement=entry["replacement"],
        diff=entry.get("diff", ""),
        verdict=verdict.replace("_", " "),
        killed_by=killed_by,
    )


def sample(mutants: list[Mutant], size: int, seed: int) -> list[Mutant]:
    """`size` mutants spread over files and functions: each function gives one before any gives two.

    Files take turns, so that a file with many functions does not crowd out the others. The same
    mutants and seed give the same sample, whatever the order of the report.
    """
    if size >= len(mutants):
        return mutants
    chance = random.Random(seed)
    functions: dict[str, dict[str, list[Mutant]]] = defaultdict(lambda: defaultdict(list))
    for mutant in mutants:
        functions[mutant.path][mutant.function].append(mutant)
    queues: list[list[Mutant]] = []
    for path in sorted(functions):
        rounds: list[tuple[int, float, Mutant]] = []
        for name in sorted(functions[path]):
            of_function = functions[path][name]
            chance.shuffle(of_function)
            rounds += [(turn, chance.random(), mutant) for turn, mutant in enumerate(of_function)]
        rounds.sort(key=lambda entry: entry[:2], reverse=True)
        queues.append([mutant for _, _, mutant in rounds])
    chance.shuffle(queues)
    chosen: list[Mutant] = []
    while len(chosen) < size:
        for queue in queues:
            if queue and len(chosen) < size:
                chosen.append(queue.pop())
    return sorted(chosen, key=lambda m: (m.path, m.start, m.end, m.replacement, m.id))


def judge(verdict: str, brute: str) -> str:
    """`agree`, `disagree` or `soft`, for mutdiff's verdict and the suite's end.

    `brute` is `passed`, `failed`, `timeout` or `does not compile`. Soft: one side says that a test
    failed and the other that one did not end, which depends on the order of the tests.
    """
    pair = (verdict, brute)
    if pair in AGREEING or (verdict in GREEN_VERDICTS and brute == "passed"):
        return "agree"
    return "soft" if pair in SOFT else "disagree"
