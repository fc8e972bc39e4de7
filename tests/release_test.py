#!/usr/bin/env python3
"""`.ci/release_notes.py`: what it prints, and what it refuses. And what the lock file promises:
no newer Rust, no other licence and no other source than Cargo.toml and deny.toml say.

release_test.py      (standard library only, Python 3.11 or newer)
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import tomllib

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("release_notes", ROOT / ".ci/release_notes.py")
assert spec and spec.loader
release_notes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(release_notes)

MANIFEST = '[package]\nname = "mutdiff"\nversion = "1.2.0"\n'
CHANGELOG = """# Changelog

Prose.

## Unreleased

## 1.2.0 (2026-12-01)

### Added

- `mutdiff init`.

## [1.1.0] - 2026-11-01

- Something.
"""


class ReleaseNotes(unittest.TestCase):
    def refused(self, tag: str, manifest: str, changelog: str) -> str:
        with self.assertRaises(release_notes.NotReady) as caught:
            release_notes.notes(tag, manifest, changelog)
        return str(caught.exception)

    def test_they_are_the_section_of_the_version(self) -> None:
        notes = release_notes.notes("v1.2.0", MANIFEST, CHANGELOG)
        self.assertEqual(notes, "### Added\n\n- `mutdiff init`.\n")

    def test_tag_manifest_and_changelog_must_name_one_version(self) -> None:
        self.assertIn("Cargo.toml says 1.2.0", self.refused("v1.1.0", MANIFEST, CHANGELOG))
        other = MANIFEST.replace("1.2.0", "1.3.0")
        self.assertIn("no section 1.3.0", self.refused("v1.3.0", other, CHANGELOG))
        self.assertIn("such as v1.2.3", self.refused("1.2.0", MANIFEST, CHANGELOG))

    def test_an_empty_section_and_entries_left_behind_are_refused(self) -> None:
        empty = CHANGELOG.replace("### Added\n\n- `mutdiff init`.\n", "")
        self.assertIn("is empty", self.refused("v1.2.0", MANIFEST, empty))
        behind = CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n- More.\n")
        self.assertIn("under Unreleased", self.refused("v1.2.0", MANIFEST, behind))

    def test_our_own_changelog_has_sections_with_versions(self) -> None:
        found = release_notes.sections((ROOT / "CHANGELOG.md").read_text())
        self.assertTrue(found)
        for name in found:
            self.assertRegex(name, r"^(Unreleased|\d+\.\d+\.\d+)$")


class Dependencies(unittest.TestCase):
    packages: list[dict[str, Any]]
    deny: dict[str, Any]

    @classmethod
    def setUpClass(cls) -> None:
        words = ["cargo", "metadata", "--locked", "--format-version", "1", "--quiet"]
        target = ["--filter-platform", "x86_64-unknown-linux-gnu"]
        said = subprocess.run(words + target, cwd=ROOT, capture_output=True, text=True, check=True)
        cls.packages = json.loads(said.stdout)["packages"]
        cls.deny = tomllib.loads((ROOT / "deny.toml").read_text())

    def test_none_has_a_licence_that_is_not_allowed(self) -> None:
        allowed = set(self.deny["licenses"]["allow"])

        def is_allowed(expression: str) -> bool:
            # SPDX: a parenthesis, OR over AND; crates of old wrote `/` for OR.
            expression = expression.replace("/", " OR ")
            while inner := re.search(r"\(([^()]*)\)", expression):
                word = "MIT" if is_allowed(inner[1]) else "None"
                expression = expression.replace(inner[0], word)
            parts = [part.split(" AND ") for part in expression.split(" OR ")]
            return any(all(word.strip() in allowed for word in part) for part in parts)

        refused = {
            package["name"]: package["license"]
            for package in self.packages
            if not is_allowed(package["license"] or "")
        }
        self.assertEqual(refused, {})
        self.assertFalse(is_allowed("GPL-3.0") or is_allowed("MIT AND GPL-3.0"))
        self.assertTrue(is_allowed("(MIT OR GPL-3.0) AND ISC"))

    def test_each_comes_from_the_registry_and_none_is_banned(self) -> None:
        registry = "registry+https://github.com/rust-lang/crates.io-index"
        sources = {package["source"] for package in self.packages}
        self.assertEqual(sources, {None, registry})
        banned = {ban["crate"] for ban in self.deny["bans"]["deny"]}
        self.assertEqual(banned & {package["name"] for package in self.packages}, set())

    def test_none_needs_a_newer_rust_than_is_promised(self) -> None:
        packages = self.packages
        own = next(package for package in packages if package["name"] == "mutdiff")

        def number(version: str) -> list[int]:
            return [int(part) for part in re.findall(r"\d+", version)]

        promised = number(own["rust_version"])
        newer = {
            f"{package['name']} {package['version']}": package["rust_version"]
            for package in packages
            if package["rust_version"] and number(package["rust_version"]) > promised + [0]
        }
        self.assertEqual(newer, {})


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
