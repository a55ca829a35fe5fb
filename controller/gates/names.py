"""Looks up the names that gates speak of, apart from those that the operator itself needs.

A lookup cannot be called off: one that hangs keeps its thread for as long as the system tries. So
the threads are gates' own, each name is looked up once at a time however many wait for it, and what
waits for a thread waits where it can be cancelled.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

#: Names that are looked up at the same time.
PARALLEL: Final = 32

_Key = tuple[str, int]
_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Resolver(AbstractResolver):
    """For aiohttp. Its threads end when it is no longer used."""

    def __init__(self, threads: int = PARALLEL) -> None:
        self._threads = ThreadPoolExecutor(threads, "gate-names")
        self._free = asyncio.Semaphore(threads)
        self._under_way: dict[_Key, asyncio.Future[Any]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of ``host``. Raises ``OSError``."""
        lookup = await self._lookup((host, family))
        # Waiting for it like this does not cancel it for the others.
        await asyncio.wait((lookup,))
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=_NUMERIC,
            )
            for kind, _, protocol, _, address in lookup.result()
        ]

    async def close(self) -> None:
        """Sessions come and go; this stays."""

    async def _lookup(self, key: _Key) -> asyncio.Future[Any]:
        if key not in self._under_way:
            await self._free.acquire()
            if key in self._under_way:  # Another has begun meanwhile.
                self._free.release()
            else:
                self._begin(key)
        return self._under_way[key]

    def _begin(self, key: _Key) -> None:
        host, family = key
        ask = partial(socket.getaddrinfo, host, None, family, socket.SOCK_STREAM)
        lookup = asyncio.get_running_loop().run_in_executor(self._threads, ask)
        lookup.add_done_callback(partial(self._ended, key))
        self._under_way[key] = lookup

    def _ended(self, key: _Key, lookup: asyncio.Future[Any]) -> None:
        del self._under_way[key]
        self._free.release()
        if not lookup.cancelled():
            lookup.exception()  # Perhaps nobody waits for it any more.
