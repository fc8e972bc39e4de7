#!/usr/bin/env python3
"""Write `expected.json` of the fixtures from a report that brute force agrees with.

    regenerate_expected.py --mutdiff BIN --python PY [--check] [--keep DIR] [NAME…]

For each fixture: make its repository, run `mutdiff --base main --report json=…`, judge the report
with `oracle.py`, and write `{function: {"original -> replacement @ line:column": verdict}}`. A
disagreement writes nothing. `--check` compares instead of writing; `--repository` only makes the
repositories under `--keep`; `--report FILE` judges a report that is there already (one NAME).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brute_force.reports import read

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
# Fixtures whose suite runs on unittest; the others run on pytest.
UNITTEST = frozenset({"demo", "unguarded", "unittest_basics"})

Verdicts = dict[str, dict[str, str]]


def git(repo: Path, *arguments: str) -> None:
    """Run git in `repo` without the user's and the system's configuration."""
    person = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (
            ("NAME", "fixture"),
            ("EMAIL", "fixture@mutdiff.invalid"),
            ("DATE", "2025-01-01T00:00:00Z"),
        )
    }
    bare = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **person}
    subprocess.run(
        ["git", *arguments], cwd=repo, env={**os.environ, **bare}, check=True, capture_output=True
    )


def make_repository(name: str, repo: Path) -> None:
    """Lay out a fixture: `main` holds `base/`, `change` holds `change/` on top of it."""
    # Not the times of the files: git takes two of one size and time for the same.
    leave_out = shutil.ignore_patterns("__pycache__", ".mutdiff")
    shutil.copytree(FIXTURES / name / "base", repo, ignore=leave_out, copy_function=shutil.copy)
    git(repo, "init", "--quiet", "--initial-branch", "main")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "-m", "base")
    git(repo, "checkout", "--quiet", "-b", "change")
    shutil.copytree(
        FIXTURES / name / "change",
        repo,
        dirs_exist_ok=True,
        ignore=leave_out,
        copy_function=shutil.copy,
    )
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "-m", "change")


def verdicts(report: Path) -> Verdicts:
    """The whole report as `expected.json` has it."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for mutant in read(report):
        of_function = found[f"{mutant.path}::{mutant.function}"]
        if of_function.get(mutant.key, mutant.verdict) != mutant.verdict:
            raise SystemExit(f"{report}: two verdicts for {mutant.path}: {mutant.key}")
        of_function[mutant.key] = mutant.verdict
    return {function: dict(sorted(found[function].items())) for function in sorted(found)}


def differences(expected: Verdicts, actual: Verdicts) -> list[str]:
    """One line for every mutant whose verdict differs or that only one side has."""
    lines = []
    for function in sorted({*expected, *actual}):
        before, now = expected.get(function, {}), actual.get(function, {})
        for key in sorted({*before, *now}):
            if before.get(key) != now.get(key):
                lines.append(f"  {function}: {key}: {before.get(key)} before, {now.get(key)} now")
    return lines


def memory(options: list[str]) -> list[str]:
    """The limit of memory in the options, for the oracle, which counts the interpreter too."""
    if "--memory-limit" not in options:
        return []
    size = options[options.index("--memory-limit") + 1]
    return ["--memory", str(int(size.removesuffix("M")) + 64)]


def interpreter(name: str, python: str, scratch: Path) -> str:
    """`python`, or one of an environment with the fixture's requirements.

    A link to the requirements of another fixture is the other's environment.
    """
    requirements = FIXTURES / name / "requirements"
    if not requirements.exists():
        return python
    version = version_of(python)
    folder = scratch / f"venv-{requirements.resolve().parent.name}-{version[0]}.{version[1]}"
    own = folder / "bin" / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
        pip = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "pytest==9.2.0", "-r", requirements], check=True)
    return str(own)


def is_too_old(name: str, python: str) -> bool:
    """Whether the fixture needs a later Python than this."""
    oldest = FIXTURES / name / "python"
    if not oldest.exists():
        return False
    return version_of(python) < [int(n) for n in oldest.read_text(encoding="utf-8").split(".")]


def version_of(python: str) -> list[int]:
    """Major and minor version of an interpreter."""
    code = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return [int(number) for number in done.stdout.split()]


def judged(name: str, arguments: argparse.Namespace, scratch: Path) -> Verdicts | None:
    """The verdicts of a fixture, or `None` when brute force disagrees or mutdiff fails."""
    repo = scratch / name
    if repo.exists():
        shutil.rmtree(repo)
    make_repository(name, repo)
    if arguments.repository:
        print(f"{name}: {repo}")
        return None
    report = scratch / f"{name}.json"
    own = FIXTURES / name / "arguments"
    options = own.read_text(encoding="utf-8").split() if own.exists() else []
    python = interpreter(name, arguments.python, scratch)
    runner = "unittest" if name in UNITTEST else "pytest"
    if arguments.report:
        report = arguments.report
    else:
        command = [arguments.mutdiff, "--repo", repo, "--base", "main", "--runner", runner]
        command += ["--python", python, "--report", f"json={report}", "-q"]
        command += options
        done = subprocess.run(command, check=False)
        if done.returncode not in (0, 1):
            print(f"{name}: mutdiff ended with exit code {done.returncode}")
            return None
    out = str(scratch / f"{name}.oracle.json")
    oracle = [sys.executable, str(Path(__file__).with_name("oracle.py")), "--report", str(report)]
    oracle += ["--repo", str(repo), "--python", python, "--runner", runner]
    oracle += ["--timeout-floor", "5", "--json", out, "--resume"]
    oracle += memory(options)
    oracle += ["--jobs", str(arguments.jobs)] if arguments.jobs else []
    oracle += options[options.index("--tests") :] if "--tests" in options else []
    if subprocess.run(oracle, check=False).returncode != 0:
        print(f"{name}: brute force disagrees, nothing is written")
        return None
    return verdicts(report)


def main() -> int:
    """Do it for the fixtures that were named, or for all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="*", help="fixtures; default: all")
    parser.add_argument("--mutdiff", default=str(ROOT / "target" / "release" / "mutdiff"))
    parser.add_argument("--python", default=sys.executable, help="an interpreter with pytest")
    parser.add_argument("--report", type=Path, help="judge this report, do not run mutdiff")
    parser.add_argument("--repository", action="store_true", help="only make the repositories")
    parser.add_argument("--keep", type=Path, help="keep repositories and reports there")
    parser.add_argument("--jobs", type=int, help="jobs of the oracle")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    names = arguments.name or sorted(path.parent.name for path in FIXTURES.glob("*/README.md"))
    if arguments.report and len(names) != 1:
        parser.error("--report takes one fixture's name")
    if arguments.repository and not arguments.keep:
        parser.error("--repository needs --keep DIR")
    temporary = tempfile.TemporaryDirectory(prefix="fixtures-")
    scratch = (arguments.keep or Path(temporary.name)).resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    bad = 0
    with temporary:
        for name in names:
            if not arguments.repository and is_too_old(name, arguments.python):
                print(f"{name}: needs a later Python")
                continue
            actual = judged(name, arguments, scratch)
            if actual is None:
                bad += not arguments.repository
                continue
            path = FIXTURES / name / "expected.json"
            before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            changed = differences(before, actual)
            print(f"{name}: {sum(map(len, actual.values()))} mutants, {len(changed)} changes")
            print("\n".join(changed[:200]))
            if arguments.check:
                bad += bool(changed)
            else:
                text = json.dumps(actual, indent=2, ensure_ascii=False) + "\n"
                path.write_text(text, encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
