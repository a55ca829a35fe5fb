"""Time as a number, on an event loop whose I/O is real.

A test with it says the same on a slow machine: time passes only when nothing is left to do but to
wait, and then at once; or when the test says that something took so long.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

#: Real seconds in which what is on its way through the kernel arrives.
_ARRIVAL: Final = 0.001
#: Real seconds for each second while a thread works, which may not get a processor for long.
_SLOWLY: Final = 20


class VirtualTime:
    """The time of the running event loop, in seconds. All that the loop does I/O with must be on
    the same loop. While a thread works for the loop (``run_in_executor``) time passes slowly."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop: Any = asyncio.get_running_loop()
        self.now: float = loop.time()
        self._select = loop._selector.select
        self._run_in_executor = loop.run_in_executor
        self._in_threads = 0
        monkeypatch.setattr(loop, "time", lambda: self.now)
        monkeypatch.setattr(loop._selector, "select", self._wait)
        monkeypatch.setattr(loop, "run_in_executor", self._in_thread)

    def pass_by(self, seconds: float) -> None:
        """Something kept the process busy for so long."""
        self.now += seconds

    def _wait(self, timeout: float | None) -> Any:
        if timeout is None or timeout <= 0:
            return self._select(timeout)
        if not (events := self._select(timeout * _SLOWLY if self._in_threads else _ARRIVAL)):
            self.now += timeout
        return events

    def _in_thread(self, *args: Any) -> asyncio.Future[Any]:
        future: asyncio.Future[Any] = self._run_in_executor(*args)
        self._in_threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: asyncio.Future[Any]) -> None:
        self._in_threads -= 1
