"""An event loop whose time is a number: it waits for nothing and does no I/O."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

#: Turns of the loop in one moment; more is a loop of ours that never rests.
MOST_TURNS = 2_000


class Clockwork(asyncio.BaseEventLoop):
    """``idle(next)`` is called when nothing is left to do in a moment, with the moment of the next
    timer (None: there is none). It says which moment comes now, or stops the loop."""

    def __init__(self, idle: Callable[[float | None], float]) -> None:
        super().__init__()
        self._selector: Any = self  # What the base class asks for events, and how long to wait.
        self._idle = idle
        self._moment = 0.0
        self.turns = 0

    def time(self) -> float:
        return self._moment

    def select(self, timeout: float | None) -> list[Any]:
        """What the loop waits with."""
        self.turns += 1
        assert self.turns < MOST_TURNS, "the operator does not rest"
        if timeout is None or timeout > 0:
            timers = self._scheduled  # type: ignore[attr-defined]
            moment = self._idle(timers[0].when() if timers else None)
            if moment > self._moment:
                self._moment, self.turns = moment, 0
        return []

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody has to be woken."""
