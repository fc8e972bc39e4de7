#!/usr/bin/env python3
"""Build git repositories of real projects from PyPI: branch `main` older, `change` newer.

    real_projects.py [--python PY] [--dest DIR] [NAME [OLD NEW]]

Without a name every project of the table is built. Each becomes `DEST/NAME`, a repository whose
branch `change` is checked out, with an ignored `.venv` that holds the test requirements and the
project itself as an editable install. The last lines say how the plain suite does on `change`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKENDS = (
    "editables",
    "flit-core",
    "hatch-fancy-pypi-readme",
    "hatch-vcs",
    "hatchling",
    "setuptools",
    "wheel",
)

# Writes the ids of failed tests, one a line: the terminal's own summary cuts and mixes them.
FAILED_PLUGIN = """\
import os
def pytest_runtest_logreport(report):
    if report.failed:
        with open(os.environ["REAL_FAILED"], "a", encoding="utf-8") as out:
            out.write(report.nodeid + "\\n")
def pytest_collectreport(report):
    if report.failed:
        with open(os.environ["REAL_FAILED"], "a", encoding="utf-8") as out:
            out.write(report.nodeid + "\\n")
"""


@dataclass(frozen=True)
class Project:
    """A project on PyPI, the two releases, and what its tests need."""

    name: str
    old: str
    new: str
    requirements: tuple[str, ...] = ()
    pytest_args: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


TABLE = (
    # Its conftest.py uses `pytest_ignore_collect(path, …)`, which pytest 9 took away.
    Project("boltons", "24.1.0", "25.0.0", requirements=("pytest<9",), pytest_args=("tests",)),
    Project("sqlparse", "0.5.2", "0.5.3", pytest_args=("tests",)),
    Project(
        "structlog",
        "24.4.0",
        "25.1.0",
        requirements=("freezegun", "pretend", "pytest-asyncio", "simplejson", "time-machine"),
        pytest_args=("tests",),
    ),
)


def run(
    command: list[str | Path],
    cwd: Path | None = None,
    environment: dict[str, str] | None = None,
) -> str:
    """Run a command to its end and return its output; a failure ends the script with it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shown = shlex.join(str(part) for part in command)
        raise SystemExit(f"{shown} failed ({done.returncode}):\n{done.stdout}")
    return done.stdout


def git(repo: Path, *arguments: str) -> str:
    """Run git in `repo` without the user's and the system's configuration."""
    hermetic = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "real projects",
        "GIT_AUTHOR_EMAIL": "real@projects.invalid",
        "GIT_COMMITTER_NAME": "real projects",
        "GIT_COMMITTER_EMAIL": "real@projects.invalid",
        "GIT_AUTHOR_DATE": "2025-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2025-01-01T00:00:00Z",
    }
    return run(["git", *arguments], repo, hermetic)


