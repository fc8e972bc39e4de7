#!/usr/bin/env python3
"""Judge mutdiff's verdicts by brute force: write each mutant to a copy, run the whole suite.

    oracle.py --report report.json --repo DIR --python PY [--runner pytest|unittest]
              [--sample N --seed S] [--jobs N] [--json OUT [--resume]] [--tests ARGS…]

Every run is a fresh interpreter on a copy of the working tree. Exit code 0: every verdict agrees;
1: at least one does not; 2: usage, or the suite is not green without a mutant; 130: interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brute_force.copies import MutationError, copy_tree, digest, mutated
from brute_force.reports import (
    SILENT_VERDICTS,
    Mutant,
    ReportError,
    judge,
    read,
    sample,
)
from brute_force.suites import Outcome, Slot, Suite

FLOOR_SECONDS = 10.0
PROGRESS_SECONDS = 5.0


class UsageError(Exception):
    """What was asked for cannot be done; ends the program with exit code 2."""


@dataclass
class Judgement:
    """What brute force says of one mutant, beside what mutdiff says."""

    id: str
    place: list[object]
    function: str
    key: str
    verdict: str
    killed_by: str | None
    brute: str
    how: str
    failed: list[str]
    seconds: float
    result: str
    notes: list[str] = field(default_factory=list)


class Court:
    """Decides mutants one by one in the slots that it is given."""

    def __init__(self, suite: Suite, limit: float) -> None:
        self.suite = suite
        self.limit = limit

    def decide(self, slot: Slot, mutant: Mutant) -> Judgement:
        """Run the suite under the mutant; a disagreement is tried again on a fresh copy."""
        brute, outcome = self._run(slot, mutant, self.limit, stop_first=True)
        judgement = Judgement(
            id=mutant.id,
            place=mutant.place,
            function=f"{mutant.path}::{mutant.function}",
            key=mutant.key,
            verdict=mutant.verdict,
            killed_by=mutant.killed_by,
            brute=brute,
            how=outcome.how,
            failed=outcome.failed,
            seconds=round(outcome.seconds, 3),
            result=judge(mutant.verdict, brute),
        )
        if judgement.result == "disagree":
            self._try_again(slot, mutant, judgement)
        return judgement

    def _run(
        self,
        slot: Slot,
        mutant: Mutant,
        limit: float,
        *,
        stop_first: bool,
        only: str | None = None,
    ) -> tuple[str, Outcome]:
        file = slot.copy / mutant.path
        before = file.read_bytes()
        try:
            file.write_bytes(mutated(file, mutant))
            outcome = self.suite.run(slot, limit, stop_first=stop_first, only=only)
            brute = outcome.end
            doubtful = mutant.verdict == "invalid" or "not collected" in outcome.how
            if brute == "failed" and doubtful and not self._compiles(file):
                brute = "does not compile"
        finally:
            if file.parent.is_dir():
                file.write_bytes(before)
        if outcome.end == "timeout":
            copy_tree(self.suite.original, slot.copy)
        return brute, outcome

    def _compiles(self, file: Path) -> bool:
        code = "import sys; compile(open(sys.argv[1], 'rb').read(), sys.argv[1], 'exec')"
        command = [self.suite.python, "-c", code, str(file)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _try_again(self, slot: Slot, mutant: Mutant, judgement: Judgement) -> None:
        copy_tree(self.suite.original, slot.copy)
        again, outcome = self._run(slot, mutant, 2 * self.limit, stop_first=False)
        if again != judgement.brute:
            judgement.notes.append(f"flaky: {judgement.brute} at first, {again} when tried again")
            judgement.brute, judgement.how, judgement.failed = again, outcome.how, outcome.failed
            judgement.result = "soft" if judge(mutant.verdict, again) != "disagree" else "disagree"
            return
        judgement.failed = sorted({*judgement.failed, *outcome.failed})
        if again != "passed":
            judgement.notes.append(f"the end of the output:\n{tail(outcome.output)}")
        alone = judgement.failed[:3] if again == "failed" else []
        if again == "passed" and mutant.killed_by:
            alone = [mutant.killed_by]
        for test in alone:
            _, with_it = self._run(slot, mutant, self.limit, stop_first=True, only=test)
            without = self.suite.run(slot, self.limit, only=test)
            judgement.notes.append(
                f"{test} alone: {with_it.end} with the mutant ({with_it.how or 'exit code 0'}), "
                f"{without.end} without ({without.how or 'exit code 0'})"
            )


def tail(text: str, lines: int = 25) -> str:
    """The last lines of a text, indented."""
    return "\n".join(f"      {line}" for line in text.rstrip().splitlines()[-lines:])


def check_green(suite: Suite, slot: Slot, mutants: list[Mutant]) -> float:
    """Run the suite unmutated; return its time in seconds. The copy must be what is imported."""
    limit = 3600.0
    first = suite.run(slot, limit, stop_first=False, probe=True)
    if first.end != "passed":
        failing = [f"  {name}" for name in first.failed]
        shown = "\n".join(failing) or tail(first.output)
        deselect = " ".join(f"--deselect '{name}'" for name in first.failed)
        hint = f"\nleave them out: --tests … {deselect}" if failing else ""
        raise UsageError(f"the suite is not green without a mutant ({first.how}):\n{shown}{hint}")
    foreign = [path for path in first.modules if suite.is_project(Path(path).resolve())]
    if foreign:
        shown = "\n".join(f"  {path}" for path in foreign[:10])
        raise UsageError(f"modules were imported from the original, not from the copy:\n{shown}")
    imported = {str(Path(path).resolve()) for path in first.modules}
    home = slot.copy.resolve()
    missing = sorted({m.path for m in mutants if str(home / m.path) not in imported})
    for path in missing:
        print(f"note: the suite's own process does not import {path}")
    return suite.run(slot, limit).seconds


def show(judgement: Judgement, mutant: Mutant) -> str:
    """A disagreement, for people."""
    by = f" by {judgement.killed_by}" if judgement.killed_by else ""
    lines = [
        f"{judgement.result.upper()} {judgement.id}  {judgement.function}  {mutant.operator}",
        f"    {judgement.key}",
        f"    mutdiff: {judgement.verdict}{by}",
        f"    brute force: {judgement.brute} ({judgement.how or 'exit code 0'})",
        *[f"    failed: {name}" for name in judgement.failed[:10]],
        *[f"    {note}" for note in judgement.notes],
        *[f"    | {line}" for line in mutant.diff.splitlines()],
    ]
    return "\n".join(lines)


class Progress:
    """Lines about how far the run is, at most one in a few seconds."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.start = time.perf_counter()
        self.said = self.start
        self.told = False

    def tell(self, done: int, counts: Counter[str]) -> None:
        """Say it when the last line is old enough, or at the end."""
        now = time.perf_counter()
        self.told = now - self.said >= PROGRESS_SECONDS or done == self.total
        if not self.told:
            return
        self.said = now
        left = (now - self.start) / done * (self.total - done)
        shown = ", ".join(f"{counts[word]} {word}" for word in ("agree", "disagree", "soft"))
        print(f"[{done}/{self.total}] {shown}, about {left:.0f} s left", flush=True)


