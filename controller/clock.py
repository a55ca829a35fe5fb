"""Epoch seconds that do not jump when somebody sets the clock of this machine.

If the operator decided by the wall clock, a clock that is an hour ahead for a moment would make
each deadline of an Update pass at once. `SteadyClock` begins with the wall clock and counts on by a
clock that nobody sets. It follows the wall clock slowly, because that is right in the long run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

#: By how many seconds a second the steady clock approaches the wall clock, at most.
RATE: Final = 0.05
#: A difference, in seconds, of which the log tells.
_JUMP: Final = 10.0


def _since_boot() -> float:
    """Seconds since the machine was started, including those in which it was suspended."""
    # Absent where Python does not run on Linux; the monotonic clock may stand while suspended.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """Call an instance for the time. ``wall`` returns epoch seconds, ``count`` seconds since any
    moment."""

    def __init__(
        self,
        wall: Callable[[], float] | None = None,
        count: Callable[[], float] = _since_boot,
    ) -> None:
        self._wall = wall or time.time
        self._count = count
        self._at = count()
        self._now = self._wall()
        self._has_jumped = False

    def __call__(self) -> float:
        count = self._count()
        passed, self._at = count - self._at, count
        now, wall = self._now + passed, self._wall()
        step = RATE * passed
        self._now = now + max(-step, min(step, wall - now))
        self._tell(wall - self._now)
        return self._now

    def _tell(self, ahead: float) -> None:
        """Log once that the wall clock jumped, and once that it agrees again."""
        if self._has_jumped != (abs(ahead) > _JUMP):
            self._has_jumped = not self._has_jumped
            if self._has_jumped:
                words = "the clock of this machine jumped by %+.0f s; this operator follows slowly"
                log.warning(words, ahead)
            else:
                log.info("the clock of this machine agrees with this operator's again")
