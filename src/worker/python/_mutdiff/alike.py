"""Which mutants compile to the same code as one another, or as the original.

Invariant: nothing is run of what is compiled; what is said to be alike has the same code, constants
and line numbers, column positions aside.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import sys
import tokenize
from types import CodeType
from typing import Any

from . import kept, mutation
from .mutation import Mutant

#: Where they begin and end in the text, and how many lines are before them.
Statements = tuple[int, int, int]


def main() -> None:
    """Reads files and mutants from standard input; prints a list of digest and sameness each."""
    request: dict[str, Any] = json.load(sys.stdin)
    paths: list[str] = request["files"]
    # Only those that have mutants: a project may have thousands of files, and a change a few.
    files: dict[int, File] = {}
    answer = []
    for message in request["mutants"]:
        number: int = message["file"]
        if number not in files:
            files[number] = File(paths[number])
        answer.append(files[number].compare(Mutant.read(message)))
    sys.stdout.write(json.dumps(answer))


class File:
    """A file with the originals that its mutants are compared with."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._originals: dict[object, str] = {}
        self._statements: list[Statements] = []
        try:
            with kept.open_file(path, "rb") as file:
                data = file.read()
            self._digest = hashlib.sha256(data).hexdigest()
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            self._text = data.decode(encoding).removeprefix("\ufeff").encode()
            tree = mutation.compile_text(self._text.decode(), path, 0)
            self._flags = tree.co_flags & mutation.FUTURE
            self._statements = _statements(self._text)
        except (OSError, SyntaxError, ValueError):
            self._digest = ""

    def compare(self, mutant: Mutant) -> tuple[str, bool] | None:
        """The digest of the mutant's code, and whether it is the original's, if it has any."""
        if mutant.digest != self._digest:
            return None
        try:
            new = self._digest_of(mutant)
            place, original = self._original(mutant)
            if place not in self._originals:
                self._originals[place] = self._digest_of(original)
        except (SyntaxError, ValueError, RecursionError, MemoryError, mutation.CannotPlace):
            return None
        return new, new == self._originals[place]

    def _digest_of(self, mutant: Mutant) -> str:
        key: tuple[object, ...]
        if mutant.unit is None:
            begin, end, lines = self._around(mutant)
            before, behind = self._text[begin : mutant.start], self._text[mutant.end : end]
            text = b"\n" * lines + before + mutant.text.encode() + behind
            code = mutation.compile_text(text.decode(), self._path, self._flags)
            key = (lines, *_key(code))
        else:
            key = _key(mutation.unit_code(self._path, mutant.unit, self._flags))
        return hashlib.sha256(repr(key).encode(errors="surrogatepass")).hexdigest()[:32]

    def _original(self, mutant: Mutant) -> tuple[object, Mutant]:
        """The same place without the mutant, and what tells it from others."""
        text = self._text[mutant.start : mutant.end].decode()
        unit = mutant.unit
        if unit is None:
            return self._around(mutant), mutation.replaced(mutant, text, None)
        start = mutant.start - unit.offset
        before = unit.text.encode()
        behind = before[unit.offset + len(mutant.text.encode()) :]
        whole = (before[: unit.offset] + text.encode() + behind).decode()
        return (start, unit.name), mutation.replaced(mutant, text, whole)

    def _around(self, mutant: Mutant) -> Statements:
        """The statements of the module that a mutant is in, or all of them.

        What one compiles to is not changed by the others, and a file may be a long table.
        """
        for statements in self._statements:
            begin, end, _ = statements
            if begin <= mutant.start and mutant.end <= end:
                return statements
        return 0, len(self._text), 0


def _statements(text: bytes) -> list[Statements]:
    """The statements of a module, those that share a line as one."""
    if b"\r" in text or b"\f" in text:
        return []  # lines that Python counts in another way
    starts = [0]
    starts.extend(at + 1 for at, byte in enumerate(text) if byte == 10)
    starts.append(len(text))
    found: list[tuple[int, int]] = []
    for node in ast.parse(text.decode()).body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        last = node.end_lineno or node.lineno
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return [(starts[first - 1], starts[last], first - 1) for first, last in found]


def _key(code: CodeType) -> tuple[object, ...]:
    """All that decides what code does and which lines it is on, as data with a stable form."""
    return (
        code.co_name,
        code.co_code,
        code.co_flags,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_firstlineno,
        getattr(code, "co_exceptiontable", b""),
        list(code.co_lines()),
        [_const(const) for const in code.co_consts],
    )


def _const(const: object) -> tuple[object, ...]:
    """A constant with its type: `1`, `1.0` and `True` are others, and so are `0.0` and `-0.0`."""
    if isinstance(const, CodeType):
        return _key(const)
    if isinstance(const, tuple):
        return ("tuple", *map(_const, const))
    if isinstance(const, frozenset):
        return ("frozenset", *sorted(map(repr, map(_const, const))))
    return (type(const).__name__, repr(const))
