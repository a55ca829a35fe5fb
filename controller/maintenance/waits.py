"""Reads why Jobs do not move their instances from draining nodes: their own conditions say it.

A Job is read at most once in some seconds, and only while the status of a Maintenance names it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any, Final

from controller.api.kinds import JOBS
from controller.core.maintenance.observed import JobKey
from controller.core.model.conditions import MOVING
from controller.kube.client import Client
from controller.kube.errors import ApiError, NotHolderError
from controller.view.words import cut

log = logging.getLogger(__name__)

#: Seconds from one read of a Job to the next.
EVERY: Final = 5.0
_LONGEST: Final = 240


class Waits:
    """``words``: Job -> what holds its instances, of the Jobs that were asked about last.
    ``now()``: epoch seconds."""

    def __init__(self, client: Client, now: Callable[[], float]) -> None:
        self._client = client
        self._now = now
        self._read: dict[JobKey, float] = {}
        self.words: dict[JobKey, str] = {}

    async def look(self, jobs: Collection[JobKey]) -> bool:
        """Read what is known of these Jobs, and forget others. Returns whether words changed."""
        before = dict(self.words)
        for key in self._read.keys() - set(jobs):
            del self._read[key]
            self.words.pop(key, None)
        for key in jobs:
            if self._now() - self._read.get(key, 0.0) >= EVERY:
                self._read[key] = self._now()
                await self._one(key)
        return self.words != before

    async def _one(self, key: JobKey) -> None:
        self.words.pop(key, None)
        try:
            raw = await self._client.get(JOBS, *key)
        except NotHolderError:
            raise
        except ApiError as error:
            # It is told for people alone: nothing is decided by it.
            log.debug("Job %s/%s cannot be read: %s", *key, error)
            return
        if found := _words(raw):
            self.words[key] = cut(found, _LONGEST)


def _words(job: dict[str, Any]) -> str:
    conditions = (job.get("status") or {}).get("conditions") or ()
    moving = (c for c in conditions if c.get("type") == MOVING and c.get("status") == "True")
    return next((str(c.get("message", "")) for c in moving), "")
