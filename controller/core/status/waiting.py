"""What an Update waits for, in words for a person: the first instance that holds it and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from controller.api.ids import NONE, Ids
from controller.core.gates.gates import Gates
from controller.core.refusals import actions as refused_actions
from controller.core.rollout.direction import Direction
from controller.core.rollout.failures import ORDINARY, FailureCounts
from controller.core.status import termination

#: How many instances of a group are looked at for a reason; a report must not cost O(instances).
LOOKED_AT = 64


@dataclass(frozen=True, slots=True)
class WaitReason:
    """``stuck``: it needs a person."""

    reason: str
    message: str
    stuck: bool = False


def of(direction: Direction, failures: FailureCounts, held_back: Ids) -> WaitReason | None:
    """The first thing that needs a person, else the first that is waited for; ``held_back``: ids
    kept by ``maxUnavailable``."""
    found = list(_all(direction, failures, held_back))
    return next((one for one in found if one.stuck), found[0] if found else None)


def _all(direction: Direction, failures: FailureCounts, held_back: Ids) -> Iterator[WaitReason]:
    view, seen, now = direction.context.view, direction.context.observed, direction.context.now
    started = direction.in_flight - direction.not_started
    if found := termination.of(
        termination.left(direction.context, started | direction.updated_not_ready), now
    ):
        yield WaitReason("WaitingForTermination", found.message, found.stuck)
    # Also one that a surge is to make beside the old pod.
    for i in islice(
        Ids(seen.name_conflicts) & (direction.in_flight if direction.surges else started), LOOKED_AT
    ):
        yield WaitReason("PodNameConflict", f"instance {i}: {seen.name_conflicts[i]}", stuck=True)
    waits = started - view.present
    for slot, ids in (
        (view, waits),
        (view.twin, direction.not_started if direction.surges else NONE),
    ):
        for i in islice(ids & slot.foreign - Ids(seen.name_conflicts), LOOKED_AT):
            name = slot.pod(i).name
            yield WaitReason(
                "WaitingForTermination", f"instance {i}: {name} of a former Job is left"
            )
    for i in islice(
        waits & Ids(seen.refusals) - view.foreign - Ids(seen.name_conflicts), LOOKED_AT
    ):
        refusal = seen.refusals[i]
        yield WaitReason(refusal.reason, f"instance {i}: {refusal.message}")
    yield from _down(direction, failures)
    for i in islice(
        Ids(seen.refusals) & direction.in_flight & view.alive - direction.surging, LOOKED_AT
    ):
        refusal = seen.refusals[i]
        if refusal.surge != (i in direction.context.status.slots):
            yield WaitReason(refusal.reason, f"instance {i}: {refusal.message}")
    for refused in refused_actions.of_pods(direction.context, direction.in_flight):
        stuck = refused_actions.is_stuck(direction.context, refused)
        yield WaitReason(refused.refusal.reason, refused_actions.words(refused), stuck)
    for i in islice(started & view.alive, LOOKED_AT):
        trouble = direction.new_pod(i).trouble
        if trouble and trouble.reason not in ORDINARY:
            yield WaitReason("InstanceNotReady", f"instance {i}: {trouble.words}")
    for i in islice(failures.on_lost_nodes, LOOKED_AT):
        words = f"instance {i}: its node {direction.new_pod(i).node} does not report"
        yield WaitReason("InstanceNotReady", words)
    for i in direction.updated_not_ready:
        words = f"instance {i} is updated but not Ready"
        trouble = direction.new_pod(i).trouble if i in view.present else None
        if trouble and trouble.reason not in ORDINARY:
            words += f"; {trouble.words}"
        yield WaitReason("InstanceNotReady", words)
    if (gate := Gates(direction).holding) is not None and not direction.in_flight:
        yield WaitReason("WaitingForGate", f"gate {gate.name} has not passed yet")
    if held_back:
        gone = len(direction.context.intended - direction.context.available - direction.failed)
        limit = direction.policy.max_unavailable
        said = f"{gone} instances are unavailable; maxUnavailable is {limit}"
        yield WaitReason("MaxUnavailable", said)


def _down(direction: Direction, failures: FailureCounts) -> Iterator[WaitReason]:
    """Instances that cannot be brought up; past their deadline they need a person."""
    for i in islice(failures.outage.ids, LOOKED_AT):
        refused = failures.outage.refused | failures.outage.unchanged
        refusal = failures.outage.refusal(i) if i in refused else None
        reason = refusal.reason if refusal else "InstanceNotReady"
        due = failures.down_until(i)
        late = due is not None and due <= direction.context.now
        yield WaitReason(reason, failures.outage.in_words(i), late)
    # A pod that was made again needs to be good before nobody has to look at its instance.
    for i in islice(failures.outage.returning, LOOKED_AT):
        due = failures.down_until(i)
        if due is not None and due <= direction.context.now:
            yield WaitReason("InstanceNotReady", failures.outage.in_words(i), stuck=True)


def next_moment(direction: Direction, failures: FailureCounts) -> float | None:
    """When the next termination becomes worth telling, or something needs a person."""
    now = direction.context.now
    waited_for = termination.left(
        direction.context, direction.in_flight | direction.updated_not_ready
    )
    down = failures.outage.ids, failures.outage.returning
    ends = (failures.down_until(i) for ids in down for i in islice(ids, LOOKED_AT))
    moments = (termination.next_moment(waited_for, now), *ends)
    return min((at for at in moments if at is not None and at > now), default=None)
