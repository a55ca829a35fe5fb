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

from controller.kube.errors import (
    ApiError,
    Conflict,
    ServerError,
    TooManyRequests,
    Unreachable,
)

#: Requests about one object in so many seconds, at most.
MOST: Final = 4
WITHIN: Final = 1.0
#: Seconds for which requests are spaced after a failure: about one object after a conflict or an
#: eviction that is refused, about each object after a failure of the API server.
AFTER: Final = 10.0


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Pace:
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
        #: By object, when its last requests were sent.
        self._sent: defaultdict[str, deque[float]] = defaultdict(deque)

    async def turn(self, path: str) -> None:
        """Return when a request to this path may be sent."""
        if not self._one and self._every < self._clock():
            self._sent.clear()
            return
        about = subject(path)
        if not about or not self._is_spaced(about):
            return
        sent = self._sent[about]
        while True:
            now = self._clock()
            while sent and sent[0] <= now - WITHIN:
                sent.popleft()
            if len(sent) < MOST:
                break
            # A little longer, or rounding could leave nothing to sleep and the turn not yet come.
            await self._sleep(sent[0] + WITHIN - now + 0.001)
        sent.append(now)

    def failed(self, path: str, error: ApiError) -> None:
        """Note how a request to this path failed."""
        now = self._clock()
        # What refuses an eviction is a budget for this pod, and no overload.
        if isinstance(error, Conflict) or path.partition("?")[0].endswith("/eviction"):
            self._one[subject(path)] = now + AFTER
        elif isinstance(error, (TooManyRequests, ServerError, Unreachable)):
            self._every = now + AFTER

    def _is_spaced(self, about: str) -> bool:
        now = self._clock()
        for other in [each for each, until in self._one.items() if until < now]:
            del self._one[other]
        return self._every >= now or about in self._one


def subject(path: str) -> str:
    """The object that a request is about: its path without subresource and query; "" if the path
    names none, as that of a list or a create, or names a Lease."""
    parts = path.partition("?")[0].strip("/").split("/")
    start = 2 if parts[0] == "api" else 3  # api/v1/…, apis/<group>/<version>/…
    namespaced = parts[start : start + 1] == ["namespaces"] and len(parts) > start + 2
    end = start + (4 if namespaced else 2)
    return "/".join(parts[:end]) if len(parts) >= end and "leases" not in parts else ""
