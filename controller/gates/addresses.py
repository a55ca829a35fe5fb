"""Which addresses gates may not talk to: an Update's author must not reach through the operator.

Refused are link-local and metadata addresses, the API server's own address and port, and loopback
unless allowed. It is checked where a socket is made, on the address that is connected to: neither
a literal, a name, a redirect nor a name that changes its mind gets around it.

Of the API server those addresses are known that the operator connects to, and in a pod its Service.
Not known are the endpoints behind that Service, and what else leads there, such as a node port or
a load balancer: the operator may not read them. There it is asked without credentials.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from yarl import URL

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Where clouds tell their machines secrets, besides the link-local addresses.
METADATA: Final = frozenset(
    ipaddress.ip_address(each)
    for each in (
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
#: IPv6 networks that end with an IPv4 address: NAT64, SIIT, and the deprecated "compatible" one.
_ENDS_WITH_IPV4: Final = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96"))
)
#: NAT64 as well, but where in it the IPv4 address is, each network decides.
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
#: For so long what the API server's name means is believed, in seconds.
_BELIEVED: Final = 60.0
#: Seconds that a name of the API server that may mean nothing here is looked up for.
_LOOKUP: Final = 1.0


class RefusedError(OSError):
    """An address that gates may not talk to; the message names it and says why."""


def plain(address: str) -> Ip:
    """The address that is meant: IPv4 within IPv6 is taken out. ``ValueError`` for none at all."""
    ip = ipaddress.ip_address(address.split("%")[0])  # Without the zone that IPv6 may name.
    if isinstance(ip, ipaddress.IPv4Address) or int(ip) <= 1:  # "::" and "::1"
        return ip
    if any(ip in network for network in _ENDS_WITH_IPV4):
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour or ip


def why_refused(address: str, *, allow_loopback: bool) -> str | None:
    """Why nobody may be asked there; None: it is allowed."""
    ip = plain(address)
    if ip.is_link_local:
        return "is link-local"
    if ip in METADATA:
        return "is a metadata service"
    if ip in _LOCAL_NAT64:
        return "leads to an unknown IPv4 address"
    if ip.is_multicast:
        return "is multicast"
    # Connecting to "any address" is connecting to oneself.
    local = ip.is_loopback or ip.is_unspecified or str(ip) == "255.255.255.255"
    if local or (ip.version == 4 and ip.packed[0] == 0):
        return None if allow_loopback and local else "is the operator's own"
    return None


def in_pod(environment: Mapping[str, str]) -> tuple[str, ...]:
    """URLs of the API server's Service, as a pod knows them; outside of one there are none."""
    host = environment.get("KUBERNETES_SERVICE_HOST")
    if not host:
        return ()
    port = environment.get("KUBERNETES_SERVICE_PORT") or "443"
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}:{port}", "https://kubernetes.default.svc"


class Guard:
    """Makes the sockets of gates. ``api_servers``: URLs of the API server, the operator's own
    first; the others need not mean anything here."""

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
        self._closed: dict[tuple[str, int], frozenset[Ip]] = {}
        self._until = float("-inf")
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> None:
        """Learn where the API server is, when that may have changed. Raises ``OSError`` when it
        cannot be learned: then nobody is to be asked."""
        async with self._refreshing:
            if self._clock() < self._until:
                return
            for server in self._servers[:1]:
                self._closed[server] = await _addresses(*server)
            for server in self._servers[1:]:
                # What it meant before stands for as long as it means nothing.
                with suppress(OSError):
                    async with asyncio.timeout(_LOOKUP):
                        self._closed[server] = await _addresses(*server)
            self._until = self._clock() + _BELIEVED

    def check(self, address: str, port: int) -> None:
        """Raise ``RefusedError`` for an address that is not to be connected to."""
        why = why_refused(address, allow_loopback=self._allow_loopback)
        if why is None and any(
            port == its and plain(address) in found for (_, its), found in self._closed.items()
        ):
            why = "is the API server"
        if why is not None:
            raise RefusedError(f"refused: {address} {why}")

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one resolved address, as ``getaddrinfo`` gives it."""
        family, kind, protocol, _, (host, port, *_) = info
        self.check(host, port)
        return socket.socket(family, kind, protocol)


async def _addresses(host: str, port: int) -> frozenset[Ip]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return frozenset(plain(str(info[4][0])) for info in found)
