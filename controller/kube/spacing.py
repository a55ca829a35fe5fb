"""Spaces the requests about one object while requests fail.

What failed is decided on anew and sent again: at once after a conflict, soon after another failure.
That is right the first time. If the API server goes on refusing, the same object would be asked
about without a pause, because of each step of each decision. While nothing fails, nothing waits;
and never a Lease, which has its own times and must not be renewed late.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Final

from controller.kube.errors import FOR_NOW, ApiError, Conflict, TooManyRequests

#: Requests about one object in so many seconds, at most.
MOST: Final = 4
WITHIN: Final = 1.0
#: Seconds for which requests are spaced after a failure: about one object after a conflict or an
#: eviction that is refused, about each object after a failure of the API server.
AFTER: Final = 10.0


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Spacing:
    """``clock`` gives monotonic seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = _loop_time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        #: Until when the requests about every object, and about one object, are spaced.
        self._every = float("-inf")
        self._one: dict[str, float] = {}
        #: The requests of the last second, by moment and path, while none is spaced. They count for
        #: the objects that they are about as soon as one fails.
        self._recent: deque[tuple[float, str]] = deque()
        #: By object, the turns of its last requests, which may be yet to come.
        self._turns: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST))
        self._swept = float("-inf")

    async def turn(self, path: str) -> None:
        """Return when a request to this path may be sent: first come, first served."""
        now = self._clock()
        if not self._one and self._every < now:
            self._turns.clear()
            self._keep(now, path)
            return
        self._sweep(now)
        about = subject(path)
        if not about:
            return
        turns = self._turns[about]
        full = len(turns) == MOST and self._is_spaced(about, now)
        at = max(now, turns[0] + WITHIN) if full else now
        turns.append(at)
        while at > now and self._is_spaced(about, now):
            # A little longer, or rounding could leave nothing to sleep and the turn not yet come.
            await self._sleep(min(at - now, WITHIN) + 0.001)
            now = self._clock()

    def failed(self, path: str, error: ApiError) -> None:
        """Note how a request to this path failed."""
        until = self._clock() + AFTER
        # What refuses an eviction is a budget for this pod, and no overload.
        budget = isinstance(error, TooManyRequests) and _subresource(path) == "eviction"
        if budget or isinstance(error, Conflict):
            self._one[subject(path)] = until
        elif isinstance(error, FOR_NOW):
            self._every = until

    def _is_spaced(self, about: str, now: float) -> bool:
        return max(self._every, self._one.get(about, self._every)) >= now

    def _keep(self, now: float, path: str) -> None:
        """Keep a request that is sent at once; a failure may soon follow."""
        self._recent.append((now, path))
        while self._recent[0][0] <= now - WITHIN:
            self._recent.popleft()

    def _sweep(self, now: float) -> None:
        """Count what was sent before the first failure; forget what does not count any more."""
        for moment, path in self._recent:
            if about := subject(path):
                self._turns[about].append(moment)
        self._recent.clear()
        if now < self._swept + WITHIN:
            return
        self._swept = now
        for about in [each for each, until in self._one.items() if until < now]:
            del self._one[about]
        for about in [each for each, turns in self._turns.items() if turns[-1] <= now - WITHIN]:
            del self._turns[about]


def subject(path: str) -> str:
    """The object that a request is about: its path without subresource and query. "" if the path
    names none, as that of a list or a create; for Leases; and for what is in no namespace, as nodes
    are, which are read for many Jobs."""
    found = _parts(path)
    return "/".join(found[:-1]) if found and found[2] != "leases" else ""


def _subresource(path: str) -> str:
    return (_parts(path) or [""])[-1]


def _parts(path: str) -> list[str]:
    """Of a path that names an object in a namespace: its group and version, namespace, plural, name
    and subresource ("" if there is none). [] for other paths."""
    parts = path.partition("?")[0].strip("/").split("/")
    start = 2 if parts[0] == "api" else 3  # api/v1/…, apis/<group>/<version>/…
    found = parts[start + 1 :]
    if parts[start : start + 1] != ["namespaces"] or not 3 <= len(found) <= 4:
        return []
    return ["/".join(parts[: start + 1]), *found, *[""][: 4 - len(found)]]
