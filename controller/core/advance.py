"""The next write of an active Update: count failures, open the next group, assign it, end.

One write at a time, in the order of contract rule 3: ``batch``, then ``assigned``; pods follow
(`converge`). Nothing here touches a pod.
"""

from __future__ import annotations

from itertools import islice

from controller.api.ids import NONE, Ids
from controller.api.policy import StrategyType
from controller.api.update import BatchStatus, Phase
from controller.core import assigned as asg
from controller.core.ending import ended
from controller.core.failures import FAILURE, Tally, cause
from controller.core.oneway import OneWay
from controller.core.plan import Event, Write, WriteJob, WriteUpdate
from controller.core.update_status import counted, entered, report


def next_write(way: OneWay, tally: Tally, held_back: Ids) -> Write | None:
    """What the Update has to store before anything else may happen; None: nothing. ``held_back``:
    ids that ``maxUnavailable`` keeps from being replaced."""
    if len(way.failed) > way.policy.max_failed_instances:
        return _too_many(way, tally)
    if way.lost:
        return ended(way, Phase.ERROR)
    if tally.fresh:
        return _count(way, tally)
    if strays := _strays(way):
        return _assign(way, strays)
    if unasked := way.batch - way.asked - way.done - way.failed:
        return _assign(way, unasked)
    if way.pending and not way.shaky:
        return _next_group(way, tally, held_back)
    if not way.pending and not way.flight and not way.shaky:
        return _end(way, tally)
    return None


def _count(way: OneWay, tally: Tally) -> Write:
    """Store the failures, and if they are too many start the rollback with the same write."""
    name = way.update.metadata.name
    events = tuple(
        Event("InstanceFailed", f"instance {f.instance}: {f.message}", name, "Warning")
        for f in tally.records()[: len(tally.fresh)]
        if f.instance in tally.newly_failed
    )
    if tally.too_many and not way.backward and way.policy.rollback_on_failure:
        return _turn(way, tally, events)
    return WriteUpdate(name, report(way, tally), events)


def _turn(way: OneWay, tally: Tally, events: tuple[Event, ...] = ()) -> Write:
    """The write that turns the Update around: fresh counts, no group in flight."""
    name, words = way.update.metadata.name, cause(tally.records(), tally.failed)
    changes = counted(way, tally) | {"failure_counts": {}, "batch": None}
    status = entered(way.case, way.update, Phase.ROLLING_BACK, FAILURE, words, **changes)
    return WriteUpdate(name, status, (*events, Event("RollingBack", words, name, "Warning")))


def _too_many(way: OneWay, tally: Tally) -> Write:
    """Too many failures are stored: the way forward ends here, or turns."""
    if not way.backward and way.policy.rollback_on_failure:
        return _turn(way, tally)
    return ended(way, Phase.FAILED)


def _strays(way: OneWay) -> Ids:
    """In a rollback: ids that had got the target as their intent when it began, but whose old pod
    lives untouched (or, of an id the update creates, whose pod never came to be)."""
    if not way.backward:
        return NONE
    return way.pending & (way.arrived & way.case.view.alive | way.kill - way.case.view.present)


def _assign(way: OneWay, ids: Ids) -> Write:
    after = asg.moved(way.case.assigned, asg.within(way.goal, ids), ids & way.kill)
    return WriteJob(
        way.case.status.model_copy(
            update={
                "assigned": asg.write(after),
                "instances_in_force": len(asg.ids_of(after)),
            }
        )
    )


def _next_group(way: OneWay, tally: Tally, held_back: Ids) -> Write | None:
    queue, size = way.policy.strategy.type is StrategyType.QUEUE, way.group_size()
    candidates = way.pending
    if way.flight and way.flight <= held_back:
        # The whole group waits for others to be available, so those that are not join it: it may
        # be for them alone that it waits, and they may come up at the target only.
        candidates, size = way.pending - way.case.available, max(way.policy.strategy.groups)
    elif queue and way.idle:
        return None
    elif queue and size:
        # About a second of progress, so that there are writes per second and not per instance.
        size = max(size, _per_second(way))
    if not size or not candidates:
        return None
    before = way.update.status.batch
    batch = BatchStatus(
        index=before.index + 1 if before else 0,
        instances=way.flight | Ids(islice(way.ordered(candidates), size)),
        started_at=way.case.stamp,
    )
    status = report(way, tally).model_copy(update={"batch": batch})
    return WriteUpdate(way.update.metadata.name, status)


def _per_second(way: OneWay) -> int:
    """How many instances became done per second, on average since the Update started."""
    since = way.update.status.started_at or way.case.now
    return int(len(way.done) / max(1.0, way.case.now - since))


def _end(way: OneWay, tally: Tally) -> Write:
    """Everything is where it should be: store the last results, then end."""
    if counted(way, tally)["instances"] != way.update.status.instances:
        return WriteUpdate(way.update.metadata.name, report(way, tally))
    if way.backward:
        return ended(way, Phase.ROLLED_BACK)
    return ended(way, Phase.ROLLED_FORWARD)
