"""The next write of an active Update: count failures, start the next group, assign it, end.

One write at a time, in the order of contract rule 3: ``batch``, then ``assigned``; pods follow
(`replacement.pods`). Nothing here touches a pod.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from controller.api.ids import NONE, Ids
from controller.api.policy import Replacement, StrategyType
from controller.api.update import GateStatus, Phase
from controller.core.gates.gates import Gates
from controller.core.gates.groups import asked_about, failure_of
from controller.core.gates.run import PASSED, WAITING
from controller.core.model import assigned as asg
from controller.core.model.disruption import Allowance
from controller.core.model.plan import Event, EventType, Write, WriteJob, WriteUpdate
from controller.core.progress import ahead, groups, rollback
from controller.core.progress.completion import finish_job, left_alone
from controller.core.rollout import lost_nodes, relabelled, surge
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import GATE_FAILURE, FailureCounts
from controller.core.status.counts import counted
from controller.core.status.update import report, watching_until


def next_write(
    direction: Direction, failures: FailureCounts, disruption: Allowance
) -> Write | None:
    """What the Update has to store before any pod may be touched. Returns None if there is nothing.
    ``disruption``: which ids policies keep from being replaced."""
    gates = Gates(direction)
    if (
        direction.moving
        and not failures.increased
        and (write := _apply_gates(direction, failures, gates)) is not None
    ):
        return write
    if direction.moving and len(direction.failed) > direction.policy.max_failed_instances:
        return _too_many(direction, failures)
    if direction.lost_revisions:
        return finish_job(direction, Phase.ERROR)
    if failures.increased:
        # No group starts and no Update ends before the counts are stored.
        return None if failures.unstored else _count(direction, failures)
    if to_restore := _to_restore(direction):
        return groups.assign(direction, to_restore)
    if old_pod_kept := _old_pod_kept(direction):
        return _keep_old(direction, old_pod_kept)
    # Paused, or waiting for a pulse: nothing new starts, and nothing ends.
    return _onward(direction, failures, gates, disruption) if direction.moving else None


def _apply_gates(direction: Direction, failures: FailureCounts, gates: Gates) -> Write | None:
    """Store the answers of the gates; a failed gate fails the Update whatever the tolerances."""
    if not gates.wanted:
        return None
    if gates.has_changes:
        status = report(direction, failures).model_copy(update={"gates": gates.next_states})
        return WriteUpdate(
            direction.update.metadata.name, status, _verdicts(direction, gates, gates.next_states)
        )
    if (bad := gates.failed) is None:
        return None
    if direction.policy.rollback_on_failure:
        words = failure_of(bad, gates.wanted[bad.name].scope)
        return rollback.start_rollback(direction, failures, GATE_FAILURE, words)
    return finish_job(direction, Phase.FAILED)


def _verdicts(
    direction: Direction, gates: Gates, states: tuple[GateStatus, ...]
) -> tuple[Event, ...]:
    """An Event for each new verdict."""
    name, events = direction.update.metadata.name, list[Event]()
    scopes = {gate.name: gate.scope for gate in direction.policy.gates}
    for state in states:
        known = gates.stored.get(state.name)
        if state.result == WAITING or (known is not None and known.result == state.result):
            continue
        words = f"gate {asked_about(state, scopes[state.name])}: {state.message}".rstrip(": ")
        kind: EventType = "Normal" if state.result == PASSED else "Warning"
        events.append(Event(f"Gate{state.result}", words, name, kind))
    return tuple(events)


def _onward(
    direction: Direction, failures: FailureCounts, gates: Gates, disruption: Allowance
) -> Write | None:
    if write := surge.slot_write(direction):
        return write
    unassigned = groups.unassigned(direction)
    if unassigned and not ahead.startable(direction, disruption):
        return groups.assign(direction, unassigned)
    if gates.holding is not None:
        return None
    if direction.pending and not direction.updated_not_ready:
        return _next_group(direction, failures, gates, disruption)
    if not direction.pending and not direction.in_flight and not direction.updated_not_ready:
        return _end(direction, failures)
    return None


def _count(direction: Direction, failures: FailureCounts) -> Write:
    """Store the failures, and start the rollback in the same write if there are too many."""
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
    """Too many failures are stored: the Update fails, or starts its rollback."""
    if not direction.backward and direction.policy.rollback_on_failure:
        return rollback.failed(direction, failures)
    return finish_job(direction, Phase.FAILED)


def _to_restore(direction: Direction) -> Ids:
    """In a rollback: ids that were assigned the target when the rollback began, but whose old pod
    is alive and untouched (or, of an id the Update creates, whose pod was never created)."""
    if not direction.backward:
        return NONE
    return direction.pending & (
        direction.arrived & direction.context.view.alive
        | direction.removed - direction.context.view.present
    )


def _old_pod_kept(direction: Direction) -> Ids:
    """Failed ids whose old pod was never touched: the new pod was created beside it (Surge), or the
    API server refused the change in place."""
    if not direction.surges and direction.policy.replacement is not Replacement.IN_PLACE:
        return NONE
    view = direction.context.view
    old = view.alive - direction.arrived - direction.context.at_assigned - view.at_revision("")
    return direction.failed & direction.at_goal & old


def _keep_old(direction: Direction, ids: Ids) -> Write:
    """Assign these ids the revision that their pod runs."""
    kept = {
        name: part for name, at in direction.context.view.at.items() if name and (part := at & ids)
    }
    after = asg.moved(direction.context.assigned, kept)
    return WriteJob(direction.context.status.model_copy(update={"assigned": asg.write(after)}))


def _next_group(
    direction: Direction, failures: FailureCounts, gates: Gates, disruption: Allowance
) -> Write | None:
    if lost_nodes.cluster_is_lost(direction.context):
        return None
    queue, size = direction.policy.strategy.type is StrategyType.QUEUE, direction.group_size()
    candidates = direction.pending
    if direction.in_flight and direction.in_flight <= disruption.held_back:
        # The whole group waits for other instances to become available. Unavailable instances join
        # it: the group may wait for them alone, and they may become available only at the target.
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
        # About a second of progress: one write per second instead of one per instance.
        size = max(size, groups.per_second(direction))
    if not size or not candidates:
        return None
    return groups.opened(direction, failures, Ids(islice(direction.ordered(candidates), size)))


def _end(direction: Direction, failures: FailureCounts) -> Write | None:
    """All instances are done: store the last results, then end."""
    results, status = counted(direction, failures), direction.update.status
    if (results["instances"], results["counts"]) != (status.instances, status.counts):
        return WriteUpdate(direction.update.metadata.name, report(direction, failures))
    if left_alone(direction.update):
        return finish_job(direction, Phase.ABORTED)
    if not direction.backward and direction.work and direction.policy.watch_after_seconds:
        return _watch(direction, failures)
    return _relabel_and_finish(direction)


def _relabel_and_finish(direction: Direction) -> Write | None:
    """The last writes: the ids that need other labels are assigned their goal, and when their pods
    have these labels, the Update ends."""
    if unassigned := relabelled.unassigned(direction.context, direction.relabelled):
        return groups.relabel(direction, unassigned)
    if asg.ids_of(direction.relabelled) & direction.context.view.alive:
        return None
    outcome = Phase.ROLLED_BACK if direction.backward else Phase.ROLLED_FORWARD
    return finish_job(direction, outcome)


def _watch(direction: Direction, failures: FailureCounts) -> Write | None:
    """All instances are good: failures count until the watch ends (contract: watchAfterSeconds)."""
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
    return _relabel_and_finish(direction) if until <= direction.context.now else None
