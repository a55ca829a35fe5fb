"""`python -m hack.chaos.jumping`: the operator, whose wall clock is wrong as a file says.

The file that `CHAOS_CLOCK` names has the seconds by which ``time.time`` is ahead. The monotonic
clock, and the stamps in the Lease that nobody decides by, are right.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

VARIABLE = "CHAOS_CLOCK"


def jumped(right: Callable[[], float], file: Path) -> Callable[[], float]:
    """A clock that is ahead of the right one by the seconds in a file; without one it is right."""

    def clock() -> float:
        with suppress(OSError, ValueError):
            return right() + float(file.read_text())
        return right()

    return clock


def main() -> None:
    """Run the operator; it takes its clock from ``time`` when it is imported."""
    time.time = jumped(time.time, Path(os.environ[VARIABLE]))
    from controller.__main__ import main as operator

    operator()


if __name__ == "__main__":
    main()
