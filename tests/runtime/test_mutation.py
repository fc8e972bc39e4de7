"""Mutated code compiled in a skeleton is what the same text gives in its file."""

from __future__ import annotations

import hashlib
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from _mutdiff import mutation
from _mutdiff.mutation import CannotPlace, Mutant, SourceChanged
from driver import unit

SOURCES = {
    "plain": "def f(x):\n    return x + 1\n",
    "first line decorated": "@d\n@d(\n 1\n)\ndef f(x):\n    return x + 1\n",
    "method": "class A:\n    def f(self, x):\n        return x + 1\n",
    "mangled": "class A:\n    def f(self, x):\n        return self.__y.__z__ + __x + 1\n",
    "super": "\nclass A(B):\n    def f(self):\n        return super().f() + 1\n",
    "class cell": "\nclass A(B):\n    def f(self):\n        return __class__.x + 1\n",
    "in if": "if a:\n  if b:\n    def f(x):\n        return x + 1\n",
    "class in if": "\nif a:\n  class A:\n  \tdef f(x):\n  \t\treturn x + 1\n",
    "deep": "class A:\n class B:\n  class C:\n   @d\n   def f(x):\n    return x + 1\n",
    "tabs": "class A:\n\tdef f(x):\n\t\tif x:\n\t\t\treturn x + 1\n",
    "form feed": "\x0cclass A:\n\x0c\n\x0c    def f(x):\n        return x + 1\n",
    "form feed before def": "\n\x0cdef f(x):\n    return x + 1\n",
    "crlf": "class A:\r\n    def f(x):\r\n        y = '''a\r\nb'''\r\n        return x + 1\r\n",
    "cr": "class A:\r    def f(x):\r        return x + 1\r",
    "async": "@d\nasync def f(x):\n    async for y in x:\n        await y + 1\n        yield y\n",
    "generator": "def f(x):\n    yield from (y + 1 for y in x)\n",
    "nested": "def f(x):\n    def g(y):\n        return lambda z: x + y + z + 1\n    return g\n",
    "lambda": "f = lambda x: x + 1\n",
    "lambda in class": "class A:\n    f = staticmethod(lambda x: x + 1)\n",
    "lambda in one-line class": "\nclass A: f = lambda x: x + 1\n",
    "lambda flush left": "class A:\n    f = (\nlambda x: x + 1\n    )\n",
    "lambda over lines": "f = (lambda x:\n     x + 1)\n",
    "lambda continued": "f = \\\n     lambda x: x + 1\n",
    "non-ascii": "class Ä:\n    def ö(self, ü):\n        é = 'ß'; return é + ü + 1\n",
    "future": "from __future__ import annotations\ndef f(x: y) -> z:\n    v: w = x + 1\n",
    "walrus": "def f(x):\n    return [y for z in x if (y := z + 1)]\n",
    "match": "def f(x):\n    match x:\n        case [1, *y] if y:\n            return y + 1\n",
    "no newline": "def f(x):\n    return x + 1",
    "defaults": "class A:\n    def f(x, y=(lambda: 2), *z, k: int = 3, **w):\n        x + 1\n",
}
if sys.version_info >= (3, 11):
    SOURCES["except*"] = "def f():\n    try: g()\n    except* ValueError: x + 1\n"
if sys.version_info >= (3, 12):
    SOURCES["generic"] = "def f[T: int, *Ts](x: T) -> T:\n    return x + 1\n"
    SOURCES["generic method"] = "class A:\n    def f[T](self, x: T) -> T:\n        return x + 1\n"
    SOURCES["f-string"] = "def f(x):\n    return f'{x + 1!r:>{f\"{x}\"}} {\"a\" 'b'}'\n"


def flat(code: CodeType) -> list[CodeType]:
    found = [code]
    for const in code.co_consts:
        if isinstance(const, CodeType):
            found += flat(const)
    return found


def message(text: bytes, old: str, new: str) -> Mutant:
    start = text.index(old.encode())
    end = start + len(old.encode())
    return Mutant.read(
        {
            "file": 0,
            "start": start,
            "end": end,
            "text": new,
            "digest": hashlib.sha256(text).hexdigest(),
            "unit": unit(text, start, end, new),
        }
    )


def function(tree: CodeType, mutant: Mutant) -> CodeType:
    """The code object that a live function of the unit carries."""
    assert mutant.unit is not None
    first = mutant.unit.first_line
    return next(
        code
        for code in flat(tree)
        if (code.co_name, code.co_firstlineno) == (mutant.unit.name, first)
    )


def same_in_all(one: CodeType, other: CodeType) -> None:
    for a, b in zip(flat(one), flat(other), strict=True):
        assert mutation.same(a, b), (a, b)
        assert list(a.co_lines()) == list(b.co_lines())
        assert a.co_firstlineno == b.co_firstlineno
        assert getattr(a, "co_qualname", 0) == getattr(b, "co_qualname", 0)


