"""Private copies of the functions that the runtime needs after user code has run.

Invariant: tests patch ``os``, ``time``, ``signal`` and ``builtins``; the runtime calls the names
here, which were bound before any of the project's code was imported.
"""

from __future__ import annotations

import json
import marshal
import os
import select
import signal
import sys
import time
import traceback
from builtins import open as _open
from mmap import mmap as _mmap

fork = os.fork
exit_now = os._exit
waitpid = os.waitpid
killpg = os.killpg
kill = os.kill
getpid = os.getpid
getcwd = os.getcwd
setsid = os.setsid
dup2 = os.dup2
close = os.close
os_open = os.open
lseek = os.lseek
replace = os.replace
makedirs = os.makedirs
realpath = os.path.realpath
environ = os.environ
fsencode = os.fsencode
fsdecode = os.fsdecode
execve = os.execve
monotonic = time.monotonic
perf_counter = time.perf_counter
set_signal = signal.signal
get_signal = signal.getsignal
setitimer = signal.setitimer
poll = select.poll
open_file = _open
loads_code = marshal.loads
dumps_code = marshal.dumps

SIGKILL = signal.SIGKILL
SIGNALS = signal.valid_signals()
ITIMER_REAL = signal.ITIMER_REAL
POLLIN = select.POLLIN
NULL = os.devnull
O_RDWR = os.O_RDWR
NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL
WNOHANG = os.WNOHANG

unlink = os.unlink
listdir = os.listdir
ftruncate = os.ftruncate
mmap = _mmap
format_exc = traceback.format_exc
#: JSON without the module-level functions, which tests patch too.
encode_json = json.JSONEncoder(separators=(",", ":")).encode
register_at_fork = os.register_at_fork

#: Tells when a child ends without a handler for SIGCHLD (Linux; ``None`` elsewhere).
pidfd_open = getattr(os, "pidfd_open", None)
#: Waits without reaping (not on macOS before Python 3.13).
waitid = getattr(os, "waitid", None)
WAIT_KEEP = getattr(os, "WEXITED", 0) | getattr(os, "WNOWAIT", 0)
P_PID = getattr(os, "P_PID", 0)
memfd_create = getattr(os, "memfd_create", None)


def hide() -> None:
    """Takes this module out of ``sys.modules``.

    Tools that patch by looking through all modules (freezegun for clocks, pyfakefs for files)
    would find the functions here too.
    """
    sys.modules.pop(__name__, None)
