"""A fork's life: place the mutant, run the tests in order, write each result, exit.

Invariant: a result is in shared memory before the next test starts; a fault of the runtime is
recorded as such and never as a test's failure.
"""

from __future__ import annotations

import array
from typing import Any

from . import channel, kept, mutation, spawning, swap
from .channel import Memory
from .codes import LOW, SHIFT, Codes
from .hits import Reader, note_beyond
from .imports import Imports
from .mutation import Mutant
from .project import Project
from .runner import FAILED, Collected, CollectionFailed, Runner
from .swap import LiveFunctions, Placement
from .tracer import Recording, Tracer
from .writes import NoWrites, Writes


class Child:
    """What a fork needs from the process that it was forked from."""

    def __init__(
        self,
        project: Project,
        imports: Imports,
        memory: Memory,
        scratch: str,
        runtime: str,
        config: str,
    ) -> None:
        self._project = project
        self._imports = imports
        self._memory = memory
        self._scratch = scratch
        self._runtime = runtime
        self._config = config
        self._log = f"{scratch}/trace"
        self._needed: dict[bytes, bytes] | None = None
        #: The mutant of the next fork, compiled, or why it cannot be.
        self._placed: tuple[Mutant, Placement] | None = None
        self._refusal: tuple[str, object] | None = None

    def prepare(self, command: dict[str, Any], live: LiveFunctions | None) -> None:
        """Does what the next fork needs and can be done before it: nothing of the project's runs.

        A fresh fork pays for each page of memory that it touches first, so that the same work
        costs several times as much there.
        """
        self._placed = self._refusal = None
        try:
            self._announce(command)
            if command["mutant"] is not None and live is not None:
                self._place(command, live)
        except BaseException:
            self._refusal = "engine_error", kept.format_exc()

    def enter(self) -> None:
        """Makes this fork a session of its own, which can be killed whole."""
        kept.setsid()
        self._memory.start_child()
        self._memory.time(channel.TIME_CHILD)

    def run_hot(self, command: dict[str, Any], runner: Runner, tracer: Tracer | None) -> None:
        """Runs a command in a fork of a process that has collected."""
        me = kept.getpid()
        try:
            if self._refusal is not None:
                self._refuse(*self._refusal)
                return
            if self._placed is not None:
                mutant, placement = self._placed
                placement.take_effect()
                # For a module that is imported (again) while a test runs.
                self._override(mutant, command["probe"])
            self._memory.time(channel.TIME_SWAPPED)
            runner.begin(command["report"])
            if command["trace"] and tracer is not None:
                self._trace_tests(command, runner, tracer)
            elif self._run_tests(command, command["tests"], runner):
                self._say_if_equivalent(command)
        except BaseException:
            _leave_if_forked(me)
            self._memory.append({"k": "engine_error", "why": kept.format_exc()})
        self._memory.time(channel.TIME_TESTS_DONE)
        self._memory.set_flag(channel.FLAG_FINISHED)

    def run_cold(self, command: dict[str, Any], runner: Runner) -> None:
        """Runs a command in a fork of a process that has not imported the project."""
        me = kept.getpid()
        if self._refusal is not None:
            self._refuse(*self._refusal)
            return
        if command["mutant"] is not None:
            mutant = Mutant.read(command["mutant"])
            self._override(mutant, command["probe"])
            try:
                path = self._project.path(mutant.file)
                if not mutation.differs(path, mutant) and not command["probe"]:
                    self._refuse("equivalent", "")
                    return
            except mutation.SourceChanged as changed:
                self._refuse("source_changed", changed)
                return
            except SyntaxError as error:
                self._refuse("invalid", error)
                return
        self._memory.time(channel.TIME_SWAPPED)
        self._memory.test_started(1)
        wanted: list[str] = command["tests"]

        def then(collected: list[Collected]) -> None:
            try:
                numbers = {test.id: number for number, test in enumerate(collected)}
                tests = [numbers.get(test, -1) for test in wanted]
                known = set(command["known"])
                tests += [n for n, test in enumerate(collected) if test.id not in known]
                names = [test.id for test in collected if test.id not in known]
                if names:
                    self._memory.append({"k": "new_tests", "ids": names})
                runner.ready(f"{self._scratch}/tmp")
                runner.begin(command["report"])
                self._run_tests(command, tests, runner)
            except BaseException:
                _leave_if_forked(me)
                self._memory.append({"k": "engine_error", "why": kept.format_exc()})
            self._memory.time(channel.TIME_TESTS_DONE)
            self._memory.set_flag(channel.FLAG_FINISHED)
            kept.exit_now(0)

        try:
            runner.collect(then)
        except CollectionFailed as error:
            self._refuse("collection_failed", error)
        except BaseException:
            self._refuse("collection_failed", kept.format_exc())

    def _refuse(self, kind: str, why: object) -> None:
        self._memory.append({"k": kind, "why": str(why)[:20000]})
        self._memory.time(channel.TIME_TESTS_DONE)
        self._memory.set_flag(channel.FLAG_FINISHED)

    def _announce(self, command: dict[str, Any]) -> None:
        """Tells Python processes that tests start about the mutant or the trace."""
        state = {
            "config": self._config,
            "mutant": command["mutant"],
            "log": self._log if command["trace"] else None,
            "memory": self._memory.path if command["probe"] else None,
            # The mark by which `worker/reap.rs` knows whose a stray is.
            "slot": self._memory.path,
        }
        text, site = kept.encode_json(state), f"{self._runtime}/site"
        spawning.announce(text, site)
        if self._needed is None:
            self._needed = spawning.install(text, site)
        else:
            spawning.renew(self._needed, text)

    def _override(self, mutant: Mutant, probe: bool) -> None:
        path = self._project.path(mutant.file)
        call = self._memory.probe if probe else None
        self._imports.override(
            mutant.file,
            lambda: mutation.compile_file(path, mutant, call),
            lambda rewrite: mutation.compile_file(path, mutant, call, rewrite),
        )

    def _place(self, command: dict[str, Any], live: LiveFunctions) -> None:
        mutant = Mutant.read(command["mutant"])
        if self._imports.is_rewritten(mutant.file):
            # The code of one function alone does not go through pytest's rewriting.
            self._refusal = "cannot_place", "pytest rewrites the assertions of its file"
            return
        path = self._project.path(mutant.file)
        probe = self._memory.probe if command["probe"] else None
        try:
            self._placed = mutant, swap.place(mutant, live, path, probe)
        except mutation.CannotPlace as reason:
            self._refusal = "cannot_place", reason
        except mutation.SourceChanged as changed:
            self._refusal = "source_changed", changed
        except SyntaxError as error:
            self._refusal = "invalid", error

    def _say_if_equivalent(self, command: dict[str, Any]) -> None:
        """Looks whether a mutant that no test noticed is one at all.

        Not before the tests: most mutants are noticed, and to compare costs as much as to place.
        """
        if self._placed is None or command["probe"]:
            return
        mutant, placement = self._placed
        try:
            same = swap.same_as_original(mutant, placement, self._project.path(mutant.file))
        except mutation.SourceChanged as changed:
            self._memory.append({"k": "source_changed", "why": str(changed)})
            return
        if same:
            self._memory.append({"k": "equivalent", "why": ""})

    def _run_tests(self, command: dict[str, Any], tests: list[int], runner: Runner) -> bool:
        memory, me = self._memory, kept.getpid()
        passed = True
        for position, number in enumerate(tests):
            memory.test_started(position + 1)
            if number < 0:
                memory.append({"k": "missing", "i": position})
                continue
            following = next((n for n in tests[position + 1 :] if n >= 0), None)
            before = kept.perf_counter()
            outcome = runner.run(number, following)
            spent = kept.perf_counter() - before
            _leave_if_forked(me)
            record: dict[str, Any] = {
                "k": "test",
                "i": position,
                "w": outcome.word,
                "us": int(spent * 1e6),
            }
            if command["report"]:
                record["o"] = outcome.output[:200_000]
            memory.append(record)
            passed = passed and outcome.word != FAILED
            if outcome.word == FAILED and command["stop"]:
                return False
        return passed

    def _trace_tests(self, command: dict[str, Any], runner: Runner, tracer: Tracer) -> None:
        memory, codes, log = self._memory, tracer.codes, self._log
        me = kept.getpid()
        tests: list[int] = command["tests"]
        shared = len(tests) > 1
        of_fixtures: dict[Any, Recording] = {}
        outside: list[Recording] = []
        watch: bool = command["watch"]
        writes = Writes(kept.realpath(self._scratch)) if watch else NoWrites()
        writes_before: list[bool] = []
        wrote: list[bool] = []

        def fixture_hook(owner: Any, begins: bool) -> None:
            if begins:
                # What the test has reached already may be reached by the set-up again.
                tracer.forget()
                writes_before.append(writes.took_place())
                outside.append(tracer.swap(Recording()))
            else:
                tracer.forget()
                wrote.extend((writes_before.pop(), writes.took_place(lasting=True)))
                recording = tracer.swap(outside.pop())
                if recording.edges or recording.lines or owner not in of_fixtures:
                    # Set up again, it is another value: another parameter's, another class's.
                    of_fixtures[owner] = recording
                tracer.current.add(recording)

        if shared:
            runner.fixture_hook = fixture_hook
        hits = Reader(log, codes)
        hits.clear()
        spawning.tell(note_beyond(log, self._project))
        kept.register_at_fork(after_in_child=lambda: tracer.write_through(log))
        recording = Recording()
        tracer.swap(recording)
        tracer.start()
        first_new = command["known_codes"]
        room = memory.room()
        for position, number in enumerate(tests):
            if shared and memory.room() * 4 < room:
                memory.append({"k": "more", "i": position})
                return
            memory.test_started(position + 1)
            tracer.resume()
            following = tests[position + 1] if position + 1 < len(tests) else None
            before = kept.perf_counter()
            outcome = runner.run(number, following)
            spent = kept.perf_counter() - before
            _leave_if_forked(me)
            hits.read_into(recording.lines, recording.edges)
            whole = recording
            if shared:
                tracer.forget()
                used = [
                    of_fixtures[key] for key in runner.shared_fixtures(number) if key in of_fixtures
                ]
                if used:
                    whole = Recording()
                    whole.add(recording)
                    for one in used:
                        whole.add(one)
                recording = Recording()
                tracer.swap(recording)
            header, body = _pack(whole, codes, first_new)
            if hits.beyond:
                header["b"] = sorted(hits.beyond)
            header.update(k="test", i=position, w=outcome.word, us=int(spent * 1e6))
            if writes.took_place() or any(wrote):
                header["x"] = True
            wrote.clear()
            if not memory.append(header, body):
                memory.append({"k": "engine_error", "why": "a trace larger than the slot's memory"})
                return
            if position + 1 < len(tests) and hits.anyone_left():
                memory.append({"k": "more", "i": position + 1})
                return


def _leave_if_forked(me: int) -> None:
    """Ends a process that a test forked and that came back here as a second runner."""
    if kept.getpid() != me:
        kept.exit_now(1)


def _pack(recording: Recording, codes: Codes, first_new: int) -> tuple[dict[str, Any], bytes]:
    lines = array.array("Q", sorted(recording.lines))
    edges = array.array("Q", sorted(recording.edges))
    header: dict[str, Any] = {"n": [len(lines), len(edges)]}
    if len(codes.codes) > first_new and any(
        edge & LOW >= first_new or first_new <= edge >> SHIFT < LOW for edge in edges
    ):
        # Code that was loaded while a test ran has numbers that only this process knows.
        header["codes"] = codes.describe(first_new)
    return header, lines.tobytes() + edges.tobytes()
