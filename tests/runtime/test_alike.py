"""Mutants that compile to the same code are found, and no others."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from _mutdiff import alike
from driver import unit

SOURCE = """\
from __future__ import annotations
LIMIT = 3


class C:
    def last(self, a: int):
        x = a[-1]
        return x if a else None


def g(a):
    for b in a:
        if b:
            break
    return [-0.0, 0.0, 1, True]
"""


def asked(
    path: Path, edits: list[tuple[str, str]], text: str = SOURCE, others: Sequence[str] = ()
) -> list[tuple[str, bool] | None]:
    data = text.encode()
    path.write_bytes(data)
    mutants = []
    for old, new in edits:
        start = data.index(old.encode())
        end = start + len(old.encode())
        mutants.append(
            {
                "file": 0,
                "start": start,
                "end": end,
                "text": new,
                "digest": hashlib.sha256(data).hexdigest(),
                "unit": None if "LIMIT" in old else unit(data, start, end, new),
            }
        )
    request = json.dumps({"files": [str(path), *others], "mutants": mutants})
    before = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO(request), io.StringIO()
    try:
        alike.main()
        answer = json.loads(sys.stdout.getvalue())
    finally:
        sys.stdin, sys.stdout = before
    return [one and (one[0], one[1]) for one in answer]


def test_files_without_mutants_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    class Noted(alike.File):
        def __init__(self, path: str) -> None:
            read.append(path)
            super().__init__(path)

    monkeypatch.setattr(alike, "File", Noted)
    answer = asked(tmp_path / "f.py", [("a[-1]", "a[0]")], others=["a.py", "b.py"])
    assert answer[0] and read == [str(tmp_path / "f.py")]


def test_the_same_code_has_the_same_digest(tmp_path: Path) -> None:
    one, two, other = asked(
        tmp_path / "f.py", [("a[-1]", "a[0]"), ("-1]", "-0]"), ("a[-1]", "a[1]")]
    )
    assert one and two and other
    assert one[0] == two[0] != other[0]
    assert not (one[1] or two[1] or other[1])


@pytest.mark.parametrize(
    ("old", "new"),
    [("a[-1]", "(a[-1])"), ("x if a", "(x) if a"), ("LIMIT = 3", "LIMIT = 0x3")],
)
def test_the_originals_code_is_told(old: str, new: str, tmp_path: Path) -> None:
    [one] = asked(tmp_path / "f.py", [(old, new)])
    assert one and one[1]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-0.0", "0.0"),
        ("1, True", "1, 1"),
        ("a[-1]", "a[-1.0]"),
        ("x = a[-1]", "\n        x = a[-1]"),
    ],
)
def test_what_only_looks_alike_is_not(old: str, new: str, tmp_path: Path) -> None:
    [one] = asked(tmp_path / "f.py", [(old, new)])
    assert one and not one[1]


def test_what_does_not_compile_or_is_another_file_has_no_digest(tmp_path: Path) -> None:
    assert asked(tmp_path / "f.py", [("a[-1]", "a[")]) == [None]
    other = alike.File(str(tmp_path / "none.py"))
    message = {"file": 0, "start": 0, "end": 0, "text": "", "digest": "0", "unit": None}
    assert other.compare(alike.Mutant.read(message)) is None


MODULE = """\
from __future__ import annotations
import functools; LIMIT = 3; LIMITS = [LIMIT,
    2 * LIMIT]


@functools.cache
def f(a=LIMIT): return a


class C:
    LIMIT = 3
    LIMITED: int = 4
if LIMIT: LIMIT += 1
LIMIT = 3"""


@pytest.mark.parametrize("text", [MODULE, MODULE + "\n", MODULE.replace("\n", "\r\n")])
def test_a_statement_alone_is_judged_as_the_whole_file_is(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = "\r\n" if "\r" in text else "\n"
    edits = [
        ("LIMIT = 3;", "LIMIT = 0x3;"),
        ("LIMIT = 3;", "LIMIT = 4;"),
        ("LIMIT = 3;", "LIMIT = 2 + 2;"),
        ("2 * LIMIT", "LIMIT"),
        ("a=LIMIT", "a=None"),
        (f"LIMIT = 3{line}    LIMITED", f"LIMIT = 4{line}    LIMITED"),
        ("LIMITED: int = 4", "LIMIT: int = 4"),
        ("LIMITED: int = 4", "LIMIT: int = (4)"),
        ("LIMIT += 1", "LIMIT -= 1"),
        ("if LIMIT:", "if not LIMIT:"),
    ]
    alone = asked(tmp_path / "f.py", edits, text)
    monkeypatch.setattr(alike, "_statements", lambda _: [])
    whole = asked(tmp_path / "f.py", edits, text)
    assert None not in alone
    # Digests of the two ways are others; which of them are the same is not.
    classes = [[answer and answer[0] for answer in answers] for answers in (alone, whole)]
    same = [[one.index(digest) for digest in one] for one in classes]
    assert same[0] == same[1]
    assert [one and one[1] for one in alone] == [one and one[1] for one in whole]
    assert same[0][:3] == [0, 1, 1] and same[0][6] == same[0][7]
