"""The addresses under which the page is served, and those of proxies, as flags have them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from controller.ui.attempts import Network
from controller.ui.security import local

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
#: Names of this machine for itself: what is sent to them does not leave it.
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Served:
    """An address of the page. ``host``: with the port, as browsers send it in the header Host."""

    host: str
    is_secure: bool

    def __str__(self) -> str:
        return f"{'https' if self.is_secure else 'http'}://{self.host}/"


def served(text: str) -> Served:
    """Reads an address. Raises ``ValueError`` with a message that says what would be right."""
    parts = urlsplit(text)
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or rest or not text.isascii():
        raise ValueError(f"{text!r} is not an address such as https://echelon.example.com")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ValueError(
            f"{text!r}: what viewers send could be read on its way; serve it by https, or as "
            "http://localhost:8080 to those who forward a port"
        )
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = name if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{name}:{port}"
    return Served(host, parts.scheme == "https")


def on_this_machine(port: int, *, is_secure: bool) -> list[Served]:
    """The addresses under which this machine reaches the page."""
    return [Served(host, is_secure) for host in local(port)]


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Reads networks and addresses. Raises ``ValueError``."""
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise ValueError(f"{error}; say for example 10.0.0.0/8") from error
