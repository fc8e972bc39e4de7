"""Mutated code: a function's text compiled in a skeleton of its classes, or a whole file.

Invariant: line numbers, qualified names, name mangling and free variables of the compiled code
are those that the same text would have in its file.
"""

from __future__ import annotations

import ast
import hashlib
import io
import tokenize
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

from . import kept

#: Called in place of this constant: a probe that says "reached, with the mutant in force".
_MARK = "<mutdiff probe>"

#: The flags of `from __future__ import …`.
FUTURE = 0
for _name in __import__("__future__").all_feature_names:
    FUTURE |= getattr(__import__("__future__"), _name).compiler_flag


class CannotPlace(Exception):
    """The mutant cannot take effect in this process; it needs a fresh import."""


class SourceChanged(Exception):
    """A file is no longer what it was when the run began."""


@dataclass(frozen=True)
class Unit:
    """The outermost function around a mutant, with its mutated text."""

    text: str
    offset: int
    indent: str
    name: str
    first_line: int
    def_line: int
    classes: list[tuple[str, str]]


@dataclass(frozen=True)
class Mutant:
    """A mutant as Rust sends it; offsets are bytes of the decoded text in UTF-8."""

    file: int
    start: int
    end: int
    text: str
    digest: str
    unit: Unit | None

    @classmethod
    def read(cls, message: dict[str, Any]) -> Mutant:
        """From the message's JSON."""
        unit = message["unit"]
        return cls(
            message["file"],
            message["start"],
            message["end"],
            message["text"],
            message["digest"],
            unit
            and Unit(
                unit["text"],
                unit["offset"],
                unit["indent"],
                unit["name"],
                unit["first_line"],
                unit["def_line"],
                [(header["indent"], header["name"]) for header in unit["classes"]],
            ),
        )


def compile_file(
    path: str,
    mutant: Mutant,
    probe: Callable[[], None] | None,
    rewrite: Callable[[ast.Module, bytes], None] | None = None,
) -> CodeType:
    """Compiles a whole file with the mutant in it, and what ``rewrite`` does to its tree."""
    text = _original(path, mutant)
    mutated = text[: mutant.start] + mutant.text.encode() + text[mutant.end :]
    at = mutant.start if probe else None
    return _compile(mutated.decode(), path, 0, at, probe, rewrite=rewrite)


def compile_text(text: str, path: str, flags: int) -> CodeType:
    """Compiles a whole text as a file's."""
    return _compile(text, path, flags, None, None)


def unit_code(path: str, unit: Unit, flags: int) -> CodeType:
    """The unit's own code, whatever it is to replace."""
    return _find(_compile(_skeleton(unit)[0], path, flags, None, None), unit)


def replaced(mutant: Mutant, text: str, unit_text: str | None) -> Mutant:
    """The same place with another text in it, and its unit's whole text."""
    unit = mutant.unit
    if unit is not None and unit_text is not None:
        unit = replace(unit, text=unit_text)
    return replace(mutant, text=text, unit=unit)


def _original(path: str, mutant: Mutant) -> bytes:
    """The file's decoded text, in UTF-8."""
    with kept.open_file(path, "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != mutant.digest:
        raise SourceChanged(path)
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding).removeprefix("\ufeff").encode()


def original_unit(path: str, mutant: Mutant, unit: Unit) -> Unit:
    """The mutant's unit as it is in the file.

    Raises :class:`CannotPlace` for one of several lambdas on a line: only their columns tell
    them apart, which code objects keep from 3.11 on and function objects do not lead back to.
    """
    text = _original(path, mutant)
    start = mutant.start - unit.offset
    length = len(unit.text.encode()) - len(mutant.text.encode()) + mutant.end - mutant.start
    if unit.name == "<lambda>":
        line = text[:start].rpartition(b"\n")[2] + text[start:].partition(b"\n")[0]
        if line.count(b"lambda") > 1:
            raise CannotPlace("several lambdas on a line")
    return replace(unit, text=text[start : start + length].decode())


def differs(path: str, mutant: Mutant) -> bool:
    """Whether the file compiles to other code with the mutant than without it."""
    mutated = compile_file(path, mutant, None)
    with kept.open_file(path, "rb") as file:
        return not same(compile(file.read(), path, "exec", 0, dont_inherit=True), mutated)


def compile_unit(
    path: str, unit: Unit, old: CodeType, probe: Callable[[], None] | None
) -> CodeType:
    """Compiles the unit so that it can replace ``old``; raises :class:`CannotPlace`."""
    skeleton, offset = _skeleton(unit)
    flags = old.co_flags & FUTURE
    at = offset + unit.offset if probe else None
    new = _find(_compile(skeleton, path, flags, at, probe), unit)
    if any(True for _ in _lacking(old, new)):
        dead = [(code, names) for code, names in _lacking(old, new) if names]
        new = _find(_compile(skeleton, path, flags, at, probe, dead), unit)
    if new.co_freevars != old.co_freevars:
        raise CannotPlace(f"free variables of {unit.name} differ")
    return new


