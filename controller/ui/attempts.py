"""How many tokens that are not accepted one address may try, so that nobody uses the page to make
the API server review tokens all day."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

#: Refused tokens of one address in so many seconds; addresses that are remembered.
MOST: Final = 20
PERIOD: Final = 60.0
MAX_ADDRESSES: Final = 10_000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(slots=True)
class _Tries:
    since: float
    count: int = 0


class Attempts:
    """Counts by address; of IPv6 by the network of 64 bits, which is what one customer has."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[object, _Tries] = OrderedDict()

    def wait(self, address: Address | None) -> int:
        """Seconds until another token may be tried; 0: now."""
        tries = self._tries.get(_group(address))
        if tries is None or tries.count < MOST:
            return 0
        return max(0, math.ceil(tries.since + PERIOD - self._clock()))

    def refused(self, address: Address | None) -> None:
        """Count a token that was not accepted."""
        group, now = _group(address), self._clock()
        tries = self._tries.get(group)
        if tries is None or now - tries.since >= PERIOD:
            tries = self._tries[group] = _Tries(now)
        tries.count += 1
        self._tries.move_to_end(group)
        while len(self._tries) > MAX_ADDRESSES:
            self._tries.popitem(last=False)


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
