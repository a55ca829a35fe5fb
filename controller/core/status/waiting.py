"""What an Update waits for, in words for a person: the first instance that holds it and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from controller.api.ids import NONE, Ids
from controller.core.gates.gates import Gates
from controller.core.refusals import actions as refused_actions
from controller.core.rollout.direction import OneWay
from controller.core.rollout.failures import ORDINARY, Tally
from controller.core.status import termination

#: How many instances of a group are looked at for a reason; a report must not cost O(instances).
LOOKED_AT = 64


@dataclass(frozen=True, slots=True)
class Hindrance:
    """``stuck``: it needs a person."""

    reason: str
    message: str
    stuck: bool = False


def of(way: OneWay, tally: Tally, held_back: Ids) -> Hindrance | None:
    """The first thing that needs a person, else the first that is waited for; ``held_back``: ids
    kept by ``maxUnavailable``."""
    found = list(_all(way, tally, held_back))
    return next((one for one in found if one.stuck), found[0] if found else None)


def _all(way: OneWay, tally: Tally, held_back: Ids) -> Iterator[Hindrance]:
    view, seen, now = way.case.view, way.case.seen, way.case.now
    started = way.flight - way.idle
    if found := termination.of(termination.left(way.case, started | way.shaky), now):
        yield Hindrance("WaitingForTermination", found.message, found.stuck)
    # Also one that a surge is to make beside the old pod.
    for i in islice(Ids(seen.contested) & (way.flight if way.surges else started), LOOKED_AT):
        yield Hindrance("PodNameConflict", f"instance {i}: {seen.contested[i]}", stuck=True)
    waits = started - view.present
    for slot, ids in ((view, waits), (view.twin, way.idle if way.surges else NONE)):
        for i in islice(ids & slot.foreign - Ids(seen.contested), LOOKED_AT):
            name = slot.pod(i).name
            yield Hindrance(
                "WaitingForTermination", f"instance {i}: {name} of a former Job is left"
            )
    for i in islice(waits & Ids(seen.refusals) - view.foreign - Ids(seen.contested), LOOKED_AT):
        refusal = seen.refusals[i]
        yield Hindrance(refusal.reason, f"instance {i}: {refusal.message}")
    yield from _down(way, tally)
    for i in islice(Ids(seen.refusals) & way.flight & view.alive - way.surging, LOOKED_AT):
        refusal = seen.refusals[i]
        if refusal.surge != (i in way.case.status.slots):
            yield Hindrance(refusal.reason, f"instance {i}: {refusal.message}")
    for refused in refused_actions.of_pods(way.case, way.flight):
        stuck = refused_actions.is_stuck(way.case, refused)
        yield Hindrance(refused.refusal.reason, refused_actions.words(refused), stuck)
    for i in islice(started & view.alive, LOOKED_AT):
        trouble = way.new_pod(i).trouble
        if trouble and trouble.reason not in ORDINARY:
            yield Hindrance("InstanceNotReady", f"instance {i}: {trouble.words}")
    for i in islice(tally.on_lost_nodes, LOOKED_AT):
        words = f"instance {i}: its node {way.new_pod(i).node} does not report"
        yield Hindrance("InstanceNotReady", words)
    for i in way.shaky:
        words = f"instance {i} is updated but not Ready"
        trouble = way.new_pod(i).trouble if i in view.present else None
        if trouble and trouble.reason not in ORDINARY:
            words += f"; {trouble.words}"
        yield Hindrance("InstanceNotReady", words)
    if (gate := Gates(way).holding) is not None and not way.flight:
        yield Hindrance("WaitingForGate", f"gate {gate.name} has not passed yet")
    if held_back:
        gone = len(way.case.intended - way.case.available - way.failed)
        yield Hindrance(
            "MaxUnavailable",
            f"{gone} instances are unavailable; maxUnavailable is {way.policy.max_unavailable}",
        )


def _down(way: OneWay, tally: Tally) -> Iterator[Hindrance]:
    """Instances that cannot be brought up; past their deadline they need a person."""
    for i in islice(tally.outage.ids, LOOKED_AT):
        refused = tally.outage.refused | tally.outage.unchanged
        refusal = tally.outage.refusal(i) if i in refused else None
        reason = refusal.reason if refusal else "InstanceNotReady"
        due = tally.down_until(i)
        late = due is not None and due <= way.case.now
        yield Hindrance(reason, tally.outage.told(i), late)
    # A pod that was made again needs to be good before nobody has to look at its instance.
    for i in islice(tally.outage.returning, LOOKED_AT):
        due = tally.down_until(i)
        if due is not None and due <= way.case.now:
            yield Hindrance("InstanceNotReady", tally.outage.told(i), stuck=True)


def next_moment(way: OneWay, tally: Tally) -> float | None:
    """When the next termination becomes worth telling, or something needs a person."""
    now = way.case.now
    waited_for = termination.left(way.case, way.flight | way.shaky)
    down = tally.outage.ids, tally.outage.returning
    ends = (tally.down_until(i) for ids in down for i in islice(ids, LOOKED_AT))
    moments = (termination.next_moment(waited_for, now), *ends)
    return min((at for at in moments if at is not None and at > now), default=None)
