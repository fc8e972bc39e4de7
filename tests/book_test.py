#!/usr/bin/env python3
"""The pages of docs/ as a book: the table of contents has each once, and no link leads nowhere.

book_test.py      (standard library only, no network: addresses on the web are not asked for)
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
HERE = "https://github.com/mutdiff/mutdiff/blob/main/"
LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+(?:\([^()]*\))?)\)")


def text(page: Path) -> str:
    """A page without its fenced blocks and its inline code."""
    found = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "code", found)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    found: Counter[str] = Counter()
    names = set()
    plain = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for heading in re.findall(r"^#+ +(.+?) *$", plain, re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return names


def wrong_links(page: Path) -> list[str]:
    wrong = []
    for link in LINK.findall(text(page)):
        if link.startswith(HERE):
            if not (ROOT / link.removeprefix(HERE).split("#")[0]).exists():
                wrong.append(f"{link}: there is no such file here")
            continue
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            wrong.append(f"{link}: there is no such file")
        elif DOCS in page.parents and DOCS not in target.parents and target != DOCS:
            wrong.append(f"{link}: leaves the book; write {HERE}{target.relative_to(ROOT)}")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            wrong.append(f"{link}: {target.name} has no such heading")
    return wrong


def wrong_contents() -> list[str]:
    listed = Counter(LINK.findall((DOCS / "SUMMARY.md").read_text(encoding="utf-8")))
    wrong = [f"{page} stands {n} times" for page, n in listed.items() if n > 1]
    for page in sorted(DOCS.rglob("*.md")):
        name = str(page.relative_to(DOCS))
        is_example = name.startswith("examples/") and name != "examples/README.md"
        if name != "SUMMARY.md" and not is_example and name not in listed:
            wrong.append(f"{name} is in no chapter")
    return wrong


def main() -> int:
    others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "tests/README.md"]
    pages = [ROOT / name for name in others if (ROOT / name).exists()]
    pages += [page for page in sorted(DOCS.rglob("*.md")) if page.name != "markdown.md"]
    said = [f"docs/SUMMARY.md: {wrong}" for wrong in wrong_contents()]
    for page in pages:
        said += [f"{page.relative_to(ROOT)}: {wrong}" for wrong in wrong_links(page)]
    print("\n".join(said) or f"{len(pages)} pages, and every link leads somewhere")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
