"""Writes reports (counts and conditions of statuses); decisions do not wait for them.

At most one report per object is under way. A write of intent waits for the reports of its Job, for
both are compare-and-swaps of the same objects.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from controller.core.model import plan
from controller.core.model.observed import Observed
from controller.kube.errors import ApiError, Conflict, NotFound
from controller.kube.workqueue import BACKOFF_FIRST, BACKOFF_MAX
from controller.reconcile import refusal
from controller.reconcile.entry import Entry, Key

log = logging.getLogger(__name__)


class Reports:
    """``write(entry, report, seen)`` performs one report; it returns False if the API server
    refuses this report. ``again(key)``: the Job must be decided again. ``every``: seconds between
    two reports about one object, at least; after a failure they are more, by a back-off."""

    def __init__(
        self,
        write: Callable[[Entry, plan.Write, Observed], Awaitable[bool]],
        again: Callable[[Key], None],
        every: float,
        clock: Callable[[], float],
    ) -> None:
        self._write = write
        self._again = again
        self._every = every
        self._clock = clock
        #: By key and name of the Update; "": the Job.
        self._tasks: dict[Key, dict[str, asyncio.Task[None]]] = {}
        self._failures: Counter[tuple[Key, str]] = Counter()
        #: Until when (epoch seconds) nothing is sent about an object after a failure.
        self._held: dict[tuple[Key, str], float] = {}

    def start(
        self,
        entry: Entry,
        reports: tuple[plan.WriteJob | plan.WriteUpdate, ...],
        seen: Observed,
        now: float,
    ) -> None:
        """Start the reports. Those of objects whose report is under way are left out."""
        for report in reports:
            name = report.name if isinstance(report, plan.WriteUpdate) else ""
            if self._held.get((entry.key, name), 0.0) > now:
                continue
            # This also drops the entries of Updates that are gone.
            entry.quiet_until = {n: at for n, at in entry.quiet_until.items() if at > now}
            entry.quiet_until[name] = now + self._every
            tasks = self._tasks.setdefault(entry.key, {})
            if name not in tasks:
                tasks[name] = asyncio.create_task(self._report(entry, name, report, seen))

    async def through(self, key: Key) -> bool:
        """Wait for the reports of a Job that are under way. Returns False if there are none."""
        if not (tasks := self._tasks.get(key)):
            return False
        await asyncio.wait(tasks.values())
        return True

    async def drain(self, seconds: float) -> None:
        """Wait for all reports under way for at most ``seconds``, then cancel them."""
        if running := [task for tasks in self._tasks.values() for task in tasks.values()]:
            _, pending = await asyncio.wait(running, timeout=seconds)
            for task in pending:
                task.cancel()

    async def _report(
        self, entry: Entry, name: str, report: plan.WriteJob | plan.WriteUpdate, seen: Observed
    ) -> None:
        key = entry.key
        failures = self._failures.pop((key, name), 0)
        self._held.pop((key, name), None)
        try:
            if not await self._write(entry, report, seen):
                self._again(key)
        except (Conflict, NotFound):
            # The object has changed or is gone since the decision: decide again.
            entry.quiet_until.pop(name, None)
            self._again(key)
        except Exception as error:
            if not self._told(error, key):
                return
            self._failures[key, name] = failures + 1
            delay = min(BACKOFF_MAX, BACKOFF_FIRST * 2.0 ** min(failures, 30))
            asked = error.retry_after if isinstance(error, ApiError) else None
            until = self._clock() + max(self._every, delay, asked or 0.0)
            entry.quiet_until[name] = self._held[key, name] = until
            self._again(key)  # That decision finds out when the report is due.
        finally:
            del self._tasks[key][name]
            if not self._tasks[key]:
                del self._tasks[key]

    def _told(self, error: Exception, key: Key) -> bool:
        """Log a failure. Returns False if the report need not be tried again."""
        about = {"job": "/".join(key)}
        if not isinstance(error, ApiError):
            log.error("report failed", exc_info=error, extra=about)
        elif refusal.answer(error).is_terminating:
            return False  # Kubernetes deletes the Job with its namespace.
        else:
            log.info("%s; trying again", error, extra=about)
        return True
