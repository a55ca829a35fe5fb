"""The failures of something that is tried again: how long it has not worked, when to try again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from controller.kube.errors import ApiError

_FIRST: Final = 0.1
_MAX: Final = 10.0
#: A watch that ends sooner than after so many seconds was no success.
SHORT: Final = 1.0


class Failures:
    """``error`` is the last failure, or None while there is none. Times are in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.error: Exception | None = None
        #: Failures since the last success.
        self.count = 0
        self._clock = clock
        #: Since when it has not worked, if there is an error.
        self._since = self._opened = clock()

    @property
    def seconds(self) -> float:
        """For how long it has not worked; 0 while it works."""
        return 0.0 if self.error is None else self._clock() - self._since

    def succeeded(self) -> None:
        self.error, self.count = None, 0

    def opened(self) -> None:
        """A watch was accepted: it works, unless it ends at once."""
        self.error, self._opened = None, self._clock()

    def failed(self, error: Exception) -> float:
        """Returns the seconds until the next try: longer each time, or what the server asks for."""
        now = self._clock()
        if self.error is None and (self.count == 0 or now - self._opened >= SHORT):
            self._since = now
        delay = min(_MAX, _FIRST * 2.0 ** min(self.count, 20)) * random.uniform(0.5, 1.0)
        self.error = error
        self.count += 1
        asked = error.retry_after if isinstance(error, ApiError) else None
        return max(delay, asked or 0.0)
