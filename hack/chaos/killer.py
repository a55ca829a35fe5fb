"""Kills an operator before or after the n-th of its writes; see `points`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from hack.chaos.points import Point
from hack.harness.proxy import Asked

#: A process that was just started does not ask anything for so many seconds: what comes earlier
#: the dead one had sent.
_STARTS: Final = 0.1


class Killer:
    """Give `arriving` to a proxy as ``fault`` and `answered` as ``answered``. It counts from `arm`
    on, and kills at most once; then `dead` is set."""

    def __init__(
        self, kill: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.dead = threading.Event()
        #: When the API server answered the last write (monotonic).
        self.last_write = 0.0
        #: When the operator was killed, and when the API server answered its next write after that
        #: (monotonic). 0: that was not so far.
        self.killed_at = self.next_at = 0.0
        #: The write at which the operator was killed.
        self.victim = ""
        self._kill = kill
        self._clock = clock
        self._lock = threading.Lock()
        self._point: Point | None = None
        self._armed = False
        self._revived = 0.0
        #: Requests that the new process has sent.
        self._own: set[int] = set()
        self.count = 0

    def arm(self, point: Point | None) -> None:
        """Count from now on. ``point``: kill there; None: only count."""
        with self._lock:
            self.dead.clear()
            self._revived = 0.0
            self._own = set()
            self._point, self._armed, self.count = point, True, 0
            self.killed_at = self.next_at = 0.0
            self.victim = ""

    def reviving(self) -> None:
        """The operator is about to be started again: what is written from now on is its work."""
        with self._lock:
            self._revived = self._clock()

    def disarm(self) -> None:
        """Neither count nor kill. Returns when a kill under way has ended."""
        with self._lock:
            self._armed = False

    def arriving(self, asked: Asked) -> int | None:
        """Called before a request is forwarded. Returns a status if it must not be."""
        if not counts(asked):
            return None
        with self._lock:
            if self._revived and self._clock() > self._revived + _STARTS:
                self._own.add(id(asked))
            due = not self.killed_at and self._due("before")
            if due:
                self._strike(asked)
        # The operator is dead: it makes no difference what is answered.
        return 503 if due else None

    def answered(self, asked: Asked) -> None:
        """Called after the API server has answered a request, and before the operator hears it."""
        if not counts(asked):
            return
        with self._lock:
            self.last_write = self._clock()
            if self.killed_at:
                if id(asked) in self._own:
                    self.next_at = self.next_at or self.last_write
            elif self._due("after"):
                self._strike(asked)

    def _due(self, when: str) -> bool:
        """Count one write. Returns whether the operator is to be killed at it."""
        point = self._point
        if not self._armed or (point.when if point else "after") != when:
            return False
        self.count += 1
        return point is not None and self.count == point.nth

    def _strike(self, asked: Asked) -> None:
        self._kill()
        self.killed_at = self._clock()
        self.victim = f"{asked.method} {asked.path}"
        self.dead.set()


def counts(asked: Asked) -> bool:
    """Whether this is a write that the operator makes for a Job: no Lease, no Event."""
    return asked.writes and not asked.lease and "/events" not in asked.path
