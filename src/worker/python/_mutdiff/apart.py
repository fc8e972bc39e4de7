"""Whether the tests of one file can be collected without those of the others.

Invariant: a reason is given wherever code of the project, or of a plugin that is not known to look
at each test by itself, is asked about the tests of all files together.
"""

from __future__ import annotations

import sys
from typing import Any

from .project import Project

#: Hooks that see more than one file, or make tests of what is no module.
_OF_ALL = (
    "pytest_collection",
    "pytest_collection_modifyitems",
    "pytest_collection_finish",
    "pytest_collect_file",
    "pytest_collect_directory",
    "pytest_make_collect_report",
    "pytest_deselected",
    "pytest_report_collectionfinish",
)
#: Plugins whose hooks of these names look at each test by itself, or are switched off.
_KNOWN = {
    "_hypothesis_ftz_detector",
    "_hypothesis_pytestplugin",
    "_mutdiff",
    "_pytest",
    "anyio",
    "asyncio_mode",
    "hypothesis",
    "pytest_asyncio",
    "pytest_benchmark",
    "pytest_cov",
    "pytest_django",
    "pytest_mock",
    "pytest_randomly",
    "pytest_rerunfailures",
    "pytest_subtests",
    "pytest_timeout",
    "syrupy",
    "xdist",
}


def whole_for_pytest(config: Any) -> str:
    """Why all files have to be collected together; empty if they need not."""
    if "--pyargs" in config.invocation_params.args or config.getoption("pyargs", False):
        return "--pyargs names modules, not files"
    for name in _OF_ALL:
        # `config.hook` is a proxy before pytest 9, whose hooks with a path are plain functions.
        for implementation in getattr(config.pluginmanager.hook, name).get_hookimpls():
            module = implementation.function.__module__
            if module.split(".")[0] not in _KNOWN:
                return f"{module} has the hook {name}"
    return ""


def whole_for_unittest(project: Project) -> str:
    """The same for unittest."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not hasattr(module, "load_tests"):
            continue
        if project.index(file) is not None:
            return f"{name} has load_tests"
    return ""
