"""Turns at work that keeps the event loop busy, so that it does not take all of a core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """One piece of work at a time, and after each a rest that is as long as it took: together they
    take half of a core at most, however many there are."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def take(self, work: Callable[[], T]) -> T:
        """Wait for a turn, and do the work."""
        await self._lock.acquire()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            return work()
        finally:
            loop.call_later(loop.time() - begun, self._end)

    def _end(self) -> None:
        self._lock.release()