def decide_all(
    court: Court, slots: list[Slot], mutants: list[Mutant], done: Callable[[Judgement], None]
) -> bool:
    """Decide the mutants on all slots, calling `done` in this thread; `False`: interrupted."""
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    results: queue.SimpleQueue[Judgement | BaseException] = queue.SimpleQueue()

    def work(slot: Slot) -> None:
        try:
            while True:
                try:
                    mutant = waiting.get_nowait()
                except queue.Empty:
                    return
                results.put(court.decide(slot, mutant))
        except InterruptedError:
            pass
        except BaseException as error:  # raised again by the main thread
            results.put(error)

    threads = [threading.Thread(target=work, args=(slot,)) for slot in slots]
    for thread in threads:
        thread.start()
    try:
        for _ in mutants:
            result = results.get()
            if isinstance(result, BaseException):
                raise result
            done(result)
        return True
    except KeyboardInterrupt:
        return False
    finally:
        court.suite.stop()
        for thread in threads:
            thread.join()


def identity(suite: Suite, arguments: argparse.Namespace) -> str:
    """What the brute-force results rest on beside the mutant, as a digest."""
    parts = [digest(suite.original), suite.version(), arguments.runner, *arguments.tests]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def earlier(path: Path | None, rests_on: str) -> dict[str, dict[str, Any]]:
    """Judgements of an earlier run on the same tree, by the mutant's place."""
    if path is None or not path.exists():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("rests_on") != rests_on:
        print(f"note: {path} is about another state of the project, nothing of it is used")
        return {}
    return {json.dumps(entry["place"]): entry for entry in document["judgements"]}


def reuse(mutant: Mutant, entry: dict[str, Any] | None) -> Judgement | None:
    """The earlier judgement with the present verdict, unless the two disagree."""
    if entry is None or judge(mutant.verdict, entry["brute"]) == "disagree":
        return None
    kept = {**entry, "id": mutant.id, "verdict": mutant.verdict, "killed_by": mutant.killed_by}
    kept["result"] = judge(mutant.verdict, entry["brute"])
    return Judgement(**kept)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--report", type=Path, required=True, help="mutdiff's JSON report")
    parser.add_argument("--repo", type=Path, required=True, help="the project, as it was tested")
    parser.add_argument("--python", required=True, help="the project's interpreter")
    parser.add_argument("--runner", choices=("pytest", "unittest"), default="pytest")
    parser.add_argument("--sample", type=int, help="judge N mutants, spread over the functions")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--timeout-factor",
        type=float,
        default=8.0,
        help="a run may take F times the plain suite plus --timeout-floor seconds (default 8)",
    )
    parser.add_argument("--timeout-floor", type=float, default=FLOOR_SECONDS)
    parser.add_argument(
        "--memory", type=int, default=2048, help="MiB a run may hold, all processes; 0: any"
    )
    parser.add_argument("--json", type=Path, help="write every judgement there")
    parser.add_argument("--resume", action="store_true", help="use what --json already holds")
    parser.add_argument("--only", action="append", default=[], help="judge this mutant id only")
    parser.add_argument(
        "--tests", nargs=argparse.REMAINDER, default=[], help="the runner's arguments; put it last"
    )
    return parser.parse_args()