def _skeleton(unit: Unit) -> tuple[str, int]:
    """The text to compile and the byte offset of the unit's text in it."""
    # A form feed sets the column back to zero: what is behind the last one is the indentation.
    classes = [(indent.rpartition("\f")[2], name) for indent, name in unit.classes]
    indent = unit.indent.rpartition("\f")[2]
    if unit.name == "<lambda>":
        # It may stand on a continuation line or on the line of a class statement.
        indent = f"{classes[-1][0]} " if classes else ""
    headers = [f"{before}class {name}:" for before, name in classes]
    if (classes[0][0] if classes else indent) != "":
        headers.insert(0, "if 1:")
    blank = unit.first_line - 1 - len(headers)
    if blank < 0:
        raise CannotPlace(f"no room above {unit.name}")
    head = "\n" * blank + "".join(header + "\n" for header in headers)
    if unit.name == "<lambda>":
        head += "\n" * (unit.def_line - unit.first_line) + indent + "_ = ("
        return head + unit.text + ")", len(head.encode())
    if unit.def_line > unit.first_line:
        # A decorator makes the code object begin where the real one begins.
        head += f"{indent}@_\n" + "\n" * (unit.def_line - unit.first_line - 1)
    head += indent
    return head + unit.text + "\n", len(head.encode())


def _find(tree: CodeType, unit: Unit) -> CodeType:
    """The unit's code object in the compiled skeleton."""
    scope = tree
    for _, name in unit.classes:
        scope = _nested(scope, name)
    return _nested(scope, unit.name)


def _nested(scope: CodeType, name: str) -> CodeType:
    for const in scope.co_consts:
        if isinstance(const, CodeType):
            if const.co_name == name:
                return const
            if const.co_name.startswith("<generic parameters of"):
                return _nested(const, name)
    raise CannotPlace(f"{name} is not where it was")


def pairs(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]]:
    """Old and new code objects at the same place, the outermost pair first."""
    found = [(old, new)]
    olds = [const for const in old.co_consts if isinstance(const, CodeType)]
    news = [const for const in new.co_consts if isinstance(const, CodeType)]
    if [code.co_name for code in olds] != [code.co_name for code in news]:
        named: dict[str, list[CodeType]] = {}
        for code in news:
            named.setdefault(code.co_name, []).append(code)
        matched = [(code, named[code.co_name].pop(0)) for code in olds if named.get(code.co_name)]
    else:
        matched = list(zip(olds, news, strict=True))
    for one, other in matched:
        found.extend(pairs(one, other))
    return found


def _lacking(old: CodeType, new: CodeType) -> list[tuple[CodeType, list[str]]]:
    """Code that lost free variables, which its live closures still carry."""
    return [
        (two, [name for name in one.co_freevars if name not in two.co_freevars])
        for one, two in pairs(old, new)
        if one.co_freevars != two.co_freevars
    ]


