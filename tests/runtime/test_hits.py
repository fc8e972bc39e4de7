"""What children of tests write down, and what is read of it: in this process and a fork or two."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from _mutdiff import beyond, hits
from _mutdiff.codes import NOBODY, SHIFT, Codes
from _mutdiff.hits import Reader, Writer, WrittenSet
from _mutdiff.project import Project


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "hits")


@pytest.fixture
def codes(tmp_path: Path) -> Codes:
    codes = Codes(Project(str(tmp_path), ["a.py", "b.py"], []))
    codes.register(compile("def one():\n  pass\ndef two():\n  pass\n", f"{tmp_path}/a.py", "exec"))
    return codes


def number(codes: Codes, name: str) -> int:
    return [code.co_name for code in codes.codes].index(name)


def read(reader: Reader) -> tuple[set[int], set[int]]:
    lines: set[int] = set()
    edges: set[int] = set()
    reader.read_into(lines, edges)
    return lines, edges


def names(folder: str) -> list[str]:
    return sorted(os.listdir(folder))


def test_what_is_written_is_read_once(folder: str, codes: Codes) -> None:
    writer, reader = Writer(folder), Reader(folder, codes)
    assert read(reader) == (set(), set())
    assert not reader.anyone_left()
    one, two = number(codes, "one"), number(codes, "two")
    lines = WrittenSet(writer, codes, edges=False)
    edges = WrittenSet(writer, codes, edges=True)
    for _ in range(2):
        lines.add(1 << SHIFT | 70000)
        edges.add(one << SHIFT | two)
        edges.add(NOBODY << SHIFT | one)
    assert read(reader) == ({1 << SHIFT | 70000}, {one << SHIFT | two, NOBODY << SHIFT | one})
    assert read(reader) == (set(), set())
    lines.add(5)
    assert 5 in lines
    assert read(reader) == ({5}, set())
    assert len(codes.codes) == 3
    assert names(folder) == [f"{os.getpid()}-1"]
    assert Path(folder, names(folder)[0]).stat().st_mode & 0o777 == 0o600
    # This process is not one that a test has left.
    assert not reader.anyone_left()


def test_only_new_members_are_written(folder: str, codes: Codes) -> None:
    lines = WrittenSet(Writer(folder), codes, edges=False)
    for _ in range(3):
        lines.add(7)
    assert Path(folder, names(folder)[0]).read_bytes().count(b"L\t0\t7\n") == 1


def test_code_that_only_a_child_knows_gets_a_number_once(folder: str, codes: Codes) -> None:
    writer, reader = Writer(folder), Reader(folder, codes)
    for _ in range(2):
        writer.write(b"E\t-\t1\t9\tfar\n")
        writer.write(b"E\t1\t9\tfar\t0\t1\tone\n")
    one = number(codes, "one")
    assert read(reader)[1] == {NOBODY << SHIFT | 3, 3 << SHIFT | one}
    assert codes.describe(3) == [[1, 9, "far"]]
    late = compile("pass", codes.project.path(1), "exec")
    [late] = codes.register(late.replace(co_firstlineno=0, co_name="late"))
    writer.write(b"E\t0\t1\tone\t1\t1\tlate\n")
    assert read(reader)[1] == {one << SHIFT | 4}
    assert len(codes.codes) == 5
    writer.write(b"E\t0\t1\t<module>\t1\t3\t<generic parameters of f>\n")
    assert read(reader)[1] == {0 << SHIFT | 5}
    assert codes.describe(5) == [[1, 3, "<generic parameters of f>"]]
    writer.write(b"E\t0\t1\tone\t-\n")
    assert read(reader)[1] == set()


def test_code_of_the_compiler_and_odd_names_are_told(folder: str, codes: Codes) -> None:
    odd = compile("pass", codes.project.path(1), "exec")
    codes.register(odd.replace(co_firstlineno=0, co_name="o\udcffd"))
    edges = WrittenSet(Writer(folder), codes, edges=True)
    edges.add(NOBODY << SHIFT | 3)
    assert b"E\t-\t1\t1\to\\udcffd\n" in Path(folder, names(folder)[0]).read_bytes()


def test_what_is_left_unfinished_costs_no_more_than_itself(folder: str, codes: Codes) -> None:
    writer, reader = Writer(folder), Reader(folder, codes)
    for line in (b"L\t1\t2\n", b"L\tx\t2\nL\nE\t1\n\xff\n", b"B\t1\n", b"?\t1\t8\n", b"L\t1\t3\n"):
        writer.write(line)
    Path(folder, "0-short").write_bytes(b"abc")
    Path(folder, "0-folder").mkdir()
    Path(folder, "0-unused").write_bytes(bytes(20))
    reader._names = lambda: names(folder)  # type: ignore[method-assign]
    assert read(reader) == ({1 << SHIFT | 2, 1 << SHIFT | 3}, set())
    assert reader.beyond == {1}


def test_a_full_file_is_followed_by_another(folder: str, codes: Codes, monkeypatch: Any) -> None:
    monkeypatch.setattr(hits, "_SIZE", 8 + 3 * 6)
    Path(folder).mkdir()
    Path(folder, f"{os.getpid()}-2").write_bytes(bytes(8))
    writer, reader = Writer(folder), Reader(folder, codes)
    for line in range(7):
        writer.write(b"L\t0\t%d\n" % line)
    assert read(reader)[0] == set(range(7))
    assert names(folder) == [f"{os.getpid()}-{serial}" for serial in (1, 2, 3, 4)]
    for name in names(folder)[2:]:
        assert Path(folder, name).stat().st_size == 26
    full = Path(folder, names(folder)[0]).read_bytes()
    assert full[:8] == (26).to_bytes(8, "little")
    Reader(folder, codes).clear()
    assert names(folder) == []
    Reader(folder + "-none", codes).clear()
    assert Reader(folder + "-none", codes).read_into(set(), set()) is None
    Path(folder, "a-folder").mkdir()
    Reader(folder, codes).clear()


def test_a_process_without_room_goes_on(folder: str, codes: Codes, monkeypatch: Any) -> None:
    lines = WrittenSet(Writer(folder), codes, edges=False)

    def full(_line: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(lines._writer, "write", full)
    lines.add(3)
    assert lines == {3}


def test_no_file_descriptor_is_kept(folder: str) -> None:
    before = os.listdir("/proc/self/fd")
    writer = Writer(folder)
    writer._map.close()
    assert os.listdir("/proc/self/fd") == before


def test_who_has_written_and_lives_is_known(folder: str, codes: Codes) -> None:
    started, done = os.pipe()
    wait, end = os.pipe()
    pids = []
    for writes in (True, False):
        pid = os.fork()
        if pid == 0:
            os.close(end)
            Path("/proc/self/comm").write_text("a) Z b")
            writer = Writer(folder)
            if writes:
                writer.write(b"L\t0\t1\n")
            os.write(done, b".")
            os.read(wait, 1)
            os._exit(0)
        pids.append(pid)
    os.close(wait)
    reader = Reader(folder, codes)
    assert len(os.read(started, 1) + os.read(started, 1)) == 2
    assert read(reader)[0] == {1}
    assert reader.anyone_left()
    assert hits._is_alive(f"{pids[1]}-1")
    os.close(end)
    os.waitid(os.P_PID, pids[0], os.WEXITED | os.WNOWAIT)
    assert not reader.anyone_left()
    assert os.waitpid(pids[0], 0)[1] == 0
    assert not reader.anyone_left()
    # One that only began a file will write what it reaches, whenever that is.
    while Path(f"/proc/{pids[1]}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    assert not hits._is_alive(f"{pids[1]}-1")
    assert os.waitpid(pids[1], 0)[1] == 0
    assert not hits._is_alive(f"{pids[1]}-1")
    assert hits._is_alive("no number")
    for end in (started, done):
        os.close(end)


def test_a_process_whose_files_cannot_be_told_may_run_all(
    folder: str, codes: Codes, monkeypatch: Any
) -> None:
    note = hits.note_beyond(folder, codes.project)
    reader = Reader(folder, codes)
    note(("c", b"import b"), "/")
    read(reader)
    assert reader.beyond == {0, 1}, "the file is gone"
    Path(codes.project.path(0)).write_text("")
    Path(codes.project.path(1)).write_text("")
    fresh = Reader(folder, codes)
    fresh.clear()
    note(("c", b"import b"), "/")
    read(fresh)
    assert fresh.beyond == {1}
    fresh = Reader(folder, codes)
    fresh.clear()
    note(("f", b"a.py"), codes.project.root)
    read(fresh)
    assert fresh.beyond == {0}
    monkeypatch.setattr(beyond, "files", lambda *_: int("x"))
    note(("?", b""), "/")
    read(fresh)
    assert fresh.beyond == {0, 1}
