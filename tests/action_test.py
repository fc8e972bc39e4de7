#!/usr/bin/env python3
"""Executes the `run` steps of `action.yml` as they are written, as GitHub's runner would.

    action_test.py --mutdiff BIN      (the interpreter needs PyYAML)

Each scenario is a real repository with a remote, in the state in which a checkout leaves it; the
expressions of the steps are replaced by what GitHub would put there, and one that no scenario knows
is an error. The build itself is not repeated: the binary lies where the step looks for it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
STRONG = "import unittest, m\n\nclass T(unittest.TestCase):\n    def test_f(self):\n        "
WEAK = STRONG + "self.assertTrue(m.f(3))\n"
STRONG += "self.assertEqual([m.f(2), m.f(3), m.f(4)], [4, 6, 14])\n"
BASE = "def f(x):\n    return x\n"
CHANGED = "def f(x):\n    if x > 3:\n        return x + 10\n    return x * 2\n"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Runner:
    """One job of a workflow."""

    def __init__(self, scratch: Path, mutdiff: Path) -> None:
        self.temp = scratch / "runner"
        (self.temp / "mutdiff-build/bin").mkdir(parents=True)
        (self.temp / "mutdiff-build/bin/mutdiff").symlink_to(mutdiff)
        self.origin, self.checkout = scratch / "origin", scratch / "checkout"
        self.output = scratch / "output"
        self.summary = scratch / "summary"
        self.home = scratch / "home"
        self.home.mkdir()
        self.steps: list[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text())[
            "runs"
        ]["steps"]
        self.inputs = {
            name: value.get("default", "")
            for name, value in yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].items()
        }

    def repository(self, test: str) -> None:
        """`main`, and `topic` with a change and `test`."""
        self.origin.mkdir()
        git(self.origin, "init", "--quiet", "--initial-branch", "main")
        (self.origin / "m.py").write_text(BASE)
        (self.origin / "test_m.py").write_text(WEAK)
        git(self.origin, "add", ".")
        git(self.origin, "commit", "--quiet", "-m", "base")
        git(self.origin, "switch", "--quiet", "-c", "topic")
        (self.origin / "m.py").write_text(CHANGED)
        (self.origin / "test_m.py").write_text(test)
        git(self.origin, "commit", "--quiet", "-a", "-m", "change")

    def clone(self, *options: str) -> None:
        """The checkout, detached as actions/checkout leaves it."""
        url = f"file://{self.origin}"
        git(self.origin.parent, "clone", "--quiet", *options, url, str(self.checkout))
        git(self.checkout, "checkout", "--quiet", "--detach")

    def step(self, name: str, event: dict[str, str], **outputs: str) -> tuple[int, str]:
        """The exit code and the output of a step."""
        step = next(step for step in self.steps if step["name"] == name)
        known = {
            "runner.temp": str(self.temp),
            "github.action_path": str(ROOT),
            "github.event_name": event["name"],
            "github.job": "mutants",
            "github.event.before || github.event.merge_group.base_sha": event.get("before", ""),
            **{f"inputs.{name}": str(value) for name, value in self.inputs.items()},
            **{f"steps.run.outputs.{name}": value for name, value in outputs.items()},
        }

        def put(text: object) -> str:
            return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: known[found[1]], str(text))

        assert "${{" not in step["run"], f"{name}: an expression within the script"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(self.checkout),
            **({"GITHUB_BASE_REF": event["base"]} if "base" in event else {}),
            **{key: put(value) for key, value in step.get("env", {}).items()},
        }
        folder = self.checkout / put(step.get("working-directory", "."))
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        ran = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True)
        return ran.returncode, ran.stdout + ran.stderr

    def run(self, event: dict[str, str]) -> tuple[int, dict[str, str], str]:
        """The gate's exit code, the outputs, and what the run printed."""
        code, text = self.step("Build mutdiff", event)
        assert code == 0, text
        code, text = self.step("Run", event)
        if code:
            return code, {}, text
        lines = self.output.read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        gate, _ = self.step("Gate", event, **outputs)
        return gate, outputs, text


PULL_REQUEST = {"name": "pull_request", "base": "main"}


