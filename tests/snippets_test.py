#!/usr/bin/env python3
"""Every fenced block of README.md, CONTRIBUTING.md and docs/: run, or checked as its kind can be.

    snippets_test.py --mutdiff BIN --tools DIR [--only PAGE] [--wheel FILE]

DIR is a virtual environment with pytest, PyYAML, zizmor, check-jsonschema and pre-commit. What is
said to a block stands in a comment before it, unseen by readers:

    <!-- setup: COMMANDS -->       run before the block, in the project
    <!-- not run: WHY -->          its shell is parsed, and the scripts that it names must be

Console blocks of a page run in order in a project of the page's own (`fixtures/demo`: branches
`main` and `your-branch`, the latter checked out; a remote; a virtual environment that is active).
`8c1f…` stands for a survivor of the last run. Lines behind a command must be in its output.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import tomllib
import yaml

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs/examples"
FENCE = re.compile(r"^( *)```(\S*) *$")
COMMENT = re.compile(r"<!--\s*(setup|not run):\s*(.*?)\s*-->", re.S)
# Runs of mutants: a survivor makes them end with 1, and the demo has some.
GATED = re.compile(r"^(\w+=\S+ )*mutdiff(( run( [^-\s]\S*)*)?( +-|$| *[|>;#])| merge )")
SURVIVOR = """import json, subprocess
said = subprocess.run(["mutdiff", "report", "--report", "json=-"], capture_output=True, text=True)
mutants = json.loads(said.stdout)["mutants"]
print(next(mutant["id"] for mutant in mutants if mutant["verdict"] == "survived"))
"""
# Actions are pinned by hash. Ours cannot be in a page: its hash is known when the page is released.
POLICY = (
    "rules: {unpinned-uses: {config: {policies: {'mutdiff/mutdiff': ref-pin, '*': hash-pin}}}}\n"
)


class Wrong(Exception):
    """What is wrong with a block."""


@dataclass
class Block:
    page: Path
    line: int
    kind: str
    text: str
    setup: str = ""
    not_run: str = ""

    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    found = [path for path in (ROOT / "docs").rglob("*.md") if EXAMPLES not in path.parents]
    others = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    return [*others, *sorted(found)]


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").split("\n")
    number, before = 0, 0
    while number < len(lines):
        opened = FENCE.match(lines[number])
        if not opened:
            if re.match(r" {4,}\S", lines[number]) and not lines[number - 1].strip():
                above = next((line for line in reversed(lines[:number]) if line.strip()), "")
                if not re.match(r"\s*([-*]|\d+\.) |^ {2,}", above):
                    raise Wrong(f"{page}:{number + 1}: an indented block; use a fence with a kind")
            number += 1
            continue
        indent, kind = opened.groups()
        end = next(i for i in range(number + 1, len(lines)) if lines[i] == indent + "```")
        text = "\n".join(line.removeprefix(indent) for line in lines[number + 1 : end])
        block = Block(page, number + 1, kind, text)
        for what, said in COMMENT.findall("\n".join(lines[before:number])):
            setattr(block, what.replace(" ", "_"), said)
        yield block
        before = number = end + 1


@dataclass
class Shop:
    """Projects for pages, made from one template."""

    scratch: Path
    mutdiff: Path
    tools: Path
    wheel: Path | None
    workflows: list[Block] = field(default_factory=list)
    of_gitlab: list[Block] = field(default_factory=list)
    of_buildkite: list[Block] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bin = self.scratch / "bin"
        self.bin.mkdir()
        (self.bin / "mutdiff").symlink_to(self.mutdiff)
        (self.bin / "pre-commit").symlink_to(self.tools / "bin/pre-commit")
        if not shutil.which("man"):
            (self.bin / "man").symlink_to("/bin/true")
        survivor = self.bin / "survivor"
        survivor.write_text(f"#!{sys.executable}\n{SURVIVOR}")
        survivor.chmod(0o755)
        self.venv = self.scratch / "venv"
        pip = () if self.wheel else ("--without-pip",)
        subprocess.run([sys.executable, "-m", "venv", *pip, self.venv], check=True)
        (site,) = self.venv.glob("lib/python3*/site-packages")
        (tools,) = self.tools.glob("lib/python3*/site-packages")
        (site / "tools.pth").write_text(f"{tools}\n")
        self.template = self.scratch / "template"
        self.make_template()

    def environment(self, home: Path, installs: bool = False) -> dict[str, str]:
        # A page that installs mutdiff is about what it installs.
        first = [self.venv / "bin", self.bin] if installs else [self.bin, self.venv / "bin"]
        return {
            "PATH": f"{first[0]}:{first[1]}:/usr/local/bin:/usr/bin:/bin",
            "VIRTUAL_ENV": str(self.venv),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_FIND_LINKS": str(self.wheel.parent) if self.wheel else "",
            # A workflow that runs for no pull request.
            "GITHUB_REPOSITORY": "you/your-project",
            "GITHUB_EVENT_NAME": "push",
            # Jobs of which there is one.
            "CI_NODE_INDEX": "1",
            "CI_NODE_TOTAL": "1",
            "BUILDKITE_PARALLEL_JOB": "0",
            "BUILDKITE_PARALLEL_JOB_COUNT": "1",
            "SLURM_ARRAY_TASK_ID": "1",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        }

    def git(self, *arguments: str) -> None:
        environment = self.environment(self.scratch)
        command = ["git", "-C", str(self.template), *arguments]
        subprocess.run(command, check=True, env=environment, capture_output=True)

    def make_template(self) -> None:
        shutil.copytree(ROOT / "fixtures/demo/base", self.template)
        (self.template / ".gitignore").write_text(".venv\n__pycache__/\n")
        (self.template / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
        (self.template / ".venv").symlink_to(self.venv)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "base")
        self.git("clone", "--quiet", "--bare", ".", str(self.scratch / "remote.git"))
        self.git("remote", "add", "origin", str(self.scratch / "remote.git"))
        self.git("fetch", "--quiet", "origin")
        self.git("switch", "--quiet", "-c", "your-branch")
        shutil.copytree(ROOT / "fixtures/demo/change", self.template, dirs_exist_ok=True)
        self.git("add", ".")
        self.git("commit", "--quiet", "-m", "change")

    def project(self, page: Path) -> Path:
        """That of a page."""
        name = str(page.relative_to(ROOT)).replace("/", "-").removesuffix(".md")
        place = self.scratch / "pages" / name / "your-project"
        if not place.exists():
            shutil.copytree(self.template, place, symlinks=True)
            home = place.parent / "home"
            home.mkdir()
        return place

    def run(self, block: Block, script: str) -> str:
        place = self.project(block.page)
        bash = ["bash", "--noprofile", "--norc", "-c", script]
        home = place.parent / "home"
        installs = block.page.name == "first-steps.md" and self.wheel is not None
        environment = {**self.environment(home, installs), "TMPDIR": str(home)}
        ran = subprocess.run(
            bash,
            cwd=place.parent if "\ncd your-project\n" in script else place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        if ran.returncode:
            raise Wrong(f"exit code {ran.returncode}\n{script}\n{ran.stdout[-2000:]}")
        return ran.stdout


def commands(text: str, prompt: bool) -> list[tuple[str, list[str]]]:
    """Each command of a block, with the lines behind it."""
    found: list[tuple[str, list[str]]] = []
    here = ""
    for line in text.replace("\\\n", " ").split("\n"):
        if here:
            found[-1] = (f"{found[-1][0]}\n{line}", [])
            here = "" if line == here else here
        elif prompt and line.startswith("$ "):
            found.append((line[2:], []))
            here = "".join(re.findall(r"<<'(\w+)'$", line))
        elif not prompt and line.strip() and not line.startswith("#"):
            found.append((line, []))
        elif prompt and line.strip():
            if not found:
                raise Wrong("output before the first command")
            found[-1][1].append(line)
    return found


def allowed(command: str) -> str:
    return "0|1" if GATED.match(command) or command.startswith("python -m pytest") else "0"


def script(command: str) -> str:
    """A command, whose exit code must be one that it may have; `8c1f` is a survivor."""
    command = re.sub(r"\b8c1f(03)?\b", '"$(survivor)"', command)
    return f"{command}\ncode=$?; case $code in {allowed(command)}) ;; *) exit $code ;; esac\n"


def console(shop: Shop, block: Block) -> None:
    found = commands(block.text, block.kind == "console")
    if not found:
        raise Wrong("no command; each begins with `$ `")
    if block.not_run:
        parsed(block, [command for command, _ in found])
        return
    if block.setup:
        shop.run(block, f"set -e\n{block.setup}\n")
    said = shop.run(block, "set -o pipefail\n" + "".join(script(command) for command, _ in found))
    for line in (line for _, lines in found for line in lines):
        if " ".join(line.split()) not in " ".join(said.split()):
            raise Wrong(f"`{line}` is not in its output:\n{said}")


def parsed(block: Block, lines: list[str]) -> None:
    bash = subprocess.run(["bash", "-n", "-c", "\n".join(lines)], capture_output=True, text=True)
    if bash.returncode:
        raise Wrong(bash.stderr)
    for named in re.findall(r"\b((?:benches|tests|\.ci)/[\w./-]+)", "\n".join(lines)):
        if not (ROOT / named).exists() and named != "tests/unit":
            raise Wrong(f"there is no {named}")


def usage(shop: Shop, block: Block) -> None:
    """Every option of a form of call is one of the command's."""
    for line in block.text.split("\n"):
        called = re.match(r"mutdiff((?: [a-z]+)*)", line)
        if not called:
            continue
        words = called[1].split()
        for length in range(len(words), -1, -1):
            command = [str(shop.mutdiff), *words[:length], "--help"]
            said = subprocess.run(command, capture_output=True, text=True)
            if said.returncode == 0:
                break
        for option in re.findall(r"--[a-z][a-z-]+", line):
            if f"{option}" not in said.stdout:
                raise Wrong(f"`{line}`: no {option} in the help of {' '.join(words)}")


