"""The certificate of the page, read again when its files change."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

#: Seconds between two looks at the files.
LOOK: Final = 10.0


class Certificate:
    """``context`` is for the server. Raises ``OSError`` (``ssl.SSLError`` is one) if the files
    cannot be used."""

    def __init__(self, certificate: str, key: str) -> None:
        self._certificate = Path(certificate)
        self._key = Path(key)
        self.context = _context()
        self._seen = self._stamps()
        self._load()

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Look again and again. New connections get the new certificate."""
        while True:
            await sleep(LOOK)
            self.look()

    def look(self) -> None:
        """Read the files if they have changed. What cannot be used yet is tried again."""
        try:
            stamps = self._stamps()
            if stamps != self._seen:
                self._load()
                self._seen = stamps
                log.info("the certificate was read again")
        except OSError as error:
            log.warning("the changed certificate cannot be used, the old one stays: %s", error)

    def _load(self) -> None:
        # A certificate that does not fit the key ends the use of a context: it is tried on another.
        _context().load_cert_chain(self._certificate, self._key)
        self.context.load_cert_chain(self._certificate, self._key)

    def _stamps(self) -> tuple[tuple[int, int], ...]:
        found = [path.stat() for path in (self._certificate, self._key)]
        return tuple((each.st_mtime_ns, each.st_ino) for each in found)


def _context() -> ssl.SSLContext:
    return ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