def a_weakened_test_is_stopped(job: Runner) -> None:
    job.repository(WEAK)
    job.clone()
    gate, outputs, text = job.run(PULL_REQUEST)
    assert gate == 1, text
    assert int(outputs["survivors"]) > 0 and 0 <= float(outputs["score"]) < 1, outputs
    assert "::warning file=m.py" in text and job.summary.read_text().startswith("## mutdiff"), text
    report = json.loads(Path(outputs["report"]).read_text())
    assert report["conclusion"] == "failed"
    assert {path.name for path in (job.temp / "mutdiff-report").iterdir()} == {
        "report.json",
        "report.sarif",
        "report.xml",
    }


def a_good_change_passes(job: Runner) -> None:
    job.repository(STRONG)
    job.clone()
    gate, outputs, text = job.run(PULL_REQUEST)
    assert (gate, outputs["survivors"], outputs["score"]) == (0, "0", "1.0000"), text


def a_push_is_compared_with_the_commit_before(job: Runner) -> None:
    job.repository(WEAK)
    job.clone()
    event = {"name": "push", "before": git(job.origin, "rev-parse", "main")}
    assert job.run(event)[0] == 1


def a_new_branch_finds_its_base_itself(job: Runner) -> None:
    job.repository(WEAK)
    git(job.origin, "switch", "--quiet", "main")
    job.clone()
    git(job.checkout, "checkout", "--quiet", "--detach", "origin/topic")
    assert job.run({"name": "push", "before": "0" * 40})[0] == 1


def a_shallow_checkout_says_what_to_do(job: Runner) -> None:
    job.repository(WEAK)
    job.clone("--depth", "1")
    gate, _, text = job.run(PULL_REQUEST)
    assert gate == 2 and "fetch-depth: 0" in text, text


def inputs_are_arguments_and_nothing_else(job: Runner) -> None:
    job.repository(WEAK)
    job.clone()
    job.inputs.update({"gate": "none; touch owned", "tests": "$(touch owned)\n"})
    gate, outputs, text = job.run(PULL_REQUEST)
    assert (gate, outputs["exit-code"]) == (2, "2"), text
    job.inputs.update({"gate": "none", "tests": "test_m.py\n"})
    assert job.run(PULL_REQUEST)[0] == 0
    assert not list(job.checkout.glob("*owned*"))


def a_matrix_is_judged_by_the_job_that_merges(job: Runner) -> None:
    job.repository(WEAK)
    job.clone()
    (job.home / "shards").mkdir()
    for shard in ("1/2", "2/2"):
        job.inputs["shard"] = shard
        gate, outputs, text = job.run(PULL_REQUEST)
        assert gate == 0, text
        assert outputs["artifact"] == f"mutdiff-report-mutants-shard-{shard[0]}-of-2"
        assert "::warning" not in text and not job.summary.exists(), text
        shutil.move(job.temp / "mutdiff-report", job.home / "shards" / outputs["artifact"])
        job.output.unlink()
    shutil.move(job.home / "shards", job.checkout / "shards")
    job.inputs.update({"shard": "", "merge": "shards"})
    gate, outputs, text = job.run(PULL_REQUEST)
    assert gate == 1 and int(outputs["survivors"]) > 0, text
    assert outputs["artifact"] == "mutdiff-report-mutants"
    assert "::warning file=m.py" in text and job.summary.read_text().startswith("## mutdiff"), text
    shutil.rmtree(job.checkout / "shards" / "mutdiff-report-mutants-shard-2-of-2")
    gate, _, text = job.run(PULL_REQUEST)
    assert gate == 2 and "missing: shard 2/2" in text, text
    job.inputs["merge"] = "elsewhere"
    gate, _, text = job.run(PULL_REQUEST)
    assert gate == 2 and "there is no report.json in elsewhere" in text, text


SCENARIOS = [
    a_weakened_test_is_stopped,
    a_good_change_passes,
    a_push_is_compared_with_the_commit_before,
    a_new_branch_finds_its_base_itself,
    a_shallow_checkout_says_what_to_do,
    inputs_are_arguments_and_nothing_else,
    a_matrix_is_judged_by_the_job_that_merges,
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", type=Path, required=True)
    mutdiff = parser.parse_args().mutdiff.resolve()
    failed = 0
    for scenario in SCENARIOS:
        scratch = Path(tempfile.mkdtemp(prefix="action-"))
        try:
            scenario(Runner(scratch, mutdiff))
            print(f"ok      {scenario.__name__}")
        except Exception as error:
            failed += 1
            print(f"FAILED  {scenario.__name__}: {type(error).__name__}: {error}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
