"""Signal handlers, alarms and watchdogs that imported code sets: for tests, not for their parents.

Invariant: the processes that fork and wait have the handlers that they started with; a fork that
runs tests has those of the code under test.
"""

from __future__ import annotations

import sys
from typing import Any

from . import kept


class Handlers:
    """The handlers of this process, as they are now."""

    def __init__(self) -> None:
        self._before = _handlers()
        self._theirs: list[tuple[int, Any]] = []

    def set_aside(self) -> None:
        """Puts back what was there, and ends what would end this process one day."""
        for number, handler in _handlers().items():
            before = self._before.get(number)
            # ``None`` is a handler that is not Python's, which cannot be put back.
            if handler != before and None not in (handler, before):
                self._theirs.append((number, handler))
                kept.set_signal(number, before)
        kept.setitimer(kept.ITIMER_REAL, 0)
        watchdog: Any = sys.modules.get("faulthandler")
        if watchdog is not None:
            watchdog.cancel_dump_traceback_later()

    def give_back(self) -> None:
        """Sets, in a fork, what was set aside."""
        for number, handler in self._theirs:
            kept.set_signal(number, handler)


def _handlers() -> dict[int, Any]:
    return {number: kept.get_signal(number) for number in kept.SIGNALS}
