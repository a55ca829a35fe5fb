"""What providers ask with: HTTP sessions that are guarded, the API server, settings.

A session lives for one ask: gates are asked seconds apart, and what is asked changes with every
rollout. It knows no proxies, keeps no cookies, follows no redirects (``fetch`` does) and
decompresses nothing.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from controller.api.gate import Gate
from controller.gates.addresses import Guard
from controller.gates.fetch import FetchError
from controller.gates.names import Resolver
from controller.kube.client import Client

#: Seconds after which an ask is over, however rarely a gate is asked.
LONGEST_ASK = 10.0
#: Requests that one ask has under way.
PARALLEL = 50


def ask_timeout(gate: Gate) -> float:
    """Seconds that one ask of this gate may take."""
    return min(float(gate.interval_seconds), LONGEST_ASK)


@dataclass(frozen=True, slots=True)
class GateSettings:
    """``ca_file``: PEM certificates that are trusted besides the system's, "" for none;
    ``allow_loopback``: whether 127/8 and ::1 may be asked; ``user_agent``: who asks."""

    ca_file: str = ""
    allow_loopback: bool = False
    user_agent: str = "echelon-controller"


class GateClients:
    """``api``: a client of the API server that only gates use, so that they hold up nothing
    else; ``api_servers``: its URLs, which gates may not ask (see ``Guard``)."""

    def __init__(self, api: Client, api_servers: tuple[str, ...], settings: GateSettings) -> None:
        self.api = api
        self.settings = settings
        self._guard = Guard(api_servers, allow_loopback=settings.allow_loopback)
        self._resolver = Resolver()
        self._reading = asyncio.Lock()
        self._trust: tuple[tuple[int, int], ssl.SSLContext] | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session for one ask. Raises ``FetchError`` when none can be had."""
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
            # Who asks says how long it may take.
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        ) as session:
            yield session

    async def _context(self) -> ssl.SSLContext:
        """Whom to trust, read anew when the file has changed."""
        file = self.settings.ca_file
        try:
            version = _version(file)
            async with self._reading:
                if self._trust is None or self._trust[0] != version:
                    # Reading the system's certificates takes longer than the loop may stand still.
                    self._trust = version, await asyncio.to_thread(_trusting, file)
        except OSError as error:  # An ssl.SSLError is one, too.
            raise FetchError(f"cannot use the CA file {file}: {error.strerror}") from error
        return self._trust[1]


def _version(file: str) -> tuple[int, int]:
    if not file:
        return 0, 0
    # Of a mounted ConfigMap this is one symbolic link away: no disk is slow enough to matter.
    stat = os.stat(file)
    return stat.st_mtime_ns, stat.st_ino


def _trusting(file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    # Python 3.13 insists on extensions that many private CAs lack.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if file:
        context.load_verify_locations(cafile=file)
    return context