def settings(shop: Shop, block: Block) -> None:
    """Settings that mutdiff takes."""
    table = tomllib.loads(block.text)
    name = "pyproject.toml" if "mutdiff" in table.get("tool", {}) else "mutdiff.toml"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        (Path(folder) / name).write_text(block.text)
        said = subprocess.run(
            [shop.mutdiff, "config", "--repo", folder], capture_output=True, text=True
        )
    if said.returncode:
        raise Wrong(said.stderr)


def of_yaml(shop: Shop, block: Block) -> None:
    """A workflow, a file of GitLab's, of Buildkite's, of pre-commit's."""
    document = yaml.safe_load(block.text)
    if "repos" in document:
        file = shop.scratch / "pre-commit.yaml"
        file.write_text(block.text)
        words = [str(shop.tools / "bin/pre-commit"), "validate-config", str(file)]
        said = subprocess.run(words, capture_output=True, text=True)
        if said.returncode:
            raise Wrong(said.stdout + said.stderr)
    elif "jobs" in document:
        # YAML 1.1 reads `on` as true.
        if True not in document:
            raise Wrong("a workflow without `on`")
        shop.workflows.append(block)
        for job in document["jobs"].values():
            for step in job["steps"]:
                workflow_step(shop, block, step)
    elif isinstance(document.get("steps"), list):
        shop.of_buildkite.append(block)
        for step in document["steps"]:
            if "command" in step:
                script_of_ci(shop, block, step["command"].replace("$$", "$"))
    elif all(isinstance(job, dict) for job in document.values()):
        shop.of_gitlab.append(block)
        for name, job in document.items():
            if "script" not in job:
                raise Wrong(f"{name} is no job of GitLab's: it has no script")
            lines = job["script"]
            script_of_ci(shop, block, lines if isinstance(lines, str) else "\n".join(lines))
    else:
        raise Wrong("neither a workflow, nor GitLab's, nor Buildkite's, nor pre-commit's")


