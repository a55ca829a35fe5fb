"""``decide(observed, now) -> Plan``: the next requests of all Maintenances together.

All of them are decided in one, because several may name one node. Every request follows from what
is observed: the marks on nodes and pods are what a new operator goes on from.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from controller.core.maintenance.acts import evictions, marks
from controller.core.maintenance.claims import claims
from controller.core.maintenance.events import events
from controller.core.maintenance.nodes import is_to_be_released, patches
from controller.core.maintenance.observed import JobKey, Observed
from controller.core.maintenance.plan import Plan, WriteStatus
from controller.core.maintenance.status import status
from controller.core.maintenance.turns import Turns, turns

#: Number of Jobs of which statuses tell why their instances do not move.
TOLD: Final = 20


def decide(observed: Observed, now: float) -> Plan:
    """``now``: epoch seconds."""
    claimed = claims(observed)
    taken = turns(observed, claimed)
    watch = {name for name in (*taken.current, *taken.beginning) if name not in taken.drained}
    watch |= {
        node.name for node in observed.nodes.values() if is_to_be_released(claimed, taken, node)
    }
    reports = tuple(
        WriteStatus(each, wanted, events(each.status, wanted))
        for each in claimed.order
        if (wanted := status(observed, claimed, taken, each, now)) != each.status
    )
    again = [each.until for each in observed.refused.values() if each.until > now]
    return Plan(
        ask=claimed.ask,
        watch=frozenset(watch),
        drained=taken.drained,
        nodes=tuple(patches(observed, claimed, taken, now)),
        marks=tuple(marks(observed, claimed, taken, now)),
        evictions=tuple(evictions(observed, taken, now)),
        statuses=reports,
        wake_at=min(again, default=None),
        jobs=_jobs(taken),
    )


def _jobs(turns: Turns) -> tuple[JobKey, ...]:
    """The Jobs with most instances on nodes that are being drained, by name."""
    found = Counter[JobKey]()
    for left in turns.left.values():
        found.update(dict(left.jobs))
    return tuple(sorted(key for key, _ in found.most_common(TOLD)))
