"""Watches all pods of the namespace from outside, in the same way for every contestant.

From the watch come the end of a turn (all instances Ready at the new version, no other pod left),
how many instances were out of service at most, and when each one became Ready.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hack.bench import watch
from hack.bench.pods import shown

_T = TypeVar("_T")
PODS = "/api/v1/namespaces/default/pods"


@dataclass(frozen=True, slots=True)
class Turned:
    """A pod became Ready at a version: when (Unix time), its name, and the mark of the version."""

    at: float
    name: str
    mark: str


class Book:
    """What the watch has shown. Only the watch's thread writes it."""

    def __init__(self) -> None:
        #: The mark of each pod by uid. None while it is not Ready.
        self.marks: dict[str, str | None] = {}
        #: Number of Ready pods by mark, since ``resized`` was set last.
        self.counts: Counter[str] = Counter()
        self.turned: list[Turned] = []
        #: When each pod was first observed (Unix time), by name.
        self.added: dict[str, float] = {}
        self.fewest = 0
        self.resized = False

    def see(self, kind: str, pod: dict[str, Any], now: float) -> None:
        """Take an event of the watch, read at the Unix time ``now``."""
        meta = pod["metadata"]
        uid, name = meta["uid"], meta["name"]
        if kind == "ADDED":
            self.added[name] = now
        old = self.marks.get(uid)
        if kind == "DELETED":
            self.marks.pop(uid, None)
            new = None
        else:
            new = self.marks[uid] = shown(pod, self.resized)
        if new == old:
            return
        if old is not None:
            self.counts[old] -= 1
        if new is not None:
            self.counts[new] += 1
            self.turned.append(Turned(now, name, new))
        self.fewest = min(self.fewest, self.counts.total())

    def mark(self) -> None:
        """Forget what happened so far; the pods stay."""
        self.turned, self.added = [], {}
        self.fewest = self.counts.total()

    def clear(self, resized: bool) -> None:
        """Begin with no pods. ``resized``: read the CPU request instead of the image."""
        self.marks.clear()
        self.counts.clear()
        self.resized = resized
        self.mark()


class Observer:
    """A `Book` that a thread keeps. There must be no pods when it starts."""

    def __init__(self, server: str, certs: Path, version: str) -> None:
        self.book = Book()
        self._lock = threading.Condition()
        self._until: Callable[[Book], bool] | None = None
        self._met = 0.0
        self._error: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._url = f"{server}{PODS}?allowWatchBookmarks=false"
        self._certs = certs
        self._version = version
        self._reading: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the watch. Closing it again does nothing."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(timeout=10)

    def reading(self, act: Callable[[Book], _T]) -> _T:
        """``act`` of the book, while no event is taken."""
        with self._lock:
            return act(self.book)

    def until(self, met: Callable[[Book], bool], timeout: float) -> float:
        """Wait until ``met`` holds after an event, or now. Returns the monotonic time when it did.

        ``met`` runs for each event and must be cheap. Raises TimeoutError.
        """
        with self._lock:
            if met(self.book):
                return time.monotonic()
            self._until, self._met = met, 0.0
            deadline = time.monotonic() + timeout
            while not self._met:
                left = deadline - time.monotonic()
                if left <= 0 or not self._lock.wait(left):
                    self._until = None
                    raise TimeoutError(self._said())
                if self._error is not None:
                    raise RuntimeError("the observer's watch failed") from self._error
            return self._met

    def _said(self) -> str:
        counts = ", ".join(f"{n:,} Ready at {mark}" for mark, n in self.book.counts.items() if n)
        return f"{len(self.book.marks):,} pods: {counts or 'none is Ready'}"

    def _see(self, kind: str, pod: dict[str, Any]) -> None:
        with self._lock:
            self.book.see(kind, pod, time.time())
            if self._until is not None and self._until(self.book):
                self._until, self._met = None, time.monotonic()
                self._lock.notify_all()

    def _cancel(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._read())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            with self._lock:
                self._error = error
                self._lock.notify_all()
        finally:
            self._loop.close()

    async def _read(self) -> None:
        async with watch.session(self._certs, "observer") as http:
            reading = watch.follow(http, self._url, self._version, self._see)
            self._reading = asyncio.ensure_future(reading)
            await self._reading
