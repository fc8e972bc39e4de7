#!/usr/bin/env python3
"""Executes `action.yml` as it is written, as GitHub's runner would.

    action_test.py --mutdiff BIN [--wheel FILE]      (the interpreter needs PyYAML)

Each scenario is a real repository, checked out as actions/checkout does it (detached, a pull
request at its merge, no default branch known), with the variables and the event's file of a runner.
Conditions and expressions are evaluated; one that is not known here is an error. Steps that run a
script are run; of steps that use another action, what they would be given is kept. A build is not
repeated: the binary lies where the step looks for it. With a wheel, it is installed from there.
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
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
STRONG = "import unittest, m\n\nclass T(unittest.TestCase):\n    def test_f(self):\n        "
WEAK = STRONG + "self.assertTrue(m.f(3))\n"
STRONG += "self.assertEqual([m.f(2), m.f(3), m.f(4)], [4, 6, 14])\n"
BASE = "def f(x):\n    return x\n"
CHANGED = "def f(x):\n    if x > 3:\n        return x + 10\n    return x * 2\n"
# What may stand in an expression, beside inputs and outputs of steps.
CONTEXT = re.compile(r"\b(?:github|runner|inputs|steps)(?:\.[\w-]+)+")


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    # Nothing that a command leaves behind may hold a lock when the next one comes.
    quiet = ["-c", "gc.auto=0", "-c", "maintenance.auto=false"]
    command = ["git", "-C", str(folder), *who, *quiet, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {ran.returncode}: {ran.stderr}")
    return ran.stdout.strip()


class Done:
    """How a job ended."""

    def __init__(self) -> None:
        self.code = 0
        self.text = ""
        self.outputs: dict[str, str] = {}
        # Steps that use another action: name → what they are given.
        self.used: dict[str, dict[str, str]] = {}
        self.ran: list[str] = []


class Runner:
    """One job of a workflow."""

    def __init__(self, scratch: Path, mutdiff: Path, wheel: Path | None) -> None:
        self.scratch, self.mutdiff, self.wheel = scratch, mutdiff, wheel
        self.origin, self.checkout = scratch / "origin", scratch / "work/repo/repo"
        self.temp = scratch / "work/_temp"
        # Where the runner puts actions of other repositories.
        self.action = scratch / "work/_actions/mutdiff/mutdiff/v0"
        self.action.mkdir(parents=True)
        for name in ("Cargo.toml", "Cargo.lock", "src"):
            (self.action / name).symlink_to(ROOT / name)
        self.checkout.mkdir(parents=True)
        (scratch / "home").mkdir()
        declared = yaml.safe_load((ROOT / "action.yml").read_text())
        self.declared = declared
        self.inputs = {
            name: str(value.get("default", "")) for name, value in declared["inputs"].items()
        }
        # Most scenarios are not about how it is installed.
        self.inputs["version"] = "source"
        (self.temp / "mutdiff-build/bin").mkdir(parents=True)
        (self.temp / "mutdiff-build/bin/mutdiff").symlink_to(mutdiff)
        self.environment: dict[str, str] = {}

    def repository(self, test: str, folder: str = ".") -> None:
        """`main`; `topic` with a change and `test`; the merge of its pull request."""
        self.origin.mkdir()
        git(self.origin, "init", "--quiet", "--initial-branch", "main")
        project = self.origin / folder
        project.mkdir(exist_ok=True)
        (project / "m.py").write_text(BASE)
        (project / "test_m.py").write_text(WEAK)
        git(self.origin, "add", ".")
        git(self.origin, "commit", "--quiet", "-m", "base")
        git(self.origin, "switch", "--quiet", "-c", "topic")
        (project / "m.py").write_text(CHANGED)
        (project / "test_m.py").write_text(test)
        git(self.origin, "commit", "--quiet", "-a", "-m", "change")
        git(self.origin, "switch", "--quiet", "--detach", "main")
        git(self.origin, "merge", "--quiet", "--no-ff", "-m", "merge", "topic")
        git(self.origin, "update-ref", "refs/pull/7/merge", "HEAD")
        git(self.origin, "switch", "--quiet", "main")

    def check_out(self, reference: str, depth: int = 0) -> None:
        """What actions/checkout does for a ref."""
        git(self.checkout, "init", "--quiet", "--initial-branch", "unborn")
        git(self.checkout, "remote", "add", "origin", f"file://{self.origin}")
        _, kind, name = reference.split("/", 2)
        mine = f"refs/remotes/{'origin' if kind == 'heads' else 'pull'}/{name}"
        wanted = [f"+{reference}:{mine}"]
        if not depth:
            wanted.append("+refs/heads/*:refs/remotes/origin/*")
        deep = [f"--depth={depth}"] if depth else []
        git(self.checkout, "fetch", "--quiet", "--no-tags", *deep, "origin", *wanted)
        git(self.checkout, "checkout", "--quiet", "--detach", mine)

    def context(self, event: dict[str, Any], outputs: dict[str, str]) -> dict[str, str]:
        payload = event.get("payload", {})
        known = {
            "runner.temp": str(self.temp),
            "runner.os": "Linux",
            "runner.arch": "X64",
            "github.action_path": str(self.action),
            "github.event_name": event["name"],
            "github.ref": event["ref"],
            "github.job": "mutdiff",
            "github.run_id": "1",
            "github.run_attempt": "1",
            "github.token": "ghs_ofthejob",
            "github.event.before": payload.get("before", ""),
            "github.event.merge_group.base_sha": payload.get("merge_group", {}).get("base_sha", ""),
            "github.event.repository.default_branch": "main",
        }
        known |= {f"inputs.{name}": value for name, value in self.inputs.items()}
        return known | outputs

    @staticmethod
    def evaluated(expression: str, known: dict[str, str]) -> Any:
        """An expression of GitHub's: the few forms that the action has."""

        def value(name: str) -> str:
            # A step that did not run has no outputs.
            return known.get(name, "") if name.startswith("steps.") else known[name]

        text = CONTEXT.sub(lambda found: f"value({found[0]!r})", expression)
        text = text.replace("&&", " and ").replace("||", " or ")
        functions = {
            "value": value,
            "contains": lambda all, one: one in all,
            "fromJSON": json.loads,
            "format": lambda text, *values: text.format(*values),
        }
        return eval(" ".join(text.split()), {"__builtins__": {}}, functions)

    def put(self, text: object, known: dict[str, str]) -> str:
        found = re.compile(r"\$\{\{ *(.*?) *\}\}")
        once = found.sub(lambda match: str(self.evaluated(match[1], known)), str(text))
        # An input's default may be an expression itself.
        return found.sub(lambda match: str(self.evaluated(match[1], known)), once)

    def run(self, event: dict[str, Any]) -> Done:
        """All steps in order, up to the first that fails."""
        done = Done()
        payload = self.scratch / "event.json"
        payload.write_text(json.dumps(event.get("payload", {})))
        for number, step in enumerate(self.declared["runs"]["steps"]):
            known = self.context(event, done.outputs)
            if "if" in step and not self.evaluated(step["if"], known):
                continue
            if "uses" in step:
                given = {key: self.put(value, known) for key, value in step["with"].items()}
                done.used[step["name"]] = given
                continue
            assert "${{" not in step["run"], f"{step['name']}: an expression within the script"
            done.ran.append(step["name"])
            output = self.scratch / f"output-{number}"
            output.touch()
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(self.scratch / "home"),
                "LANG": "C.UTF-8",
                "CI": "true",
                "GITHUB_ACTIONS": "true",
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.scratch / "summary"),
                "GITHUB_WORKSPACE": str(self.checkout),
                "GITHUB_EVENT_NAME": event["name"],
                "GITHUB_EVENT_PATH": str(payload),
                "GITHUB_REPOSITORY": "you/repo",
                "GITHUB_REF": event["ref"],
                "GITHUB_BASE_REF": event.get("base", ""),
                "GITHUB_SHA": git(self.checkout, "rev-parse", "HEAD"),
                **self.environment,
                **{key: self.put(value, known) for key, value in step.get("env", {}).items()},
            }
            folder = self.checkout / self.put(step.get("working-directory", "."), known)
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            ran = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True)
            done.text += ran.stdout + ran.stderr
            for line in output.read_text().splitlines():
                name, value = line.split("=", 1)
                done.outputs[f"steps.{step['id']}.outputs.{name}"] = value
            if ran.returncode:
                done.code = ran.returncode
                break
        for name, output in self.declared["outputs"].items():
            known = self.context(event, done.outputs)
            done.outputs[name] = self.put(output["value"], known)
        return done


