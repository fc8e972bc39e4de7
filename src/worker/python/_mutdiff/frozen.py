"""What was frozen for the sake of forks, shown to tests that look through the collector's objects.

Invariant: nothing is thawed before somebody asks, since a collection then touches, and copies, the
pages of all that forks share.
"""

from __future__ import annotations

import gc
from typing import Any

#: For the runtime itself.
objects = gc.get_objects


def thaw_when_asked() -> None:
    """Has ``gc.get_objects`` and ``gc.get_referrers`` thaw before they answer."""
    thaw, get_objects, get_referrers = gc.unfreeze, gc.get_objects, gc.get_referrers

    def thaw_and_get_objects(generation: int | None = None) -> list[Any]:
        thaw()
        return get_objects(generation)

    def thaw_and_get_referrers(*things: Any) -> list[Any]:
        thaw()
        return [found for found in get_referrers(*things) if found is not things]

    gc.get_objects = thaw_and_get_objects
    gc.get_referrers = thaw_and_get_referrers
