"""Whether files can be collected apart: hooks, options, ``load_tests``."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from _mutdiff import apart
from _mutdiff.project import Project


def config(hooks: dict[str, str], arguments: tuple[str, ...] = (), pyargs: bool = False) -> Any:
    """A configuration with hooks, each of a module."""

    def implementations(name: str) -> list[Any]:
        if name not in hooks:
            return []
        return [SimpleNamespace(function=SimpleNamespace(__module__=hooks[name]))]

    names = apart._OF_ALL
    callers = {
        name: SimpleNamespace(get_hookimpls=lambda name=name: implementations(name))
        for name in names
    }
    return SimpleNamespace(
        # As before pytest 9: a proxy, whose hooks with a path are plain functions.
        hook=SimpleNamespace(**dict.fromkeys(names, lambda: None)),
        pluginmanager=SimpleNamespace(hook=SimpleNamespace(**callers)),
        invocation_params=SimpleNamespace(args=arguments),
        getoption=lambda name, default: pyargs,
    )


@pytest.mark.parametrize("name", apart._OF_ALL)
def test_a_hook_over_all_tests_is_named(name: str) -> None:
    assert apart.whole_for_pytest(config({name: "tests.conftest"})) == (
        f"tests.conftest has the hook {name}"
    )
    for known in ("_pytest.main", "pytest_asyncio.plugin", "_hypothesis_pytestplugin"):
        assert apart.whole_for_pytest(config({name: known})) == ""


def test_modules_on_the_command_line_are_no_files() -> None:
    assert "--pyargs" in apart.whole_for_pytest(config({}, pyargs=True))
    assert "--pyargs" in apart.whole_for_pytest(config({}, ("--pyargs", "a")))
    assert apart.whole_for_pytest(config({}, ("tests",))) == ""


def test_load_tests_of_the_project_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    for name, file in (("mut_ours", "ours.py"), ("mut_theirs", "theirs.py")):
        module = ModuleType(name)
        module.__file__ = str(tmp_path / file)
        module.load_tests = lambda *_: None  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
    root = str(tmp_path)
    assert apart.whole_for_unittest(Project(root, ["ours.py"], [])) == "mut_ours has load_tests"
    assert apart.whole_for_unittest(Project(root, ["other.py"], [])) == ""