def pull_request(job: Runner, fork: bool = False) -> dict[str, Any]:
    head = git(job.origin, "rev-parse", "topic")
    repository = {"full_name": "stranger/repo" if fork else "you/repo", "fork": fork}
    request = {"number": 7, "head": {"sha": head, "repo": repository}, "base": {"ref": "main"}}
    payload = {"action": "synchronize", "number": 7, "pull_request": request}
    payload["repository"] = {"full_name": "you/repo", "default_branch": "main"}
    return {
        "name": "pull_request",
        "ref": "refs/pull/7/merge",
        "base": "main",
        "payload": payload,
    }


def push(job: Runner, branch: str, before: str) -> dict[str, Any]:
    return {"name": "push", "ref": f"refs/heads/{branch}", "payload": {"before": before}}


def a_weakened_test_is_stopped(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/pull/7/merge")
    done = job.run(pull_request(job))
    assert done.code == 1 and done.outputs["exit-code"] == "1", done.text
    assert int(done.outputs["survivors"]) > 0 and 0 <= float(done.outputs["score"]) < 1
    summary = (job.scratch / "summary").read_text()
    assert "::warning file=m.py" in done.text and summary.startswith("## mutdiff"), done.text
    report = json.loads(Path(done.outputs["report"]).read_text())
    assert report["conclusion"] == "failed"
    kept = done.used["Keep the reports"]
    assert kept["name"] == "mutdiff-report-mutdiff"
    assert {path.name for path in Path(kept["path"]).iterdir()} == {
        "report.json",
        "report.sarif",
        "report.xml",
    }
    assert "Upload the findings to code scanning" not in done.used


def a_good_change_passes(job: Runner) -> None:
    job.repository(STRONG)
    job.check_out("refs/pull/7/merge")
    done = job.run(pull_request(job))
    assert (done.code, done.outputs["survivors"], done.outputs["score"]) == (0, "0", "1.0000")
    assert Path(done.outputs["program"]).exists()


def a_push_is_compared_with_the_commit_before(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/heads/topic")
    assert job.run(push(job, "topic", git(job.origin, "rev-parse", "main"))).code == 1


def a_new_branch_and_one_pushed_over_are_compared_with_the_default_branch(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/heads/topic")
    for before in ("0" * 40, "1234567890" * 4):
        done = job.run(push(job, "topic", before))
        assert done.code == 1 and "survived" in done.text, done.text


def a_merge_queue_is_compared_with_its_base(job: Runner) -> None:
    job.repository(WEAK)
    queue = "gh-readonly-queue/main/pr-7"
    git(job.origin, "branch", queue, "topic")
    job.check_out(f"refs/heads/{queue}")
    group = {"base_sha": git(job.origin, "rev-parse", "main")}
    event = {"name": "merge_group", "ref": f"refs/heads/{queue}", "payload": {"merge_group": group}}
    done = job.run(event)
    assert done.code == 1 and "Save what this run knows" not in done.used, done.text


def a_run_by_hand_is_compared_with_the_default_branch(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/heads/topic")
    done = job.run({"name": "workflow_dispatch", "ref": "refs/heads/topic"})
    assert done.code == 1 and "Save what this run knows" not in done.used, done.text


def a_shallow_checkout_and_none_say_what_to_do(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/pull/7/merge", depth=1)
    done = job.run(pull_request(job))
    assert done.code == 2 and "fetch-depth: 0" in done.text, done.text
    event = pull_request(job)
    shutil.rmtree(job.checkout / ".git")
    git(job.checkout.parent, "init", "--quiet", "--bare", "elsewhere.git")
    job.environment["GIT_CEILING_DIRECTORIES"] = str(job.checkout.parent)
    (job.checkout / "step").mkdir()
    os.environ["GIT_DIR"] = str(job.origin / ".git")
    try:
        done = job.run(event)
    finally:
        del os.environ["GIT_DIR"]
    assert done.code == 2 and "actions/checkout comes before" in done.text, done.text


def inputs_are_arguments_and_nothing_else(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/pull/7/merge")
    job.inputs |= {"gate": "none; touch owned", "tests": "$(touch owned)\n"}
    job.inputs |= {"reports": "json=$(touch owned)", "store": "$(touch owned)"}
    done = job.run(pull_request(job))
    assert (done.code, done.outputs["exit-code"]) == (2, "2"), done.text
    job.inputs |= {"gate": "none", "tests": "test_m.py\n", "store": ""}
    job.inputs["reports"] = "html=page.html\nmarkdown=page.md\n"
    done = job.run(pull_request(job))
    assert done.code == 0, done.text
    assert (job.checkout / "page.html").exists() and (job.checkout / "page.md").exists()
    assert not list(job.scratch.rglob("*owned*"))


def only_the_default_branch_saves_what_it_knows(job: Runner) -> None:
    job.repository(STRONG)
    job.check_out("refs/heads/main")
    job.inputs |= {"base": "HEAD", "scope": "all", "gate": "none"}
    main = git(job.origin, "rev-parse", "main")
    saved = "Save what this run knows"
    done = job.run(push(job, "main", main))
    assert done.code == 0 and done.used[saved]["path"] == "./.mutdiff", done.used
    assert done.used[saved]["key"].startswith(
        done.used["Restore what earlier runs know"]["restore-keys"]
    )
    assert saved in job.run({"name": "schedule", "ref": "refs/heads/main"}).used
    for name, ref in (("push", "topic"), ("workflow_dispatch", "topic")):
        assert saved not in job.run({"name": name, "ref": f"refs/heads/{ref}"}).used, name
    # Its ref is the default branch's, and its code may be anybody's.
    assert saved not in job.run({"name": "pull_request_target", "ref": "refs/heads/main"}).used


def a_store_from_a_file_is_taken_where_the_cache_has_none(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/heads/topic")
    by_hand = {"name": "workflow_dispatch", "ref": "refs/heads/topic"}
    # Not in the checkout, where it would be a file of the project's.
    known = job.temp / "known.db"
    job.inputs |= {"gate": "none", "store": str(known)}
    done = job.run(by_hand)
    assert done.code == 0 and f"there is no {known}" in done.text, done.text
    program = done.outputs["program"]
    export = [program, "store", "export", "--repo", str(job.checkout), str(known)]
    subprocess.run(export, check=True, capture_output=True)
    assert "is not needed" in job.run(by_hand).text
    shutil.rmtree(job.checkout / ".mutdiff")
    done = job.run(by_hand)
    assert done.code == 0 and "all kept from an" in done.text, done.text


def a_project_in_a_folder_has_its_store_at_the_root(job: Runner) -> None:
    job.repository(WEAK, "sub")
    job.check_out("refs/pull/7/merge")
    job.inputs |= {"working-directory": "sub", "tests": "discover\n-s\nsub\n"}
    done = job.run(pull_request(job))
    assert done.code == 1 and "survived" in done.text, done.text
    path = done.used["Restore what earlier runs know"]["path"]
    assert (job.checkout / path / "store.db").exists(), path


def findings_go_to_code_scanning_where_that_is_asked_for(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/pull/7/merge")
    job.inputs["sarif"] = "true"
    given = job.run(pull_request(job)).used["Upload the findings to code scanning"]
    assert json.loads(Path(given["sarif_file"]).read_text())["version"] == "2.1.0"
    assert given["category"] == "mutdiff"


def a_fork_whose_token_may_only_read_gets_annotations_and_its_gate(job: Runner) -> None:
    class Refusing(BaseHTTPRequestHandler):
        asked: list[str] = []

        def do_GET(self) -> None:
            self.asked.append(self.headers.get("Authorization", ""))
            body = b'{"message": "Resource not accessible by integration"}'
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    job.repository(WEAK)
    job.check_out("refs/pull/7/merge")
    job.inputs["review"] = "true"
    job.environment["GITHUB_API_URL"] = f"http://127.0.0.1:{server.server_port}"
    done = job.run(pull_request(job, fork=True))
    server.shutdown()
    assert "Review the pull request" in done.ran and done.code == 1, done.text
    assert "warning: the review is not posted" in done.text, done.text
    assert "ghs_ofthejob" in "".join(Refusing.asked) and "ghs_ofthejob" not in done.text
    assert "::warning file=m.py" in done.text, done.text


def elsewhere_the_wheel_is_taken_and_in_its_own_repository_the_source(job: Runner) -> None:
    if job.wheel is None:
        return
    job.repository(STRONG)
    job.check_out("refs/pull/7/merge")
    job.inputs["version"] = ""
    job.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(job.wheel.parent)}
    done = job.run(pull_request(job))
    assert done.code == 0 and "mutdiff-build-wheel" in done.outputs["program"], done.text
    assert "Cache of the build" not in done.used
    job.action = job.checkout / "action"
    shutil.copytree(ROOT / "src", job.action / "src")
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / name, job.action)
    (job.checkout / ".git/info/exclude").write_text("/action/\n")
    done = job.run(pull_request(job))
    assert done.outputs["program"].endswith("mutdiff-build/bin/mutdiff"), done.text
    assert re.search(r"-[0-9a-f]{64}$", done.used["Cache of the build"]["key"]), done.used
    job.inputs["version"] = "0.0.1"
    done = job.run(pull_request(job))
    assert "there is no wheel of mutdiff 0.0.1" in done.text and done.code == 0, done.text


def a_matrix_is_judged_by_the_job_that_merges(job: Runner) -> None:
    job.repository(WEAK)
    job.check_out("refs/pull/7/merge")
    shards = job.scratch / "shards"
    shards.mkdir()
    for shard in ("1/2", "2/2"):
        job.inputs["shard"] = shard
        done = job.run(pull_request(job))
        name = done.used["Keep the reports"]["name"]
        assert done.code == 0 and name == f"mutdiff-report-mutdiff-shard-{shard[0]}-of-2", name
        assert "::warning" not in done.text and not (job.scratch / "summary").exists(), done.text
        shutil.move(job.temp / "mutdiff-report", shards / name)
    shutil.move(shards, job.checkout / "shards")
    job.inputs |= {"shard": "", "merge": "shards", "tests": "test_m.py"}
    done = job.run(pull_request(job))
    assert done.code == 1 and int(done.outputs["survivors"]) > 0, done.text
    assert done.used["Keep the reports"]["name"] == "mutdiff-report-mutdiff"
    summary = (job.scratch / "summary").read_text()
    assert "::warning file=m.py" in done.text and summary.startswith("## mutdiff"), done.text
    shutil.rmtree(job.checkout / "shards" / "mutdiff-report-mutdiff-shard-2-of-2")
    done = job.run(pull_request(job))
    assert done.code == 2 and "missing: shard 2/2" in done.text, done.text
    job.inputs["merge"] = "elsewhere"
    done = job.run(pull_request(job))
    assert done.code == 2 and "there is no report.json in elsewhere" in done.text, done.text


def the_page_has_every_input_and_output(job: Runner) -> None:
    page = (ROOT / "docs/github-action.md").read_text()
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.*?) \|", page, re.M))
    assert set(rows) == set(job.declared["inputs"]) | set(job.declared["outputs"]), rows.keys()
    for name, declared in job.declared["inputs"].items():
        default = declared["default"]
        if default and "${{" not in default:
            assert rows[name] == f"`{default}`", f"{name}: {rows[name]}"


SCENARIOS = [
    a_weakened_test_is_stopped,
    a_good_change_passes,
    a_push_is_compared_with_the_commit_before,
    a_new_branch_and_one_pushed_over_are_compared_with_the_default_branch,
    a_merge_queue_is_compared_with_its_base,
    a_run_by_hand_is_compared_with_the_default_branch,
    a_shallow_checkout_and_none_say_what_to_do,
    inputs_are_arguments_and_nothing_else,
    only_the_default_branch_saves_what_it_knows,
    a_store_from_a_file_is_taken_where_the_cache_has_none,
    a_project_in_a_folder_has_its_store_at_the_root,
    findings_go_to_code_scanning_where_that_is_asked_for,
    a_fork_whose_token_may_only_read_gets_annotations_and_its_gate,
    elsewhere_the_wheel_is_taken_and_in_its_own_repository_the_source,
    a_matrix_is_judged_by_the_job_that_merges,
    the_page_has_every_input_and_output,
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutdiff", type=Path, required=True)
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    mutdiff, wheel = given.mutdiff.resolve(), given.wheel and given.wheel.resolve()

    def played(scenario: Any) -> str:
        scratch = Path(tempfile.mkdtemp(prefix="action-"))
        try:
            scenario(Runner(scratch, mutdiff, wheel))
        except Exception as error:
            said = str(error)
            said = said if len(said) < 4000 else f"{said[:2000]}\n[…]\n{said[-2000:]}"
            return f"FAILED  {scenario.__name__}: {type(error).__name__}: {said}"
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return f"ok      {scenario.__name__}"

    wanted = [scenario for scenario in SCENARIOS if given.only in scenario.__name__]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(played, wanted))
    print("\n".join(said))
    return 1 if any(line.startswith("FAILED") for line in said) else 0


if __name__ == "__main__":
    sys.exit(main())
