#!/usr/bin/env python3
"""The notes of a release: its section of CHANGELOG.md.

release_notes.py --tag v1.2.3      prints them; an error when the tag, Cargo.toml and
                                   CHANGELOG.md do not name the same version
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class NotReady(Exception):
    """What stands in the way of the release."""


def sections(changelog: str) -> dict[str, str]:
    """The text below each `## NAME` or `## NAME (DATE)`, by name, in the file's order."""
    parts = re.split(r"^## +\[?([^\]\s(]+)\]?.*$", changelog, flags=re.M)
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def notes(tag: str, manifest: str, changelog: str) -> str:
    """The notes of the release that `tag` stands for."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?", tag):
        raise NotReady(f"{tag}: a tag of a release is v and a version, such as v1.2.3")
    version = tag.removeprefix("v")
    said = re.search(r'^version = "(.+)"', manifest, re.M)
    if said is None or said[1] != version:
        raise NotReady(f"the tag says {version}, Cargo.toml says {said and said[1]}")
    found = sections(changelog)
    if version not in found:
        raise NotReady(f"CHANGELOG.md has no section {version}, only {', '.join(found)}")
    if not found[version]:
        raise NotReady(f"the section {version} of CHANGELOG.md is empty")
    if found.get("Unreleased"):
        raise NotReady("CHANGELOG.md still has entries under Unreleased: move them")
    return found[version] + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", required=True)
    tag = parser.parse_args().tag
    manifest, changelog = (ROOT / "Cargo.toml").read_text(), (ROOT / "CHANGELOG.md").read_text()
    try:
        print(notes(tag, manifest, changelog), end="")
    except NotReady as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
