"""A watch of pods that goes on until it is cancelled, for the floor and the observer."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from pydantic_core import from_json

Event = Callable[[str, dict[str, Any]], None]


class WatchError(Exception):
    """The API server ended the watch with an error that a new watch would not mend."""


def trust(certs: Path) -> ssl.SSLContext:
    """TLS as the administrator of a cluster. ``certs``: its folder of certificates."""
    tls = ssl.create_default_context(cafile=str(certs / "ca.crt"))
    tls.load_cert_chain(certs / "admin.crt", certs / "admin.key")
    return tls


def session(certs: Path, agent: str) -> aiohttp.ClientSession:
    """A session for one watch: without compression, without a timeout."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust(certs)),
        headers={"User-Agent": agent, "Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(total=None),
        read_bufsize=2**20,
    )


def lean(line: bytes) -> bytes:
    """An event of a pod without its spec and managedFields, which nobody reads here.

    The API server writes the fields of an object in a fixed order. If it were another one, the line
    is returned whole.
    """
    start = line.find(b',"managedFields":[')
    end = line.find(b'},"status":{', start)
    return line if start < 0 or end < 0 else line[:start] + line[end:]


async def follow(http: aiohttp.ClientSession, url: str, version: str, see: Event) -> None:
    """Call ``see`` with the type and the object of every event after ``version``.

    ``url`` has a query. The API server may end a watch at any time; it is then continued. Raises
    WatchError if that is impossible, because the version is too old.
    """
    while True:
        async with http.get(f"{url}&watch=1&resourceVersion={version}") as answer:
            answer.raise_for_status()
            rest = b""
            async for chunk in answer.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    event = from_json(lean(line), cache_strings="keys")
                    kind, found = event["type"], event["object"]
                    if kind == "ERROR":
                        raise WatchError(str(found))
                    version = found["metadata"]["resourceVersion"]
                    see(kind, found)
