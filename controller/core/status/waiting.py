"""What an Update waits for, in a message for people: the first instance that holds it, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from controller.api.ids import NONE, Ids
from controller.core.gates.gates import Gates
from controller.core.model import assigned as asg
from controller.core.model.disruption import Allowance
from controller.core.refusals import actions as refused_actions
from controller.core.rollout import claims, lost_nodes
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import ORDINARY, FailureCounts
from controller.core.status import termination

#: How many instances of a group are searched for a reason; a report must not cost O(instances).
LOOKED_AT = 64


@dataclass(frozen=True, slots=True)
class WaitReason:
    """Why an Update waits. ``stuck``: it needs a person."""

    reason: str
    message: str
    stuck: bool = False


def of(direction: Direction, failures: FailureCounts, disruption: Allowance) -> WaitReason | None:
    """The first reason that needs a person, else the first reason. Returns None if the Update waits
    for nothing. ``disruption``: which instances policies keep from being disrupted."""
    reasons = list(_all(direction, failures, disruption))
    return next((reason for reason in reasons if reason.stuck), reasons[0] if reasons else None)


def _all(
    direction: Direction, failures: FailureCounts, disruption: Allowance
) -> Iterator[WaitReason]:
    view, observed = direction.context.view, direction.context.observed
    started = direction.in_flight - direction.not_started
    if lingering := termination.of(
        termination.left(direction.context, started | direction.updated_not_ready),
        direction.context.now,
    ):
        yield WaitReason("WaitingForTermination", lingering.message, lingering.stuck)
    # A surge creates the new pod beside an old pod that was not touched yet.
    for i in islice(
        Ids(observed.name_conflicts) & (direction.in_flight if direction.surges else started),
        LOOKED_AT,
    ):
        yield WaitReason(
            "PodNameConflict", f"instance {i}: {observed.name_conflicts[i]}", stuck=True
        )
    waits = started - view.present
    for slot, ids in (
        (view, waits),
        (view.twin, direction.not_started if direction.surges else NONE),
    ):
        for i in islice(ids & slot.foreign - Ids(observed.name_conflicts), LOOKED_AT):
            words = f"instance {i}: pod {slot.pod(i).name} of an earlier Job still exists"
            yield WaitReason("WaitingForTermination", words)
    refused_creates = Ids(observed.refusals)
    for i in islice(
        waits & refused_creates - view.foreign - Ids(observed.name_conflicts), LOOKED_AT
    ):
        refusal = observed.refusals[i]
        yield WaitReason(refusal.reason, f"instance {i}: {refusal.message}")
    for i in islice(waits - refused_creates, LOOKED_AT):
        if claim := claims.why(direction.context, i):
            yield WaitReason(*claim)
    yield from _down(direction, failures)
    for i in islice(
        refused_creates & direction.in_flight & view.alive - direction.surging, LOOKED_AT
    ):
        refusal = observed.refusals[i]
        if refusal.surge != (i in direction.context.status.slots):
            yield WaitReason(refusal.reason, f"instance {i}: {refusal.message}")
    touched = direction.in_flight | asg.common(direction.relabelled, direction.context.assigned)
    for refused in refused_actions.of_pods(direction.context, touched):
        stuck = refused_actions.is_stuck(direction.context, refused)
        yield WaitReason(refused.refusal.reason, refused_actions.words(refused), stuck)
    for i in islice(started & view.alive, LOOKED_AT):
        # The scheduler only says that it waits for claims; a claim has a name and a reason.
        trouble = direction.new_pod(i).trouble
        if claim := claims.of_pod(direction.context, direction.new_pod(i)):
            yield WaitReason(*claim)
        elif trouble and trouble.reason not in ORDINARY:
            yield WaitReason("InstanceNotReady", f"instance {i}: {trouble.words}")
    for i in islice(failures.on_lost_nodes, LOOKED_AT):
        node = direction.new_pod(i).node
        words = f"its node {node} does not report" if node else "no node of the cluster is Ready"
        words = f"instance {i}: {words}"
        yield WaitReason("InstanceNotReady", words)
    for i in direction.updated_not_ready:
        words = f"instance {i} is updated but not Ready"
        trouble = direction.new_pod(i).trouble if i in view.present else None
        if trouble and trouble.reason not in ORDINARY:
            words += f"; {trouble.words}"
        yield WaitReason("InstanceNotReady", words)
    if (gate := Gates(direction).holding) is not None and not direction.in_flight:
        yield WaitReason("WaitingForGate", f"gate {gate.name} has not passed yet")
    if lost_nodes.cluster_is_lost(direction.context):
        yield WaitReason("NodesLost", "no node of the cluster is Ready")
    elif disruption.held_back:
        yield WaitReason(disruption.reason, disruption.message)


def _down(direction: Direction, failures: FailureCounts) -> Iterator[WaitReason]:
    """The reasons of instances that are down; after its deadline an instance needs a person."""
    for i in islice(failures.outage.ids, LOOKED_AT):
        refused = failures.outage.refused | failures.outage.change_refused
        refusal = failures.outage.refusal(i) if i in refused else None
        reason = refusal.reason if refusal else "InstanceNotReady"
        deadline = failures.down_until(i)
        overdue = deadline is not None and deadline <= direction.context.now
        yield WaitReason(reason, failures.outage.in_words(i), overdue)
    # An instance whose pod was created again still needs a person until that pod is good.
    for i in islice(failures.outage.returning, LOOKED_AT):
        deadline = failures.down_until(i)
        if deadline is not None and deadline <= direction.context.now:
            yield WaitReason("InstanceNotReady", failures.outage.in_words(i), stuck=True)


def next_moment(direction: Direction, failures: FailureCounts) -> float | None:
    """When (epoch seconds) the next grace period ends, or the next instance needs a person."""
    now = direction.context.now
    terminating = termination.left(
        direction.context, direction.in_flight | direction.updated_not_ready
    )
    down = failures.outage.ids, failures.outage.returning
    ends = (failures.down_until(i) for ids in down for i in islice(ids, LOOKED_AT))
    moments = (termination.next_moment(terminating, now), *ends)
    return min((at for at in moments if at is not None and at > now), default=None)
