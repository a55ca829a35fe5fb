"""``decide(observed, now) -> Plan``: what one Job needs next. Pure, total and deterministic.

The steps below run in order. The first one that returns a write ends the decision, and after that
write the Job is decided again. Pods are touched only when no step has anything to store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Final

from controller.api.update import TERMINAL
from controller.core.admission import automatic, explicit, revision, thaw
from controller.core.gates.gates import Gates
from controller.core.job import creation, frozen, scaling
from controller.core.job import status as job_status
from controller.core.job.pruning import prune
from controller.core.model.context import Context
from controller.core.model.observed import Observed
from controller.core.model.plan import (
    Plan,
    ReadNodes,
    ReadRevision,
    ReleaseRevisions,
    Write,
    WriteJob,
    WriteUpdate,
    subject,
)
from controller.core.progress import ahead, carried_on, completion, known_bad, verbs
from controller.core.progress.advance import next_write
from controller.core.refusals import actions as refused_actions
from controller.core.refusals import writes as refused_writes
from controller.core.replacement import claims, in_place, moves, repair
from controller.core.replacement.pods import MAX_ACTIONS, Convergence
from controller.core.rollout import surge
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import FailureCounts
from controller.core.rollout.phases import IllegalTransitionError
from controller.core.runs import decide as runs
from controller.core.status import pulse, too_new, waiting
from controller.core.status.update import report, watching_until


def decide(observed: Observed, now: float) -> Plan:
    """The plan for ``observed`` at ``now`` (epoch seconds)."""
    illegal, context = list[str](), Context(observed, now)
    plan = carried_on.stamped(context, _decide(context, illegal))
    return replace(plan, illegal=tuple(illegal)) if illegal else plan


def _decide(context: Context, illegal: list[str]) -> Plan:
    if context.job.metadata.deletion_timestamp is not None:
        # The garbage collector deletes what the Job owns.
        return _unless_refused(context, _release(context))
    if unknown := too_new.found(context):
        return _unless_refused(context, too_new.left_alone(context, unknown))
    if context.job.spec.has_runs:
        return runs.decide(context)
    if (write := creation.adopt(context)) is not None:
        return Plan(write=write)
    if context.status.last_attempt is None and repair.is_incomplete(context):
        return _adopted(context)
    if (unread := _unread(context)) is not None:
        return Plan(write=ReadRevision(unread))
    for step in STEPS:
        write = _legal(partial(step, context), illegal)
        if write is not None and not refused_writes.by(context, write):
            return Plan(write=_with_reported_fields(context, write))
    direction = Direction.of(context, context.active) if context.active else None
    failures = FailureCounts(direction) if direction else None
    if (write := moves.take_over(context, direction)) and not refused_writes.by(context, write):
        return Plan(write=_with_reported_fields(context, write))
    pods = Convergence(context, direction, failures)
    if failures and failures.unread_nodes:
        return Plan(write=ReadNodes(failures.unread_nodes))
    if direction and failures:
        write = _legal(partial(_active_write, direction, failures, pods), illegal)
        if write is not None and not refused_writes.by(context, write):
            return Plan(write=_with_reported_fields(context, write))
        pods = replace(pods, blocked=write is not None)
    if context.status.last_attempt is None:
        return Plan(reports=_reports(context, None), wake_at=_wake(context, None, None))
    write = pods.brake.write
    if write is not None and not refused_writes.by(context, write):
        return Plan(write=_with_reported_fields(context, write))
    old = tuple(islice(prune(context), MAX_ACTIONS))
    kept = {action.key for action in old if context.is_held(action)}
    return Plan(
        actions=(*pods.actions(), *(action for action in old if action.key not in kept)),
        held=pods.held | kept,
        reports=_with_ahead(pods, _reports(context, pods)),
        wake_at=_wake(context, direction, pods),
        asks=Gates(direction).asks() if direction and direction.moving else (),
        waiting=pods.held_back.held_back,
        question=pods.question,
    )


def _unread(context: Context) -> str | None:
    """A revision that must be read before it is known which pods differ from others, or which
    claims a missing pod needs. Returns None if there is none; for the former only revisions with
    overlays or constraints are read."""
    to = context.active.status.to if context.active else None
    goal = {to.revision: to.instances} if to and to.revision else {}
    differing = context.revisions.unread(context.assigned, context.alive_at, goal)
    return differing or claims.unread(context)


def _legal(step: Callable[[], Write | None], illegal: list[str]) -> Write | None:
    """The write of a step. An illegal transition is recorded in ``illegal`` and the step is
    skipped, so that everything else of the Job continues."""
    try:
        return step()
    except IllegalTransitionError as error:
        illegal.append(str(error))
        return None


def _active_write(direction: Direction, failures: FailureCounts, pods: Convergence) -> Write | None:
    """The next write of the active Update."""
    return (
        verbs.apply_verb(direction, failures)
        or in_place.unread(direction)
        or in_place.record_recreation(direction)
        or moves.record(direction)
        or next_write(direction, failures, pods.disruption)
    )


def _unless_refused(context: Context, write: Write | None) -> Plan:
    """The plan that consists of this write alone, or that waits while the write is refused."""
    if refused_writes.by(context, write):
        return Plan(wake_at=refused_writes.next_moment(context))
    return Plan(write=write)


def _adopted(context: Context) -> Plan:
    """The plan that adopts and repairs existing pods before any pod is created: their revisions
    decide what each instance runs."""
    free = (action for action in repair.repairs(context) if not context.is_held(action))
    return Plan(
        actions=tuple(islice(free, MAX_ACTIONS)),
        reports=_reports(context, None) if context.observed.refused_actions else (),
        wake_at=_wake(context, None, None),
    )


def _release(context: Context) -> Write | None:
    """The release of a deleted Job's revisions if its deletion orphans them. Otherwise the garbage
    collector deletes them, and this returns None."""
    orphans = "orphan" in context.job.metadata.finalizers and context.observed.revisions
    return ReleaseRevisions(tuple(sorted(context.observed.revisions))) if orphans else None


def _close(context: Context) -> Write | None:
    """The next write about an Update that has ended: its end as its Job stores it, or the refusal
    of a verb that came later."""
    writes = (
        verbs.answered_late(context, update)
        if update.status.phase in TERMINAL
        else completion.close(context, update)
        for update in context.observed.updates.values()
    )
    return next((w for w in writes if w is not None and not refused_writes.by(context, w)), None)


STEPS: Final[tuple[Callable[[Context], Write | None], ...]] = (
    creation.create,
    revision.restore,
    revision.stamp,
    _close,
    completion.deleted,
    known_bad.remembered,
    surge.heal,
    frozen.follow,
    explicit.admit,
    automatic.admit,
    thaw.admit,
    automatic.start,
    thaw.start,
    scaling.scale,
)


def _with_reported_fields(context: Context, write: Write) -> Write:
    """``write`` with the counts and conditions that are true after it, if it writes the Job."""
    if not isinstance(write, WriteJob):
        return write
    job = context.job.model_copy(update={"status": write.status})
    after = Context(replace(context.observed, job=job), context.now)
    return replace(write, status=job_status.with_conditions(after, write.status))


def _reports(context: Context, pods: Convergence | None) -> tuple[WriteJob | WriteUpdate, ...]:
    """The statuses of the Job and the active Update, if they should be reported anew now. To
    compute them is a third of a decision, so they are not computed while a report has to wait."""
    counted = pods if pods and pods.failures and not pods.failures.unstored else None
    direction, found = counted.direction if counted else None, list[WriteJob | WriteUpdate]()
    if not context.is_quiet(""):
        surges = direction is not None and direction.surges and direction.moving
        base = surge.status_with_slots(direction) if direction and surges else context.status
        status = job_status.with_conditions(context, base)
        found += [WriteJob(status)] if status != context.status else []
    if counted and counted.failures and direction:
        name, before = direction.update.metadata.name, direction.update.status
        if not context.is_quiet(name):
            now = report(direction, counted.failures, counted.held_back)
            found += [WriteUpdate(name, now)] if now != before else []
    return tuple(write for write in found if not refused_writes.by(context, write))


def _with_ahead(
    pods: Convergence, reports: tuple[WriteJob | WriteUpdate, ...]
) -> tuple[WriteJob | WriteUpdate, ...]:
    """``reports``, with what a Queue stores ahead in place of a report about the same object."""
    if pods.blocked or not (pods.direction and pods.failures):
        return reports
    write = ahead.write(pods.direction, pods.failures, pods.disruption)
    if write is None or refused_writes.by(pods.context, write):
        return reports
    stored = _with_reported_fields(pods.context, write)
    assert isinstance(stored, WriteJob | WriteUpdate)
    return (*(each for each in reports if subject(each) != subject(write)), stored)


def _wake(context: Context, direction: Direction | None, pods: Convergence | None) -> float | None:
    """The next moment (epoch seconds) at which time alone changes the plan."""
    verdict = context.observed.verdict
    moments = [
        context.view.next_good,
        context.view.next_counting,
        job_status.next_deadline(context),
        creation.settled_at(context),
        verdict.ask_again if verdict and not verdict.accepted else None,
        pods.next_moment if pods else None,
        refused_actions.next_moment(context),
        *(_timers(context, direction) if direction else ()),
        *explicit.wake(context),
        pods.failures.next_moment if pods and pods.failures else None,
        waiting.next_moment(direction, pods.failures)
        if direction and pods and pods.failures
        else None,
        refused_writes.next_moment(context),
        *context.observed.quiet_until.values(),
    ]
    return min((m for m in moments if m is not None and m > context.now), default=None)


def _timers(context: Context, direction: Direction) -> tuple[float | None, ...]:
    """The moments at which the pulse expires, the watch or a pause ends, a pod changed in place has
    proven itself, or a gate needs a decision."""
    update = direction.update
    moments = [pulse.beats_until(update, context.now), watching_until(update)]
    batch = update.status.batch
    moments += [direction.next_proven, batch.pause_ends_at if batch else None]
    if direction.moving:
        moments += Gates(direction).moments()
    return tuple(at for at in moments if at is not None and at > context.now)
