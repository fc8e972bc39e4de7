#!/usr/bin/env python3
"""docs/messages.md: every message that mutdiff ends with, from the sources.

    messages_page.py            fails when the page is not what the sources say
    messages_page.py --write    writes it

What an error means is the first paragraph of its documentation in the source.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/messages.md"

# Enum and heading, in the order of the page; the exit code is 2 where nothing else is said.
GROUPS = [
    ("GateError", "The command line"),
    ("ConfigError", "Settings"),
    ("SelectionError", "Operators"),
    ("GitError", "The repository"),
    ("WorkerError", "Python and the tests"),
    ("LabError", "The run"),
    ("SyntaxError", "Files that cannot be read"),
    ("StoreError", "The store"),
    ("TransferError", "`store export`, `store import`"),
    ("TargetError", "`explain`"),
    ("JsonError", "Saved reports"),
    ("ShardError", "`--shard`"),
    ("MergeError", "`merge`"),
    ("SkipError", "`browse`: leaving a mutant out"),
    ("VetError", "`review`: the report"),
    ("GithubError", "`review`: GitHub"),
    ("ScriptError", "`hook install`, `hook uninstall`"),
    ("BadLine", "`hook run`"),
]
# Those that exit with another code than their group's; see `src/cli/hints.rs`.
CODES = {
    "WorkerError::CollectionFailed": "3",
    "LabError::NoTestsCollected": "3",
    "LabError::Budget": "4",
    "LabError::SelfCheck": "4",
    "WorkerError::Died": "4",
    "WorkerError::SlotLost": "4",
    "WorkerError::Protocol": "4",
    "WorkerError::Io": "4",
    "WorkerError::Interrupted": "130",
    "StoreError::Sqlite": "4",
    "GithubError::Unauthorized": "a warning in a workflow, else 2",
    "GithubError::Forbidden": "a warning in a workflow, else 2",
    **{
        f"GithubError::{name}": "a warning; 4 with `--review-required`"
        for name in ("Limited", "Unavailable", "Uncertain", "Unreachable", "Rejected", "Unexpected")
    },
}
# Errors that are not enums, or whose enum says nothing more.
MEANINGS = {
    "GateError::GateError": "The value of `--gate`.",
    "ShardError::ShardError": "The value of `--shard`.",
    "BadLine::BadLine": "Standard input is not what git gives to a pre-push hook.",
}
ERROR = re.compile(
    r"((?:[ \t]*///[^\n]*\n)*)(?:[ \t]*#\[derive[^\n]*\n)?[ \t]*#\[error\((.*?)\)\]\n\s*"
    r"(?:#[^\n]*\n\s*)*(?:pub(?:\(super\))? struct )?(\w+)",
    re.S,
)
OWN = re.compile(
    r"CliError::(?:usage|new)\(\s*(?:Kind::(\w+),\s*)?(?:format!\(\s*)?"
    r'"((?:[^"\\]|\\.)*)"'
)
NOTICE = re.compile(r'\bcode: "([a-z_]+)"')
# What a notice is about, by its code.
NOTICES = {
    "base_from_remote": "the base that was named is not here; the remote's is taken",
    "build_files": "changed files that build or configure, and ship no code, are not mutated",
    "changed_tests_unknown": "tests changed, and what they reached on the base is not known here",
    "environment_changed": "stored verdicts are not used, and what differs",
    "excluded_files": "changed files that `exclude` fits are not mutated; who calls them is",
    "flaky_tests": "tests that also fail without a mutant, now and then; they killed nothing",
    "gate_of_a_shard": "a shard does not judge a score; the merged report does",
    "harmless_files": "changed files that put no verdict in question",
    "links": "symbolic links, which are not followed",
    "moved_files": "files that moved, with functions that are the same in them",
    "no_function_changed": "only comments, formatting, docstrings or annotations changed",
    "no_merge_base": "the base's commit shares nothing with the change; it is taken as it is",
    "no_trace": "no tests were traced yet, so callers are not known",
    "nothing_changed": "nothing changed since the last run, whose verdicts hold",
    "other_mutant": "an id of the last report is that of another mutant now, which is decided",
    "other_state": "the last report is of another branch or commit, and is replaced",
    "out_of_reach": "mutants that only `python -I`, `-S` or `-E` processes may reach",
    "pragmas_without_reason": "comments that suppress nothing, since they must say why",
    "pull_request_merge": "a pull request's merge is compared with its first parent",
    "several_merge_bases": "there are several merge bases, and which is taken",
    "submodules": "submodules that changed, which are not mutated",
    "taken_for_tests": "changed files that are called as files of tests, and hold none that ran",
    "tests_run_alone": "tests fail that may pass behind others: each test runs alone here",
    "tied_files": "changed files, with the code that the settings tie them to",
    "untied_files": "changed files that no code is tied to: no stored verdict is used",
    "unused_pragmas": "comments that suppress no mutant: misspelt, without an end, or needless",
}


def shown(message: str) -> str:
    """A message with `…` for what differs, as a cell of a table."""
    message = message.replace("{OWN_FILE}", "mutdiff.toml")
    message = message.replace("{PROJECT_FILE}", "pyproject.toml").replace('\\"', '"')
    message = re.sub(r"\\\n\s*", "", message)
    message = re.sub(r"\{[^{}]*\}", "…", message).split("\\n")[0].rstrip(":")
    return message.replace("|", "\\|")


def quoted(message: str) -> str:
    return f"`` {message} ``" if "`" in message else f"`{message}`"


def sources() -> list[tuple[Path, str]]:
    found = sorted((ROOT / "src").rglob("*.rs"))
    kept = [path for path in found if path.name not in ("tests.rs", "sample.rs")]
    return [(path, path.read_text(encoding="utf-8").split("\nmod tests {")[0]) for path in kept]


def errors() -> dict[str, list[tuple[str, str, str]]]:
    """The messages of each enum: code, message, meaning."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for _, text in sources():
        for match in ERROR.finditer(text):
            documentation, message, name = match.groups()
            literal = re.search(r'"((?:[^"\\]|\\.)*)"', message, re.S)
            if literal is None:
                continue  # another error's text
            kinds = re.findall(r"enum (\w+)", text[: match.start()])
            kind = name if f"struct {name}" in match[0] else kinds[-1]
            paragraph = documentation.split("///\n")[0]
            lines = [line.strip().removeprefix("///").strip() for line in paragraph.splitlines()]
            meaning = MEANINGS.get(f"{kind}::{name}", " ".join(lines).strip())
            code = CODES.get(f"{kind}::{name}", "2")
            found.setdefault(kind, []).append((code, shown(literal[1]), meaning))
    return found