def workflow_step(shop: Shop, block: Block, step: dict[str, object]) -> None:
    uses = str(step.get("uses", ""))
    if uses.startswith("mutdiff/mutdiff@"):
        known = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
        unknown = set(step.get("with", {})) - set(known)  # type: ignore[call-overload]
        if unknown:
            raise Wrong(f"no inputs of the action: {unknown}")
    for line in str(step.get("run", "")).split("\n"):
        command_of_ci(shop, block, line)


def script_of_ci(shop: Shop, block: Block, text: str) -> None:
    """All of a job's script, but for what is installed or brought from elsewhere."""
    lines = [line for line in text.split("\n") if not line.startswith(("pip ", "buildkite-agent "))]
    parsed(block, lines)
    body = "\n".join(lines)
    shop.run(block, f"(\nset -e\n{body}\n)\ntest $? -le 1\n")


def command_of_ci(shop: Shop, block: Block, line: str) -> None:
    parsed(block, [line])
    if not line.startswith("mutdiff"):
        return
    line = line.replace("$GITHUB_BASE_REF", "main")
    if line.startswith("mutdiff review"):
        # As far as it goes without GitHub: what would be posted.
        line += " --dry-run --pr 1"
    passed = "code=$?; case $code in 0|1) ;; *) exit $code ;; esac"
    shop.run(block, f"export GITHUB_ACTIONS=true\n{line}\n{passed}\n")


