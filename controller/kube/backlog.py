"""For how long a stream has been working through a backlog: lines that arrive without a pause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: Seconds of waiting for a line that show that there was no backlog before that line.
PAUSE: Final = 0.002
#: Seconds without a line that show that a backlog has ended.
RESTED: Final = 1.0


class Backlog:
    """``clock`` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        #: Times of the clock: when the last line was handled, and since when lines have been
        #: arriving without a pause.
        self._handled = self._busy_since = clock()

    def arrived(self) -> float:
        """Note the arrival of a line. Returns the time of the clock."""
        now = self._clock()
        if now - self._handled > PAUSE:
            self._busy_since = now
        return now

    def handled(self) -> None:
        """Note that the last line was handled."""
        self._handled = self._clock()

    @property
    def seconds(self) -> float:
        """Seconds for which lines have been arriving without a pause; 0 if there is no backlog."""
        if self._clock() - self._handled > RESTED:
            return 0.0
        return self._handled - self._busy_since
