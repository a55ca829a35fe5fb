"""The status of a Cron or Adhoc Job: counts of its last run, and the conditions of the contract.

``Ready``: the last run succeeded, or a Cron Job had none yet. ``Reconciling``: a run is active or
about to start. ``Stalled``: the last run failed, or nothing can be started.
"""

from __future__ import annotations

from typing import Final

from controller.api.job import JobStatus, JobType, LastAttempt
from controller.api.labels import JOB
from controller.api.runs import KILLED, KILLING, LastRun
from controller.core.job import pending
from controller.core.model import conditions as cond
from controller.core.model.conditions import Wanted
from controller.core.model.context import Context
from controller.core.model.observed import Refusal
from controller.core.model.plan import (
    EndRun,
    KeepCronJob,
    MakeRun,
    subject,
    subject_of_revision,
)
from controller.core.refusals import actions as refused_actions
from controller.core.refusals import writes as refused_writes
from controller.core.runs import adhoc, cron, record, waiting

#: Reason and message.
Words = tuple[str, str]
_NO_UPDATES: Final = "NotSupported"


def with_conditions(context: Context, status: JobStatus) -> JobStatus:
    """``status`` with all reported fields as of now."""
    generation, runs = context.job.metadata.generation, context.observed.runs
    last = record.last_run(context)
    active = runs.active
    changes: dict[str, object] = {
        "observed_generation": generation,
        "update_revision": context.observed.revision,
        "selector": f"{JOB}={context.job.metadata.name}",
        "instances": sum(run.active for run in active),
        "ready_instances": sum(run.ready for run in active),
        "last_run": last,
        "conditions": cond.merged(
            context.status.conditions, _wanted(context, last), generation, context.now
        ),
    }
    if runs.cron is not None and runs.cron.last is not None:
        changes["last_scheduled_at"] = max(runs.cron.last, status.last_scheduled_at or 0.0)
    if context.job.spec.type is JobType.CRON and runs.cron and not cron.is_wanted(context):
        token = context.job.spec.update.retry_token
        changes["last_attempt"] = LastAttempt(revision=context.observed.revision, retry_token=token)
    return status.model_copy(update=changes)


def is_wanted(context: Context) -> bool:
    """Whether something has to be made for the present spec."""
    if context.job.spec.type is JobType.ADHOC:
        return adhoc.is_wanted(context)
    return cron.is_wanted(context)


def overdue_at(context: Context) -> float | None:
    """When (epoch seconds) a refused write begins to need a person."""
    held = _held(context)
    return refused_writes.overdue_at(context, held[1]) if held else None


def _wanted(context: Context, last: LastRun | None) -> dict[str, Wanted]:
    why = f"a Job of type {context.job.spec.type} has runs instead of Updates"
    none = Wanted(False, _NO_UPDATES, why)
    ready, reconciling, stalled = _kstatus(context, last)
    wait = None if _refused(context) else waiting.wait(context)
    return {
        cond.READY: ready,
        cond.RECONCILING: reconciling,
        cond.STALLED: stalled,
        cond.UPDATE_PENDING: Wanted(True, *wait) if wait else none,
        cond.ROLLED_BACK: none,
    }


def _kstatus(context: Context, last: LastRun | None) -> tuple[Wanted, Wanted, Wanted]:
    """Ready, Reconciling and Stalled; exactly one of them is True."""
    found: Words | None
    if found := _refused(context):
        no = Wanted(False, *found)
        return no, no, Wanted(True, *found)
    if found := _under_way(context, last):
        no = Wanted(False, *found)
        return no, Wanted(True, *found), no
    if found := _failed(context, last):
        no = Wanted(False, *found)
        return no, no, Wanted(True, *found)
    reason, message = _ended(last)
    if context.job.spec.is_suspended:
        reason, message = "Suspended", f"{message}; suspended"
    if held := next(iter(context.observed.refused_actions.values()), None):
        message += f"; {refused_actions.words(held)}"
    no = Wanted(False, reason, message)
    return Wanted(True, reason, message), no, no


def _refused(context: Context) -> Words | None:
    """Why nothing can be started, and a person is needed."""
    verdict = context.observed.verdict
    if is_wanted(context) and verdict and verdict.answered and not verdict.accepted:
        return verdict.reason, pending.about_template(verdict)
    held = _held(context)
    if held and refused_writes.is_overdue(context, held[1]):
        return held[1].reason, refused_writes.words(held)
    spec = context.job.spec
    # Whether the API server can read the schedule is known first; its words are the better ones.
    known = not is_wanted(context) or (verdict is not None and verdict.accepted)
    if known and spec.cron and spec.kills_existing and cron.schedule_of(context) is None:
        words = f"schedule {spec.cron.schedule!r}, time zone {spec.cron.time_zone!r}"
        return "InvalidSchedule", f"{words}: this operator cannot read it"
    return None


def _held(context: Context) -> tuple[str, Refusal] | None:
    """The refused write that the next run waits for."""
    refused, name = context.observed.refused_writes, context.job.metadata.name
    needed = [subject_of_revision(context.observed.revision), subject(KeepCronJob(name, ""))]
    if last := context.status.last_run:
        needed.append(subject(MakeRun(last.name, "")))
    needed += [subject(EndRun(run.name, run.uid)) for run in context.observed.runs.active]
    return next(((each, refused[each]) for each in needed if each in refused), None)


def _under_way(context: Context, last: LastRun | None) -> Words | None:
    """What is active, or about to start."""
    runs, verdict = context.observed.runs, context.observed.verdict
    if not runs.followed:
        words = runs.problem or "the operator begins to follow the runs"
        return "NotFollowed", words
    if active := runs.active:
        return _active(context, last, [run.name for run in active])
    if held := _held(context):
        return held[1].reason, refused_writes.words(held)
    wait = waiting.wait(context)
    if is_wanted(context) and not wait and verdict and not verdict.answered:
        return verdict.reason, f"the template cannot be checked: {verdict.message}"
    if last is not None and last.is_open:
        # Its template is no longer the present one, and that waits.
        return wait or ("Progressing", f"{last.name} is about to start")
    if is_wanted(context) and not wait:
        return "Progressing", "starting"
    suspended = context.job.spec.is_suspended
    if last is not None and last.reason == KILLED and context.job.spec.cron and not suspended:
        return KILLED, f"{last.name}: {last.message}"
    return None


def _active(context: Context, last: LastRun | None, names: list[str]) -> Words:
    if last is None or last.name not in names:
        return "Running", f"active: {', '.join(names)}"
    counts = f"{last.succeeded} of {last.instances} instances succeeded, {last.active} active"
    words = f"{last.name}: {counts}" + (f", {last.failed} failed" if last.failed else "")
    if last.reason == KILLING:
        return KILLING, f"{words}; {last.message}"
    next_one = context.job.spec.type is JobType.ADHOC and adhoc.is_wanted(context)
    if next_one and not waiting.wait(context):
        words += "; the present template runs after it"
    return "Running", words


def _failed(context: Context, last: LastRun | None) -> Words | None:
    if last is None or last.is_open or last.succeeded_whole:
        return None
    reason, message = _ended(last)
    return reason, f"{message}; suspended" if context.job.spec.is_suspended else message


def _ended(last: LastRun | None) -> Words:
    """How the last run ended."""
    if last is None:
        return "NoRunYet", "no run yet"
    return last.reason or "Failed", f"{last.name}: {last.message}"
