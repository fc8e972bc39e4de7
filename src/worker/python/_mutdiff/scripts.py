"""Programs that are started by their path: ``python script.py``, whose code no loader is asked for.

Invariant: a script of the project runs as it would by itself: with no frame below its own, with
the same ``sys.path``, ``__main__`` and exit status; any other script is left to Python.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import partial
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

from . import kept
from .imports import Imports


def take_over(imports: Imports) -> None:
    """Called at start-up, before Python looks at the script that it was given, if any.

    Python asks the importers first whether they know the path, since it may be a directory or an
    archive; it then imports ``runpy`` to run what the importer has.
    """
    given: str = sys.argv[0] if sys.argv else ""
    if given in ("", "-", "-c", "-m"):
        return
    script = kept.realpath(given)
    if not imports.knows(script):
        return

    def claim(place: str) -> Any:
        if kept.realpath(place) != script:
            raise ImportError(place)
        sys.path_hooks.remove(claim)
        try:
            code = imports.load(place)
        except Exception as error:
            # Python says better what is wrong with it.
            raise ImportError(place) from error
        if code is None:
            raise ImportError(place)
        sys.modules["runpy"] = _Once(place, script, code, sys.modules.get("runpy"))
        return object()

    sys.path_hooks.insert(0, claim)


class _Once(ModuleType):
    """Stands in for ``runpy`` until Python has asked for the function that runs ``__main__``."""

    def __init__(self, place: str, script: str, code: CodeType, real: ModuleType | None) -> None:
        super().__init__("runpy")
        self.__dict__["_all"] = place, script, code, real

    def __getattr__(self, name: str) -> Any:
        if name != "_run_module_as_main":
            raise AttributeError(name)
        place, script, code, real = self.__dict__["_all"]
        if real is None:
            del sys.modules["runpy"]
        else:
            sys.modules["runpy"] = real
        sys.path_importer_cache.pop(place, None)
        if sys.path[:1] == [place]:
            # Where a plain run has the script's folder, or nothing with `-P`.
            safe = getattr(sys.flags, "safe_path", False)
            sys.path[:1] = [] if safe else [script.rpartition("/")[0] or "/"]
        main = sys.modules["__main__"].__dict__
        main.update(__file__=place, __cached__=None, __loader__=SourceFileLoader("__main__", place))
        # Python calls what it gets here with two arguments. No function of this file may be among
        # the frames, so it is one of C that calls another: the look-up of the first argument runs
        # the script, that of the second finds the end.
        run: defaultdict[Any, Any] = defaultdict(partial(exec, code, main))
        run[False] = _Least()
        return partial(max, key=run.__getitem__)


class _Least:
    """Compares with what ``exec`` returns."""

    def __gt__(self, _other: object) -> bool:
        return False
