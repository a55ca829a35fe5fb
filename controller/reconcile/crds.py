"""Compares the CRDs of the cluster with this operator, at its start and again at each resync.

With CRDs that lack fields which the operator writes, it would lose intent without a word. So it
says so, is not ready, and does not stand for the Lease until the CRDs are of its version; an older
operator that holds the Lease goes on. All other differences are only said.

The comparison is a help: if the API server does not publish the schemas, the operator goes on
without after some looks, as long as all kinds can be listed. It looks again now and then, and if it
then finds that the CRDs lose intent, it stops.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from controller.api.kinds import JOBS, UPDATES
from controller.api.labels import API_VERSION
from controller.api.served import Differences, compare
from controller.kube.client import Client
from controller.kube.discovery import published, serves
from controller.kube.errors import ApiError, Forbidden, NotFound

log = logging.getLogger(__name__)

#: Seconds until the next look while the CRDs do not fit or were not seen.
AGAIN: Final = 2.0
#: Looks in a row that show nothing, although all kinds can be listed, after which the operator
#: goes on without.
LOOKS: Final = 5
#: Seconds until the next look after that, at most.
LATER: Final = 60.0
_IDLE: Final = "this operator serves no Job"


class CrdCheck:
    """``fit`` is set, and ``on_fit`` called, once the CRDs have what the operator writes, or cannot
    be compared. ``filled()``: whether all kinds have been listed. ``run()`` works until cancelled.
    """

    def __init__(
        self,
        client: Client,
        every: float,
        filled: Callable[[], bool] = lambda: True,
        on_fit: Callable[[], None] = lambda: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.fit = asyncio.Event()
        self._filled = filled
        self._on_fit = on_fit
        #: Whether the CRDs were once found to fit. What was begun then goes on.
        self._proved = False
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
            await self._sleep(await self.look())

    async def look(self) -> float:
        """Compare once. Returns the seconds until the next look."""
        try:
            raw = await self._published()
            if raw != self._compared:
                # To compare takes some milliseconds: it is done only when something has changed.
                self.differences, self._compared = compare(json.loads(raw)), raw
        except Forbidden as error:
            # Some clusters do not let everybody read it: to look again at once would not help.
            self._failures = LOOKS
            return self._go_on(error)
        except ApiError as error:
            return self._failed(error)
        except (ValueError, TypeError, KeyError, AttributeError):
            return self._failed("the answer is none of the API server's")
        self._failures = 0
        for note in self.differences.notes():
            self._say(logging.WARNING, note)
        if (obstacle := self.differences.obstacle) is None:
            if self._obstructed:
                log.info("the CRDs have all fields that this operator writes")
            self._proved = True
            self._fits()
            return self._every
        if self.problem == obstacle:
            # It is said at the second look: a schema is published a moment after it was changed.
            begun = "this operator goes on, but loses intent" if self._proved else _IDLE
            self._say(logging.ERROR, f"{begun}: {obstacle}")
            self._obstructed = True
            if not self._proved:
                self.fit.clear()
        self.problem = obstacle
        return AGAIN

    async def _published(self) -> bytes:
        """The schemas. "{}" if the kinds are not installed. Raises ``ApiError``."""
        try:
            return await published(self._client, API_VERSION)
        except NotFound:
            # Perhaps it does not publish the schemas of what it serves, or not yet.
            if all([await serves(self._client, resource) for resource in (JOBS, UPDATES)]):
                raise
            return b"{}"

    def _failed(self, why: object) -> float:
        if self._filled():  # Otherwise the API server may not answer at all, but will soon.
            self._failures += 1
        return self._go_on(why) if self._failures >= LOOKS else AGAIN

    def _go_on(self, why: object) -> float:
        """Serve Jobs without a comparison, unless an earlier one showed what would be lost."""
        pause = min(LATER, self._every)
        words = f"the CRDs cannot be compared: {why}; the next look is in {pause:.0f} s"
        if not self.differences.lost:
            words += ", and this operator goes on without"
            self._fits()
        self._say(logging.WARNING, words)
        return pause

    def _fits(self) -> None:
        self.problem, self._obstructed = None, False
        if not self.fit.is_set():
            self.fit.set()
            self._on_fit()

    def _say(self, level: int, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            log.log(level, "%s", words)
