"""Joins a Python process that a test started: loads the mutant, or records into the test's log.

Invariant: hits are written as they happen, so a process that is killed loses none; no exit
handler and no signal handler is installed.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from . import hits, kept, mutation, scripts, spawning
from .codes import Codes
from .imports import Imports
from .mutation import Mutant
from .project import Project
from .tracer import make_tracer


def join(text: str, site: str) -> None:
    """Called by the start-up hook (in ``site``) with the state that the test's process left."""
    spawning.conceal(site)
    kept.hide()
    state: dict[str, Any] = json.loads(text)
    log: str | None = state["log"]
    with kept.open_file(state["config"], encoding="utf-8") as file:
        config: dict[str, Any] = json.load(file)
    project = Project(config["root"], config["files"], config["test_files"])
    imports = Imports(project, config["cache"])
    spawning.install(text, site)
    if log:
        spawning.tell(hits.note_beyond(log, project))
        codes = Codes(project)
        tracer = make_tracer(codes)
        imports.install(lambda code: tracer.watch(codes.register(code)))
        tracer.write_through(log)
        # Two processes that write to one file would each lose the other's hits.
        kept.register_at_fork(after_in_child=partial(tracer.write_through, log))
        tracer.start()
        scripts.take_over(imports)
        return
    imports.install(None)
    if state["mutant"]:
        mutant = Mutant.read(state["mutant"])
        path = project.path(mutant.file)
        probe = None
        if state["memory"]:
            from .channel import Memory

            probe = Memory(state["memory"]).probe
        imports.override(mutant.file, lambda: mutation.compile_file(path, mutant, probe))
    scripts.take_over(imports)
