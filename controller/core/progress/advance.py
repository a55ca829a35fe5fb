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
from controller.core.progress.completion import finish_job, left_alone
from controller.core.rollout import surge
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import GATE_FAILURE, FailureCounts
from controller.core.status.update import counted, report, watching_until


def next_write(direction: Direction, failures: FailureCounts, held_back: Ids) -> Write | None:
    """What the Update has to store before anything else may happen; None: nothing. ``held_back``:
    ids that ``maxUnavailable`` keeps from being replaced."""
    gates = Gates(direction)
    if (
        direction.moving
        and not failures.increased
        and (write := _apply_gates(direction, failures, gates)) is not None
    ):
        return write
    if direction.moving and len(direction.failed) > direction.policy.max_failed_instances:
        return _too_many(direction, failures)
    if direction.lost:
        return finish_job(direction, Phase.ERROR)
    if failures.increased:
        # Nothing is opened and nothing ends on a count that is not stored.
        return None if failures.unstored else _count(direction, failures)
    if strays := _to_restore(direction):
        return _assign(direction, strays)
    if given_up := _given_up(direction):
        return _keep_old(direction, given_up)
    # Paused, or waiting for a pulse: nothing new starts, and nothing ends.
    return _onward(direction, failures, gates, held_back) if direction.moving else None


def _apply_gates(direction: Direction, failures: FailureCounts, gates: Gates) -> Write | None:
    """Store what the gates say by now; a failed one fails the update whatever it tolerates."""
    if not gates.wanted:
        return None
    if gates.news:
        status = report(direction, failures).model_copy(update={"gates": gates.brought_up})
        return WriteUpdate(
            direction.update.metadata.name, status, _said(direction, gates, gates.brought_up)
        )
    if (bad := gates.failed) is None:
        return None
    if direction.policy.rollback_on_failure:
        words = f"gate {bad.name} failed: {bad.message}"
        return rollback.start_rollback(direction, failures, GATE_FAILURE, words)
    return finish_job(direction, Phase.FAILED)


def _said(direction: Direction, gates: Gates, states: tuple[GateStatus, ...]) -> tuple[Event, ...]:
    """An Event for each verdict that is new."""
    name, found = direction.update.metadata.name, list[Event]()
    for state in states:
        known = gates.stored.get(state.name)
        if state.result == WAITING or (known is not None and known.result == state.result):
            continue
        words = f"gate {state.name}, group {state.group}: {state.message}".rstrip(": ")
        kind: EventType = "Normal" if state.result == PASSED else "Warning"
        found.append(Event(f"Gate{state.result}", words, name, kind))
    return tuple(found)


def _onward(
    direction: Direction, failures: FailureCounts, gates: Gates, held_back: Ids
) -> Write | None:
    if write := surge.at_once(direction):
        return write
    if unasked := direction.batch - direction.at_goal - direction.done - direction.failed:
        return _assign(direction, unasked)
    if gates.holding is not None:
        return None
    if direction.pending and not direction.updated_not_ready:
        return _next_group(direction, failures, gates, held_back)
    if not direction.pending and not direction.in_flight and not direction.updated_not_ready:
        return _end(direction, failures)
    return None


def _count(direction: Direction, failures: FailureCounts) -> Write:
    """Store the failures, and if they are too many start the rollback with the same write."""
    name = direction.update.metadata.name
    events = tuple(
        Event("InstanceFailed", f"instance {f.instance}: {f.message}", name, "Warning")
        for f in failures.records()[: len(failures.increased)]
        if f.instance in failures.newly_failed
    )
    if (
        failures.too_many
        and direction.moving
        and not direction.backward
        and direction.policy.rollback_on_failure
    ):
        return rollback.failed(direction, failures, events)
    return WriteUpdate(name, report(direction, failures), events)


def _too_many(direction: Direction, failures: FailureCounts) -> Write:
    """Too many failures are stored: the way forward ends here, or turns."""
    if not direction.backward and direction.policy.rollback_on_failure:
        return rollback.failed(direction, failures)
    return finish_job(direction, Phase.FAILED)


