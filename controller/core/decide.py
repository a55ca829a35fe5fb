"""``decide(observed, now) -> Plan``: what one Job needs next. Pure, total, the same for the same.

The steps below are asked in order; the first that has something to store wins, and after that
write the key is decided anew. Only when nothing is to be stored do pods follow what is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Final

from controller.api.update import TERMINAL
from controller.core.admission import automatic, explicit
from controller.core.gates.gates import Gates
from controller.core.job import creation, scaling
from controller.core.job import status as job_status
from controller.core.job.pruning import prune
from controller.core.model.context import Case
from controller.core.model.observed import Observed
from controller.core.model.plan import (
    KeepRevision,
    Plan,
    ReadNodes,
    ReleaseRevisions,
    Write,
    WriteJob,
    WriteUpdate,
)
from controller.core.progress import completion, known_bad, verbs
from controller.core.progress.advance import next_write
from controller.core.refusals import actions as refused_actions
from controller.core.refusals import writes as refused_writes
from controller.core.replacement import in_place, repair
from controller.core.replacement.pods import MAX_ACTIONS, Convergence
from controller.core.rollout import direction, surge
from controller.core.rollout.direction import OneWay
from controller.core.rollout.failures import Tally
from controller.core.status import pulse, too_new, waiting
from controller.core.status.update import report, watching_until


def decide(seen: Observed, now: float) -> Plan:
    """The plan for ``seen`` at ``now`` (epoch seconds)."""
    case = Case(seen, now)
    if seen.job.metadata.deletion_timestamp is not None:
        return _unless_refused(case, _release(case))  # The garbage collector takes what it owns.
    if what := too_new.found(case):
        return _unless_refused(case, too_new.left_alone(case, what))
    if (write := creation.adopt(case)) is not None:
        return Plan(write=write)
    if case.status.last_attempt is None and repair.is_incomplete(case):
        return _adopted(case)
    for step in STEPS:
        if (write := step(case)) is not None and not refused_writes.by(case, write):
            return Plan(write=_dressed(case, write))
    way = direction.of(case, case.active) if case.active else None
    tally = Tally(way) if way else None
    pods = Convergence(case, way, tally)
    if tally and tally.unread_nodes:
        return Plan(write=ReadNodes(tally.unread_nodes))
    if way and tally:
        write = verbs.heed(way, tally) or in_place.unread(way) or in_place.told(way)
        write = write or next_write(way, tally, pods.held_back)
        if write is not None and not refused_writes.by(case, write):
            return Plan(write=_dressed(case, write))
        pods = replace(pods, blocked=write is not None)
    if case.status.last_attempt is None:
        return Plan(reports=_reports(case, None), wake_at=_wake(case, None, None))
    old = tuple(islice(prune(case), MAX_ACTIONS))
    kept = {action.key for action in old if case.is_held(action)}
    return Plan(
        actions=(*pods.actions(), *(action for action in old if action.key not in kept)),
        held=pods.held | kept,
        reports=_reports(case, pods),
        wake_at=_wake(case, way, pods),
        asks=Gates(way).asks() if way and way.moving else (),
        waiting=pods.held_back,
    )


def _unless_refused(case: Case, write: Write | None) -> Plan:
    """Of a Job of which nothing else is done."""
    if refused_writes.by(case, write):
        return Plan(wake_at=refused_writes.next_moment(case))
    return Plan(write=write)


def _adopted(case: Case) -> Plan:
    """Pods that are there are adopted before any is made: they say what each id is to run."""
    free = (action for action in repair.mends(case) if not case.is_held(action))
    return Plan(
        actions=tuple(islice(free, MAX_ACTIONS)),
        reports=_reports(case, None) if case.seen.refused_actions else (),
        wake_at=_wake(case, None, None),
    )


def _release(case: Case) -> Write | None:
    """What a Job that is deleted owns goes with it, or stays if who deletes it wants that."""
    orphans = "orphan" in case.job.metadata.finalizers and case.seen.revisions
    return ReleaseRevisions(tuple(sorted(case.seen.revisions))) if orphans else None


def _close(case: Case) -> Write | None:
    """Updates that have ended, as their Job says."""
    writes = (
        verbs.answered_late(case, update)
        if update.status.phase in TERMINAL
        else completion.close(case, update)
        for update in case.seen.updates.values()
    )
    return next((w for w in writes if w is not None and not refused_writes.by(case, w)), None)


def _restore_revision(case: Case) -> Write | None:
    """The present template's ControllerRevision, if it is assigned and somebody deleted it."""
    mine, to = case.seen.revision, case.active.status.to if case.active else None
    needed = mine in case.assigned or (to is not None and to.revision == mine)
    if not needed or mine in case.seen.revisions:
        return None
    newest = max((r.number for r in case.seen.revisions.values()), default=0)
    return KeepRevision(mine, newest + 1)


STEPS: Final[tuple[Callable[[Case], Write | None], ...]] = (
    creation.create,
    _restore_revision,
    _close,
    completion.deleted,
    known_bad.remembered,
    surge.heal,
    explicit.admit,
    automatic.admit,
    automatic.start,
    scaling.scale,
)


def _dressed(case: Case, write: Write) -> Write:
    """A write of the Job's status carries with it what is to be said once it is done."""
    if not isinstance(write, WriteJob):
        return write
    job = case.job.model_copy(update={"status": write.status})
    after = Case(replace(case.seen, job=job), case.now)
    return replace(write, status=job_status.told(after, write.status))


def _reports(case: Case, pods: Convergence | None) -> tuple[WriteJob | WriteUpdate, ...]:
    """What the statuses should say by now, where that differs from what they say."""
    base, update = case.status, tuple[WriteUpdate, ...]()
    if pods and pods.way and pods.tally and not pods.tally.unstored:
        way = pods.way
        if (said := report(way, pods.tally, pods.held_back)) != way.update.status:
            update = (WriteUpdate(way.update.metadata.name, said),)
        if way.surges and way.moving:
            base = surge.reported(way)
    status = job_status.told(case, base)
    job = (WriteJob(status),) if status != case.status else ()
    found: tuple[WriteJob | WriteUpdate, ...] = (*job, *update)
    return tuple(write for write in found if not refused_writes.by(case, write))


def _wake(case: Case, way: OneWay | None, pods: Convergence | None) -> float | None:
    """The next moment at which time alone changes the answer."""
    verdict = case.seen.verdict
    moments = [
        case.view.next_good,
        job_status.next_deadline(case),
        creation.settled_at(case),
        verdict.ask_again if verdict and not verdict.accepted else None,
        pods.next_moment if pods else None,
        refused_actions.next_moment(case),
        *(_timers(case, way) if way else ()),
        *explicit.wake(case),
        pods.tally.next_moment if pods and pods.tally else None,
        waiting.next_moment(way, pods.tally) if way and pods and pods.tally else None,
        refused_writes.next_moment(case),
    ]
    return min((m for m in moments if m is not None and m > case.now), default=None)


def _timers(case: Case, way: OneWay) -> tuple[float | None, ...]:
    """When a pulse ends to hold, and when a watch is over."""
    update = way.update
    moments = [pulse.beats_until(update, case.now), watching_until(update)]
    if way.moving:
        moments += Gates(way).moments()
    return tuple(at for at in moments if at is not None and at > case.now)
