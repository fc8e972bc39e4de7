"""Places that every run of a test changes: two runs of it at once would disturb each other.

Invariant: what is a run's own (its slot's directory, names that ``tempfile`` made up, devices,
bytecode) is never told; nothing that the test does is held up.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import Any

from . import kept

_CHANGE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_UNNAMED = getattr(os, "O_TMPFILE", 0)
#: The file by which ``tempfile`` tries a directory out.
_TRIAL = re.compile(r"/.*/[a-z0-9_]{8}")
#: Where the paths and the file descriptors that they may be relative to are in an event.
_PLACES: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.link": ((1, 3),),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "shutil.rmtree": ((0, None),),
    "sqlite3.connect": ((0, None),),
}


#: The events that are looked at.
_EVENTS = frozenset((*_PLACES, "open", "socket.bind", "tempfile.mkdtemp", "tempfile.mkstemp"))


def _hook(take: Callable[[str, tuple[Any, ...]], None]) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that passes these events on.

    Looking at a frame or a code object raises events too, and the recorder of edges does so at
    every call: those must cost as little as can be. The interpreter asks a hook for
    ``__cantrace__`` at each event, and takes longer to find that it has none.
    """
    events = _EVENTS

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in events:
            take(event, args)

    hook.__cantrace__ = False  # type: ignore[attr-defined]
    return hook


class NoWrites:
    """Watches nothing: where one test runs at a time, none disturbs another."""

    def took_place(self, lasting: bool = False) -> bool:
        """Never."""
        return False


class Writes(NoWrites):
    """Watches this process."""

    def __init__(self, own: str) -> None:
        self._private = ["/dev/", "/proc/", f"{own}/"]
        named = [kept.environ.get(name, "").rstrip("/") for name in ("TMPDIR", "TEMP", "TMP")]
        self._temporary = {"/tmp", "/var/tmp", "/usr/tmp", *named}
        self._fsdecode, self._getcwd = os.fsdecode, os.getcwd
        self._is_folder = os.path.isdir
        self._since_asked = False
        #: A fixture that later tests use too wrote: all that they find is from there.
        self._lasting = False
        sys.addaudithook(_hook(self._take))

    def took_place(self, lasting: bool = False) -> bool:
        """Whether something was written since this was asked last; or before, if it lasts."""
        seen, self._since_asked = self._since_asked, False
        self._lasting = self._lasting or (seen and lasting)
        return seen or self._lasting

    def _take(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            flags = args[2]
            if not isinstance(flags, int) or not flags & _CHANGE:
                return
            if _UNNAMED and flags & _UNNAMED == _UNNAMED:
                return
            if flags & os.O_EXCL and self._is_trial(str(args[0])):
                self._private.append(f"{args[0]}/")
            self._look(args[0], opened=True)
        elif event in _PLACES:
            for at, relative_to in _PLACES[event]:
                if relative_to is None or args[relative_to] in (-1, None):
                    self._look(args[at])
        elif event in ("tempfile.mkstemp", "tempfile.mkdtemp"):
            self._private.append(f"{self._fsdecode(args[0])}/")
        elif event == "socket.bind":
            address = args[1]
            port = address[1] if isinstance(address, tuple) and len(address) > 1 else address
            self._since_asked = self._since_asked or bool(port)

    def _is_trial(self, path: str) -> bool:
        return bool(_TRIAL.fullmatch(path)) and path.rpartition("/")[0] in self._temporary

    def _look(self, place: Any, opened: bool = False) -> None:
        if self._since_asked or isinstance(place, int):
            return
        try:
            path = self._fsdecode(place)
            if path == ":memory:" or (path.startswith("file:") and "memory" in path):
                return
            if not path.startswith("/"):
                path = f"{self._getcwd()}/{path}"
        except (TypeError, ValueError, OSError):
            return
        if "__pycache__" in path or path.endswith(".pyc"):
            return
        if not self._is_private(path):
            real = kept.realpath(path)
            if opened and self._is_folder(real):
                return  # `tempfile` names the folder and opens something else in it
            self._since_asked = not self._is_private(real)

    def _is_private(self, path: str) -> bool:
        place = f"{path}/"
        return any(place.startswith(private) for private in self._private)