def diff(shop: Shop, block: Block) -> None:
    bad = [line for line in block.text.split("\n") if line and line[0] not in "+- @"]
    if bad:
        raise Wrong(f"no line of a diff: {bad[0]}")


def of_json(shop: Shop, block: Block) -> None:
    json.loads(block.text)


def python(shop: Shop, block: Block) -> None:
    ast.parse(block.text)


KINDS: dict[str, Callable[[Shop, Block], None]] = {
    "console": console,
    "sh": console,
    "text": usage,
    "toml": settings,
    "yaml": of_yaml,
    "diff": diff,
    "json": of_json,
    "python": python,
}


def linted(shop: Shop) -> None:
    """All workflows at once, then all files of GitLab's."""
    folder = shop.scratch / "lint/.github/workflows"
    folder.mkdir(parents=True)

    def written(block: Block) -> Path:
        file = folder / f"{block.where().replace('/', '-').replace(':', '-')}.yml"
        file.write_text(block.text)
        return file

    schemas = {
        "gitlab-ci": shop.of_gitlab,
        "buildkite": shop.of_buildkite,
        "github-workflows": shop.workflows,
    }
    for schema, found in schemas.items():
        files = [str(written(block)) for block in found]
        words = [str(shop.tools / "bin/check-jsonschema"), "--builtin-schema", f"vendor.{schema}"]
        said = subprocess.run([*words, *files], capture_output=True, text=True)
        if files and said.returncode:
            raise Wrong(said.stdout + said.stderr)
        if schema != "github-workflows":
            shutil.rmtree(folder)
            folder.mkdir()
    # What `mutdiff init --workflow` wrote on the way.
    written_by_us = sorted(shop.scratch.glob("pages/*/your-project/.github/workflows/mutdiff.yml"))
    for number, file in enumerate(written_by_us):
        page, line = file.parents[3].name, len(shop.workflows) + number
        shutil.copy(file, folder / f"{page}-{line}.yml")
    policy = shop.scratch / "zizmor.yml"
    policy.write_text(POLICY)
    words = [str(shop.tools / "bin/zizmor"), "--offline", "--no-progress", "--config", str(policy)]
    said = subprocess.run([*words, str(folder)], capture_output=True, text=True)
    if said.returncode:
        raise Wrong(said.stdout + said.stderr)


def checked_page(shop: Shop, page: Path) -> tuple[int, list[str]]:
    """How many blocks it has, and what is wrong with them."""
    count, wrong = 0, []
    try:
        for block in blocks(page):
            count += 1
            try:
                if block.kind not in KINDS:
                    raise Wrong(f"`{block.kind}` is no kind of block that can be checked")
                KINDS[block.kind](shop, block)
            except (Wrong, ValueError, SyntaxError, yaml.YAMLError) as error:
                wrong.append(f"{block.where()}: {error}")
    except Wrong as error:
        wrong.append(str(error))
    return count, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", type=Path, required=True)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--wheel", type=Path)
    given = parser.parse_args()
    failed = checked = 0
    with tempfile.TemporaryDirectory(prefix="snippets-") as scratch:
        wheel = given.wheel.resolve() if given.wheel else None
        shop = Shop(Path(scratch), given.mutdiff.resolve(), given.tools.resolve(), wheel)
        wanted = [page for page in pages() if given.only in str(page.relative_to(ROOT))]
        with ThreadPoolExecutor(2) as pool:
            for count, wrong in pool.map(lambda page: checked_page(shop, page), wanted):
                checked += count
                failed += len(wrong)
                print("".join(f"FAILED  {text}\n" for text in wrong), end="")
        if shop.workflows:
            try:
                linted(shop)
            except Wrong as error:
                failed += 1
                print(f"FAILED  workflows: {error}")
    print(f"{checked} blocks, {failed} failed")
    return 1 if failed or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
