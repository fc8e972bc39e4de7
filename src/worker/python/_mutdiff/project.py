"""Which files are the project's: code object file names to indexes in Rust's file list.

Invariant: an index is the position in ``Project.files``; a file that is not in the list (a
library, a generated file, one that git ignores) has no index and is never traced or mutated.
"""

from __future__ import annotations

from . import kept


class Project:
    """The project's Python files, as Rust listed them."""

    def __init__(self, root: str, files: list[str], test_files: list[int]) -> None:
        self.root = kept.realpath(root)
        self.files = files
        self.test_files = frozenset(test_files)
        self._by_path = {f"{self.root}/{file}": index for index, file in enumerate(files)}
        self._by_spelling: dict[str, int | None] = {}

    def index(self, filename: str) -> int | None:
        """The index of a file by any spelling of its path (relative, through a link)."""
        try:
            return self._by_spelling[filename]
        except KeyError:
            index = self._by_path.get(filename)
        if index is None and not filename.startswith("<"):
            try:
                index = self._by_path.get(kept.realpath(filename))
            except Exception:
                # The working directory is gone, or a test has patched what this rests on.
                return None
            if not filename.startswith("/"):
                return index  # the next working directory gives it another meaning
        self._by_spelling[filename] = index
        return index

    def path(self, index: int) -> str:
        """The absolute path of a file."""
        return f"{self.root}/{self.files[index]}"
