"""Copies of a working tree, and the mutated file in one.

Invariant: the original tree is read and never written to.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tokenize
from collections.abc import Iterator
from pathlib import Path

from .reports import Mutant

LEFT_OUT = frozenset(
    {
        ".git",
        ".hg",
        ".mutdiff",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        "__pycache__",
        "node_modules",
    }
)


class MutationError(Exception):
    """The mutant does not fit the file."""


def is_left_out(directory: Path) -> bool:
    """Whether a directory is no part of the project: history, caches, virtual environments."""
    if directory.name in LEFT_OUT:
        return True
    return (directory / "pyvenv.cfg").exists() or (directory / "CACHEDIR.TAG").exists()


def files(root: Path) -> Iterator[Path]:
    """Files and symbolic links of the working tree, ignored ones too, relative to `root`."""
    for directory, names, leaves in os.walk(root):
        here = Path(directory)
        links = [name for name in names if (here / name).is_symlink()]
        names[:] = sorted(n for n in names if n not in links and not is_left_out(here / n))
        for name in sorted(leaves + links):
            if not name.endswith((".pyc", ".pyo")) and name not in LEFT_OUT:
                yield (here / name).relative_to(root)


def copy_tree(original: Path, copy: Path) -> None:
    """Make `copy` anew from the original working tree."""
    if copy.exists():
        shutil.rmtree(copy)
    copy.mkdir(parents=True)
    for name in files(original):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(original / name, target, follow_symlinks=False)


def digest(root: Path) -> str:
    """SHA-256 over the names and contents of all files that are copied."""
    whole = hashlib.sha256()
    for name in files(root):
        path = root / name
        held = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        whole.update(f"{name}\0{len(held)}\0".encode())
        whole.update(held)
    return whole.hexdigest()


def drop_bytecode(copy: Path) -> None:
    """Remove compiled files: one as old as the mutated source would be taken for its own."""
    for directory, names, leaves in os.walk(copy):
        if "__pycache__" in names:
            shutil.rmtree(Path(directory) / "__pycache__", ignore_errors=True)
            names.remove("__pycache__")
        for leaf in leaves:
            if leaf.endswith(".pyc"):
                (Path(directory) / leaf).unlink()


def mutated(file: Path, mutant: Mutant) -> bytes:
    """The bytes of `file` with the mutant in them; the span must hold the original text."""
    try:
        held = file.read_bytes()
    except OSError as error:
        raise MutationError(f"{mutant.id}: cannot read {mutant.path}: {error}") from error
    with file.open("rb") as lines:
        encoding, _ = tokenize.detect_encoding(lines.readline)
    # The byte order mark is in front of the span, so pieces are encoded without one.
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    expected = mutant.original.encode(encoding)
    found = held[mutant.start : mutant.end]
    if found != expected:
        raise MutationError(
            f"{mutant.id}: bytes {mutant.start}..{mutant.end} of {mutant.path} are {found!r}, "
            f"and the report says {expected!r}"
        )
    return held[: mutant.start] + mutant.replacement.encode(encoding) + held[mutant.end :]
