"""The processes of a run: what they hold of the machine's memory, and their end.

Invariant: a process belongs to a run if it descends from the run's first process, or, once its
parents are gone, if its environment names the run's directory.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

# What a process counts at least, as for mutdiff: endless processes meet the limit of memory too.
PROCESS = 4 << 20
_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make daemons of a run (they forked twice) children of this process (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def family(first: int, mark: Path) -> list[int]:
    """The run's living processes: descendants of `first`, and orphans that carry the mark."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            parent = _parent(int(entry))
            if parent is not None:
                children.setdefault(parent, []).append(int(entry))
    wanted = os.fsencode(mark)
    own = [pid for pid in children.get(os.getpid(), ()) if pid != first]
    found = [first, *(pid for pid in own if wanted in _read(pid, "environ"))]
    for pid in found:
        found += children.get(pid, ())
    return found


def is_over(pids: list[int], limit: int) -> bool:
    """Whether the processes hold more than `limit` bytes of memory of their own."""
    if len(pids) * PROCESS > limit:
        return True
    names = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
    if sum(max(PROCESS, _sum(_read(pid, "status"), names)) for pid in pids) <= limit:
        return False
    # Pages that forks share were counted for each: now each page is counted once.
    names = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")
    return sum(_sum(_read(pid, "smaps_rollup"), names) for pid in pids) > limit


def end(first: int, mark: Path) -> None:
    """Kill the run's group and all that has left it, but leave `first` to be waited for."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(first, signal.SIGKILL)
    patience = time.monotonic() + 10
    while time.monotonic() < patience:
        left = [pid for pid in family(first, mark)[1:] if _parent(pid) is not None]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        time.sleep(0.002)


def _parent(pid: int) -> int | None:
    """The parent of a process that lives; `None` for one that has ended."""
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 and fields[0] not in (b"Z", b"X") else None


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _sum(text: bytes, names: tuple[bytes, ...]) -> int:
    lines = [line.split() for line in text.splitlines() if line.startswith(names)]
    return sum(int(line[1]) for line in lines if len(line) > 1) * 1024
