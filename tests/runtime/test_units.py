"""Mutated units when they run: where the probe stands, what dead references do, what is paired."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _mutdiff import mutation
from test_mutation import function, message

#: Source, the mutated text, and where the probe is to stand among what the function tells.
PROBED = {
    "start of a statement": ("def f():\n    t(1)\n    t(2)\n    t(3)\n", "t(2)",
                             [1, "probe", 2, 3]),
    "first statement": ("def f():\n    t(1)\n    t(2)\n", "t(1)", ["probe", 1, 2]),
    "behind a docstring": ("def f():\n    'doc'\n    t(2)\n", "t(2)", ["probe", 2]),
    "end of the first on a line": ("def f():\n    x = 1; t(2)\n", "1", ["probe", 2]),
    "end of the first, crlf": ("def f():\r\n    x = 1; t(2)\r\n", "1", ["probe", 2]),
    "end of the first, cr": ("def f():\r    x = 1; t(2)\r", "1", ["probe", 2]),
    "second on a line": ("def f():\n    t(1); t(2)\n", "t(2)", [1, "probe", 2]),
    "second on a line, crlf": ("def f():\r\n    t(1); t(2)\r\n", "t(2)", [1, "probe", 2]),
    "in a taken branch": ("def f():\n    if t(1):\n        t(2)\n", "t(2)", [1, "probe", 2]),
    "in a branch not taken": ("def f():\n    if not t(1):\n        t(2)\n", "t(2)", [1]),
    "in an else": ("def f():\n    if not t(1):\n        0\n    else:\n        t(2)\n", "t(2)",
                   [1, "probe", 2]),
    "in a handler": ("def f():\n    try:\n        t(1); 1/0\n    except Exception:\n        t(2)\n",
                     "t(2)", [1, "probe", 2]),
    "in a handler not entered": ("def f():\n    try:\n        t(1)\n    except E:\n        t(2)\n",
                                 "t(2)", [1]),
    "in a finally": ("def f():\n    try:\n        t(1)\n    finally:\n        t(2)\n", "t(2)",
                     [1, "probe", 2]),
    "in a case": ("def f():\n    match t(1):\n        case True:\n            t(2)\n", "t(2)",
                  [1, "probe", 2]),
    "in a case not taken": ("def f():\n    match t(1):\n        case 9:\n            t(2)\n",
                            "t(2)", [1]),
    "a decorator": ("def f():\n    t(1)\n    @t(2, lambda g: g)\n    def g(): t(3)\n", "t(2, ",
                    [1, "probe", 2]),
    "in a lambda": ("def f():\n    g = t(1, lambda: t(2))\n    g()\n", "t(2)", [1, "probe", 2]),
    "in a lambda not called": ("def f():\n    t(1, lambda: t(2))\n", "t(2)", [1]),
}  # fmt: skip


def teller(told: list[Any]) -> Any:
    def tell(what: object, result: object = True) -> object:
        told.append(what)
        return result

    return tell


def compiled(source: str, old: str, new: str, probe: Any = None) -> tuple[CodeType, CodeType]:
    """The unit's code without the mutant and with it."""
    text = source.encode()
    mutant = message(text, old, new)
    assert mutant.unit is not None
    before = function(compile(text, "f.py", "exec", 0, True), mutant)
    return before, mutation.compile_unit("f.py", mutant.unit, before, probe)


@pytest.mark.parametrize("name", PROBED)
def test_a_probe_tells_right_before_its_statement(name: str) -> None:
    source, old, expected = PROBED[name]
    told: list[Any] = []
    _, code = compiled(source, old, old, lambda: told.append("probe"))
    FunctionType(code, {"t": teller(told)})()
    assert told == expected


def test_a_probe_of_a_whole_file_leaves_its_head_alone(tmp_path: Path) -> None:
    text = b"'doc'\nfrom __future__ import annotations\nx: undefined = t(1)\ny = t(2)\n"
    path = tmp_path / "f.py"
    path.write_bytes(text)
    for old, expected in [("t(1)", ["probe", 1, 2]), ("t(2)", [1, "probe", 2])]:
        told: list[Any] = []
        mutant = message(text, old, old)
        code = mutation.compile_file(str(path), mutant, lambda told=told: told.append("probe"))
        space: dict[str, Any] = {"t": teller(told)}
        exec(code, space)
        assert (told, space["__doc__"]) == (expected, "doc")


def test_a_dead_reference_is_never_evaluated() -> None:
    lambdas = "def o(a):\n    return lambda: a\n"
    defs = "def o(a):\n    def f():\n        return a\n    return f\n"
    for source in (lambdas, defs):
        old_text = "lambda: a" if source is lambdas else "return a\n"
        new_text = old_text.replace("a\n", "7\n") if source is defs else "lambda: 7"
        old, new = compiled(source, old_text, new_text)
        inner = FunctionType(old, {})(1)
        [pair] = [two for one, two in mutation.pairs(old, new) if one is inner.__code__]
        inner.__code__ = pair
        assert inner() == 7
        del inner.__closure__[0].cell_contents
        assert inner() == 7


def test_annotations_are_evaluated_as_in_the_file() -> None:
    source = "def f(x):\n    def g(y: int): return y\n    return g, x + 1\n"
    for probe in (None, lambda: None):
        _, new = compiled(source, "x + 1", "x - 1", probe)
        assert FunctionType(new, {"int": int})(1)[0].__annotations__ == {"y": int}
        future = f"from __future__ import annotations\n{source}"
        _, new = compiled(future, "x + 1", "x - 1", probe)
        assert FunctionType(new, {})(1)[0].__annotations__ == {"y": "int"}


def test_a_units_constants_stay_where_a_probe_is_added() -> None:
    _, code = compiled("def f(x):\n    return [x, 'a', 5.5, None]\n", "x, ", "x, ", lambda: None)
    assert FunctionType(code, {})(1) == [1, "a", 5.5, None]


def test_nested_code_is_paired_at_every_depth_and_by_name_where_some_is_gone() -> None:
    source = "def f():\n    def g():\n        def h(): return 1\n        return h\n    return g\n"
    old, new = compiled(source, "return 1", "return 2")
    names = [(one.co_name, two.co_name) for one, two in mutation.pairs(old, new)]
    assert names == [("f", "f"), ("g", "g"), ("h", "h")]
    source = "def f():\n    a = lambda: 1\n    def g(): return 1\n    def h(): return 2\n"
    for gone, left in [("a = lambda: 1", "gh"), ("def g(): return 1", "ah")]:
        old, new = compiled(source, gone, "pass")
        pairs = mutation.pairs(old, new)[1:]
        assert [one.co_name.replace("<lambda>", "a") for one, _ in pairs] == list(left)
        assert all(mutation.same(one, two) for one, two in pairs)


def test_doubtful_code_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled("def f(x):\n    return x == 1\n", "x == 1", "x is 1")
        compiled("def f(x):\n    return x == 1\n", "x == 1", "x is 1", lambda: None)


def test_a_probe_and_a_dead_reference_go_together() -> None:
    told: list[str] = []
    source = "def o(a):\n    def f():\n        return a + 1\n    return f\n"
    _, code = compiled(source, "a + 1", "7", lambda: told.append("probe"))
    assert code.co_cellvars == ("a",)
    assert (FunctionType(code, {})(1)(), told) == (7, ["probe"])
