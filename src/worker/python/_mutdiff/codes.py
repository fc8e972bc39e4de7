"""The code objects of the project: a number each, so that a trace is made of integers.

Invariant: every registered code object is kept alive, so its identity names it for good.
"""

from __future__ import annotations

from types import CodeType

from .project import Project

#: Callers and callees are packed into one integer, the caller in the upper half.
SHIFT = 32
LOW = (1 << SHIFT) - 1
#: The caller of code that no project code called.
NOBODY = LOW

#: What tells an object from every other that lives. Unlike ``id``, it raises no audit event, for
#: each of which a process that has an audit hook pays.
identity = object.__hash__
_BLANK = compile("", "<another process>", "exec")


class Codes:
    """Numbers for the project's code objects."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.codes: list[CodeType] = []
        self.file_of: list[int] = []
        #: ``identity(code)`` → number.
        self.numbers: dict[int, int] = {}
        #: ``identity(code)`` → file index shifted up, so that adding a line packs both;
        #: not for tests.
        self.line_bases: dict[int, int] = {}

    def register(self, root: CodeType) -> list[CodeType]:
        """Numbers a code object and those nested in it; returns the new ones."""
        index = self.project.index(root.co_filename)
        if index is None:
            return []
        traced = index not in self.project.test_files
        new = []
        pending = [root]
        while pending:
            code = pending.pop()
            key = identity(code)
            if key in self.numbers:
                continue
            self._number(code, index)
            if traced:
                self.line_bases[key] = index << SHIFT
            new.append(code)
            pending.extend(const for const in code.co_consts if isinstance(const, CodeType))
        return new

    def stand_in(self, index: int, line: int, name: str) -> int:
        """Numbers code that only another process has loaded."""
        return self._number(_BLANK.replace(co_firstlineno=line, co_name=name), index)

    def _number(self, code: CodeType, index: int) -> int:
        self.numbers[identity(code)] = number = len(self.codes)
        self.codes.append(code)
        self.file_of.append(index)
        return number

    def describe(self, first: int = 0) -> list[list[object]]:
        """``[file index, first line, name]`` of every code object from number ``first`` on."""
        return [
            [self.file_of[number], max(1, code.co_firstlineno), code.co_name]
            for number, code in enumerate(self.codes[first:], first)
        ]
