"""Code swap: the live function objects of a mutated function take the mutated code.

Invariant: every function object that carries the old code carries the new code afterwards,
wherever it was imported to; when that cannot be had, nothing is changed and the caller is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from types import CodeType, FunctionType

from . import frozen, mutation
from .mutation import CannotPlace, Mutant
from .project import Project

#: What tells functions, generators, coroutines and asynchronous generators apart.
_KIND = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


class LiveFunctions:
    """The project's function objects that were alive when the index was made."""

    def __init__(self, project: Project) -> None:
        # Made before gc.freeze(), which hides objects from gc.get_objects().
        self._project = project
        self._by_place: dict[tuple[int, int, str], list[FunctionType]] = {}
        for thing in frozen.objects():
            if type(thing) is FunctionType:
                code = thing.__code__
                index = project.index(code.co_filename)
                if index is not None:
                    place = (index, code.co_firstlineno, code.co_name)
                    self._by_place.setdefault(place, []).append(thing)

    def codes(self) -> list[CodeType]:
        """The code of every live function."""
        return [function.__code__ for live in self._by_place.values() for function in live]

    def at(self, file: int, line: int, name: str) -> list[FunctionType]:
        """The function objects whose code begins at a place."""
        return self._by_place.get((file, line, name), [])


@dataclass(frozen=True)
class Placement:
    """A mutant, compiled: the old code, the new, and what takes which."""

    old: CodeType
    new: CodeType
    swaps: list[tuple[FunctionType, CodeType]]

    def take_effect(self) -> None:
        """Swaps the mutant in, in this process."""
        for function, code in self.swaps:
            function.__code__ = code


def place(
    mutant: Mutant,
    live: LiveFunctions,
    path: str,
    probe: Callable[[], None] | None,
) -> Placement:
    """Compiles the mutant for the functions that are to take it, which are left as they are.

    Raises :class:`CannotPlace` when it needs a fresh import, ``SyntaxError`` when it is not
    valid Python, :class:`SourceChanged` when the file is not what it was.
    """
    unit = mutant.unit
    if unit is None:
        raise CannotPlace("module and class bodies run only at import")
    functions = live.at(mutant.file, unit.first_line, unit.name)
    if not functions:
        raise CannotPlace(f"{unit.name} is not alive")
    old = functions[0].__code__
    if any(function.__code__ != old for function in functions):
        raise CannotPlace(f"several functions begin where {unit.name} does")
    if unit.name == "<lambda>":
        mutation.original_unit(path, mutant, unit)  # refuses one of several on a line
    new = mutation.compile_unit(path, unit, old, probe)
    swaps = []
    for one, other in mutation.pairs(old, new):
        candidates = live.at(mutant.file, one.co_firstlineno, one.co_name)
        for function in candidates:
            if function.__code__ is one or function.__code__ == one:
                if one.co_freevars != other.co_freevars:
                    raise CannotPlace(f"free variables of {one.co_name} differ")
                if (one.co_flags ^ other.co_flags) & _KIND:
                    # Decorators may have looked at it when it was defined, and Python is about
                    # to forbid the assignment.
                    raise CannotPlace(f"{one.co_name} is a generator no more, or has become one")
                swaps.append((function, other))
    return Placement(old, new, swaps)


def same_as_original(mutant: Mutant, placement: Placement, path: str) -> bool:
    """Whether a mutant, as :func:`place` compiled it, is the original's code."""
    if mutant.unit is None:
        return False
    old, new = placement.old, placement.new
    # Not compared with `old`: the compiler treats names that the module imports another way,
    # and a skeleton has no imports.
    unit = mutation.original_unit(path, mutant, mutant.unit)
    return mutation.same(mutation.compile_unit(path, unit, old, None), new)