def _to_restore(direction: Direction) -> Ids:
    """In a rollback: ids that had got the target as their intent when it began, but whose old pod
    lives untouched (or, of an id the update creates, whose pod never came to be)."""
    if not direction.backward:
        return NONE
    return direction.pending & (
        direction.arrived & direction.context.view.alive
        | direction.removed - direction.context.view.present
    )


def _given_up(direction: Direction) -> Ids:
    """Failed ids whose old pod was never touched, for the new one came up beside it, or the API
    server would not change the old one."""
    if not direction.surges and direction.policy.replacement is not Replacement.IN_PLACE:
        return NONE
    view = direction.context.view
    old = view.alive - direction.arrived - direction.context.at_assigned - view.at_revision("")
    return direction.failed & direction.at_goal & old


def _keep_old(direction: Direction, ids: Ids) -> Write:
    """They are to run what they run."""
    kept = {
        name: part for name, at in direction.context.view.at.items() if name and (part := at & ids)
    }
    after = asg.moved(direction.context.assigned, kept)
    return WriteJob(direction.context.status.model_copy(update={"assigned": asg.write(after)}))


def _assign(direction: Direction, ids: Ids) -> Write:
    after = asg.moved(
        direction.context.assigned, asg.within(direction.goal, ids), ids & direction.removed
    )
    return WriteJob(
        direction.context.status.model_copy(
            update={
                "assigned": asg.write(after),
                "instances_in_force": len(asg.ids_of(after)),
            }
        )
    )


def _next_group(
    direction: Direction, failures: FailureCounts, gates: Gates, held_back: Ids
) -> Write | None:
    queue, size = direction.policy.strategy.type is StrategyType.QUEUE, direction.group_size()
    candidates = direction.pending
    if direction.in_flight and direction.in_flight <= held_back:
        # The whole group waits for others to be available, so those that are not join it: it may
        # be for them alone that it waits, and they may come up at the target only.
        candidates, size = (
            direction.pending - direction.context.available,
            max(direction.policy.strategy.groups),
        )
        if gates.room is not None:
            size = min(size, gates.room)
    elif queue and direction.not_started:
        return None
    elif (room := gates.room) is not None:
        size = min(size, room)
    elif queue and size:
        # About a second of progress, so that there are writes per second and not per instance.
        size = max(size, _per_second(direction))
    if not size or not candidates:
        return None
    before = direction.update.status.batch
    batch = BatchStatus(
        index=before.index + 1 if before else 0,
        instances=direction.in_flight | Ids(islice(direction.ordered(candidates), size)),
        started_at=direction.context.stamp,
    )
    status = report(direction, failures).model_copy(update={"batch": batch, "watching_since": None})
    return WriteUpdate(direction.update.metadata.name, status)


def _per_second(direction: Direction) -> int:
    """How many instances became done per second, on average since the Update started."""
    since = direction.update.status.started_at or direction.context.now
    return int(len(direction.done) / max(1.0, direction.context.now - since))


def _end(direction: Direction, failures: FailureCounts) -> Write | None:
    """Everything is where it should be: store the last results, then end."""
    results, status = counted(direction, failures), direction.update.status
    if (results["instances"], results["counts"]) != (status.instances, status.counts):
        return WriteUpdate(direction.update.metadata.name, report(direction, failures))
    if left_alone(direction.update):
        return finish_job(direction, Phase.ABORTED)
    if direction.backward:
        return finish_job(direction, Phase.ROLLED_BACK)
    return (
        _watch(direction, failures)
        if direction.policy.watch_after_seconds
        else finish_job(direction, Phase.ROLLED_FORWARD)
    )


def _watch(direction: Direction, failures: FailureCounts) -> Write | None:
    """All instances are good; for some time failures still count (contract: watchAfterSeconds)."""
    until = watching_until(direction.update)
    if until is None:
        update = direction.update.model_copy(
            update={
                "status": direction.update.status.model_copy(
                    update={"watching_since": direction.context.stamp}
                )
            }
        )
        status = report(replace(direction, update=update), failures)
        return WriteUpdate(direction.update.metadata.name, status)
    return finish_job(direction, Phase.ROLLED_FORWARD) if until <= direction.context.now else None
