"""Pieces of code that random projects are made of.

A block is some top-level code of one module with numbers and lines that edits change. `{a}` is a
number; a line that begins with `?x|` is there while the switch `x` is on. `<name>` stands for a
name of the project, however the module that mentions it imports it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MARK = re.compile(r"<(\w+)>")
SLOT = re.compile(r"\{(\w)\}")
SWITCH = re.compile(r"^\?(\w+)\|", re.MULTILINE)


@dataclass(frozen=True)
class Kind:
    """A kind of block: its text, the names that it binds, and expressions in `n` that use it."""

    text: str
    binds: tuple[str, ...]
    uses: tuple[str, ...]
    imports: str = ""


BLOCKS: dict[str, Kind] = {
    "cache": Kind(
        """\
_CACHE = {}


def fill(n):
?more|    n = n + {c}
    return n + {a}


def cached(n):
    if "value" not in _CACHE:
        _CACHE["value"] = fill({b})
    return _CACHE["value"] + n
""",
        ("cached", "fill"),
        ("<cached>(n)", "<cached>(n) - {c}"),
    ),
    "memo": Kind(
        """\
def slow(n):
    return n * {a}


@lru_cache(maxsize=None)
def memo(n):
?low|    if n < {b}:
?low|        return n
    return slow(n) + {c}
""",
        ("memo", "slow"),
        ("<memo>(n)", "<memo>({c}) + n"),
        "from functools import lru_cache\n",
    ),
    "box": Kind(
        """\
class Box:
    unit = {a}

    def __init__(self, n):
        self.n = n
?big|        if n > {b}:
?big|            self.n = clamp(n)

    def doubled(self):
        return self.n * self.unit

    @property
    def next(self):
        return self.n + {c}

    def __add__(self, other):
        return Box(self.n + other.n)


class Crate(Box):
?unit|    unit = {d}
?unit|
?over|    def doubled(self):
?over|        return super().doubled() + {e}
?over|
?next|    @property
?next|    def next(self):
?next|        return self.n
?next|
    @classmethod
    def of(cls, n):
        return cls(n + 1)


def clamp(n):
    return {b} if n > {b} else n
""",
        ("Box", "Crate", "clamp"),
        (
            "<Box>(n).doubled()",
            "<Crate>(n).doubled()",
            "<Crate>.of(n).next",
            "(<Box>(n) + <Crate>({c})).n",
            'getattr(<Crate>(n), "doubled")()',
        ),
    ),
    "record": Kind(
        """\
@dataclass
class Record:
    first: int
    second: int = {a}
?third|    third: int = {b}

    def total(self):
?third|        if self.third > self.first:
?third|            return self.third
        return self.first + self.second


class Kind(Enum):
    LOW = {c}
    HIGH = {d} + 10

    def weight(self):
        return self.value + {e}
""",
        ("Record", "Kind"),
        (
            "<Record>(n).total()",
            "<Record>(n, {c}).total()",
            "(<Kind>.HIGH if n > {c} else <Kind>.LOW).weight()",
        ),
        "from dataclasses import dataclass\nfrom enum import Enum\n",
    ),
    "guard": Kind(
        """\
class Refused(Exception):
    pass


def refuse(n):
    if n > {a}:
        raise Refused(n)
    return n + {b}


def fallback(n):
    return n * {c} + {d}


def guarded(n):
    try:
        return refuse(n)
    except Refused:
?call|        return fallback(n)
        return {d}
?fin|    finally:
?fin|        note(n)


def note(n):
    return n + {e}
""",
        ("guarded", "fallback", "refuse"),
        ("<guarded>(n)", "<guarded>({c}) + n"),
    ),
    "hooks": Kind(
        """\
HOOKS = []


def hook(function):
    HOOKS.append(function)
    return function


@hook
def plus(n):
    return n + {a}


@hook
def times(n):
    return n * {b}


?third|@hook
?third|def minus(n):
?third|    return n - {c}
?third|
?third|
def hooked(n):
    return sorted(map(lambda each: each(n), HOOKS), key=key)[{d} % 2]


def key(n):
?down|    return -n
    return n
""",
        ("hooked", "key"),
        ("<hooked>(n)", "<hooked>({c}) + n"),
    ),
    "logged": Kind(
        """\
CALLS = []


def shift(n):
    return n + {a}


def logged(function):
    @wraps(function)
    def inner(n):
        CALLS.append(n)
?shift|        return shift(function(n))
        return function(n) + {b}

    return inner


@logged
def wrapped(n):
    return n * {c}
""",
        ("logged", "wrapped"),
        ("<wrapped>(n)",),
        "from functools import wraps\n",
    ),
    "table": Kind(
        """\
def scale(n):
?more|    n += {c}
    return n * {a}


TABLE = [scale(i) for i in range({b} + 2)]


def looked(n, extra=scale({c})):
    return TABLE[n % len(TABLE)] + extra
""",
        ("looked", "TABLE", "scale"),
        ("<looked>(n)", "<TABLE>[n % 2]", "<looked>(n, {c})", "len(<TABLE>) + n"),
    ),
    "flow": Kind(
        """\
def steps(n):
    for i in range(n % 5):
?skip|        if i == {a}:
?skip|            continue
        yield i + {b}


def summed(n):
    return sum(steps(n)) + {c}


def depth(n):
    if n <= 0:
        return {d}
    return depth(n - 1) + {a}


def adder(n):
    def add(m):
        return n + m + {e}

    return add
""",
        ("steps", "summed", "depth", "adder"),
        ("<summed>(n)", "<depth>(n % 4)", "<adder>(n)({c})", "max(<steps>(n), default=n)"),
    ),
    "lazy": Kind(
        """\
def words(n):
    import lazy

    return lazy.WORDS[: n % 3]


def spelled(n):
    if n > {a}:
        from lazy import spell

        return spell(n)
    return {b}
""",
        ("words", "spelled"),
        ("len(<words>(n)) + {c}", "<spelled>(n)"),
    ),
}

#: The module that `lazy` imports late; with it, `deep`, which only `lazy` imports.
LAZY = Kind(
    """\
from deep import LETTERS

WORDS = ["a", "b", "c"][{a} % 2 :]


def spell(n):
    return len(LETTERS) + n + {b}
""",
    (),
    (),
)
DEEP = Kind('LETTERS = "abcdefgh"[: {a} + 1]\n', (), ())


@dataclass
class Block:
    """A block of a project, with its numbers and switches."""

    kind: str
    numbers: dict[str, int] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)

    def text(self) -> str:
        """Its code as it is now."""
        return fill_in(kind_of(self.kind).text, self.numbers, self.switches)


def kind_of(name: str) -> Kind:
    return {"lazy.py": LAZY, "deep.py": DEEP}.get(name) or BLOCKS[name]


def slots(text: str) -> tuple[list[str], list[str]]:
    """The numbers and the switches of a text."""
    return sorted(set(SLOT.findall(text))), sorted(set(SWITCH.findall(text)))


def fill_in(text: str, numbers: dict[str, int], switches: dict[str, bool]) -> str:
    lines = []
    for line in text.splitlines(keepends=True):
        switch = SWITCH.match(line)
        if switch is None:
            lines.append(line)
        elif switches[switch[1]]:
            lines.append(line[switch.end() :])
    return SLOT.sub(lambda slot: str(numbers[slot[1]]), "".join(lines))
