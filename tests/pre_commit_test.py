#!/usr/bin/env python3
"""`.pre-commit-hooks.yaml`, as pre-commit itself reads it: one push is held back, one is not.

    pre_commit_test.py --mutdiff BIN --pre-commit BIN

No network: the hook is taken from a repository that is made here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """\
repos:
  - repo: {hooks}
    rev: {rev}
    hooks:
      - id: mutdiff-system
"""
CODE = "def f(x):\n    return x{}\n"
WEAK = (
    "import m\nimport unittest\n\n\n"
    "class T(unittest.TestCase):\n    def test_f(self):\n        m.f(1)\n"
)
STRICT = WEAK.replace("m.f(1)\n", "self.assertEqual([m.f(1), m.f(5)], [2, 6])\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", required=True, type=Path)
    parser.add_argument("--pre-commit", required=True, type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return test(Path(scratch), given.mutdiff.resolve(), given.pre_commit.resolve())


def test(scratch: Path, mutdiff: Path, pre_commit: Path) -> int:
    tools = scratch / "bin"
    tools.mkdir()
    (tools / "mutdiff").symlink_to(mutdiff)
    environment = {
        "HOME": str(scratch),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(scratch / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "MUTDIFF_RUNNER": "unittest",
        "MUTDIFF_PYTHON": sys.executable,
    }

    def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)

    def git(folder: Path, *arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        ran = run(folder, "git", *who, *arguments)
        if ran.returncode != 0:
            raise SystemExit(f"git {arguments}: {ran.stderr}")
        return ran.stdout.strip()

    hooks, project, remote = scratch / "hooks", scratch / "project", scratch / "remote.git"
    for folder in (hooks, project):
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch", "main")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "add", ".")
    git(hooks, "commit", "--quiet", "-m", "hooks")
    config = CONFIG.format(hooks=hooks, rev=git(hooks, "rev-parse", "HEAD"))
    (project / ".pre-commit-config.yaml").write_text(config)
    (project / "m.py").write_text(CODE.format(""))
    (project / "test_m.py").write_text(WEAK)
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "base")
    git(project, "init", "--quiet", "--bare", str(remote))
    git(project, "remote", "add", "origin", str(remote))
    git(project, "push", "--quiet", "origin", "main")
    installed = run(project, str(pre_commit), "install", "--hook-type", "pre-push")
    expect(installed, 0, "pre-push")

    (project / "m.py").write_text(CODE.format(" + 1"))
    git(project, "commit", "--quiet", "-am", "weakly tested")
    expect(run(project, "git", "push", "origin", "main"), 1, "survived")
    (project / "test_m.py").write_text(STRICT)
    git(project, "commit", "--quiet", "-am", "tested")
    expect(run(project, "git", "push", "origin", "main"), 0, "Passed")
    print("pre-commit held a weakly tested push back, and let a tested one through")
    return 0


def expect(ran: subprocess.CompletedProcess[str], code: int, text: str) -> None:
    said = ran.stdout + ran.stderr
    if ran.returncode != code or text not in said:
        raise SystemExit(f"{ran.args}: exit code {ran.returncode}, expected {code}:\n{said}")


if __name__ == "__main__":
    sys.exit(main())
