"""The keys in work, and how the work on some of them is broken off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from controller.reconcile.entry import Key

T = TypeVar("T")


class InWork:
    """One worker at a time works on a key."""

    def __init__(self) -> None:
        #: Key -> the task of its worker.
        self._workers: dict[Key, asyncio.Task[Any]] = {}
        self._broken_off: set[Key] = set()

    async def done(self, key: Key, work: Coroutine[Any, Any, T]) -> T | None:
        """Do the work on a key. Returns its result, or None if it was broken off."""
        worker = asyncio.current_task()
        assert worker is not None
        self._workers[key] = worker
        try:
            return await work
        except asyncio.CancelledError:
            if key not in self._broken_off:
                raise
            worker.uncancel()
            return None
        finally:
            del self._workers[key]
            self._broken_off.discard(key)

    async def end(self, kept: Callable[[Key], bool], seconds: float) -> None:
        """Wait for the work on keys that are not kept; after ``seconds`` break it off."""
        until = time.monotonic() + seconds
        while left := [key for key in self._workers if not kept(key)]:
            if time.monotonic() > until:
                for key in left:
                    self._broken_off.add(key)
                    self._workers[key].cancel()
                return
            await asyncio.sleep(0.01)
