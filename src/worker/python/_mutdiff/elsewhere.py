"""Modules that are not of the project's list: an installed copy, another checkout, ignored files.

Invariant: nothing is imported to find out; what Python itself brings stands in for nothing.
"""

from __future__ import annotations

import sys
import sysconfig
from importlib.util import find_spec

from . import kept
from .project import Project

#: Packages that many repositories have, and that are of no distribution.
_ASIDE = {"benchmarks", "docs", "examples", "scripts", "tools"}


def stand_ins(project: Project, roots: list[str]) -> list[list[str]]:
    """``[module, its file, the project's file]`` for what is imported, or would be.

    ``roots`` are the folders of the project that its packages may lie in, as ``src/`` or ``""``.
    """
    tests = project.test_files
    ours = {path for number, path in enumerate(project.files) if number not in tests}
    found: list[list[str]] = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            continue
        place = name.replace(".", "/")
        spellings = (f"{root}{place}{end}" for root in roots for end in (".py", "/__init__.py"))
        known = [spelled for spelled in spellings if spelled in ours]
        # Few names are the project's: where such a file lies is asked of the system only then.
        if known and _is_foreign(project, file):
            found.extend([name, file, spelled] for spelled in known)
    for root in roots:
        for name in _packages(ours, root):
            file = None if name in sys.modules or name in _ASIDE else _would_be(name)
            if file is not None and _is_foreign(project, file):
                found.append([name, file, f"{root}{name}/__init__.py"])
    return found


def unlisted(project: Project) -> list[str]:
    """Loaded files below the root that are neither listed nor installed: git ignores them."""
    found = set()
    environment = f"{kept.realpath(sys.prefix)}/"
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py") or "-packages/" in file:
            continue
        if project.index(file) is not None:
            continue
        path = kept.realpath(file)
        if path.startswith(f"{project.root}/") and not path.startswith(environment):
            found.add(path[len(project.root) + 1 :])
    return sorted(path for path in found if path.isprintable())


def _is_foreign(project: Project, file: str) -> bool:
    if file.startswith("<") or project.index(file) is not None:
        return False
    if "-packages" in file:
        return True
    path = kept.realpath(file)
    return not any(
        path.startswith(f"{kept.realpath(sysconfig.get_path(name))}/")
        for name in ("stdlib", "platstdlib")
    )


def _packages(ours: set[str], root: str) -> list[str]:
    """The packages that lie directly in a folder."""
    names = (path[len(root) :].split("/") for path in ours if path.startswith(root))
    return [parts[0] for parts in names if parts[1:] == ["__init__.py"]]


def _would_be(name: str) -> str | None:
    """The file that an import of a package that is not imported yet would load."""
    try:
        spec = find_spec(name)
    except Exception:
        return None
    origin = None if spec is None else spec.origin
    return origin if origin is not None and origin.endswith(".py") else None
