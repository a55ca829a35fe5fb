"""Works while this process holds the Lease of those who serve Maintenances.

After the Lease is got, everything is listed again before the first decision, as for Jobs: so the
store is newer than what another process did. When the Lease is lost or is to be given up, the
requests in flight end first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from controller.kube.errors import NotHolderError


class Candidate(Protocol):
    """What is asked of an elector (`controller.kube.elector`); the Lease is its shard 0."""

    surplus: frozenset[int]

    def holds(self, shard: int) -> bool: ...

    def term(self, shard: int) -> int: ...

    async def give_up(self, shard: int) -> None: ...


class Leading:
    """``run()`` works until cancelled. ``renew()`` lists everything again; ``begin()`` starts the
    work of a term, ``end()`` returns when nothing of it is in flight any more. Call ``notice`` when
    the elector has news, and now and then: a Lease also ends by time alone."""

    def __init__(
        self,
        elector: Candidate,
        renew: Callable[[], Awaitable[None]],
        begin: Callable[[], None],
        end: Callable[[], Awaitable[None]],
    ) -> None:
        self._elector = elector
        self._renew = renew
        self._begin = begin
        self._end = end
        self._news = asyncio.Event()
        #: The term of the Lease in which this process works; None: it does not.
        self._term: int | None = None

    @property
    def is_at_work(self) -> bool:
        return self._term is not None

    def check(self) -> None:
        """The guard of writes. Raises ``NotHolderError``."""
        if self._term is None or self._is_over(self._term):
            raise NotHolderError

    def notice(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def run(self) -> None:
        while True:
            await self._until(lambda: self._elector.holds(0))
            await self._serve(self._elector.term(0))

    async def _serve(self, term: int) -> None:
        """Work in one term."""
        await self._renew()
        if self._is_over(term):
            return
        self._term = term
        self._begin()
        await self._until(lambda: self._is_over(term) or 0 in self._elector.surplus)
        self._term = None
        await self._end()
        if 0 in self._elector.surplus and not self._is_over(term):
            await self._elector.give_up(0)

    def _is_over(self, term: int) -> bool:
        return not self._elector.holds(0) or self._elector.term(0) != term

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._news.wait()
