"""Lines and edges that children of tests reach: written to shared memory, read after the test.

Invariant: a hit is in memory that outlives its process before the code goes on, and no file
descriptor is needed for it: a child that closes them all, opens others and is killed loses none.
"""

from __future__ import annotations

import struct

from . import beyond, kept
from .codes import LOW, NOBODY, SHIFT, Codes
from .project import Project
from .spawning import OutOfReach

#: Bytes of one file of hits, of which a process fills as many as it needs.
_SIZE = 1 << 20
#: The first word of a file: how much of it is in use.
_USED = struct.Struct("<Q")


class Writer:
    """Appends to files of this process's own, in a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._serial = 0
        self._open()

    def _open(self) -> None:
        kept.makedirs(self._folder, exist_ok=True)
        while True:
            self._serial += 1
            try:
                path = f"{self._folder}/{kept.getpid()}-{self._serial}"
                fd = kept.os_open(path, kept.NEW_FILE, 0o600)
                break
            except FileExistsError:
                continue  # left by a process of that number, long gone
        try:
            kept.ftruncate(fd, _SIZE)
            self._map = kept.mmap(fd, _SIZE)
        finally:
            kept.close(fd)
        self._at = _USED.size

    def write(self, line: bytes) -> None:
        """Appends a line."""
        # Neither another thread nor a signal handler comes between these two statements, since
        # nothing is called and nothing jumps back in them.
        at = self._at
        self._at = end = at + len(line)
        if end > _SIZE:
            self._open()
            self.write(line)
            return
        self._map[at:end] = line
        _USED.pack_into(self._map, 0, end)


def note_beyond(folder: str, project: Project) -> OutOfReach:
    """Writes down which files a process may run that cannot be joined."""

    def note(what: beyond.Target, start: str) -> None:
        try:
            found = beyond.files(project, what, start)
        except (OSError, ValueError):
            found = set(range(len(project.files)))
        writer = Writer(folder)
        for index in sorted(found):
            writer.write(f"B\t{index}\n".encode())

    return note


class Reader:
    """Reads what the processes of a test wrote since it was read last."""

    def __init__(self, folder: str, codes: Codes) -> None:
        self._folder = folder
        self._codes = codes
        self._read: dict[str, int] = {}
        self._points: dict[tuple[int, int, str], int] = {}
        self._known = 0
        #: Files that processes may have run which could not be joined, since the first test.
        self.beyond: set[int] = set()

    def clear(self) -> None:
        """Forgets what an earlier child's processes left."""
        for name in self._names():
            try:
                kept.unlink(f"{self._folder}/{name}")
            except OSError:
                pass

    def read_into(self, lines: set[int], edges: set[int]) -> None:
        """Adds the new hits, packed as a tracer packs them."""
        for name in self._names():
            begin = self._read.get(name, _USED.size)
            try:
                with kept.open_file(f"{self._folder}/{name}", "rb", buffering=0) as file:
                    end = _USED.unpack(file.read(_USED.size))[0]
                    if end <= begin:
                        continue
                    file.seek(begin)
                    data: bytes = file.read(end - begin)
            except (OSError, struct.error):
                continue
            self._read[name] = begin + len(data)
            for line in data.decode("utf-8", "replace").split("\n"):
                try:
                    self._take(line.split("\t"), lines, edges)
                except (ValueError, IndexError):
                    continue  # a process was killed while it wrote this line

    def anyone_left(self) -> bool:
        """Whether a process that has written is still alive: it writes nothing a second time."""
        own = f"{kept.getpid()}-"
        return any(
            end > _USED.size and not name.startswith(own) and _is_alive(name)
            for name, end in self._read.items()
        )

    def _names(self) -> list[str]:
        try:
            return kept.listdir(self._folder)
        except OSError:
            return []

    def _take(self, fields: list[str], lines: set[int], edges: set[int]) -> None:
        if fields[0] == "L":
            lines.add(int(fields[1]) << SHIFT | int(fields[2]))
        elif fields[0] == "B":
            self.beyond.add(int(fields[1]))
        elif fields[0] == "E":
            caller, rest = self._point(fields[1:])
            callee, _ = self._point(rest)
            if callee != NOBODY:
                edges.add(caller << SHIFT | callee)

    def _point(self, fields: list[str]) -> tuple[int, list[str]]:
        if fields[0] == "-":
            return NOBODY, fields[1:]
        codes = self._codes
        for number in range(self._known, len(codes.codes)):
            code = codes.codes[number]
            place = codes.file_of[number], max(1, code.co_firstlineno), code.co_name
            self._points[place] = number
        self._known = len(codes.codes)
        place = int(fields[0]), int(fields[1]), fields[2]
        known = self._points.get(place)
        if known is None:
            self._points[place] = known = codes.stand_in(*place)
        return known, fields[3:]


def _is_alive(name: str) -> bool:
    """Whether the process that a file is named after runs."""
    pid = name.partition("-")[0]
    try:
        kept.kill(int(pid), 0)
        with kept.open_file(f"/proc/{pid}/stat", "rb") as file:
            state: bytes = file.read().rpartition(b")")[2]
        return not state.startswith((b" Z", b" X"))
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        return True


class WrittenSet(set[int]):
    """A set of lines or edges that writes each new member."""

    def __init__(self, writer: Writer, codes: Codes, edges: bool) -> None:
        super().__init__()
        self._writer = writer
        self._codes = codes
        self._edges = edges

    def add(self, packed: int) -> None:
        if packed in self:
            return
        super().add(packed)
        high, low = packed >> SHIFT, packed & LOW
        if self._edges:
            text = f"E\t{self._point(high)}\t{self._point(low)}\n"
        else:
            text = f"L\t{high}\t{low}\n"
        try:
            self._writer.write(text.encode("utf-8", "backslashreplace"))
        except (OSError, ValueError):
            pass  # no room is left: the process's own code must not feel it

    def _point(self, number: int) -> str:
        if number == NOBODY:
            return "-"
        code = self._codes.codes[number]
        return f"{self._codes.file_of[number]}\t{max(1, code.co_firstlineno)}\t{code.co_name}"
