"""Live functions of every kind take the mutated code, wherever they went."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from driver import Process, Project, Slot

MODULE = """
from __future__ import annotations
import asyncio, contextlib, dataclasses, enum, functools, operator

def wrapped(function):
    @functools.wraps(function)
    def inner(*args):
        return function(*args)
    return inner

@wrapped
@wrapped
def decorated(x):
    return x + 10

class Kinds:
    @property
    def prop(self):
        return 7020
    @prop.setter
    def prop(self, value):
        self.kept = value + 21
    @staticmethod
    def static():
        return 7030
    @classmethod
    def of_class(cls):
        return 7031
    @functools.cached_property
    def cached(self):
        return 7040
    @functools.lru_cache
    def method_cached(self):
        return 7041
    def __private(self):
        return 50
    def mangled(self):
        return self.__private() + 51

@functools.lru_cache(maxsize=None)
def cached(x):
    return x + 60

@functools.singledispatch
def dispatch(x):
    return 7070

@dispatch.register
def _(x: int):
    return 7071

@contextlib.contextmanager
def manager():
    yield 7080

def generator():
    yield 90
    yield 7091

async def coroutine():
    await asyncio.sleep(0)
    return 7100

async def asynchronous_generator():
    yield 7101

def maker(start):
    def counter():
        nonlocal start
        start += 110
        return start
    return counter

existing = maker(0)

def dropping(free, other):
    def closure():
        return free + 0 * other
    return closure

dropped = dropping(120, 1)

class Base:
    def value(self):
        return 1

@dataclasses.dataclass(slots=True)
class Slotted(Base):
    field: int = 3
    def value(self):
        return self.field + 131

class Derived(Base):
    def value(self):
        return super().value() + 130

class Colour(enum.Enum):
    RED = 1
    def shade(self):
        return self.value + 140

class Outer:
    class Middle:
        class Inner:
            def deep(self):
                return 7150

handler = lambda x: x + 160
partial = functools.partial(decorated, 1)
HANDLERS = {
    "key": lambda x: x + 161,
"flush left": lambda x: x + 162,
}
class Table:
    rows = [
lambda x: x + 163,
    ]

def twice():
    return 7170

def first_and_second(function):
    import types
    copy = types.FunctionType(function.__code__, function.__globals__, "copy")
    return function, copy

original, copy = first_and_second(twice)

def trailing(x):  # no newline at the end
    return x + 180

def shadow():
    return 181

if True:
\tdef tabbed(x):
\t\tif x:
\t\t\treturn 7190

if True:
    class Conditional:
        @staticmethod
        @wrapped
        def method():
            return 7191

def recursive_default(n, seen=[]):
    return [x + 200 for x in range(n)]

def with_walrus(values):
    return [y for x in values if (y := x + 201)]

\x0cdef after_form_feed():
    return 7210

class FormFed:
\x0c
    def method(self):
        return 7211

class OneLine: f = lambda self: 7220

pair = (lambda: 230), (lambda: 231)
"""

TESTS = """
import asyncio
import kinds as k
from kinds import decorated as elsewhere, Kinds as Renamed

def run(coroutine):
    return asyncio.run(coroutine)

async def first(aiter):
    async for value in aiter:
        return value

CHECKS = {
    "x + 10": lambda: elsewhere(0),
    "7020": lambda: Renamed().prop,
    "value + 21": lambda: (lambda o: (setattr(o, "prop", 0), o.kept)[1])(k.Kinds()),
    "7030": lambda: k.Kinds.static(),
    "7031": lambda: Renamed.of_class(),
    "7040": lambda: k.Kinds().cached,
    "7041": lambda: k.Kinds().method_cached(),
    "self.__private() + 51": lambda: k.Kinds().mangled() - 50,
    "x + 60": lambda: k.cached(0),
    "7070": lambda: k.dispatch(""),
    "7071": lambda: k.dispatch(1),
    "7080": lambda: k.manager().__enter__(),
    "7091": lambda: list(k.generator())[1],
    "7100": lambda: run(k.coroutine()),
    "7101": lambda: run(first(k.asynchronous_generator())),
    "start += 110": lambda: k.existing(),
    "free + 0 * other": lambda: k.dropped(),
    "self.field + 131": lambda: k.Slotted().value() - 3,
    "super().value() + 130": lambda: k.Derived().value() - 1,
    "self.value + 140": lambda: k.Colour.RED.shade() - 1,
    "7150": lambda: k.Outer.Middle.Inner().deep(),
    "x + 160": lambda: k.handler(0),
    "x + 161": lambda: k.HANDLERS["key"](0),
    "x + 162": lambda: k.HANDLERS["flush left"](0),
    "x + 163": lambda: k.Table.rows[0](0),
    "7170": lambda: k.copy(),
    "x + 180": lambda: k.trailing(0),
    "7190": lambda: k.tabbed(1),
    "7191": lambda: k.Conditional.method(),
    "x + 200": lambda: k.recursive_default(1)[0],
    "x + 201": lambda: k.with_walrus([0])[0],
    "7210": lambda: k.after_form_feed(),
    "7220": lambda: k.OneLine().f(),
    "7211": lambda: k.FormFed().method(),
}

def make(text, check):
    expected = int(text.split()[-1]) if "free" not in text else 120
    def test():
        assert check() == expected
    return test

