"""How many tokens that are not accepted one address may try, so that nobody uses the page to make
the API server review tokens all day."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from aiohttp import web

#: Refused tokens of one address in so many seconds; addresses that are remembered.
MOST: Final = 20
PERIOD: Final = 60.0
MAX_ADDRESSES: Final = 10_000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


V = TypeVar("V")


class TooManyError(Exception):
    """``seconds``: until another token may be tried."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many refused tokens; again in {seconds} seconds")
        self.seconds = seconds


@dataclass(slots=True, eq=False)
class _Tries:
    """``refused``: since the moment ``since``. ``asking``: about how many tokens the API server is
    being asked. ``ended``: set when it has answered about one of them."""

    since: float = 0.0
    refused: int = 0
    asking: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Attempts:
    """Counts by address; of IPv6 by the network of 64 bits, which is what one customer has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[object, _Tries] = OrderedDict()

    async def ask(
        self, address: Address | None, ask: Callable[[], Awaitable[V | None]]
    ) -> V | None:
        """Ask about a token; None as the answer is a refusal. Raises `TooManyError`.

        A token that is being asked about may be refused. So where there would be too many, the
        next one waits until it is known.
        """
        tries = self._of(address)
        while (left := self._left(tries)) <= tries.asking:
            if not left:
                raise TooManyError(math.ceil(tries.since + PERIOD - self._clock()))
            tries.ended.clear()
            await tries.ended.wait()
        tries.asking += 1
        try:
            found = await ask()
            if found is None:
                self._refuse(tries)
        finally:
            tries.asking -= 1
            tries.ended.set()
        return found

    def _of(self, address: Address | None) -> _Tries:
        group = _group(address)
        tries = self._tries.setdefault(group, _Tries())
        self._tries.move_to_end(group)
        while len(self._tries) > MAX_ADDRESSES:
            self._tries.popitem(last=False)
        return tries

    def _left(self, tries: _Tries) -> int:
        """How many more may be refused now."""
        if self._clock() - tries.since >= PERIOD:
            tries.refused = 0
        return max(0, MOST - tries.refused)

    def _refuse(self, tries: _Tries) -> None:
        if self._left(tries) == MOST:
            tries.since = self._clock()
        tries.refused += 1


def _group(address: Address | None) -> object:
    if isinstance(address, ipaddress.IPv6Address):
        return ipaddress.ip_network((address, 64), strict=False)
    return address


def sender(request: web.Request, proxies: tuple[Network, ...] = ()) -> Address | None:
    """The address from which a request came; from one of ``proxies``, the address that the proxy
    names last. None if that is no address."""
    peer = _read(str(request.remote or ""))
    if peer is not None and within(peer, proxies):
        named = ",".join(request.headers.getall("X-Forwarded-For", ())).rpartition(",")[2]
        return _read(named.strip()) or peer
    return peer


def within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _read(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # An IPv4 address, as a socket that listens to both kinds sees it.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
