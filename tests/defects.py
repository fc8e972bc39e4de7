#!/usr/bin/env python3
"""Puts deliberate defects into mutdiff, one at a time, and looks whether the named test fails.

    python tests/defects.py --python PY [--python PY2] [--only TEXT]
    python tests/defects.py --check

A copy of the tree (what git would take) and its own build are kept under `target/defects/`. Each
named test must pass there without the defect and fail with it; a defect that does not compile is
no defect. `--check` only looks whether every defect's text still occurs once in its file and
`docs/testing.md` lists it. `PY` is an interpreter with pytest.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from defect_list import DEFECTS, Defect

ROOT = Path(__file__).resolve().parent.parent
NOTE = ROOT / "docs" / "testing.md"
RUNTIME_TESTS = "tests/runtime/"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="look at the list, run nothing")
    parser.add_argument("--python", action="append", default=[], help="one with pytest")
    parser.add_argument("--only", default="", help="defects whose title or test has this in it")
    parser.add_argument("--place", type=Path, help="the copy's folder (target/defects)")
    options = parser.parse_args()
    stale = list(outdated())
    for line in stale:
        print(line, file=sys.stderr)
    if stale or options.check:
        return 1 if stale else 0
    pythons = {version(path): path for path in options.python or [sys.executable]}
    copy = Copy(options.place or target() / "defects")
    wanted = [one for one in DEFECTS if options.only in f"{one.title} {one.test}"]
    results = [look(copy, defect, pythons) for defect in wanted]
    print(f"{len(results)} defects, {results.count('caught')} caught")
    return 0 if set(results) <= {"caught", "skipped"} else 1


def outdated() -> list[str]:
    """What is wrong with the list itself."""
    found = []
    note = NOTE.read_text(encoding="utf-8")
    for defect in DEFECTS:
        count = (ROOT / defect.file).read_text(encoding="utf-8").count(defect.text)
        if count != 1:
            found.append(f"{defect.title}: its text occurs {count} times in {defect.file}")
        row = f"| {defect.title} | `{Path(defect.file).name}` | `{defect.test}` |"
        if row not in note:
            found.append(f"docs/testing.md lacks the row {row}")
        if defect.test.startswith("test_"):
            path, _, name = defect.test.partition("::")
            definition = f"def {name.partition('[')[0]}("
            if definition not in (ROOT / RUNTIME_TESTS / path).read_text(encoding="utf-8"):
                found.append(f"{defect.title}: there is no test {defect.test}")
    return found


def look(copy: Copy, defect: Defect, pythons: dict[tuple[int, int], str]) -> str:
    """Runs the test of a defect without it and with it, and prints one line."""
    chosen = [
        path for number, path in pythons.items() if defect.before is None or number < defect.before
    ]
    if not chosen:
        print(f"skipped     {defect.title}: needs a Python before {defect.before}", flush=True)
        return "skipped"
    began = time.monotonic()
    result = copy.passes(defect.test, chosen[0])
    if result != "passed":
        result = f"{result} without the defect"
    else:
        with copy.defect(defect):
            result = copy.passes(defect.test, chosen[0])
        result = {"failed": "caught", "timed out": "caught", "passed": "not caught"}.get(
            result, result
        )
    took = time.monotonic() - began
    print(f"{result:11} {defect.title}: {defect.test} ({took:.0f} s)", flush=True)
    return result


class Copy:
    """The copy of the tree."""

    def __init__(self, place: Path) -> None:
        self._tree = place / "tree"
        self._target = place / "build"
        self._passed: set[tuple[str, str]] = set()
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout.decode()
        names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
        for known in [*self._tree.rglob("*")]:
            if known.is_file() and str(known.relative_to(self._tree)) not in names:
                known.unlink()
        for name in names:
            source, copy = ROOT / name, self._tree / name
            # What is unchanged keeps its time, so cargo builds only what has to be built.
            if not copy.is_file() or copy.read_bytes() != source.read_bytes():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
                shutil.copymode(source, copy)

    def defect(self, defect: Defect) -> _Applied:
        """The defect in the copy, while the context lasts."""
        return _Applied(self._tree / defect.file, defect)

    def passes(self, test: str, python: str) -> str:
        """`passed`, `failed`, `timed out`, or what else came of a named test."""
        key = test, python
        clean = not _Applied.active
        if clean and key in self._passed:
            return "passed"
        runtime = test.startswith("test_")
        if runtime:
            command = [python, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
            code, output = self._run([*command, RUNTIME_TESTS + test], python)
        else:
            part = ["--test", "it"] if (self._tree / it_file(test)).is_file() else ["--lib"]
            code, output = self._run(["cargo", "test", "--locked", *part, "--no-run"], python)
            if code != 0:
                return "does not compile"
            code, output = self._run(
                ["cargo", "test", "--locked", *part, "--", "--exact", test], python
            )
        if code is None:
            return "timed out"
        if not re.search(r"[1-9]\d* (passed|failed)", output):
            return "no such test"
        if code == 0 and clean:
            self._passed.add(key)
        return "passed" if code == 0 else "failed"

    def _run(self, command: list[str], python: str) -> tuple[int | None, str]:
        env = {
            **os.environ,
            "CARGO_TARGET_DIR": str(self._target),
            "MUTDIFF_TEST_PYTHONS": python,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        limit = 900 if "--no-run" in command else 240
        with subprocess.Popen(
            command,
            cwd=self._tree,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                output = process.communicate(timeout=limit)[0]
                return process.returncode, output.decode(errors="replace")
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return None, ""


class _Applied:
    active = False

    def __init__(self, path: Path, defect: Defect) -> None:
        self._path = path
        self._defect = defect
        self._before = path.read_text(encoding="utf-8")

    def __enter__(self) -> None:
        _Applied.active = True
        changed = self._before.replace(self._defect.text, self._defect.replacement)
        self._path.write_text(changed, encoding="utf-8")

    def __exit__(self, *_: object) -> None:
        self._path.write_text(self._before, encoding="utf-8")
        _Applied.active = False


def it_file(test: str) -> str:
    """The file of a test of `tests/it/`, by its name `file::test`."""
    return f"tests/it/{test.partition('::')[0]}.rs"


def target() -> Path:
    """Where builds go."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def version(python: str) -> tuple[int, int]:
    """The version of an interpreter."""
    code = "import sys; print(*sys.version_info[:2])"
    said = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout
    major, minor = said.split()
    return int(major), int(minor)


if __name__ == "__main__":
    sys.exit(main())
