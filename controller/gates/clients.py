"""What providers use to ask: guarded HTTP sessions, a client of the API server, settings.

A session is made for each time a gate is asked: gates are asked seconds apart, and the servers
change with every rollout. A session uses no proxies, keeps no cookies, follows no redirects
(``fetch`` does) and decompresses nothing.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from controller.gates.addresses import Guard
from controller.gates.fetch import FetchError
from controller.gates.names import Resolver
from controller.kube.client import Client

#: Maximum number of requests in flight for one gate.
PARALLEL = 50


@dataclass(frozen=True, slots=True)
class GateSettings:
    """``ca_file``: file of PEM certificates to trust in addition to the system's, "" for none;
    ``allow_loopback``: whether gates may connect to 127/8 and ::1; ``user_agent``: header of the
    requests."""

    ca_file: str = ""
    allow_loopback: bool = False
    user_agent: str = "echelon-controller"


class GateClients:
    """``api``: a client of the API server that only gates use, so that they delay nothing else;
    ``api_servers``: URLs of the API server, to which gates must not connect (see ``Guard``)."""

    def __init__(self, api: Client, api_servers: tuple[str, ...], settings: GateSettings) -> None:
        self.api = api
        self.settings = settings
        self._guard = Guard(api_servers, allow_loopback=settings.allow_loopback)
        self._resolver = Resolver()
        self._reading = asyncio.Lock()
        self._trust: tuple[tuple[int, int], ssl.SSLContext] | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session for asking a gate once. Raises ``FetchError`` if it cannot be created."""
        try:
            await self._guard.refresh()
        except OSError as error:
            raise FetchError("cannot resolve the API server's address") from error
        connector = aiohttp.TCPConnector(
            limit=PARALLEL,
            force_close=True,
            ssl=await self._context(),
            socket_factory=self._guard.socket,
            resolver=self._resolver,
        )
        async with aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": self.settings.user_agent, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            # The provider limits the time.
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        ) as session:
            yield session

    async def _context(self) -> ssl.SSLContext:
        """The trusted certificates; they are read again when the file has changed."""
        file = self.settings.ca_file
        try:
            version = _version(file)
            async with self._reading:
                if self._trust is None or self._trust[0] != version:
                    # In a thread, because reading the system's certificates would block the event
                    # loop for too long.
                    self._trust = version, await asyncio.to_thread(_trusting, file)
        except OSError as error:  # Includes ssl.SSLError.
            raise FetchError(f"cannot use the CA file {file}: {error.strerror}") from error
        return self._trust[1]


def _version(file: str) -> tuple[int, int]:
    if not file:
        return 0, 0
    # The event loop may call this: even for a mounted ConfigMap it follows one symbolic link only.
    stat = os.stat(file)
    return stat.st_mtime_ns, stat.st_ino


def _trusting(file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Python 3.13 requires extensions that many private CAs lack.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if file:
        context.load_verify_locations(cafile=file)
    return context
