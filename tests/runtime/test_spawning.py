"""What programs that tests start are given, by the environment that a test names for them."""

from __future__ import annotations

import pytest
from _mutdiff import spawning

NEEDED = {b"_MUTDIFF_CHILD": b"state", b"PYTHONPATH": b"/ours"}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, b"/ours"),
        ({b"PYTHONPATH": b"/own"}, b"/ours:/own"),
        ({b"PYTHONPATH": b"/own:/ours", b"_MUTDIFF_CHILD": b"state"}, b"/ours:/own"),
        ({b"PYTHONPATH": b"/ours:/own", b"_MUTDIFF_CHILD": b"old"}, b"/ours:/own"),
    ],
)
def test_our_folder_is_in_front_of_every_other(given: dict[bytes, bytes], path: bytes) -> None:
    # Another folder's `sitecustomize` in front would be loaded in place of ours.
    along = spawning._with(given, NEEDED)
    assert along is not None
    assert along[b"PYTHONPATH"] == path
    assert along[b"_MUTDIFF_CHILD"] == b"state"


def test_an_environment_that_is_right_is_left_alone() -> None:
    assert spawning._with({**NEEDED, b"PYTHONPATH": b"/ours:/own"}, NEEDED) is None


def test_a_program_that_had_no_variable_is_to_see_none() -> None:
    along = spawning._with({}, NEEDED)
    assert along is not None
    assert along[spawning.HIDDEN.encode()] == b"1"