def sdist(python: Path, name: str, version: str, store: Path) -> Path:
    """The source archive of a release, downloaded through pip unless `store` has it."""
    found = archives(store, name, version)
    if not found:
        store.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [python, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--no-build-isolation", "--dest", store]
        scm = {"SETUPTOOLS_SCM_PRETEND_VERSION": version}
        run([*command, f"{name}=={version}"], environment=scm)
        found = archives(store, name, version)
    if not found:
        raise SystemExit(f"pip downloaded no .tar.gz of {name} {version} into {store}")
    return found[0]


def archives(store: Path, name: str, version: str) -> list[Path]:
    """The `.tar.gz` files in `store` that hold this release, whatever way its name is spelt."""
    wanted = f"{name}-{version}".replace("_", "-").lower()
    return [
        path
        for path in sorted(store.glob("*.tar.gz"))
        if path.name[: -len(".tar.gz")].replace("_", "-").lower() == wanted
    ]


def lay_out(archive: Path, repo: Path) -> None:
    """Replace the files of `repo` (all but `.git` and `.venv`) by those of the archive."""
    for entry in repo.iterdir():
        if entry.name in {".git", ".venv"}:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    with tempfile.TemporaryDirectory(dir=repo.parent) as scratch, tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(scratch, filter="data")
        else:
            tar.extractall(scratch)
        (top,) = Path(scratch).iterdir()
        for entry in top.iterdir():
            shutil.move(str(entry), repo / entry.name)


def build(project: Project, python: Path, dest: Path, store: Path) -> Path:
    """Make the repository and its environment anew and return the repository."""
    repo = dest / project.name
    if repo.exists():
        shutil.rmtree(repo)
    repo.mkdir(parents=True)
    run([python, "-m", "venv", repo / ".venv"])
    inner = repo / ".venv" / "bin" / "python"
    pip: list[str | Path] = [inner, "-m", "pip", "install", "--quiet"]
    tools = [*project.requirements]
    if not any(name.startswith("pytest<") for name in tools):
        tools.append("pytest")
    run([*pip, *BACKENDS, *tools])
    git(repo, "init", "--quiet", "--initial-branch", "main")
    exclude = repo / ".git" / "info" / "exclude"
    exclude.write_text(".venv/\n__pycache__/\n*.pyc\n.pytest_cache/\n*.egg-info/\n")
    for branch, version in (("main", project.old), ("change", project.new)):
        archive = sdist(inner, project.name, version, store)
        if branch != "main":
            git(repo, "checkout", "--quiet", "-b", branch)
        lay_out(archive, repo)
        git(repo, "add", "--all", "--force", "--", ".", ":!.venv", ":!.pytest_cache")
        git(repo, "commit", "--quiet", "-m", f"{project.name} {version}")
    run(
        [*pip, "--no-build-isolation", "--editable", repo],
        environment={"SETUPTOOLS_SCM_PRETEND_VERSION": project.new, **project.environment},
    )
    return repo


def plain_suite(project: Project, repo: Path) -> tuple[str, list[str], float]:
    """Run the suite without a mutant: pytest's last line, the failed tests, the wall time in s."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "real_failed.py").write_text(FAILED_PLUGIN)
        failed = Path(scratch) / "failed"
        command = [str(repo / ".venv/bin/python"), "-m", "pytest", "-q", "-p", "real_failed"]
        command += ["-p", "no:cacheprovider", *project.pytest_args]
        environment = {**os.environ, **project.environment, "PYTHONPATH": scratch}
        environment |= {"REAL_FAILED": str(failed), "PYTHONDONTWRITEBYTECODE": "1"}
        start = time.perf_counter()
        done = subprocess.run(
            command, cwd=repo, env=environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - start
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        names = failed.read_text().splitlines() if failed.exists() else []
    if done.returncode not in (0, 1) or not lines:
        raise SystemExit(f"{shlex.join(command)} ran no tests:\n{done.stdout}{done.stderr}")
    last = lines[-1].strip("= ")
    return last, sorted(set(names)), seconds


def chosen(arguments: argparse.Namespace) -> list[Project]:
    """The projects that the command line asks for."""
    table = {project.name: project for project in TABLE}
    names: list[str] = arguments.project
    if not names:
        return list(TABLE)
    if len(names) == 1 and names[0] in table:
        return [table[names[0]]]
    if len(names) == 3:
        name, old, new = names
        known = table.get(name)
        requirements = (known.requirements if known else ()) + tuple(arguments.requires)
        return [Project(name, old, new, requirements=requirements)]
    raise SystemExit(f"give nothing, one of {', '.join(table)}, or NAME OLD NEW")


def main() -> int:
    """Build what was asked for and print how each suite does."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("project", nargs="*", metavar="NAME [OLD NEW]")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--dest", type=Path, help="default: target/real/<python version>")
    parser.add_argument("--sdists", type=Path, help="where archives are kept; default: beside DEST")
    parser.add_argument("--requires", nargs="*", default=[], help="more test requirements")
    arguments = parser.parse_args()
    version = run([arguments.python, "-c", "import platform; print(platform.python_version())"])
    dest: Path = (arguments.dest or ROOT / "target" / "real" / version.strip()).resolve()
    store: Path = (arguments.sdists or dest.parent / "sdists").resolve()
    dest.mkdir(parents=True, exist_ok=True)
    for project in chosen(arguments):
        repo = build(project, arguments.python, dest, store)
        last, failed, seconds = plain_suite(project, repo)
        print(f"{project.name} {project.old} -> {project.new}  {repo}  ({version.strip()})")
        print(f"  plain suite: {last}  (wall {seconds:.2f} s)")
        args = [*project.pytest_args]
        for name in failed:
            print(f"  fails without a mutant: {name}")
            args += ["--deselect", name]
        print(f"  mutdiff --repo {repo} --base main --tests {shlex.join(args)}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