def choose(arguments: argparse.Namespace) -> list[Mutant]:
    """The mutants to judge."""
    mutants = read(arguments.report)
    silent = Counter(m.verdict for m in mutants if m.verdict in SILENT_VERDICTS)
    for verdict, count in silent.items():
        print(f"note: {count} mutants are '{verdict}' and not judged")
    mutants = [m for m in mutants if m.verdict not in SILENT_VERDICTS]
    if arguments.only:
        mutants = [m for m in mutants if m.id in arguments.only]
    if arguments.sample is not None:
        mutants = sample(mutants, arguments.sample, arguments.seed)
    if not mutants:
        raise UsageError(f"{arguments.report} holds no mutant to judge")
    return mutants


def judge_report(arguments: argparse.Namespace, work: Path) -> int:
    """Everything between the command line and the exit code."""
    original = arguments.repo.resolve()
    mutants = choose(arguments)
    python = shutil.which(arguments.python)
    if python is None:
        raise UsageError(f"no interpreter at {arguments.python}")
    suite = Suite(
        original,
        os.path.abspath(python),
        arguments.runner,
        arguments.tests,
        arguments.memory * 1024 * 1024,
    )
    slots = [Slot(work / f"j{n}", original.name) for n in range(max(1, arguments.jobs))]
    for slot in slots:
        copy_tree(original, slot.copy)
    for mutant in mutants:
        mutated(slots[0].copy / mutant.path, mutant)
    seconds = check_green(suite, slots[0], mutants)
    limit = arguments.timeout_factor * seconds + arguments.timeout_floor
    print(f"the suite is green without a mutant: {seconds:.2f} s, limit {limit:.1f} s")
    rests_on = identity(suite, arguments)
    known = earlier(arguments.json if arguments.resume else None, rests_on)
    judgements: list[Judgement] = []
    left: list[Mutant] = []
    for mutant in mutants:
        kept = reuse(mutant, known.get(json.dumps(mutant.place)))
        if kept is None:
            left.append(mutant)
        else:
            judgements.append(kept)
    if judgements:
        print(f"{len(judgements)} of {len(mutants)} are known from {arguments.json}")
    counts: Counter[str] = Counter(judgement.result for judgement in judgements)
    of_id = {mutant.id: mutant for mutant in mutants}
    progress = Progress(len(left))

    def done(judgement: Judgement) -> None:
        judgements.append(judgement)
        counts[judgement.result] += 1
        if judgement.result != "agree":
            print(show(judgement, of_id[judgement.id]), flush=True)
        progress.tell(len(judgements) - (len(mutants) - len(left)), counts)
        if arguments.json and progress.told:
            save(arguments, rests_on, judgements, known)

    whole = decide_all(Court(suite, limit), slots, left, done)
    if arguments.json:
        save(arguments, rests_on, judgements, {} if whole else known)
    brute = Counter(judgement.brute for judgement in judgements)
    print("brute force: " + ", ".join(f"{n} {word}" for word, n in sorted(brute.items())))
    if not whole:
        print(f"interrupted: {len(judgements)} of {len(mutants)} judged")
    shown = ", ".join(f"{counts[word]} {word}" for word in ("agree", "disagree", "soft"))
    print(f"{len(judgements)} mutants, {shown}")
    if not whole:
        return 130
    return 1 if counts["disagree"] else 0


def save(
    arguments: argparse.Namespace,
    rests_on: str,
    judgements: list[Judgement],
    known: dict[str, dict[str, Any]],
) -> None:
    """Write the judgements; those of an earlier run stay until this one has its own."""
    own = {json.dumps(judgement.place): asdict(judgement) for judgement in judgements}
    document = {
        "rests_on": rests_on,
        "repo": str(arguments.repo.resolve()),
        "sample": arguments.sample,
        "seed": arguments.seed,
        "counts": dict(Counter(judgement.result for judgement in judgements)),
        "judgements": [*own.values(), *(v for k, v in known.items() if k not in own)],
    }
    partial = arguments.json.with_name(arguments.json.name + ".partial")
    partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(arguments.json)


def main() -> int:
    """Run the judge and clean up after it."""
    arguments = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work = Path(tempfile.mkdtemp(prefix="oracle-")).resolve()
    try:
        return judge_report(arguments, work)
    except (UsageError, ReportError, MutationError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
