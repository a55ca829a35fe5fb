"""Turns: of all processes, and of all callers within them, one at a time has the turn of a name.

The turn is a Lease. Within a process callers wait in the order in which they came; between
processes whoever finds the Lease free is next. A process that was killed during its turn keeps the
Lease until it expires.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from controller.kube.client import Client
from controller.kube.lease import Lease
from controller.kube.lease_times import Times

#: Seconds until the next try while the API server refuses or does not answer.
_AGAIN: Final = 5.0


class _Turn(Lease):
    """It is had once a question, which is too often for a log that people read."""

    LEVEL = logging.DEBUG


class Turns:
    """``client``: its writes must end within ``times.duration - times.renew_deadline`` seconds;
    ``identity``: of this process."""

    def __init__(self, client: Client, namespace: str, identity: str, times: Times) -> None:
        self._client = client
        self._namespace = namespace
        self._identity = identity
        self._times = times
        #: Name -> who has the turn in this process, and how many have or want it.
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._numbers = count(1)

    @asynccontextmanager
    async def turn(
        self, name: str, waits: Callable[[str], None] = lambda _: None
    ) -> AsyncIterator[Callable[[], bool]]:
        """Wait for the turn and have it. Gives a function that says, at each moment, whether it is
        still had: it is lost when the Lease cannot be renewed. ``waits(why)`` is called with each
        new reason why it is waited for."""
        async with self._alone(name, waits):
            # Each turn is a holder of its own: what is left of an earlier one cannot end it.
            holder = f"{self._identity}_{next(self._numbers)}"
            lease = _Turn(self._client, self._namespace, name, holder, times=self._times)
            keeping: asyncio.Task[None] | None = None
            try:
                await self._take(lease, waits)
                keeping = asyncio.create_task(_keep(lease))
                yield lease.valid
            finally:
                if keeping is not None:
                    keeping.cancel()
                await asyncio.shield(lease.release())

    @asynccontextmanager
    async def _alone(self, name: str, waits: Callable[[str], None]) -> AsyncIterator[None]:
        """Let one caller of this process after the other in."""
        lock, wanted = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = lock, wanted + 1
        if lock.locked():
            waits(f"{wanted} others that ask the same are first")
        try:
            async with lock:
                yield
        finally:
            lock, wanted = self._locks.pop(name)
            if wanted > 1:
                self._locks[name] = lock, wanted - 1

    async def _take(self, lease: Lease, waits: Callable[[str], None]) -> None:
        said = ""
        while True:
            await lease.turn()
            if lease.valid():
                return
            why = lease.complaint or f"{lease} is held by {lease.holder or 'another one'}"
            if why != said:
                waits(why)
                said = why
            await asyncio.sleep(max(lease.pause(), _AGAIN if lease.failing else 0.0))


async def _keep(lease: Lease) -> None:
    """Renew the Lease until it is lost."""
    while lease.held:
        await asyncio.sleep(lease.pause())
        await lease.turn(take=False)
        lease.expire()
