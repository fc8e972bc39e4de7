"""The phases of a pytest item: how each ended, without a report where one would tell no more.

Invariant: the outcome is the one that pytest's own report would give; where a plugin, an expected
failure or another kind of item may have a say in it, the report is made.
"""

from __future__ import annotations

from typing import Any

from .runner import FAILED, PASSED, SKIPPED


class Phases:
    """Runs the phases of one item; imports of pytest are made once, in the warm process."""

    def __init__(self) -> None:
        import unittest

        from _pytest import outcomes, python, runner, skipping, tmpdir

        self._exit = outcomes.Exit
        self._call_info: Any = runner.CallInfo
        #: What may end a phase and be no failure.
        self._special = (outcomes.Skipped, outcomes.XFailed, unittest.SkipTest)
        self._plain_item = python.Function
        self._xfailed = getattr(skipping, "xfailed_key", None)
        self._tmp_results = getattr(tmpdir, "tmppath_result_key", None)

    def needs_reports(self, item: Any) -> bool:
        """Whether only a report tells how this item fares."""
        return (
            type(item) is not self._plain_item
            or self._xfailed is None
            or any(
                not str(getattr(hook.function, "__module__", "")).startswith("_pytest.")
                for hook in item.ihook.pytest_runtest_makereport.get_hookimpls()
            )
        )

    def run(self, item: Any, when: str, **options: Any) -> str:
        """Runs a phase of an item that needs no report.

        What lets a session end (``pytest.exit``, an interrupt) is raised.
        """
        error: BaseException | None = None
        try:
            getattr(item.ihook, f"pytest_runtest_{when}")(item=item, **options)
        except self._exit:
            raise
        except BaseException as raised:
            if isinstance(raised, KeyboardInterrupt) and not item.config.getoption("usepdb", False):
                raise
            error = raised
        if item.stash.get(self._xfailed, None) or isinstance(error, self._special):
            return self._reported(item, when, error)
        passed = error is None
        if self._tmp_results is not None:
            # Read by the tear-down of `tmp_path`, to keep or remove the directory.
            item.stash.setdefault(self._tmp_results, {})[when] = passed
        return PASSED if passed else FAILED

    def _reported(self, item: Any, when: str, error: BaseException | None) -> str:
        """What pytest's report says of a phase that was run."""

        def ended() -> None:
            if error is not None:
                raise error

        call = self._call_info.from_call(ended, when=when, reraise=None)
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        return FAILED if report.failed else SKIPPED if report.skipped else PASSED
