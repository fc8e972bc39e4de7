"""The Python side of mutdiff: imports the project once, then forks a child per mutant.

Invariant: importing this package imports nothing of the project's and starts nothing; what user
code may patch (``os``, ``time``, ``signal``, ``open``) is copied in ``kept`` before it runs.
"""

from __future__ import annotations

#: Version of the messages between the two sides; Rust refuses another one.
#: Changelog: 1 = first; 2 = which files were asked for tests.
PROTOCOL = 2
