"""The two ways to Rust: a socket for commands, and a slot's shared memory for results.

Invariant: a child needs no file descriptor to deliver a result, so a test that closes them all
loses nothing; what is written to memory before a ``SIGKILL`` stays written.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from . import kept

_LENGTH = struct.Struct("<I")
_RECORD = struct.Struct("<II")

#: Layout of a slot's memory, shared with ``src/worker/memory.rs``.
PID = struct.Struct("<I")
PID_AT = 0
STARTED_AT = 4
USED_AT = 8
FLAGS_AT = 12
TIMES_AT = 16
DATA_AT = 64
_U32 = struct.Struct("<I")
_F64 = struct.Struct("<d")

#: Bytes of the flags word: one each, so that processes which set both at once lose none.
FLAG_PROBE_REACHED = 0
FLAG_FINISHED = 1
#: Places in the times (seconds of the monotonic clock).
TIME_CHILD = 0
TIME_SWAPPED = 1
TIME_TESTS_DONE = 2
TIME_TEST_STARTED = 3


class Socket:
    """Length-prefixed JSON messages over a Unix socket."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._receive = self._socket.recv
        self._send = self._socket.sendall
        self.fileno: int = self._socket.fileno()

    def send(self, message: dict[str, Any]) -> None:
        """Sends one message."""
        data = kept.encode_json(message).encode()
        self._send(_LENGTH.pack(len(data)) + data)

    def receive(self) -> dict[str, Any] | None:
        """Waits for one message; ``None`` when the other side is gone."""
        head = self._exactly(_LENGTH.size)
        if head is None:
            return None
        body = self._exactly(_LENGTH.unpack(head)[0])
        if body is None:
            return None
        message: dict[str, Any] = json.loads(body)
        return message

    def close(self) -> None:
        """Closes this process's end."""
        self._socket.close()

    def _exactly(self, size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            try:
                part = self._receive(size - len(data))
            except OSError:
                return None
            if not part:
                return None
            data += part
        return data


class Memory:
    """A slot's shared memory: a header, then records that a child appends."""

    def __init__(self, path: str) -> None:
        with kept.open_file(path, "r+b") as file:
            self._map = kept.mmap(file.fileno(), 0)
        self._size = len(self._map)
        self.path = path

    def start_child(self) -> None:
        """Names this process as the slot's child."""
        PID.pack_into(self._map, PID_AT, kept.getpid())

    def time(self, place: int) -> None:
        """Notes the time of an event."""
        _F64.pack_into(self._map, TIMES_AT + 8 * place, kept.monotonic())

    def test_started(self, number: int) -> None:
        """Notes that the ``number``-th test of the command (1-based) is under way."""
        self.time(TIME_TEST_STARTED)
        _U32.pack_into(self._map, STARTED_AT, number)

    def set_flag(self, flag: int) -> None:
        """Sets a flag, by its place in the flags word."""
        self._map[FLAGS_AT + flag] = 1

    def probe(self) -> None:
        """Called by a probe in mutated code: the mutant is in force and was reached."""
        self.set_flag(FLAG_PROBE_REACHED)

    def room(self) -> int:
        """Bytes left for records."""
        return self._size - DATA_AT - int(_U32.unpack_from(self._map, USED_AT)[0])

    def append(self, header: dict[str, Any], body: bytes = b"") -> bool:
        """Appends a record; ``False`` (and nothing written) when it does not fit."""
        head = kept.encode_json(header).encode()
        size = _RECORD.size + len(head) + len(body)
        used = _U32.unpack_from(self._map, USED_AT)[0]
        at = DATA_AT + used
        if at + size > self._size:
            return False
        _RECORD.pack_into(self._map, at, len(head), len(body))
        at += _RECORD.size
        self._map[at : at + len(head)] = head
        at += len(head)
        self._map[at : at + len(body)] = body
        # The length is written last: a record counts only when it is whole.
        _U32.pack_into(self._map, USED_AT, used + size)
        return True
