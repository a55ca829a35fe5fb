"""The next write of an active Update: count failures, open the next group, assign it, end.

One write at a time, in the order of contract rule 3: ``batch``, then ``assigned``; pods follow
(`replacement.pods`). Nothing here touches a pod.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from controller.api.ids import NONE, Ids
from controller.api.policy import Replacement, StrategyType
from controller.api.update import BatchStatus, GateStatus, Phase
from controller.core.gates.gates import Gates
from controller.core.gates.run import PASSED, WAITING
from controller.core.model import assigned as asg
from controller.core.model.plan import Event, EventType, Write, WriteJob, WriteUpdate
from controller.core.progress import rollback
from controller.core.progress.completion import ended, left_alone
from controller.core.rollout import surge
from controller.core.rollout.direction import OneWay
from controller.core.rollout.failures import GATE_FAILURE, Tally
from controller.core.status.update import counted, report, watching_until


def next_write(way: OneWay, tally: Tally, held_back: Ids) -> Write | None:
    """What the Update has to store before anything else may happen; None: nothing. ``held_back``:
    ids that ``maxUnavailable`` keeps from being replaced."""
    gates = Gates(way)
    if way.moving and not tally.fresh and (write := _heed(way, tally, gates)) is not None:
        return write
    if way.moving and len(way.failed) > way.policy.max_failed_instances:
        return _too_many(way, tally)
    if way.lost:
        return ended(way, Phase.ERROR)
    if tally.fresh:
        # Nothing is opened and nothing ends on a count that is not stored.
        return None if tally.unstored else _count(way, tally)
    if strays := _strays(way):
        return _assign(way, strays)
    if given_up := _given_up(way):
        return _keep_old(way, given_up)
    # Paused, or waiting for a pulse: nothing new starts, and nothing ends.
    return _onward(way, tally, gates, held_back) if way.moving else None


def _heed(way: OneWay, tally: Tally, gates: Gates) -> Write | None:
    """Store what the gates say by now; a failed one fails the update whatever it tolerates."""
    if not gates.wanted:
        return None
    if gates.news:
        status = report(way, tally).model_copy(update={"gates": gates.brought_up})
        return WriteUpdate(way.update.metadata.name, status, _said(way, gates, gates.brought_up))
    if (bad := gates.failed) is None:
        return None
    if way.policy.rollback_on_failure:
        words = f"gate {bad.name} failed: {bad.message}"
        return rollback.turn(way, tally, GATE_FAILURE, words)
    return ended(way, Phase.FAILED)


def _said(way: OneWay, gates: Gates, states: tuple[GateStatus, ...]) -> tuple[Event, ...]:
    """An Event for each verdict that is new."""
    name, found = way.update.metadata.name, list[Event]()
    for state in states:
        known = gates.stored.get(state.name)
        if state.result == WAITING or (known is not None and known.result == state.result):
            continue
        words = f"gate {state.name}, group {state.group}: {state.message}".rstrip(": ")
        kind: EventType = "Normal" if state.result == PASSED else "Warning"
        found.append(Event(f"Gate{state.result}", words, name, kind))
    return tuple(found)


def _onward(way: OneWay, tally: Tally, gates: Gates, held_back: Ids) -> Write | None:
    if write := surge.at_once(way):
        return write
    if unasked := way.batch - way.asked - way.done - way.failed:
        return _assign(way, unasked)
    if gates.holding is not None:
        return None
    if way.pending and not way.shaky:
        return _next_group(way, tally, gates, held_back)
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
    if tally.too_many and way.moving and not way.backward and way.policy.rollback_on_failure:
        return rollback.failed(way, tally, events)
    return WriteUpdate(name, report(way, tally), events)


def _too_many(way: OneWay, tally: Tally) -> Write:
    """Too many failures are stored: the way forward ends here, or turns."""
    if not way.backward and way.policy.rollback_on_failure:
        return rollback.failed(way, tally)
    return ended(way, Phase.FAILED)


def _strays(way: OneWay) -> Ids:
    """In a rollback: ids that had got the target as their intent when it began, but whose old pod
    lives untouched (or, of an id the update creates, whose pod never came to be)."""
    if not way.backward:
        return NONE
    return way.pending & (way.arrived & way.case.view.alive | way.kill - way.case.view.present)


def _given_up(way: OneWay) -> Ids:
    """Failed ids whose old pod was never touched, for the new one came up beside it, or the API
    server would not change the old one."""
    if not way.surges and way.policy.replacement is not Replacement.IN_PLACE:
        return NONE
    view = way.case.view
    old = view.alive - way.arrived - way.case.at_assigned - view.at_revision("")
    return way.failed & way.asked & old


def _keep_old(way: OneWay, ids: Ids) -> Write:
    """They are to run what they run."""
    kept = {name: part for name, at in way.case.view.at.items() if name and (part := at & ids)}
    after = asg.moved(way.case.assigned, kept)
    return WriteJob(way.case.status.model_copy(update={"assigned": asg.write(after)}))


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


def _next_group(way: OneWay, tally: Tally, gates: Gates, held_back: Ids) -> Write | None:
    queue, size = way.policy.strategy.type is StrategyType.QUEUE, way.group_size()
    candidates = way.pending
    if way.flight and way.flight <= held_back:
        # The whole group waits for others to be available, so those that are not join it: it may
        # be for them alone that it waits, and they may come up at the target only.
        candidates, size = way.pending - way.case.available, max(way.policy.strategy.groups)
        if gates.room is not None:
            size = min(size, gates.room)
    elif queue and way.idle:
        return None
    elif (room := gates.room) is not None:
        size = min(size, room)
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
    status = report(way, tally).model_copy(update={"batch": batch, "watching_since": None})
    return WriteUpdate(way.update.metadata.name, status)


def _per_second(way: OneWay) -> int:
    """How many instances became done per second, on average since the Update started."""
    since = way.update.status.started_at or way.case.now
    return int(len(way.done) / max(1.0, way.case.now - since))


def _end(way: OneWay, tally: Tally) -> Write | None:
    """Everything is where it should be: store the last results, then end."""
    results, status = counted(way, tally), way.update.status
    if (results["instances"], results["counts"]) != (status.instances, status.counts):
        return WriteUpdate(way.update.metadata.name, report(way, tally))
    if left_alone(way.update):
        return ended(way, Phase.ABORTED)
    if way.backward:
        return ended(way, Phase.ROLLED_BACK)
    return (
        _watch(way, tally) if way.policy.watch_after_seconds else ended(way, Phase.ROLLED_FORWARD)
    )


def _watch(way: OneWay, tally: Tally) -> Write | None:
    """All instances are good; for some time failures still count (contract: watchAfterSeconds)."""
    until = watching_until(way.update)
    if until is None:
        update = way.update.model_copy(
            update={
                "status": way.update.status.model_copy(update={"watching_since": way.case.stamp})
            }
        )
        status = report(replace(way, update=update), tally)
        return WriteUpdate(way.update.metadata.name, status)
    return ended(way, Phase.ROLLED_FORWARD) if until <= way.case.now else None
