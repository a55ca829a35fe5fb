"""What a Job of type Cron or Adhoc needs next: the part of `core.decide` about runs.

As for a Service, the first step that returns a write ends the decision, and reports are written
only when no step has anything to store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Final

from controller.api.job import JobType
from controller.core.admission import revision
from controller.core.model.context import Context
from controller.core.model.plan import AdoptRevisions, Plan, ReadJob, Write, WriteJob
from controller.core.refusals import actions as refused_actions
from controller.core.refusals import writes as refused_writes
from controller.core.runs import adhoc, cron, history, status, updates
from controller.core.runs.record import record

#: Maximum number of runs and revisions that one decision deletes.
MAX_ACTIONS: Final = 100
#: Seconds until the next look while the operator does not see the runs.
LOOK_AGAIN: Final = 5.0


def decide(context: Context) -> Plan:
    """The plan for a Job that has runs."""
    for step in STEPS:
        write = step(context)
        if write is not None and not refused_writes.by(context, write):
            return Plan(write=_with_reported_fields(context, write))
    old = tuple(islice(history.prune(context), MAX_ACTIONS))
    held = frozenset(action.key for action in old if context.is_held(action))
    return Plan(
        actions=tuple(action for action in old if action.key not in held),
        held=held,
        reports=_reports(context),
        wake_at=_wake(context),
    )


def adopt(context: Context) -> Write | None:
    """The adoption of ControllerRevisions that an earlier Job of this name left."""
    names = tuple(sorted(context.observed.orphans))
    if not names or refused_writes.by(context, AdoptRevisions(names)):
        return None
    return AdoptRevisions(names) if context.observed.job_live else ReadJob()


def of_type(context: Context) -> Write | None:
    """The next write of the Job's type, once its runs are known."""
    if not context.observed.runs.followed:
        return None
    if context.job.spec.type is JobType.ADHOC:
        return adhoc.next_write(context)
    return cron.next_write(context)


STEPS: Final[tuple[Callable[[Context], Write | None], ...]] = (
    adopt,
    updates.answered,
    record,
    revision.stamp,
    of_type,
)


def _with_reported_fields(context: Context, write: Write) -> Write:
    """``write`` with the counts and conditions that are true after it, if it writes the Job."""
    if not isinstance(write, WriteJob):
        return write
    job = context.job.model_copy(update={"status": write.status})
    after = Context(replace(context.observed, job=job), context.now)
    return replace(write, status=status.with_conditions(after, write.status))


def _reports(context: Context) -> tuple[WriteJob, ...]:
    if context.is_quiet(""):
        return ()
    now = status.with_conditions(context, context.status)
    write = WriteJob(now)
    fresh = now != context.status and not refused_writes.by(context, write)
    return (write,) if fresh else ()


def _wake(context: Context) -> float | None:
    """The next moment (epoch seconds) at which time alone changes the plan."""
    verdict, followed = context.observed.verdict, context.observed.runs.followed
    moments = [
        verdict.ask_again if verdict and not verdict.accepted else None,
        status.overdue_at(context),
        cron.wake(context),
        None if followed else context.now + LOOK_AGAIN,
        refused_actions.next_moment(context),
        refused_writes.next_moment(context),
        *context.observed.quiet_until.values(),
    ]
    return min((at for at in moments if at is not None and at > context.now), default=None)
