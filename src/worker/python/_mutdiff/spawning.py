"""Python programs that tests start with an environment of their own take the mutant along too.

Invariant: only programs that are Python are given anything, the caller's own environment is never
changed, and a program whose environment did not have the variables does not see them.
"""

from __future__ import annotations

import _posixsubprocess
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from . import kept

STATE = "_MUTDIFF_CHILD"
#: Set when the variables are to be taken away by the child's start-up hook.
HIDDEN = "_MUTDIFF_HIDDEN"
_PATH = "PYTHONPATH"
_PYTHON = re.compile(rb"(python|pypy)[0-9.]*t?d?$")


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
    rest = [place for place in environ.pop(_PATH, "").split(":") if place != site]
    if rest:
        environ[_PATH] = ":".join(rest)


def install(state: str, site: str) -> dict[bytes, bytes]:
    """Stands between this process and the functions that start programs.

    Returns the variables that they are given, for :func:`renew`.
    """
    needed = {STATE.encode(): kept.fsencode(state), _PATH.encode(): kept.fsencode(site)}
    fork_exec: Callable[..., int] = _posixsubprocess.fork_exec

    def fork_exec_along(*arguments: Any) -> int:
        try:
            along = None
            if _is_python(arguments[1]):
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
            if _is_python([arguments[0]]):
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
        rest = arguments[environment_at + 1 :]
        return passed_on(*arguments[:environment_at], environment, *rest, **options)

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
    if needed[path] in places and entries.get(state) == needed[state]:
        return None
    along = dict(entries)
    if state not in entries:
        along[HIDDEN.encode()] = b"1"
    along[state] = needed[state]
    along[path] = b":".join([needed[path], *(place for place in places if place != needed[path])])
    return along


def _is_python(candidates: Iterable[Any]) -> bool:
    """Whether the first program that exists is an interpreter or a script for one."""
    for candidate in candidates:
        path: bytes = kept.fsencode(candidate)
        if _PYTHON.search(path.rpartition(b"/")[2]) or path == kept.fsencode(sys.executable):
            return True
        try:
            with kept.open_file(path, "rb") as file:
                first = file.readline(200)
        except OSError:
            continue
        return first.startswith(b"#!") and b"python" in first
    return False
