"""Which addresses gates may not talk to: an Update's author must not reach through the operator.

Refused are link-local and metadata addresses, the API server's own address and port, and loopback
unless allowed. It is checked where a socket is made, on the address that is connected to: neither
a literal, a name, a redirect nor a name that changes its mind gets around it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable
from typing import Any, Final

from yarl import URL

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Where clouds tell their machines secrets, besides the link-local addresses.
METADATA: Final = frozenset(
    ipaddress.ip_address(each)
    for each in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
#: For so long what the API server's name means is believed, in seconds.
_BELIEVED: Final = 60.0


class RefusedError(OSError):
    """An address that gates may not talk to; the message names it and says why."""


def plain(address: str) -> Ip:
    """The address that is meant: IPv4 within IPv6 is taken out. ``ValueError`` for none at all."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour or ip


def why_refused(address: str, *, allow_loopback: bool) -> str | None:
    """Why nobody may be asked there; None: it is allowed."""
    ip = plain(address)
    if ip.is_link_local:
        return "is link-local"
    # With or without the zone that IPv6 may name.
    if ip in METADATA or str(ip).split("%")[0] in map(str, METADATA):
        return "is a metadata service"
    if ip.is_multicast:
        return "is multicast"
    # Connecting to "any address" is connecting to oneself.
    local = ip.is_loopback or ip.is_unspecified or str(ip) == "255.255.255.255"
    if local or (ip.version == 4 and ip.packed[0] == 0):
        return None if allow_loopback and local else "is the operator's own"
    return None


class Guard:
    """Makes the sockets of gates. ``api_servers``: URLs of the API server."""

    def __init__(
        self,
        api_servers: tuple[str, ...],
        *,
        allow_loopback: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = tuple((url.host or "", url.port or 443) for url in map(URL, api_servers))
        self._allow_loopback = allow_loopback
        self._clock = clock
        self._closed: frozenset[tuple[Ip, int]] = frozenset()
        self._until = float("-inf")

    async def refresh(self) -> None:
        """Learn where the API server is, when that may have changed. Raises ``OSError`` when it
        cannot be learned: then nobody is to be asked."""
        if self._clock() < self._until:
            return
        loop = asyncio.get_running_loop()
        found = set()
        for host, port in self._servers:
            for info in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                found.add((plain(str(info[4][0])), port))
        self._closed = frozenset(found)
        self._until = self._clock() + _BELIEVED

    def check(self, address: str, port: int) -> None:
        """Raise ``RefusedError`` for an address that is not to be connected to."""
        why = why_refused(address, allow_loopback=self._allow_loopback)
        if why is None and (plain(address), port) in self._closed:
            why = "is the API server"
        if why is not None:
            raise RefusedError(f"refused: {address} {why}")

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one resolved address, as ``getaddrinfo`` gives it."""
        family, kind, protocol, _, (host, port, *_) = info
        self.check(host, port)
        return socket.socket(family, kind, protocol)