@pytest.mark.parametrize("name", SOURCES)
def test_a_unit_compiles_as_in_its_file(name: str) -> None:
    text = SOURCES[name].encode()
    mutant = message(text, " + 1", " - 1")
    assert mutant.unit is not None
    old = function(compile(text, "f.py", "exec", 0, True), mutant)
    wanted = function(compile(text.replace(b" + 1", b" - 1"), "f.py", "exec", 0, True), mutant)
    new = mutation.compile_unit("f.py", mutant.unit, old, None)
    same_in_all(wanted, new)
    assert not mutation.same(old, new)


@pytest.mark.parametrize("name", SOURCES)
def test_the_original_unit_is_found_in_the_file(name: str, tmp_path: Path) -> None:
    text = SOURCES[name].encode()
    path = tmp_path / "f.py"
    path.write_bytes(text)
    mutant = message(text, " + 1", " - 1")
    assert mutant.unit is not None
    if text.count(b"lambda") > 1 and mutant.unit.name == "<lambda>":
        return
    old = function(compile(text, "f.py", "exec", 0, True), mutant)
    original = mutation.original_unit(str(path), mutant, mutant.unit)
    same_in_all(old, mutation.compile_unit("f.py", original, old, None))


@pytest.mark.parametrize("name", SOURCES)
def test_a_probe_is_called_once_before_the_statement(name: str) -> None:
    text = SOURCES[name].encode()
    mutant = message(text, " + 1", " + 1")
    assert mutant.unit is not None
    old = function(compile(text, "f.py", "exec", 0, True), mutant)

    def probe() -> None: ...

    new = mutation.compile_unit("f.py", mutant.unit, old, probe)
    assert sum(const is probe for code in flat(new) for const in code.co_consts) == 1
    whole = mutation.compile_unit("f.py", mutant.unit, old, None)
    assert [c.co_name for c in flat(whole)] == [c.co_name for c in flat(new)]


DROPPED = {
    "last case": (
        "def f(x):\n    match x:\n        case 1: a()\n        case 2: b()\n",
        "case 2: b()",
    ),
    "with more behind it": (
        "def f(x):\n    match x:\n        case 1:\n            a()\n        case 2:\n"
        "            b()\n    return x\n",
        "case 2:\n            b()",
    ),
    "last case of an inner match": (
        "def f(x):\n    match x:\n        case 1: a()\n        case 2:\n            match x:\n"
        "                case 3: c()\n                case 4: d()\n        case 5: e()\n",
        "case 4: d()",
    ),
    "last case of an outer match": (
        "def f(x):\n    if x:\n        match x:\n            case 1:\n                match x:\n"
        "                    case 3: c()\n            case 2: d()\n    return 1\n",
        "case 2: d()",
    ),
    "decorator": (
        "def f(x):\n    y = 1\n    match x:\n        case 1: a()\n\n    @d\n"
        "    def g(): pass\n    return g\n",
        "@d",
    ),
}


@pytest.mark.parametrize("name", DROPPED)
def test_a_probe_stands_before_what_a_dropped_part_belonged_to(name: str) -> None:
    source, dropped = DROPPED[name]
    text = source.encode()
    mutant = message(text, dropped, "\n" * dropped.count("\n"))
    assert mutant.unit is not None
    old = function(compile(text, "f.py", "exec", 0, True), mutant)
    calls: list[int] = []

    def probe() -> None:
        frame = sys._getframe(1)
        calls.append(frame.f_lineno)

    new = mutation.compile_unit("f.py", mutant.unit, old, probe)
    names = {letter: lambda *_: None for letter in "abcde"}
    for value in (1, 2, 3, 4, 5):
        FunctionType(new, names)(value)
    assert calls, "the probe is not in the function"


@pytest.mark.parametrize("where", ["", "class C:\n    "])
def test_a_probe_of_a_dropped_decorator_runs_at_import(where: str, tmp_path: Path) -> None:
    text = f"{where}@d\n{' ' * (len(where) and 4)}def f(): pass\n".encode()
    path = tmp_path / "f.py"
    path.write_bytes(text)
    calls: list[int] = []
    code = mutation.compile_file(str(path), message(text, "@d", ""), lambda: calls.append(1))
    exec(code, {})
    assert calls == [1]


CLOSURES = {
    "free": ("def o(a, b):\n    def f():\n        return a + b\n    return f\n", "a + b", "b"),
    "all free": ("def o(a, b):\n    def f():\n        return a + b\n    return f\n", "a + b", "1"),
    "docstring": ("def o(a):\n    def f():\n        'doc'\n        return a + 1\n", "a + 1", "1"),
    "lambda": ("def o(a, b):\n    return lambda: a + b\n", "a + b", "0"),
    "super": ("class C(B):\n    def m(self):\n        return super().m()\n", "super().m()", "1"),
    "nonlocal": ("def o(a):\n    def f():\n        nonlocal a\n        a += 1\n", "a += 1", "pass"),
    "mangled": (
        "class C:\n    def o(self, __a):\n        def f():\n            return __a + 1\n",
        "__a + 1",
        "1",
    ),
    "deep": (
        "def o(a):\n    def f():\n        def g():\n            return a + 1\n        return g\n",
        "a + 1",
        "1",
    ),
    "async": ("def o(a):\n    async def f():\n        return a + 1\n", "a + 1", "1"),
    "decorated": ("def o(a):\n    @d\n    def f():\n        return a + 1\n", "a + 1", "1"),
    "comprehension": (
        "def o(a, x):\n    def f():\n        return [a + y for y in x]\n",
        "a + y",
        "y",
    ),
}


