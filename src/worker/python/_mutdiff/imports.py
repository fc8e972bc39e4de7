"""The import hook: registers project code as it loads, and loads mutated source in its place.

Invariant: project bytecode is cached by content in mutdiff's own folder and never beside the
sources, so nothing stale is run and the working tree is not written to.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util
import runpy
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

from . import kept
from .project import Project

_TAG = f"{sys.implementation.cache_tag}-{sys.hexversion:x}-{sys.flags.optimize}"

#: What may stand in for a file's code: file index → a function that compiles it.
Override = Callable[[], CodeType]
#: What pytest does to the tree of a file whose assertions it rewrites, given the source too.
Rewrite = Callable[[ast.Module, bytes], None]
#: The same as an override, for a file whose assertions are rewritten.
RewrittenOverride = Callable[[Rewrite], CodeType]


class Imports:
    """Stands between the loaders and the project's files."""

    def __init__(self, project: Project, cache: str | None) -> None:
        self._project = project
        self._cache = cache
        self._loaded: Callable[[CodeType], object] | None = None
        self._overrides: dict[int, Override] = {}
        self._rewritten_overrides: dict[int, RewrittenOverride] = {}
        self._rewritten: set[int] = set()
        #: Modules that were imported ahead of pytest, which is not to warn of it.
        self.ahead: frozenset[str] = frozenset()
        self._pairs: set[tuple[str, str, str, int, tuple[str, ...]]] = set()
        self._import = builtins.__import__
        self._import_module = importlib.import_module

    def install(self, loaded: Callable[[CodeType], object] | None) -> None:
        """Patches the source loader; ``loaded`` is told of each module's code before it runs."""
        sys.dont_write_bytecode = True
        self._loaded = loaded
        original = SourceFileLoader.get_code
        imports = self

        def get_code(loader: SourceFileLoader, fullname: str) -> CodeType | None:
            index = imports._project.index(loader.path)
            if index is None:
                return original(loader, fullname)
            override = imports._overrides.get(index)
            if override is not None:
                return override()
            data = loader.get_data(loader.path)
            code = imports._cached(
                loader.path, data, "", lambda: loader.source_to_code(data, loader.path)
            )
            imports.register(code)
            return code

        SourceFileLoader.get_code = get_code  # type: ignore[assignment,method-assign]
        self._install_for_paths()

    def knows(self, path: str) -> bool:
        """Whether a file is the project's."""
        return self._project.index(path) is not None

    def load(self, path: str) -> CodeType | None:
        """The code of a file that is run by its path; ``None`` if it is not the project's."""
        if not self.knows(path):
            return None
        return SourceFileLoader("__main__", path).get_code("__main__")

    def _install_for_paths(self) -> None:
        """Patches ``runpy.run_path``, by which spawned processes have their parent's script."""
        original: Callable[..., Any] = runpy._get_code_from_file  # type: ignore[attr-defined]
        with_name = original.__code__.co_argcount == 2  # before 3.13

        def get_code_from_file(*arguments: Any) -> Any:
            path = arguments[-1]
            try:
                code = self.load(kept.fsdecode(path))
            except (OSError, TypeError, ValueError):
                code = None
            if code is None:
                return original(*arguments)
            return (code, path) if with_name else code

        runpy._get_code_from_file = get_code_from_file  # type: ignore[attr-defined]

    def install_for_pytest(self, rewrite: Any, salt: str) -> None:
        """Patches pytest's assertion rewriting likewise (``rewrite`` is its module)."""
        original = rewrite._rewrite_test
        read_pyc = rewrite._read_pyc

        def rewrite_test(fn: Any, config: Any) -> Any:
            path = str(fn)
            index = self._project.index(path)
            if index is None:
                return original(fn, config)
            with kept.open_file(path, "rb") as file:
                data = file.read()
            first: list[Any] = [b""]

            def compile_it() -> CodeType:
                first[0], code = original(fn, config)
                assert isinstance(code, CodeType)
                return code

            self._rewritten.add(index)
            override = self._rewritten_overrides.get(index)
            plain = self._overrides.get(index)
            if override is not None:
                code = override(
                    lambda tree, source: rewrite.rewrite_asserts(tree, source, path, config)
                )
            elif plain is not None:
                code = plain()
            else:
                code = self._cached(path, data, salt, compile_it)
            self.register(code)
            # pytest uses the first value only to write its own cache, which is switched off.
            return first[0], code

        def read(source: Any, pyc: Any, *rest: Any) -> Any:
            if self._project.index(str(source)) is not None:
                return None
            return read_pyc(source, pyc, *rest)

        rewrite._rewrite_test = rewrite_test
        rewrite._read_pyc = read
        if self.ahead:
            self._quiet_about_ahead(rewrite.AssertionRewritingHook)

    def _quiet_about_ahead(self, hook: Any) -> None:
        """Has pytest take modules as they are that it would have rewritten, being imported ahead.

        Other modules of a distribution with a plugin are among them (`hypothesis`), and the
        project may turn warnings into errors.
        """
        warn = hook._warn_already_imported

        def warn_already_imported(self: Any, name: str, ahead: frozenset[str] = self.ahead) -> None:
            if name not in ahead:
                warn(self, name)

        hook._warn_already_imported = warn_already_imported

    def register(self, code: CodeType) -> None:
        """Tells of code that is about to run."""
        if self._loaded is not None:
            self._loaded(code)

    def stop_registering(self) -> None:
        """Tells of no more code."""
        self._loaded = None

    def override(
        self, index: int, compile_it: Override, rewritten: RewrittenOverride | None = None
    ) -> None:
        """Loads a file from other code from now on, in this process."""
        self._overrides[index] = compile_it
        if rewritten is not None:
            self._rewritten_overrides[index] = rewritten

    def is_rewritten(self, index: int) -> bool:
        """Whether pytest has rewritten the assertions of a file that is loaded."""
        return index in self._rewritten

    def record_pairs(self) -> None:
        """Begins to note which module imports which."""
        original, pairs = self._import, self._pairs

        def import_and_note(
            name: str,
            globals: Any = None,
            locals: Any = None,
            fromlist: Any = (),
            level: int = 0,
        ) -> Any:
            module = original(name, globals, locals, fromlist, level)
            if globals:
                file = globals.get("__file__")
                if file:
                    package = globals.get("__package__") or ""
                    pairs.add((file, package, name, level, tuple(fromlist or ())))
            return module

        # Warnings at import are attributed past frames that look like the import system's.
        import_and_note.__code__ = import_and_note.__code__.replace(
            co_filename="<importlib._bootstrap, noted by mutdiff>"
        )
        builtins.__import__ = import_and_note
        import_module = self._import_module

        def import_module_and_note(name: str, package: str | None = None) -> Any:
            module = import_module(name, package)
            file = sys._getframe(1).f_globals.get("__file__")
            if file:
                pairs.add((file, "", module.__name__, 0, ()))
            return module

        importlib.import_module = import_module_and_note

    def pairs(self) -> list[tuple[int, int]]:
        """Ends the noting; the pairs (importer, imported) among the project's files."""
        builtins.__import__ = self._import
        importlib.import_module = self._import_module
        found = set()
        for file, package, name, level, fromlist in self._pairs:
            importer = self._project.index(file)
            if importer is None:
                continue
            for module in _imported(package, name, level, fromlist):
                path = getattr(sys.modules.get(module), "__file__", None)
                imported = self._project.index(path) if path else None
                if imported is not None and imported != importer:
                    found.add((importer, imported))
        return sorted(found)

    def _cached(
        self, path: str, data: bytes, salt: str, compile_it: Callable[[], CodeType]
    ) -> CodeType:
        if self._cache is None:
            return compile_it()
        spelled = importlib.util.source_hash(path.encode("utf-8", "surrogatepass")).hex()
        name = f"{importlib.util.source_hash(data).hex()}-{spelled}-{_TAG}{salt}"
        cached = f"{self._cache}/{name}"
        try:
            with kept.open_file(cached, "rb") as file:
                code = kept.loads_code(file.read())
            if isinstance(code, CodeType):
                return code
        except (OSError, ValueError, EOFError, TypeError):
            pass
        code = compile_it()
        scratch = f"{cached}.{kept.getpid()}"
        try:
            with kept.open_file(scratch, "wb") as file:
                file.write(kept.dumps_code(code))
            kept.replace(scratch, cached)
        except (OSError, ValueError):
            pass
        return code


def _imported(package: str, name: str, level: int, fromlist: tuple[str, ...]) -> list[str]:
    if level:
        parts = package.split(".")
        base = ".".join(parts[: len(parts) - level + 1])
        name = f"{base}.{name}" if name else base
    parts = name.split(".")
    modules = [".".join(parts[: end + 1]) for end in range(len(parts))]
    modules.extend(f"{name}.{member}" for member in fromlist)
    return modules
