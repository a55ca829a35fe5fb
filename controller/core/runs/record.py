"""`status.lastRun`: which run is the last one, how far it is, and how it ended.

The start and the end of a run are written at once, with an Event each; the counts in between are
reported. What the status says of a run that has ended stays when the run is deleted.
"""

from __future__ import annotations

from typing import Final

from controller.api.job import JobType
from controller.api.runs import DELETED, KILLED, KILLING, SUCCEEDED, LastRun
from controller.core.model.context import Context
from controller.core.model.plan import Event, EventType, WriteJob
from controller.core.model.runs import Run, number_in

#: How a run ended -> reason and type of the Event about it.
_ENDS: Final[dict[str, tuple[str, EventType]]] = {
    SUCCEEDED: ("RunSucceeded", "Normal"),
    KILLED: ("RunEnded", "Normal"),
    DELETED: ("RunDeleted", "Warning"),
}
#: Characters of a message of a run.
_LONGEST: Final = 256


def last_run(context: Context) -> LastRun | None:
    """What `status.lastRun` should be now."""
    stored, runs = context.status.last_run, context.observed.runs
    newest = runs.newest
    if stored is None:
        return _of(newest, None) if newest else None
    if newest is not None and _is_newer(context, newest, stored):
        return _of(newest, None)
    if (run := runs.named(stored.name)) is not None:
        return _of(run, stored)
    if not runs.followed or not stored.is_open or stored.started_at is None:
        return stored
    return _gone(context, stored)


def record(context: Context) -> WriteJob | None:
    """The write of the start or the end of a run. Returns None if the status says it already."""
    before, now = context.status.last_run, last_run(context)
    if now is None or _stage(before) == _stage(now):
        return None
    changes: dict[str, object] = {"last_run": now}
    if now.revision:
        changes["current_revision"] = now.revision
    return WriteJob(context.status.model_copy(update=changes), tuple(_events(before, now)))


def _stage(run: LastRun | None) -> tuple[object, ...]:
    if run is None:
        return ()
    return run.name, run.started_at is None, run.finished_at is None


def _events(before: LastRun | None, now: LastRun) -> list[Event]:
    if before is not None and before.name != now.name:
        before = None
    found = list[Event]()
    if now.started_at is not None and (before is None or before.started_at is None):
        found.append(Event("RunStarted", f"{now.name}: {now.instances} instances"))
    if now.finished_at is not None and (before is None or before.finished_at is None):
        found.append(_end(now))
    return found


def _end(run: LastRun) -> Event:
    words = f"{run.name}: {run.message}"
    reason, kind = _ENDS.get(run.reason or "", ("RunFailed", "Warning"))
    return Event(reason, words, None, kind)


def _is_newer(context: Context, run: Run, stored: LastRun) -> bool:
    if run.name == stored.name:
        return False
    if context.job.spec.type is JobType.ADHOC:
        return number_in(run.name) > number_in(stored.name)
    return run.created >= (stored.started_at or 0.0)


def _of(run: Run, stored: LastRun | None) -> LastRun:
    made = LastRun(
        name=run.name,
        revision=run.revision or None,
        instances=run.instances,
        started_at=run.created,
        succeeded=run.succeeded,
        failed=run.failed,
        active=run.active,
    )
    if run.ended is None:
        killing = stored is not None and stored.reason == KILLING
        kept = {"reason": stored.reason, "message": stored.message} if stored and killing else {}
        return made.model_copy(update=kept)
    if not run.reason:
        reason, words = SUCCEEDED, f"{_instances(run.succeeded)} succeeded"
        return made.model_copy(update=_ended(run.ended, run.succeeded, 0, reason, words))
    failed = run.instances - run.succeeded
    words = f"{failed} of {_instances(run.instances)} did not succeed: {run.message}"
    return made.model_copy(update=_ended(run.ended, run.succeeded, failed, run.reason, words))


def _gone(context: Context, stored: LastRun) -> LastRun:
    """The end of a run that was deleted before it ended."""
    total = stored.instances or 0
    failed = max(0, total - stored.succeeded)
    if stored.reason == KILLING:
        reason, words = KILLED, stored.message or ""
    else:
        reason, words = DELETED, "somebody deleted the run before it ended"
    changes = _ended(context.stamp, stored.succeeded, failed, reason, words)
    return stored.model_copy(update=changes)


def _ended(at: float, succeeded: int, failed: int, reason: str, message: str) -> dict[str, object]:
    return {
        "finished_at": float(int(at)),
        "succeeded": succeeded,
        "failed": failed,
        "active": 0,
        "reason": reason,
        "message": message[:_LONGEST],
    }


def _instances(count: int) -> str:
    return f"{count} instance{'' if count == 1 else 's'}"
