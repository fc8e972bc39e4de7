"""Python programs that tests start with an environment of their own take the mutant along too.

Invariant: only programs that are Python, or a shell that starts it, are given anything; the
caller's own environment is never changed, and a Python program whose environment did not have the
variables does not see them.
"""

from __future__ import annotations

import _posixsubprocess
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from . import beyond, kept

STATE = "_MUTDIFF_CHILD"
#: Set when the variables are to be taken away by the child's start-up hook.
HIDDEN = "_MUTDIFF_HIDDEN"
_PATH = "PYTHONPATH"
_SHELLS = frozenset({b"sh", b"bash", b"dash", b"zsh", b"ksh", b"ash"})
_PYTHON = re.compile(rb"(python|pypy)[0-9.]*t?d?$")

#: Called with what an interpreter runs and the folder that it starts in.
OutOfReach = Callable[["beyond.Target", str], None]
_tell: OutOfReach | None = None


def announce(state: str, site: str) -> None:
    """Puts the variables into this process's environment, for all that it starts."""
    environ = kept.environ
    environ[STATE] = state
    before = environ.get(_PATH)
    if before is None or before.partition(":")[0] != site:
        environ[_PATH] = f"{site}:{before}" if before else site


def conceal(site: str) -> None:
    """Takes the variables away again if this process's own environment did not have them."""
    environ = kept.environ
    if environ.pop(HIDDEN, None) is None:
        return
    environ.pop(STATE, None)
    rest = ":".join(place for place in environ.pop(_PATH, "").split(":") if place != site)
    if rest:
        environ[_PATH] = rest


def install(state: str, site: str) -> dict[bytes, bytes]:
    """Stands between this process and the functions that start programs.

    Returns the variables that they are given, for :func:`renew`.
    """
    needed = {STATE.encode(): kept.fsencode(state), _PATH.encode(): kept.fsencode(site)}
    fork_exec: Callable[..., int] = _posixsubprocess.fork_exec

    def fork_exec_along(*arguments: Any) -> int:
        try:
            along = None
            if _is_python(arguments[1], arguments[0], arguments[4]):
                entries = arguments[5]
                if entries is not None:
                    entries = dict(entry.split(b"=", 1) for entry in entries)
                along = _with(entries, needed)
        except Exception:
            along = None
        if along is not None:
            entries = [name + b"=" + value for name, value in along.items()]
            arguments = (*arguments[:5], entries, *arguments[6:])
        return fork_exec(*arguments)

    _posixsubprocess.fork_exec = fork_exec_along
    # Not imported here: that would cost each fork more than the rest of its life. Whoever imports
    # it later takes the function from the module above.
    subprocess: Any = sys.modules.get("subprocess")
    if hasattr(subprocess, "_fork_exec"):
        subprocess._fork_exec = fork_exec_along
    _wrap("execv", 0, needed)
    _wrap("execve", 2, needed)
    _wrap("posix_spawn", 2, needed)
    _wrap("posix_spawnp", 2, needed)
    return needed


def tell(out_of_reach: OutOfReach) -> None:
    """Calls ``out_of_reach`` from now on for Python processes that no start-up hook can join."""
    global _tell
    _tell = out_of_reach


def renew(needed: dict[bytes, bytes], state: str) -> None:
    """Gives programs another state from now on."""
    needed[STATE.encode()] = kept.fsencode(state)


def _wrap(name: str, environment_at: int, needed: dict[bytes, bytes]) -> None:
    """Replaces a function of ``os``; its environment is argument ``environment_at``, 0 if none."""
    original: Callable[..., Any] | None = getattr(os, name, None)
    if original is None:
        return
    passed_on: Callable[..., Any] = original

    def along(*arguments: Any, **options: Any) -> Any:
        try:
            environment = None
            if _is_python([arguments[0]], arguments[1], None):
                entries = arguments[environment_at] if environment_at else None
                if entries is not None:
                    entries = {kept.fsencode(k): kept.fsencode(v) for k, v in entries.items()}
                environment = _with(entries, needed)
        except Exception:
            environment = None
        if environment is None:
            return passed_on(*arguments, **options)
        if not environment_at:
            return kept.execve(arguments[0], arguments[1], environment)
        return passed_on(*arguments[:environment_at], environment, **options)

    along.__name__ = along.__qualname__ = name
    setattr(os, name, along)
    if original in os.supports_fd:
        os.supports_fd.add(along)


def _with(
    entries: dict[bytes, bytes] | None, needed: dict[bytes, bytes]
) -> dict[bytes, bytes] | None:
    """An environment with the variables; ``None`` when it is right as it is."""
    if entries is None:
        entries = {kept.fsencode(k): kept.fsencode(v) for k, v in dict(kept.environ).items()}
    state, path = STATE.encode(), _PATH.encode()
    places = entries[path].split(b":") if entries.get(path) else []
    # In front, since a start-up hook of another folder in front of ours would be the one.
    if places[:1] == [needed[path]] and entries.get(state) == needed[state]:
        return None
    along = dict(entries)
    if state not in entries:
        along[HIDDEN.encode()] = b"1"
    along[state] = needed[state]
    along[path] = b":".join([needed[path], *(place for place in places if place != needed[path])])
    return along


def _is_python(candidates: Iterable[Any], given: Iterable[Any], folder: Any) -> bool:
    """Whether the first program that exists is an interpreter, a script for one, or a shell that
    is told to start one; ``given`` are the program's arguments, its own name first."""
    arguments = [kept.fsencode(argument) for argument in given][1:]
    for candidate in candidates:
        path: bytes = kept.fsencode(candidate)
        name = path.rpartition(b"/")[2]
        if _PYTHON.search(name) or path == kept.fsencode(sys.executable):
            _judge(arguments, folder)
            return True
        if name in _SHELLS:
            return _shell_starts_python(arguments, folder)
        try:
            with kept.open_file(path, "rb") as file:
                first = file.readline(200)
        except OSError:
            continue
        if not first.startswith(b"#!") or b"python" not in first:
            return False
        _judge([*first.split()[1:], path, *arguments], folder)
        return True
    return False


def _shell_starts_python(arguments: list[bytes], folder: Any) -> bool:
    if arguments[:1] != [b"-c"] or len(arguments) < 2:
        return False
    words = arguments[1].replace(b'"', b" ").replace(b"'", b" ").split()
    found = False
    for at, word in enumerate(words):
        if _PYTHON.search(word) or word == kept.fsencode(sys.executable):
            found = True
            _judge(words[at + 1 :], folder)
    return found


def _judge(arguments: list[bytes], folder: Any) -> None:
    """Tells of an interpreter with these arguments if it is out of reach."""
    if _tell is None:
        return
    what = beyond.target(arguments)
    if what is not None:
        _tell(what, kept.getcwd() if folder is None else kept.fsdecode(folder))