def same(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects do the same, positions aside."""
    if (
        one.co_code != other.co_code
        or one.co_names != other.co_names
        or one.co_varnames != other.co_varnames
        or one.co_freevars != other.co_freevars
        or one.co_cellvars != other.co_cellvars
        or one.co_flags != other.co_flags
        or one.co_argcount != other.co_argcount
        or one.co_posonlyargcount != other.co_posonlyargcount
        or one.co_kwonlyargcount != other.co_kwonlyargcount
        or one.co_name != other.co_name
        or getattr(one, "co_exceptiontable", b"") != getattr(other, "co_exceptiontable", b"")
        or len(one.co_consts) != len(other.co_consts)
    ):
        return False
    return all(_same_const(a, b) for a, b in zip(one.co_consts, other.co_consts, strict=True))


def _same_const(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return same(one, other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same_const, one, other))
    # repr tells 0.0 from -0.0 and 1 from True in frozen sets, which == does not.
    return one == other and repr(one) == repr(other)


def _compile(
    text: str,
    path: str,
    flags: int,
    probe_at: int | None,
    probe: Callable[[], None] | None,
    dead: list[tuple[CodeType, list[str]]] | None = None,
    rewrite: Callable[[ast.Module, bytes], None] | None = None,
) -> CodeType:
    with warnings.catch_warnings():
        # A mutant may be doubtful code (`x is 1`); a suite that turns warnings into errors must
        # not take that for the mutant's effect.
        warnings.simplefilter("ignore")
        if probe is None and not dead and rewrite is None:
            whole: CodeType = compile(text, path, "exec", flags, dont_inherit=True)
            return whole
        tree: ast.Module = compile(text, path, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        if probe is not None and probe_at is not None:
            line, column = _position(text.encode(), probe_at)
            if not text.encode()[probe_at:].partition(b"\n")[0].strip():
                line, column = _beside(tree, line, column)
            _insert_probe(tree, line, column)
        # After the probe, which is found its place by positions: what is added here has none.
        for code, names in dead or []:
            _keep_alive(tree, code, names)
        ast.fix_missing_locations(tree)
        if rewrite is not None:
            # Nothing is mended behind it: what pytest adds would end where the module does, which
            # is before it begins.
            rewrite(tree, text.encode())
        code = compile(tree, path, "exec", flags, dont_inherit=True)
    return _with_probe(code, probe) if probe is not None else code


def _position(text: bytes, offset: int) -> tuple[int, int]:
    before = text[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1)


def _keep_alive(tree: ast.Module, code: CodeType, names: list[str]) -> None:
    """Refers to ``names`` in dead code of the function that ``code`` was compiled from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>":
            if node.lineno == code.co_firstlineno:
                for name in names:
                    load = ast.Name(name, ast.Load())
                    node.body = ast.IfExp(ast.Constant(1), node.body, load)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if node.name == code.co_name and first == code.co_firstlineno:
                uses: list[ast.stmt] = [ast.Expr(ast.Name(name, ast.Load())) for name in names]
                block = ast.If(ast.Constant(0), uses, [])
                node.body.insert(1 if ast.get_docstring(node, clean=False) else 0, block)


def _beside(tree: ast.Module, line: int, column: int) -> tuple[int, int]:
    """The statement that a line of which nothing is left was part of, as a place.

    That is the ``match`` before it, whose last case it was, or what a decorator stood above.
    """
    # The innermost that ends last: an outer one's cases are further to the left.
    matched = (0, 0), (0, 0)
    following: tuple[int, int] | None = None
    ended = (0, 0)
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt):
            continue
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        begin = first, node.col_offset
        end = node.end_lineno or 0, node.end_col_offset or 0
        if begin > (line, column):
            following = min(following or begin, begin)
        elif end < (line, column):
            ended = max(ended, end)
            if isinstance(node, ast.Match) and node.col_offset < column:
                matched = max(matched, (end, begin))
    if matched[0] == ended != (0, 0):
        return matched[1]
    return following or (line, column)


def _insert_probe(tree: ast.Module, line: int, column: int) -> None:
    """Calls the probe right before the innermost statement around a place."""
    where: tuple[list[ast.stmt], int] | None = None
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        for _, value in ast.iter_fields(node):
            if not isinstance(value, list):
                continue
            for number, child in enumerate(value):
                if isinstance(child, ast.stmt) and _contains(child, line, column):
                    where = value, number
                    pending = [child]
                    break
                if isinstance(child, ast.ExceptHandler | ast.match_case):
                    pending.append(child)
    if where is None:
        raise CannotPlace("no statement at the mutant's place")
    block, number = where
    call = ast.Call(ast.Constant(_MARK), [], [])
    function = _innermost_lambda(block[number], line, column)
    if function is not None:
        both = ast.Tuple([call, function.body], ast.Load())
        function.body = ast.Subscript(both, ast.Constant(1), ast.Load())
        return
    if number == 0 and isinstance(block[0], ast.Expr) and isinstance(block[0].value, ast.Constant):
        number = 1
    while isinstance(block[number], ast.ImportFrom) and number + 1 < len(block):
        number += 1  # `from __future__` stays first
    block.insert(number, ast.Expr(call))


def _innermost_lambda(statement: ast.stmt, line: int, column: int) -> ast.Lambda | None:
    found = None
    for node in ast.walk(statement):
        if isinstance(node, ast.Lambda) and _contains(node.body, line, column):
            found = node
    return found


def _contains(node: ast.stmt | ast.expr, line: int, column: int) -> bool:
    first, first_column = node.lineno, node.col_offset
    for decorator in getattr(node, "decorator_list", []):
        if decorator.lineno < first:
            first, first_column = decorator.lineno, 0
    end = node.end_lineno or node.lineno, node.end_col_offset or 0
    return (first, first_column) <= (line, column) <= end


def _with_probe(code: CodeType, probe: Callable[[], None]) -> CodeType:
    consts: list[object] = []
    for const in code.co_consts:
        if isinstance(const, CodeType):
            consts.append(_with_probe(const, probe))
        elif const == _MARK and isinstance(const, str):
            consts.append(probe)
        else:
            consts.append(const)
    return code.replace(co_consts=tuple(consts))
