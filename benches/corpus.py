#!/usr/bin/env python3
"""Generate the mutants of all modules of a Python and check them.

    corpus.py --mutdiff BIN [--python PY] [--folder DIR]… [--files N] [--compile N|all]
              [--mutmut PY] [--jobs N] [--seed 1] [--json OUT]

The corpus is the standard library of PY (its tests too) and what is installed in PY's environment,
or the folders that are named. All operators are on. Of each file, with N mutants drawn at random:

- mutdiff reads it, without a panic, or says why it does not;
- every mutant's span holds the original, and lies in one statement of the module;
- its patch, applied, gives the file with the replacement in the span, and taken back, the file as
  it was, byte for byte;
- its statement compiles in PY, if the original does.

`--files N` takes N files at random. `--mutmut PY`: an interpreter with mutmut; its generator
(`create_mutations`: finding the mutations, not writing them) and mutdiff's (`mutdiff mutants
--format count`, with the operators that are on where nothing is said) run over the same files in
turns.

Exit code 1: something is not as it must be, or mutdiff is less than 20 times as fast as mutmut.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
import time
import tokenize
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

# How many times as fast as mutmut's generator ours is to be.
FASTER = 20
# Files that one call of mutdiff is given when its mutants are read.
BATCH = 50

ROOTS = """\
import json, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"]]))
"""

MUTMUT = """\
import sys, time
from mutmut.mutation.file_mutation import create_mutations
names = sys.stdin.read().split("\\0")
began, found, failed = time.perf_counter(), 0, 0
for name in names:
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        found += len(create_mutations(name, text)[1])
    except Exception:
        failed += 1
print(time.perf_counter() - began, found, failed)
"""


def corpus(python: str, folders: list[str]) -> list[str]:
    """The Python files, each once."""
    if not folders:
        done = subprocess.run([python, "-c", ROOTS], check=True, capture_output=True, text=True)
        folders = json.loads(done.stdout)
    found: dict[str, None] = {}
    for folder in folders:
        for place, inside, names in os.walk(folder):
            inside.sort()
            for name in sorted(names):
                path = os.path.join(place, name)
                if name.endswith(".py") and os.path.isfile(path):
                    found[os.path.realpath(path)] = None
    return list(found)


def statements(data: bytes) -> list[tuple[int, int]] | None:
    """Byte ranges of lines that hold the statements of a module; none if it does not compile."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    starts = [0]
    for line in data.splitlines(keepends=True) if b"\x0c" not in data else lines_of(data):
        starts.append(starts[-1] + len(line))
    ranges: list[tuple[int, int]] = []
    for node in tree.body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        last = node.end_lineno or node.lineno
        start, end = starts[first - 1], starts[min(last, len(starts) - 1)]
        if ranges and start < ranges[-1][1]:
            ranges[-1] = ranges[-1][0], max(end, ranges[-1][1])
        else:
            ranges.append((start, end))
    return ranges


def lines_of(data: bytes) -> list[bytes]:
    """Lines as Python counts them."""
    return re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", data)


def applied(diff: str, text: str, forward: bool) -> str | None:
    """What a patch makes of a text; none if it does not fit."""
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    made: list[str] = []
    done = 0
    for start, old, new in hunks(diff):
        if not forward:
            old, new = new, old
            # Lines before it are as many as in the file that the patch was made of.
            start += done - len(made)
        if lines[start : start + len(old)] != old:
            return None
        made += [*lines[done:start], *new]
        done = start + len(old)
    return "".join([*made, *lines[done:]])


