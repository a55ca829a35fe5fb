"""Exit codes, and errors that a person reads.

The codes are those of the contract (`api-2.md` §11). Every error says what to do next.
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the shell learns."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    ROLLED_BACK = 3
    FAILED = 4
    ENDED = 5
    REJECTED = 6
    TIMEOUT = 7
    PAUSED = 8
    INTERRUPTED = 130


class CliError(Exception):
    """Ends the program with ``code``. ``hint``: what to do next, as a sentence or a command."""

    def __init__(self, message: str, hint: str = "", code: Exit = Exit.ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
