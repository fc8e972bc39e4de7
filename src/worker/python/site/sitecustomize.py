"""Start-up hook of Python processes that tests start: brings the mutant or the trace along.

Invariant: without mutdiff's variable in the environment it does nothing but chain to the user's
own ``sitecustomize``; whatever goes wrong here never reaches the process's own code.
"""

from __future__ import annotations

import os
import sys


def _join() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    state = os.environ.get("_MUTDIFF_CHILD")
    if state:
        sys.path.insert(0, os.path.dirname(here))
        try:
            from _mutdiff import startup
        finally:
            del sys.path[0]
        startup.join(state, here)


def _chain() -> None:
    own = sys.modules.pop(__name__, None)
    try:
        import sitecustomize  # noqa: F401  # the user's own, now that ours is off the path
    except ImportError:
        if own is not None:
            sys.modules[__name__] = own


try:
    _join()
except Exception:
    pass
_chain()