@pytest.mark.parametrize("name", CLOSURES)
def test_a_dropped_free_variable_stays_free(name: str) -> None:
    source, old_text, new_text = CLOSURES[name]
    text = source.encode()
    mutant = message(text, old_text, new_text)
    assert mutant.unit is not None
    old = function(compile(text, "f.py", "exec", 0, True), mutant)
    new = mutation.compile_unit("f.py", mutant.unit, old, None)
    for one, other in mutation.pairs(old, new):
        if one.co_name not in ("<listcomp>", "<genexpr>"):
            assert one.co_freevars == other.co_freevars, one


def test_the_docstring_stays_where_a_dead_reference_is_added() -> None:
    text = b"class C(B):\n    def m(self):\n        'doc'\n        return super().m()\n"
    mutant = message(text, "super().m()", "1")
    assert mutant.unit is not None
    old = function(compile(text, "f.py", "exec", 0, True), mutant)
    assert mutation.compile_unit("f.py", mutant.unit, old, None).co_consts[0] == "doc"


def test_a_variable_of_a_generic_class_needs_an_import() -> None:
    if sys.version_info < (3, 12):
        pytest.skip("no such syntax")
    text = b"class C[T]:\n    def m(self):\n        return T, 1 + 1\n"
    mutant = message(text, "1 + 1", "1 - 1")
    assert mutant.unit is not None
    old = function(compile(text, "f.py", "exec", 0, True), mutant)
    with pytest.raises(CannotPlace):
        mutation.compile_unit("f.py", mutant.unit, old, None)


def test_a_method_on_the_line_of_its_class_has_no_room() -> None:
    text = b"class C: m = lambda self: 1 + 1\n"
    mutant = message(text, "1 + 1", "1 - 1")
    assert mutant.unit is not None
    old = function(compile(text, "f.py", "exec", 0, True), mutant)
    with pytest.raises(CannotPlace):
        mutation.compile_unit("f.py", mutant.unit, old, None)


FILES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "utf-8": (lambda text: text.encode(), ""),
    "bom": (lambda text: b"\xef\xbb\xbf" + text.encode(), ""),
    "latin-1": (lambda text: text.encode("latin-1"), "# -*- coding: latin-1 -*-\n"),
    "cp1252": (lambda text: text.encode("cp1252"), "# vim: fileencoding=cp1252\n"),
    "crlf": (lambda text: text.replace("\n", "\r\n").encode(), ""),
}


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_is_compiled_in_its_encoding(name: str, tmp_path: Path) -> None:
    encode, cookie = FILES[name]
    text = f"{cookie}x = 'äöü'\ny = 'é', 5\n"
    path = tmp_path / "f.py"
    path.write_bytes(encode(text))
    decoded = text.replace("\n", "\r\n") if name == "crlf" else text
    start = len(decoded[: decoded.rindex("5")].encode())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    mutant = Mutant(0, start, start + 1, "6", digest, None)
    found: dict[str, object] = {}
    exec(mutation.compile_file(str(path), mutant, None), found)
    assert (found["x"], found["y"]) == ("äöü", ("é", 6))
    assert mutation.differs(str(path), mutant)
    assert not mutation.differs(str(path), Mutant(0, start, start + 1, "(5)", digest, None))
    path.write_bytes(b"")
    with pytest.raises(SourceChanged):
        mutation.compile_file(str(path), mutant, None)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("x = 0.0", "x = -0.0", False),
        ("x = 1", "x = True", False),
        ("x = 1", "x = 1.0", False),
        ("x = (1, 0.0)", "x = (1, -0.0)", False),
        ("x = a in {1, 2}", "x = a in {True, 2}", False),
        ("x = 1  # one", "x = 1", True),
        ("def f():\n  return 2 * 3", "def f():\n\n  return 6", True),
        ("def f(a): pass", "def f(b): pass", False),
        ("def f(): return lambda: 1", "def f(): return lambda: 2", False),
        ("x = b'a'", "x = 'a'", False),
        ("try: a\nexcept: b", "try: a\nexcept: c", False),
        ("def f(a, /): 0", "def f(a): 0", False),
        ("def f(*, a): 0", "def f(a): 0", False),
    ],
)
def test_same_code(one: str, other: str, equal: bool) -> None:
    codes = [compile(textwrap.dedent(text), "f", "exec") for text in (one, other)]
    assert mutation.same(*codes) is equal
