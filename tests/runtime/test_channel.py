"""Memory and socket as Rust sees them, signal handlers, private copies: in this process."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _mutdiff import channel, kept, runner
from _mutdiff.channel import Memory, Socket
from _mutdiff.handlers import Handlers


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    (tmp_path / "memory").write_bytes(bytes(64 + 100))
    return Memory(str(tmp_path / "memory"))


def header(memory: Memory) -> bytes:
    return Path(memory.path).read_bytes()[:64]


def test_a_slots_memory_is_laid_out_as_rust_reads_it(memory: Memory) -> None:
    assert header(memory) == bytes(64)
    memory.start_child()
    assert header(memory) == struct.pack("<I60x", os.getpid())
    before = time.monotonic()
    memory.test_started(3)
    [told] = struct.unpack_from("<d", header(memory), 16 + 8 * 3)
    assert before <= told <= time.monotonic()
    assert struct.unpack_from("<II", header(memory)) == (os.getpid(), 3)
    memory.time(channel.TIME_CHILD)
    memory.time(channel.TIME_SWAPPED)
    memory.time(channel.TIME_TESTS_DONE)
    times = struct.unpack_from("<4d", header(memory), 16)
    assert times[3] == told <= times[0] <= times[1] <= times[2] <= time.monotonic()
    memory.set_flag(channel.FLAG_FINISHED)
    assert header(memory)[12:16] == b"\0\1\0\0"
    memory.probe()
    assert header(memory)[12:16] == b"\1\1\0\0"


def test_records_are_appended_while_they_fit(memory: Memory) -> None:
    assert memory.room() == 100
    assert Memory(memory.path).append({})
    assert header(memory)[8:12] == struct.pack("<I", 10)
    Path(memory.path).write_bytes(bytes(64 + 100))
    assert memory.append({"k": "é\udcff"}, b"body")
    head = b'{"k":"\\u00e9\\udcff"}'
    data = Path(memory.path).read_bytes()
    size = 8 + len(head) + 4
    assert data[64 : 64 + size] == struct.pack("<II", len(head), 4) + head + b"body"
    assert struct.unpack_from("<I", data, 8) == (size,)
    assert memory.room() == 100 - size
    assert not memory.append({}, bytes(100 - size - 8 - 2 + 1))
    assert Path(memory.path).read_bytes() == data
    assert memory.append({}, b"x" * (100 - size - 8 - 2))
    assert memory.room() == 0
    data = Path(memory.path).read_bytes()
    assert not memory.append({})
    assert data[64 + size :] == struct.pack("<II", 2, 90 - size) + b"{}" + b"x" * (90 - size)


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Socket, socket.socket]]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(1)
        ours = Socket(str(tmp_path / "s"))
        theirs, _ = listener.accept()
    with theirs:
        yield ours, theirs
    ours.close()


def test_messages_arrive_whole(ends: tuple[Socket, socket.socket]) -> None:
    ours, theirs = ends
    ours.send({"a": "é\udcff", "b": [1, 2]})
    data = theirs.recv(1000)
    assert struct.unpack("<I", data[:4])[0] == len(data) - 4
    assert json.loads(data[4:]) == {"a": "é\udcff", "b": [1, 2]}
    assert b" " not in data
    pid = os.fork()
    if pid == 0:
        for at in range(len(data)):
            theirs.sendall(data[at : at + 1])
            time.sleep(0.001)
        theirs.sendall(data + data[:10])
        time.sleep(0.05)
        theirs.sendall(data[10:] + data)
        os._exit(0)
    for _ in range(4):
        assert ours.receive() == {"a": "é\udcff", "b": [1, 2]}
    os.waitpid(pid, 0)
    assert ours.fileno == ours._socket.fileno()


@pytest.mark.parametrize("part", [b"", b"\1\0", b"\5\0\0\0", b"\5\0\0\0{}"])
def test_the_end_of_the_other_side_is_told(part: bytes, ends: tuple[Socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(part)
    theirs.close()
    assert ours.receive() is None


def test_a_socket_that_is_gone_is_the_end(ends: tuple[Socket, socket.socket]) -> None:
    ours, theirs = ends
    ours.close()
    assert ours.receive() is None
    assert theirs.recv(10) == b""


def test_what_imports_set_is_for_forks_only(monkeypatch: Any) -> None:
    def before(*_: Any) -> None: ...

    def theirs(*_: Any) -> None: ...

    ended: list[bool] = []
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: ended.append(True))
    numbers = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM)
    saved = [signal.getsignal(number) for number in numbers]
    try:
        signal.signal(signal.SIGUSR1, before)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        handlers = Handlers()
        signal.signal(signal.SIGUSR1, theirs)
        signal.signal(signal.SIGUSR2, theirs)
        signal.setitimer(signal.ITIMER_REAL, 1000)
        handlers.set_aside()
        assert [signal.getsignal(number) for number in numbers[:2]] == [before, signal.SIG_IGN]
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert ended == [True]
        handlers.give_back()
        assert [signal.getsignal(number) for number in numbers] == [theirs, theirs, saved[2]]
    finally:
        for number, handler in zip(numbers, saved, strict=True):
            signal.signal(number, handler)


@pytest.mark.parametrize("foreign", ["before", "after"])
def test_a_handler_that_is_not_pythons_stays(foreign: str, monkeypatch: Any) -> None:
    now: dict[int, Any] = dict.fromkeys(kept.SIGNALS, signal.SIG_DFL)
    monkeypatch.setattr(kept, "get_signal", lambda number: now[number])
    monkeypatch.setattr(kept, "set_signal", now.__setitem__)
    monkeypatch.delitem(sys.modules, "faulthandler", raising=False)
    now[10] = None if foreign == "before" else 1
    handlers = Handlers()
    now[10] = 1 if foreign == "before" else None
    now[12] = 2
    handlers.set_aside()
    assert (now[10], now[12]) == (1 if foreign == "before" else None, signal.SIG_DFL)
    handlers.give_back()
    assert (now[10], now[12]) == (1 if foreign == "before" else None, 2)


def test_private_copies_are_found_by_nobody(monkeypatch: Any) -> None:
    name = kept.__name__
    monkeypatch.setitem(sys.modules, name, kept)
    kept.hide()
    assert name not in sys.modules
    kept.hide()


def test_private_copies_are_what_they_say() -> None:
    assert kept.encode_json({"a": [1, 2]}) == '{"a":[1,2]}'
    assert kept.NEW_FILE == os.O_RDWR | os.O_CREAT | os.O_EXCL
    if sys.platform == "linux":
        assert [name for name, value in vars(kept).items() if value is None] == []
        assert kept.pidfd_open is os.pidfd_open
        assert kept.waitid is os.waitid
        assert kept.memfd_create is os.memfd_create
        assert (kept.P_PID, kept.WAIT_KEEP) == (os.P_PID, os.WEXITED | os.WNOWAIT)


def test_outcomes_have_the_words_that_rust_knows() -> None:
    assert (runner.PASSED, runner.FAILED, runner.SKIPPED) == ("passed", "failed", "skipped")
    assert runner.Outcome("passed").output == ""
    assert runner.Runner.fixture_hook is None


def test_hypothesis_keeps_no_examples(monkeypatch: Any) -> None:
    class DirectoryBasedExampleDatabase:
        def save(self, *_: Any) -> None:
            raise AssertionError

        def move(self, *_: Any) -> None:
            raise AssertionError

        def delete(self, *_: Any) -> None:
            raise AssertionError

        def fetch(self, _key: bytes) -> int:
            return 1

    monkeypatch.delitem(sys.modules, "hypothesis.database", raising=False)
    runner.keep_no_examples()
    database: Any = ModuleType("hypothesis.database")
    monkeypatch.setitem(sys.modules, "hypothesis.database", database)
    runner.keep_no_examples()
    database.DirectoryBasedExampleDatabase = DirectoryBasedExampleDatabase
    runner.keep_no_examples()
    made = DirectoryBasedExampleDatabase()
    made.save(b"key", b"value")
    made.move(b"key", b"to", b"value")
    made.delete(b"key", b"value")
    assert made.fetch(b"key") == 1
