"""Writes reports (counts and conditions of statuses); decisions do not wait for them.

The reports of one decision are written one after the other, and those of the next decision only
when they have ended: what a Job and its Update say must not contradict each other. A write of
intent waits for the reports of its Job, for both are compare-and-swaps of the same objects.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from controller.core.model import plan
from controller.core.model.observed import Observed
from controller.core.refusals import judgement
from controller.kube.errors import ApiError, Conflict, NotFound
from controller.kube.workqueue import BACKOFF_FIRST, BACKOFF_MAX
from controller.reconcile import refusal
from controller.reconcile.entry import Entry, Key

log = logging.getLogger(__name__)

Report = plan.WriteJob | plan.WriteUpdate
_NEVER: Final = (0, 0.0)


class Reports:
    """``write(entry, report, seen)`` performs one report; it returns False if the API server
    refuses this report. ``again(key)``: the Job must be decided again. ``every``: seconds between
    two reports about one object, at least; for a Job with an Update twice as many; after a failure
    more, by a back-off."""

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
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        #: Keys with a report that was not started because others were under way.
        self._waiting: set[Key] = set()
        #: By key and name of the Update ("": the Job): failures in a row, and until when (epoch
        #: seconds) nothing is sent about this object after the last.
        self._failed: dict[tuple[Key, str], tuple[int, float]] = {}

    def start(self, entry: Entry, reports: Sequence[Report], seen: Observed, now: float) -> None:
        """Start the reports of one decision. While earlier ones are under way, the Job is decided
        again when they have ended."""
        key = entry.key
        due = [each for each in reports if self._failed.get((key, _name(each)), _NEVER)[1] <= now]
        if not due:
            return
        if key in self._tasks:
            self._waiting.add(key)
            return
        # This also drops the entries of Updates that are gone.
        entry.quiet_until = {n: at for n, at in entry.quiet_until.items() if at > now}
        entry.quiet_until |= dict.fromkeys(map(_name, due), now + self._every)
        if "" in (names := {*map(_name, due)}) and len(names) > 1:
            # While an Update reports the same progress, the Job does half as often.
            entry.quiet_until[""] += self._every
        self._tasks[key] = asyncio.create_task(self._all(entry, due, seen))

    async def through(self, key: Key) -> bool:
        """Wait for the reports of a Job that are under way. Returns False if there are none."""
        if (task := self._tasks.get(key)) is None:
            return False
        await asyncio.wait([task])
        return True

    async def drain(self, seconds: float, kept: Callable[[Key], bool] = lambda _: False) -> None:
        """Wait for the reports under way of keys that are not kept for at most ``seconds``, then
        cancel them, and forget what failed."""
        if tasks := [task for key, task in self._tasks.items() if not kept(key)]:
            _, pending = await asyncio.wait(tasks, timeout=seconds)
            for task in pending:
                task.cancel()
        self._failed = {about: how for about, how in self._failed.items() if kept(about[0])}

    async def _all(self, entry: Entry, reports: Sequence[Report], seen: Observed) -> None:
        key, again = entry.key, False
        try:
            for number, report in enumerate(reports):
                if not await self._one(entry, report, seen):
                    for left in reports[number + 1 :]:
                        entry.quiet_until.pop(_name(left), None)
                    again = True
                    break
        finally:
            del self._tasks[key]
            if again or key in self._waiting:
                self._waiting.discard(key)
                self._again(key)

    async def _one(self, entry: Entry, report: Report, seen: Observed) -> bool:
        """Returns whether the report was written, or need not be."""
        about = entry.key, _name(report)
        failures, _ = self._failed.pop(about, _NEVER)
        try:
            return await self._write(entry, report, seen)
        except (Conflict, NotFound):
            # The object has changed or is gone since the decision: decide again.
            entry.quiet_until.pop(about[1], None)
        except Exception as error:
            if not self._told(error, entry.key):
                return True
            delay = judgement.delay(failures + 1, BACKOFF_FIRST, BACKOFF_MAX)
            asked = error.retry_after if isinstance(error, ApiError) else None
            until = self._clock() + max(self._every, delay, asked or 0.0)
            # The next decision finds out from this when the report is due.
            entry.quiet_until[about[1]] = until
            self._failed[about] = (failures + 1, until)
        return False

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


def _name(report: Report) -> str:
    return report.name if isinstance(report, plan.WriteUpdate) else ""
