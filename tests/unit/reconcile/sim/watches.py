"""What the watches tell: each change of an object, in order, and as late as a test wants."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Container
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """``version``: its resourceVersion. ``due``: when the watch tells it. ``line``: how; None: not
    at all, for the selector never knew the object."""

    version: int
    due: float
    line: bytes | None


@dataclass
class History:
    """The changes of one kind. ``let``: how many of them may be told although the kind is late."""

    changes: list[Change] = field(default_factory=list)
    forgotten: int = 0
    let: int = 0


class Expired(Exception):  # noqa: N818 - an answer of the API server
    """The resourceVersion is too old."""


class Watches:
    """``late()`` are the kinds whose watch says nothing for now; ``lag`` seconds by kind."""

    def __init__(self, clock: Callable[[], float], late: Callable[[], Container[str]]) -> None:
        self._clock = clock
        self._late = late
        self.lag: dict[str, float] = {}
        self._kinds: defaultdict[str, History] = defaultdict(History)
        self._open: dict[asyncio.Event, str] = {}
        self._cut = 0

    def add(self, kind: str, version: int, line: bytes | None) -> None:
        """A change that has just been made."""
        history, due = self._kinds[kind], self._clock() + self.lag.get(kind, 0.0)
        if history.changes:
            due = max(due, history.changes[-1].due)
        history.changes.append(Change(version, due, line))
        self._wake(kind)

    def let(self, kind: str, count: int | None) -> None:
        """Tell so many more (None: all) of a kind that is late."""
        history = self._kinds[kind]
        there = len(history.changes)
        history.let = there if count is None else min(there, history.let + count)
        self._wake(kind)

    def go_on(self) -> None:
        """Another moment, or other kinds are late."""
        for kind in set(self._open.values()):
            self._wake(kind)

    def cut(self, forget: bool = False) -> None:
        """All connections break; ``forget``: and what was told by then is not kept."""
        self._cut += 1
        if forget:
            for history in self._kinds.values():
                history.forgotten = len(history.changes)
        for event in self._open:
            event.set()

    async def follow(self, kind: str, version: int) -> AsyncIterator[bytes]:
        """Lines from a resourceVersion on. Raises ``ConnectionResetError`` when it is cut."""
        history, cut = self._kinds[kind], self._cut
        at = bisect_right(history.changes, version, key=lambda c: c.version)
        if at < history.forgotten:
            raise Expired
        event = asyncio.Event()
        self._open[event] = kind
        loop = asyncio.get_running_loop()
        try:
            while True:
                event.clear()
                while at < self._tellable(kind):
                    line = history.changes[at].line
                    at += 1
                    history.let = max(history.let, at)
                    if line is not None:
                        yield line
                if (moment := self._next(kind, at)) is not None:
                    loop.call_at(moment, event.set)
                await event.wait()
                if cut != self._cut:
                    raise ConnectionResetError("the watch was cut")
        finally:
            del self._open[event]

    def _tellable(self, kind: str) -> int:
        history = self._kinds[kind]
        if kind in self._late():
            return history.let
        return bisect_right(history.changes, self._clock(), key=lambda c: c.due)

    def _next(self, kind: str, at: int) -> float | None:
        changes = self._kinds[kind].changes
        if at >= len(changes) or kind in self._late():
            return None
        return changes[at].due

    def _wake(self, kind: str) -> None:
        for event, of in self._open.items():
            if of == kind:
                event.set()