def own() -> list[tuple[str, str]]:
    """Errors that the command line has of its own: code, message."""
    kinds = {"": "2", "Usage": "2", "Tests": "3", "Undecided": "4", "Internal": "4"}
    kinds |= {"Service": "4", "Interrupted": "130"}
    found = set()
    for path, text in sources():
        if "/cli/" in str(path):
            for kind, message in OWN.findall(text):
                if re.sub(r"\W|…", "", shown(message)):
                    found.add((kinds[kind], shown(message)))
    return sorted(found)


def notices() -> list[str]:
    """The codes in the sources."""
    texts = [text for _, text in sources()]
    found = {code for text in texts for code in NOTICE.findall(text)}
    # Some are chosen from a list, beside their sentence.
    return sorted(found | {code for code in NOTICES if any(f'"{code}"' in text for text in texts)})


def page() -> str:
    said = errors()
    more = sorted(set(said) - {kind for kind, _ in GROUPS})
    groups = GROUPS + [(kind, f"More (`{kind}`)") for kind in more]
    lines = [
        "# Messages",
        "",
        "Every error that mutdiff ends with, by what it is about; `…` stands for names and",
        "reasons. Below a message stand its causes and, as `hint:`, what to do next. What the",
        "codes mean is in [exit codes](exit-codes.md); by symptom, see",
        "[troubleshooting](troubleshooting.md).",
        "",
        "This page is written from the sources: `python3 tests/messages_page.py --write`.",
        "",
    ]
    for kind, heading in groups:
        lines += [f"## {heading}", "", "| message | code | what it means |", "|---|---|---|"]
        for code, message, meaning in said.get(kind, []):
            lines.append(f"| {quoted(message)} | {code} | {meaning} |")
        if kind == "GateError":
            lines += [f"| {quoted(message)} | {code} | |" for code, message in own()]
        lines.append("")
    lines += [
        "## Notices",
        "",
        "A notice does not end the run; it says what the reader should know, and is in the",
        "[report](report.md) under its code.",
        "",
        "| code | what it is about |",
        "|---|---|",
    ]
    codes = notices()
    missing, gone = set(codes) - set(NOTICES), set(NOTICES) - set(codes)
    if missing or gone:
        raise SystemExit(f"error: NOTICES lacks {sorted(missing)}, and has {sorted(gone)} too much")
    lines += [f"| `{code}` | {NOTICES[code]} |" for code in codes]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") != page():
        print("error: docs/messages.md is not current: python3 tests/messages_page.py --write")
        return 1
    print("docs/messages.md is current")
    return 0


if __name__ == "__main__":
    sys.exit(main())
