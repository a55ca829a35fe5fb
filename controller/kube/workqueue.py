"""A queue of keys with the semantics of client-go's workqueue.

A key is in the queue at most once, however often it is added, and two workers never handle the same
key at the same time: a key that is added while a worker handles it is handled once more afterwards.
Keys can be added for a later time (the earliest time counts) or retried with exponential, jittered
back-off. A key of which many things change is handled for many of them at once: at most every
``gap`` seconds. The queue holds only keys that it ``accepts``: a process must not collect work that
is another's. The queue belongs to one event loop and does no I/O.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

BACKOFF_FIRST = 0.05
BACKOFF_MAX = 60.0


class QueueClosed(Exception):  # noqa: N818 - not an error
    """The queue is closed; the worker ends."""


class WorkQueue(Generic[K]):
    """``gap``: seconds from one start of work at a key to the next, at least; a key that was not
    handled for so long waits for nothing but a worker. ``accepts(key)``: whether the key may be
    added; call ``sift`` when answers become False. ``clock`` returns monotonic seconds; ``jitter``
    returns a factor for each back-off."""

    def __init__(
        self,
        *,
        gap: float = 0.0,
        accepts: Callable[[K], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.0),
    ) -> None:
        self._gap = gap
        self._accepts = accepts
        self._clock = clock
        self._jitter = jitter
        #: When a worker last took each key. Older than ``gap``, an entry means nothing.
        self._taken: dict[K, float] = {}
        self._ready: deque[K] = deque()
        #: When each key that waits for a worker was first added.
        self._dirty: dict[K, float] = {}
        #: When a worker took each key, or last made progress with it; the oldest comes first.
        self._processing: dict[K, float] = {}
        self._later: list[tuple[float, int, K]] = []
        self._deadline: dict[K, float] = {}
        self._sequence = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._failures: dict[K, int] = {}
        self._getters: deque[asyncio.Future[None]] = deque()
        #: When a worker last took a key, made progress with one, or gave one back.
        self._moved = clock()
        self._closed = False

    # -- adding ----------------------------------------------------------------------------

    def add(self, key: K) -> None:
        """Add the key, to be handled as soon as a worker is free."""
        if key in self._dirty or not self._takes(key):
            return
        if key not in self._processing and self._too_soon(key):
            return
        self._dirty[key] = self._clock()
        if key not in self._processing:
            self._ready.append(key)
            self._wake()

    def _takes(self, key: K) -> bool:
        return not self._closed and (self._accepts is None or self._accepts(key))

    def _too_soon(self, key: K) -> bool:
        """Whether the key was taken less than ``gap`` ago. Then it is added when that is over."""
        if not self._gap or (taken := self._taken.get(key)) is None:
            return False
        if taken + self._gap <= self._clock():
            return False
        self.add_at(key, taken + self._gap)
        return True

    def add_at(self, key: K, deadline: float) -> None:
        """Add the key at a time of the clock. If an earlier time is set already, that one stays."""
        if not self._takes(key):
            return
        if deadline <= self._clock():
            self.add(key)
            return
        known = self._deadline.get(key)
        if known is not None and known <= deadline:
            return
        self._deadline[key] = deadline
        heapq.heappush(self._later, (deadline, next(self._sequence), key))
        if self._later[0][2] == key:
            self._arm()

    def add_after(self, key: K, seconds: float) -> None:
        """Add the key after ``seconds``. If an earlier time is set already, that one stays."""
        self.add_at(key, self._clock() + seconds)

    def retry(self, key: K) -> float:
        """Add the key after its back-off, which grows with each failure. Returns the seconds."""
        failures = self._failures.get(key, 0)
        if self._takes(key):
            self._failures[key] = failures + 1
        delay = min(BACKOFF_MAX, BACKOFF_FIRST * 2.0 ** min(failures, 30)) * self._jitter()
        self.add_after(key, delay)
        return delay

    def forget(self, key: K) -> None:
        """The key succeeded: its next failure starts with the shortest back-off again."""
        self._failures.pop(key, None)

    # -- taking ----------------------------------------------------------------------------

    async def get(self) -> K:
        """The next key; the worker must call ``done`` with it. Raises ``QueueClosed``."""
        while not self._has_ready():
            if self._closed:
                raise QueueClosed
            getter = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                # Woken and cancelled at the same time: wake another worker, or a key would be
                # left waiting.
                if getter.done() and not getter.cancelled():
                    self._wake()
                raise
        key = self._ready.popleft()
        del self._dirty[key]
        self._processing[key] = self._moved = self._clock()
        if self._gap:
            self._note_taken(key)
        return key

    def _has_ready(self) -> bool:
        """Whether a key waits. Keys that are no longer accepted are dropped."""
        while self._ready and not self._takes(self._ready[0]):
            del self._dirty[self._ready.popleft()]
        return bool(self._ready)

    def _note_taken(self, key: K) -> None:
        self._taken.pop(key, None)
        self._taken[key] = self._moved
        # The oldest come first. Two go for each that comes, so none is kept for long.
        for old in list(itertools.islice(self._taken, 2)):
            if self._taken[old] + self._gap <= self._moved:
                del self._taken[old]

    def step(self, key: K) -> None:
        """The worker has made progress with the key, so the key is not stuck."""
        if self._processing.pop(key, None) is not None:
            self._processing[key] = self._moved = self._clock()

    def done(self, key: K) -> None:
        """The worker has finished with the key; if the key was added meanwhile, it waits again."""
        del self._processing[key]
        self._moved = self._clock()
        # It is taken out first: if the gap ends at this moment, ``_too_soon`` adds it at once.
        since = self._dirty.pop(key, None)
        if since is None or not self._takes(key) or self._too_soon(key):
            return
        self._dirty[key] = since
        self._ready.append(key)
        self._wake()

    def sift(self) -> None:
        """Drop the waiting keys that are no longer accepted, also those for later. Workers may
        still call ``done``."""
        gone = {k for k in (*self._dirty, *self._deadline, *self._failures) if not self._takes(k)}
        if not gone:
            return
        self._ready = deque(key for key in self._ready if key not in gone)
        self._later = [item for item in self._later if item[2] not in gone]
        heapq.heapify(self._later)
        for key in gone:
            self._dirty.pop(key, None)
            self._deadline.pop(key, None)
            self._failures.pop(key, None)
        if self._timer is not None:
            self._timer.cancel()
        if self._later:
            self._arm()

    def close(self) -> None:
        """Drop all waiting keys and end the workers. Workers may still call ``done``."""
        self._closed = True
        self.sift()
        while self._getters:
            self._wake()

    # -- looking ---------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Number of keys that wait for a worker now."""
        return len(self._ready)

    def oldest_age(self) -> float:
        """Seconds for which the oldest key has been waiting for a worker or been handled by one."""
        since = [self._dirty[self._ready[0]]] if self._ready else []
        since.extend(itertools.islice(self._processing.values(), 1))
        return max(0.0, self._clock() - min(since)) if since else 0.0

    def stuck_for(self) -> float:
        """Seconds without progress: since a worker last made progress with the key that has had
        none for longest, or for which a key has been waiting while no worker made progress. A queue
        that is merely long is not stuck."""
        since = list(itertools.islice(self._processing.values(), 1))
        if self._ready:
            since.append(max(self._dirty[self._ready[0]], self._moved))
        return max(0.0, self._clock() - min(since)) if since else 0.0

    # -- time ------------------------------------------------------------------------------

    def promote(self) -> None:
        """Add the keys whose time has come. The queue's own timer calls this."""
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            deadline, _, key = heapq.heappop(self._later)
            # A time that was replaced by an earlier one is still in the heap.
            if self._deadline.get(key) == deadline:
                del self._deadline[key]
                self.add(key)
        if self._later:
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = max(0.0, self._later[0][0] - self._clock())
        self._timer = asyncio.get_running_loop().call_later(delay, self.promote)

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return
