"""Refuses addresses to which gates must not connect, because users choose the addresses of gates.

A user must not reach, through the operator, what the user cannot reach directly. Link-local and
metadata addresses, the address and port of the API server, and loopback (unless allowed) are
refused. The check is made when a socket is created, on the address to which it will connect. So it
also covers literal addresses, names, redirects, and names whose address changes between two
lookups.

The known addresses of the API server are those to which the operator connects and, in a pod, its
Service. The operator cannot know the endpoints behind that Service, nor other ways to the API
server such as a node port or a load balancer. Over these a gate can reach the API server, but
without credentials.
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

#: Addresses of the metadata services of clouds, in addition to the link-local addresses.
METADATA: Final = frozenset(
    ipaddress.ip_address(each)
    for each in (
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:42::42",
        "fd00:c1::a9fe:a9fe",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
#: IPv6 networks that end with an IPv4 address: NAT64, SIIT, and the deprecated "compatible" one.
_ENDS_WITH_IPV4: Final = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "::ffff:0:0:0/96", "::/96"))
)
#: NAT64 as well, but each network decides where in it the IPv4 address is.
_LOCAL_NAT64: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
#: Seconds after which the names of the API server are looked up again.
_MAX_AGE: Final = 60.0
#: Seconds after which the lookup of a name is given up that may not exist here.
_LOOKUP: Final = 1.0


class RefusedError(OSError):
    """Gates must not connect to this address; the message names the address and says why."""


def plain(address: str) -> Ip:
    """The IP address; an IPv4 address embedded in an IPv6 address is extracted. Raises
    ``ValueError`` if the text is not an address."""
    ip = ipaddress.ip_address(address.split("%")[0])  # An IPv6 address may have a zone.
    if isinstance(ip, ipaddress.IPv4Address) or int(ip) <= 1:  # "::" and "::1"
        return ip
    if any(ip in network for network in _ENDS_WITH_IPV4):
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour or ip


def why_refused(address: str, *, allow_loopback: bool) -> str | None:
    """Why gates must not connect to this address. Returns None if they may."""
    ip = plain(address)
    if ip.is_link_local:
        return "is link-local"
    if ip in METADATA:
        return "is a metadata service"
    if ip in _LOCAL_NAT64:
        return "leads to an unknown IPv4 address"
    if ip.is_multicast:
        return "is multicast"
    local = _is_local(ip) or str(ip) == "255.255.255.255"
    if local or (ip.version == 4 and ip.packed[0] == 0):
        return None if allow_loopback and local else "is the operator's own"
    return None


def _is_local(ip: Ip) -> bool:
    """Whether a connection to this address stays on this machine, as also one to the "any" address
    does."""
    return ip.is_loopback or ip.is_unspecified


def in_pod(environment: Mapping[str, str]) -> tuple[str, ...]:
    """URLs of the API server's Service as a pod knows them; empty outside of a pod."""
    host = environment.get("KUBERNETES_SERVICE_HOST")
    if not host:
        return ()
    port = environment.get("KUBERNETES_SERVICE_PORT") or "443"
    host = f"[{host}]" if ":" in host else host
    return f"https://{host}:{port}", "https://kubernetes.default.svc"


class Guard:
    """Creates the sockets of gates. ``api_servers`` are URLs of the API server: the first is the
    one to which the operator connects, the others may not resolve here."""

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
        """Look up the addresses of the API server, if the last lookup is too old.

        Raises ``OSError`` if its first URL cannot be resolved; then no gate must be asked.
        """
        async with self._refreshing:
            if self._clock() < self._until:
                return
            for server in self._servers[:1]:
                self._closed[server] = await _addresses(*server)
            for server in self._servers[1:]:
                # While a name does not resolve, its last known addresses stay refused.
                with suppress(OSError):
                    async with asyncio.timeout(_LOOKUP):
                        self._closed[server] = await _addresses(*server)
            self._until = self._clock() + _MAX_AGE

    def check(self, address: str, port: int) -> None:
        """Raise ``RefusedError`` if gates must not connect to this address and port."""
        why = why_refused(address, allow_loopback=self._allow_loopback)
        if why is None and self._is_api_server(plain(address), port):
            why = "is the API server"
        if why is not None:
            raise RefusedError(f"refused: {address} {why}")

    def _is_api_server(self, ip: Ip, port: int) -> bool:
        """If it is on this machine, each address of this machine may be its."""
        found = [ips for (_, its), ips in self._closed.items() if its == port]
        return any(ip in ips or (_is_local(ip) and any(map(_is_local, ips))) for ips in found)

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for one resolved address in the form that ``getaddrinfo`` returns."""
        family, kind, protocol, _, (host, port, *_) = info
        self.check(host, port)
        return socket.socket(family, kind, protocol)


async def _addresses(host: str, port: int) -> frozenset[Ip]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return frozenset(plain(str(info[4][0])) for info in found)
