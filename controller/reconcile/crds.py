"""Compares the CRDs of the cluster with this operator, at its start and again at each resync.

With CRDs that lack fields which the operator writes, it would lose intent without a word. So it
says so, is not ready, and does not stand for the Lease until the CRDs are of its version; an older
operator that holds the Lease goes on. All other differences are only said.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from controller.api.labels import API_VERSION
from controller.api.served import Differences, compare
from controller.kube.client import Client
from controller.kube.discovery import published
from controller.kube.errors import ApiError, Forbidden, NotFound

log = logging.getLogger(__name__)

#: Seconds until the next look while the CRDs do not fit or were not seen.
AGAIN: Final = 2.0
#: Looks in a row that show nothing after which that is said.
_TELL_AFTER: Final = 5
_IDLE: Final = "this operator serves no Job"


class CrdCheck:
    """``fit`` is set, and ``on_fit`` called, once the CRDs have what the operator writes. ``run()``
    works until cancelled."""

    def __init__(
        self,
        client: Client,
        every: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_fit: Callable[[], None] = lambda: None,
    ) -> None:
        self.fit = asyncio.Event()
        self._on_fit = on_fit
        #: What is wrong, for the readiness; None if nothing is.
        self.problem: str | None = "the CRDs were not compared yet"
        self.differences = Differences()
        self._client = client
        self._every = every
        self._sleep = sleep
        self._said: set[str] = set()
        self._obstructed = False
        #: Looks in a row that showed nothing.
        self._failures = 0
        #: What was compared last.
        self._compared = b""

    def counts(self) -> dict[str, float]:
        """Number of fields by kind of difference, for metrics."""
        found = self.differences
        return {
            "lost": len(found.lost),
            "missing": len(found.missing),
            "newer": len(found.newer),
        }

    async def run(self) -> None:
        while True:
            settled = await self.look()
            await self._sleep(self._every if settled else AGAIN)

    async def look(self) -> bool:
        """Compare once. Returns whether there is nothing to look for soon."""
        try:
            raw = await published(self._client, API_VERSION)
        except Forbidden as error:
            # Some clusters do not let everybody read it. What cannot be known stops nothing.
            self._say(logging.WARNING, f"the CRDs cannot be compared: {error}")
            self._fits()
            return True
        except NotFound:
            raw = b"{}"
        except ApiError as error:
            return self._failed(error)
        try:
            if raw != self._compared:
                # To compare takes some milliseconds: it is done only when something has changed.
                self.differences, self._compared = compare(json.loads(raw)), raw
        except (ValueError, TypeError, KeyError, AttributeError):
            return self._failed("the answer is none of the API server's")
        self._failures = 0
        for note in self.differences.notes():
            self._say(logging.WARNING, note)
        if (obstacle := self.differences.obstacle) is None:
            self._fits()
            return True
        if self.problem == obstacle:
            # It is said at the second look: a schema is published a moment after it was changed.
            begun = "this operator goes on, but loses intent" if self.fit.is_set() else _IDLE
            self._say(logging.ERROR, f"{begun}: {obstacle}")
            self._obstructed = True
        self.problem = obstacle
        return False

    def _failed(self, why: object) -> bool:
        self._failures += 1
        if self._failures == _TELL_AFTER:
            log.warning("the CRDs cannot be compared: %s; trying again", why)
        return False

    def _fits(self) -> None:
        if self._obstructed:
            log.info("the CRDs have all fields that this operator writes")
        self.problem, self._obstructed = None, False
        if not self.fit.is_set():
            self.fit.set()
            self._on_fit()

    def _say(self, level: int, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            log.log(level, "%s", words)
