"""Says once of a Job or an Update that a newer operator understands that it is left alone."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from controller.api.job import JobStatus
from controller.api.update import UpdateStatus
from controller.core.model import plan
from controller.core.model.observed import Unknown
from controller.core.status import too_new
from controller.reconcile.entry import Entry, Key
from controller.reconcile.events import Events
from controller.reconcile.intent import Intent

log = logging.getLogger(__name__)


class LeftAlone:
    """``granted(entry, write, step)`` performs a write, and returns False if the API server refuses
    it. ``again(key)``: the Job must be decided again, ``at(key, moment)``: at that moment."""

    def __init__(
        self,
        intent: Intent,
        events: Events,
        granted: Callable[[Entry, plan.Write, Awaitable[None]], Awaitable[bool]],
        again: Callable[[Key], None],
        at: Callable[[Key, float], None],
        clock: Callable[[], float],
    ) -> None:
        self._intent = intent
        self._events = events
        self._granted = granted
        self._again = again
        self._at = at
        self._clock = clock

    async def say(self, entry: Entry) -> None:
        """Say so of the Job, if it cannot be read, and of each Update that is left to a newer
        operator. Nothing else of them changes."""
        self._events.left_alone(entry)
        for name, update in list(entry.updates.items()):
            if update.too_new is not None and (raw := update.too_new.raw) is not None:
                about = plan.WriteUpdate(name, UpdateStatus())
                say = self._intent.say_of_update
                await self._said(entry, raw, update.too_new.unknown, about, say)
        job = entry.unreadable
        if job is None or job.raw["metadata"].get("deletionTimestamp") is not None:
            return
        say = self._intent.say_of_job
        if await self._said(entry, job.raw, job.unknown, plan.WriteJob(JobStatus()), say):
            note = too_new.message_of(job.unknown)
            self._events.warn(entry, job.unknown.reason, note)
            log.warning("left alone: %s", note, extra={"job": "/".join(entry.key)})

    async def _said(
        self,
        entry: Entry,
        raw: dict[str, Any],
        unknown: Unknown,
        write: plan.Write,
        say: Callable[[Entry, dict[str, Any], dict[str, Any]], Awaitable[None]],
    ) -> bool:
        """Write it into the conditions of ``raw``. ``write``: a write with the same subject.
        Returns False if they say so already, or if the API server refuses the write."""
        now = self._clock()
        if (held := entry.refused_writes.get(plan.subject(write))) and held.until > now:
            self._at(entry.key, held.until)
            return False
        if not (status := too_new.status_patch(raw, unknown, now)):
            return False
        if await self._granted(entry, write, say(entry, raw, status)):
            return True
        self._again(entry.key)
        return False