def hunks(diff: str) -> list[tuple[int, list[str], list[str]]]:
    """Of each hunk: the lines before it in the original, its lines there and in the mutant."""
    found: list[tuple[int, list[str], list[str]]] = []
    sign_of_last = ""
    for line in diff.split("\n")[2:]:
        header = re.match(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@", line)
        if header:
            found.append((int(header[1]) - 1, [], []))
        elif line.startswith("\\"):
            for side, signs in zip(found[-1][1:], (" -", " +"), strict=True):
                if side and sign_of_last in signs:
                    side[-1] = side[-1].removesuffix("\n")
        elif line:
            sign_of_last = line[0]
            if line[0] in " -":
                found[-1][1].append(line[1:] + "\n")
            if line[0] in " +":
                found[-1][2].append(line[1:] + "\n")
    return found


def check(entry: dict[str, Any], most: int | None, seed: int) -> tuple[Counter[str], list[str]]:
    """Checks the mutants of a file; what was counted, and what is wrong."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    path, mutants = entry["path"], entry["mutants"]
    counts["mutants"] = len(mutants)
    if entry["error"] is not None:
        counts["files not read"] += 1
        return counts, wrong
    counts["files"] += 1
    data = Path(path).read_bytes()
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0].replace("-sig", "")
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        # Nothing that Python reads: mutdiff is more lenient with some.
        counts["files that do not compile"] += 1
        return counts, wrong
    if text.encode(encoding) != data:
        wrong.append(f"{path}: not the same after decoding")
    ranges = statements(data)
    flags = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if ranges is None:
            counts["files that do not compile"] += 1
        else:
            try:
                flags = compile(data, path, "exec", dont_inherit=True).co_flags & FUTURE
            except (SyntaxError, ValueError, RecursionError):
                counts["files that do not compile"] += 1
                ranges = None
        chance = random.Random(f"{seed} {path}")
        chosen = mutants if most is None else chance.sample(mutants, min(most, len(mutants)))
        for mutant in chosen:
            span = mutant["span"]["bytes"]
            start, end = span["start"], span["end"]
            new = mutant["replacement"].encode(encoding)
            name = f"{path}:{mutant['span']['start']['line']} {mutant['operator']}"
            name += f" {mutant['original']!r} -> {mutant['replacement']!r}"
            if data[start:end].decode(encoding) != mutant["original"]:
                wrong.append(f"{name}: another span")
                continue
            counts["checked"] += 1
            mutated = data[:start] + new + data[end:]
            if encoding == "utf-8":
                there = applied(mutant["diff"], text, True)
                back = there is not None and applied(mutant["diff"], there, False)
                if there is None or there.encode() != mutated or back != text:
                    wrong.append(f"{name}: another patch")
                counts["patches"] += 1
            if ranges is None:
                continue
            around = next(((a, b) for a, b in ranges if a <= start and end <= b), None)
            if around is None:
                wrong.append(f"{name}: in no statement")
                continue
            statement = data[around[0] : start] + new + data[end : around[1]]
            try:
                compile(statement.decode(encoding), path, "exec", flags, dont_inherit=True)
                counts["compiled"] += 1
            except (SyntaxError, ValueError) as error:
                try:
                    # What stands on a line behind another statement needs that one.
                    compile(mutated, path, "exec", dont_inherit=True)
                    counts["compiled"] += 1
                except (SyntaxError, ValueError):
                    wrong.append(f"{name}: does not compile: {error}")
    return counts, wrong


FUTURE = 0
for _name in __import__("__future__").all_feature_names:
    FUTURE |= getattr(__import__("__future__"), _name).compiler_flag


def batch(work: tuple[str, list[str], int | None, int]) -> tuple[Counter[str], list[str]]:
    """Has mutdiff generate the mutants of some files, and checks them."""
    binary, files, most, seed = work
    command = [binary, "mutants", "--operators", "full", "--format", "json", "--diff", *files]
    done = subprocess.run(command, capture_output=True, check=False)
    counts: Counter[str] = Counter()
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")[-2000:]
        return counts, [f"mutdiff ended with exit code {done.returncode}: {said}"]
    wrong: list[str] = []
    lines = done.stdout.split(b"\n")[:-1]
    if len(lines) != len(files):
        wrong.append(f"{len(files)} files, {len(lines)} answers")
    for line in lines:
        found, problems = check(json.loads(line), most, seed)
        counts.update(found)
        wrong += problems
    return counts, wrong


def generated(binary: str, files: list[str], operators: str) -> tuple[float, int]:
    """Seconds that mutdiff takes for all files, and how many mutants there are."""
    seconds, mutants = 0.0, 0
    for first in range(0, len(files), 2000):
        part = files[first : first + 2000]
        command = [binary, "mutants", "--operators", operators, "--format", "count", *part]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        seconds += time.perf_counter() - began
        mutants += int(done.stdout.splitlines()[-1].split()[0])
    return seconds, mutants


def against_mutmut(binary: str, python: str, files: list[str]) -> dict[str, float]:
    """Both generators over the same files, mutdiff before and behind."""
    before = generated(binary, files, "default")
    done = subprocess.run(
        [python, "-c", MUTMUT], input="\0".join(files), capture_output=True, check=True, text=True
    )
    theirs, found, failed = done.stdout.split()
    behind = generated(binary, files, "default")
    ours = (before[0] + behind[0]) / 2
    return {
        "files": len(files),
        "mutdiff seconds": round(ours, 3),
        "mutdiff mutants": before[1],
        "mutmut seconds": round(float(theirs), 3),
        "mutmut mutants": int(found),
        "files that mutmut refuses": int(failed),
        "times as fast": round(float(theirs) / ours, 1),
        "times as many mutants a second": round(before[1] / ours / (int(found) / float(theirs)), 1),
    }


def main() -> int:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutdiff", default="target/release/mutdiff")
    parser.add_argument("--python", default=sys.executable, help="whose modules; it compiles too")
    parser.add_argument("--folder", action="append", default=[], help="instead of its modules")
    parser.add_argument("--files", type=int, help="so many files, at random")
    parser.add_argument("--compile", default="20", help="mutants of a file to check, or `all`")
    parser.add_argument("--mutmut", help="an interpreter with mutmut")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if os.path.realpath(arguments.python) != os.path.realpath(sys.executable):
        os.execv(arguments.python, [arguments.python, *sys.argv])
    sys.setrecursionlimit(5000)
    binary = os.path.abspath(arguments.mutdiff)
    files = corpus(arguments.python, arguments.folder)
    if arguments.files and arguments.files < len(files):
        files = sorted(random.Random(arguments.seed).sample(files, arguments.files))
    result: dict[str, Any] = {}
    if arguments.mutmut:
        result["against mutmut"] = against_mutmut(binary, arguments.mutmut, files)
    seconds, mutants = generated(binary, files, "full")
    result["generation"] = {
        "files": len(files),
        "mutants": mutants,
        "seconds": round(seconds, 3),
        "mutants a second": round(mutants / seconds),
    }
    most = None if arguments.compile == "all" else int(arguments.compile)
    parts = [files[first : first + BATCH] for first in range(0, len(files), BATCH)]
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with multiprocessing.Pool(arguments.jobs) as pool:
        work = [(binary, part, most, arguments.seed) for part in parts]
        for found, problems in pool.imap_unordered(batch, work):
            counts.update(found)
            wrong += problems
    result["checked"] = dict(counts)
    result["wrong"] = len(wrong)
    print(json.dumps(result, indent=2))
    print("\n".join(wrong[:100]))
    if arguments.json:
        arguments.json.write_text(json.dumps({**result, "all": wrong}, indent=2) + "\n")
    slow = arguments.mutmut and result["against mutmut"]["times as fast"] < FASTER
    return 1 if wrong or slow or mutants == 0 else 0


if __name__ == "__main__":
    raise SystemExit(main())