for number, (text, check) in enumerate(CHECKS.items()):
    globals()[f"test_{number:02}"] = make(text, check)
"""

namespace: dict[str, dict[str, object]] = {}
exec(TESTS[TESTS.index("CHECKS") : TESTS.index("def make")], namespace)
PLACES = list(enumerate(namespace["CHECKS"]))


@pytest.fixture(scope="module")
def project(make_project: Callable[..., Project]) -> Project:
    return make_project({"kinds.py": MODULE, "test_kinds.py": TESTS})


@pytest.fixture(scope="module")
def process(project: Project) -> Process:
    return project.start()


@pytest.fixture(scope="module")
def slot(process: Process) -> Slot:
    return process.slot()


def test_the_suite_passes_without_a_mutant(process: Process, slot: Slot) -> None:
    run = slot.run(list(range(len(process.ids))))
    assert set(run.words) == {"passed"}, process.log()


@pytest.mark.parametrize(("number", "text"), PLACES)
def test_a_mutant_is_in_force(number: int, text: str, project: Project, slot: Slot) -> None:
    special = {"start += 110": "start += 5", "free + 0 * other": "other + 7"}
    new = special.get(text, "0")
    run = slot.run([f"test_{number:02}"], project.mutant("kinds.py", text, new))
    assert run.words == ["failed"], run


@pytest.mark.parametrize(("number", "text"), PLACES)
def test_a_probe_is_reached(number: int, text: str, project: Project, slot: Slot) -> None:
    same = project.mutant("kinds.py", text, text)
    run = slot.run([f"test_{number:02}"], same, probe=True)
    assert (run.words, run.probe) == (["passed"], True), run


@pytest.mark.parametrize("text", [text for _, text in PLACES])
def test_the_same_text_is_equivalent(text: str, project: Project, slot: Slot) -> None:
    run = slot.run([0], project.mutant("kinds.py", text, text))
    assert run.words[-1] == "equivalent", run


@pytest.mark.parametrize("text", ["lambda: 230", "lambda: 231"])
def test_what_cannot_be_told_apart_needs_an_import(text: str, project: Project, slot: Slot) -> None:
    run = slot.run([0], project.mutant("kinds.py", text, "lambda: 9"))
    assert run.words == ["cannot_place"], run


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("yield 90\n    yield 7091", "return [0, 7091]"),
        ("return 7030", "yield 7030"),
        ("yield 7101", "await asyncio.sleep(0)"),
    ],
)
def test_another_kind_of_function_needs_an_import(
    text: str, new: str, project: Project, slot: Slot
) -> None:
    run = slot.run([0], project.mutant("kinds.py", text, new))
    assert run.words == ["cannot_place"], run


def test_a_mutant_that_does_not_compile_is_invalid(project: Project, slot: Slot) -> None:
    assert slot.run([0], project.mutant("kinds.py", "x + 180", "x +")).words == ["invalid"]


def test_every_function_of_the_same_code_takes_the_mutant(
    make_project: Callable[..., Project],
) -> None:
    module = """
        def make(n):
            def each():
                return n + 1
            return each
        MADE = [make(n) for n in range(3)]
        """
    test = """
        import mod, pytest
        @pytest.mark.parametrize("n", range(3))
        def test_each(n): assert mod.MADE[n]() == n + 1
        """
    project = make_project({"mod.py": module, "test_mod.py": test})
    run = project.start().slot().run([0, 1, 2], project.mutant("mod.py", "n + 1", "n - 1"))
    assert run.words == ["failed"] * 3, run


def test_a_module_that_was_imported_twice_has_the_mutant_in_both(
    make_project: Callable[..., Project],
) -> None:
    test = """
        import importlib, mod, pytest
        BOTH = [mod.f]
        importlib.reload(mod)
        BOTH.append(mod.f)
        @pytest.mark.parametrize("n", range(2))
        def test_each(n): assert BOTH[n](1) == 2
        """
    project = make_project({"mod.py": "def f(n):\n    return n + 1\n", "test_mod.py": test})
    run = project.start().slot().run([0, 1], project.mutant("mod.py", "n + 1", "n - 1"))
    assert run.words == ["failed"] * 2, run


def test_nested_functions_that_are_not_alive_need_no_import(
    make_project: Callable[..., Project],
) -> None:
    module = """
        def f(n):
            def g(m):
                return m * 2
            return g(n) + 1
        """
    test = "import mod\ndef test_f(): assert mod.f(1) == 3\n"
    project = make_project({"mod.py": module, "test_mod.py": test})
    slot = project.start().slot()
    for old, new in [("g(n) + 1", "g(n) - 1"), ("m * 2", "m * 3")]:
        assert slot.run([0], project.mutant("mod.py", old, new)).words == ["failed"]


def test_a_lambda_beside_one_that_is_not_alive_needs_an_import(
    make_project: Callable[..., Project],
) -> None:
    module = "ALIVE = [lambda: 1, lambda: 2][0]\n"
    test = "import mod\ndef test(): assert mod.ALIVE() == 1\n"
    project = make_project({"mod.py": module, "test_mod.py": test})
    slot = project.start().slot()
    for old in ("lambda: 1", "lambda: 2"):
        run = slot.run([0], project.mutant("mod.py", old, "lambda: 3"))
        assert run.words == ["cannot_place"], run
