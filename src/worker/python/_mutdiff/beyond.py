"""Which of the project's files a Python process may run that mutdiff cannot join.

Invariant: a file is left out only if nothing that such a process is given names it; what cannot be
read from its arguments counts as every file.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from . import kept
from .project import Project

#: Options that keep the start-up hook away: isolated, no site, no environment.
_ALONE = frozenset(b"ISE")
#: Options whose value follows.
_VALUED = frozenset(b"WX")

#: What a process runs: ``c`` and code, ``m`` and a module, ``f`` and a path, or ``?``.
Target = tuple[str, bytes]


def target(arguments: list[bytes]) -> Target | None:
    """What an interpreter with these arguments runs out of reach; ``None`` if it is within."""
    alone = False
    rest = iter(arguments)
    found: Target = ("?", b"")
    for argument in rest:
        if not argument.startswith(b"-"):
            found = ("f", argument)
            break
        if argument in (b"-", b"--"):
            break
        if argument.startswith(b"--"):
            if argument == b"--check-hash-based-pycs":
                next(rest, b"")
            continue
        end = False
        for at, letter in enumerate(argument[1:], 2):
            alone = alone or letter in _ALONE
            if letter in _VALUED or letter in b"cm":
                value = argument[at:] or next(rest, b"")
                if letter in b"cm":
                    found, end = (chr(letter), value), True
                break
        if end:
            break
    return found if alone else None


def files(project: Project, what: Target, folder: str) -> set[int]:
    """The indexes of the files that a target may run when it is started in ``folder``."""
    every = set(range(len(project.files)))
    kind, value = what
    text = kept.fsdecode(value)
    found: set[int] = set()
    pending: list[int] = []
    if kind == "m":
        pending += _modules(project, f"{text}.__main__")
    elif kind == "f":
        path = kept.realpath(f"{folder}/{text}" if not text.startswith("/") else text)
        index = project.index(path)
        if index is None:
            index = project.index(f"{path}/__main__.py")
        if index is not None:
            pending.append(index)
        else:
            with kept.open_file(path, "rb") as file:
                kind, value = "c", file.read()
    if kind == "c":
        names = _imports(value, "")
        if names is None:
            return every
        for name in names:
            pending += _modules(project, name)
    elif kind == "?":
        return every
    while pending:
        index = pending.pop()
        if index in found:
            continue
        found.add(index)
        with kept.open_file(project.path(index), "rb") as file:
            names = _imports(file.read(), project.files[index])
        if names is None:
            return every
        for name in names:
            pending += _modules(project, name)
    return found


def _modules(project: Project, name: str) -> Iterator[int]:
    """Files that may be a module or a package around it, wherever the search path begins: in a
    folder of the project, or above it where the project's own folder is a package."""
    parts = name.split(".")
    ends = set()
    for length in range(1, len(parts) + 1):
        place = "/".join(parts[:length])
        ends |= {f"/{place}.py", f"/{place}/__init__.py"}
    for index, file in enumerate(project.files):
        place = f"/{file}"
        if any(place.endswith(end) or end.endswith(place) for end in ends):
            yield index


def _imports(source: bytes, file: str) -> list[str] | None:
    """The modules that a text imports; ``None`` when that cannot be read from it."""
    if b"import_module" in source or b"__import__" in source or b"runpy" in source:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    package = file.split("/")[:-1]
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: max(0, len(package) - node.level + 1)] if node.level else []
            base = [*above, node.module] if node.module else above
            names += [".".join([*base, alias.name]) for alias in node.names]
    return names
