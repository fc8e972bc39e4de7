"""Tests that change a place which other runs of them would change too are told."""

from __future__ import annotations

from collections.abc import Callable

from driver import Project

TESTS = """
import pathlib, socket, sqlite3, tempfile
import pytest

@pytest.fixture(scope="module")
def written():
    pathlib.Path("by_a_fixture").write_text("x")

def test_nothing(): pass
def test_reads(): open(__file__).close()
def test_own(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("x")
    monkeypatch.chdir(tmp_path)
    pathlib.Path("b").mkdir()
def test_tempfile():
    with tempfile.TemporaryDirectory() as name:
        pathlib.Path(name, "c").write_text("x")
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("x")
    with tempfile.TemporaryFile("w") as file:
        file.write("x")
def test_device(): open("/dev/null", "w").close()
def test_memory(): sqlite3.connect(":memory:").close()
def test_any_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
def test_writes(): open("fixed", "w").close()
def test_removes(): pathlib.Path("fixed").unlink(missing_ok=True)
def test_database(): sqlite3.connect("database").close()
def test_port():
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 45917))
def test_fixture(written): pass
"""

WRITERS = {"test_writes", "test_removes", "test_database", "test_port", "test_fixture"}


def test_only_fixed_places_are_told(make_project: Callable[..., Project]) -> None:
    process = make_project({"m.py": "", "test_m.py": TESTS}).start()
    slot = process.slot()
    for number, test in enumerate(process.ids):
        run = slot.run([number], trace=True)
        told = any(record.get("x") for record in run.records)
        assert told == (test.split("::")[1] in WRITERS), test


def test_what_a_shared_fixture_writes_is_told_of_its_later_users(
    make_project: Callable[..., Project],
) -> None:
    text = TESTS + "def test_later(written): pass\n"
    process = make_project({"m.py": "", "test_m.py": text}).start()
    last = len(process.ids)
    run = process.slot().run([0, last - 2, last - 1], trace=True)
    assert [bool(record.get("x")) for record in run.records] == [False, True, True]
