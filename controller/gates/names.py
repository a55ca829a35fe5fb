"""Resolves the host names of gates, in threads that the rest of the operator does not use.

A lookup cannot be cancelled: a hanging lookup blocks its thread for as long as the system tries. So
gates have their own threads, each name is looked up only once at a time however many callers wait
for it, and waiting for a free thread can be cancelled.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

#: Maximum number of names that are looked up at the same time.
PARALLEL: Final = 32

_Key = tuple[str, int]
_NUMERIC: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Resolver(AbstractResolver):
    """A resolver for aiohttp. Its threads end when the object is garbage-collected."""

    def __init__(self, threads: int = PARALLEL) -> None:
        self._threads = ThreadPoolExecutor(threads, "gate-names")
        self._free = asyncio.Semaphore(threads)
        self._under_way: dict[_Key, asyncio.Future[Any]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of ``host``. Raises ``OSError``."""
        lookup = await self._lookup((host, family))
        # ``wait`` does not cancel the lookup when this caller is cancelled; others may wait for it.
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
        """Do nothing: sessions close their resolver, but this one is shared by all sessions."""

    async def _lookup(self, key: _Key) -> asyncio.Future[Any]:
        if key not in self._under_way:
            await self._free.acquire()
            if key in self._under_way:  # Another caller has started the lookup meanwhile.
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
            lookup.exception()  # Mark it as retrieved; perhaps no caller waits for it any more.
