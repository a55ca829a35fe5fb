"""Counts Maintenances and their nodes, for metrics: all that this process knows of, also while it
stands by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from controller.api.maintenance import Maintenance, MaintenancePhase, NodePhase
from controller.core.maintenance.status import TOO_NEW
from controller.core.model.conditions import STALLED, find_true
from controller.maintenance.store import Store
from controller.maintenance_metrics import MaintenanceNumbers

#: Field of the counts of a status -> the phase that it counts.
_COUNTS: Final = {
    "waiting": NodePhase.WAITING,
    "deactivated": NodePhase.DEACTIVATED,
    "draining": NodePhase.DRAINING,
    "drained": NodePhase.DRAINED,
    "not_found": NodePhase.NOT_FOUND,
}


def numbers(store: Store, now: float) -> MaintenanceNumbers:
    """``now``: epoch seconds."""
    return MaintenanceNumbers(_phases(store), _stalled(store), _nodes(store), _draining(store, now))


def _phases(store: Store) -> dict[str, float]:
    """Number of Maintenances by phase; one that was not observed yet is Pending."""
    found = Counter(dict.fromkeys(map(str, MaintenancePhase), 0))
    found.update(str(each.status.phase or MaintenancePhase.PENDING) for each in _read(store))
    return dict(found)


def _stalled(store: Store) -> dict[str, float]:
    """Number of Maintenances that need a person, by reason."""
    found = Counter[str]()
    for known in store.maintenances.values():
        if known.read is None:
            found[TOO_NEW] += 1
        elif (condition := find_true(known.read.status.conditions, STALLED)) is not None:
            found[condition.reason] += 1
    return dict(found)


def _nodes(store: Store) -> dict[str, float]:
    """Number of nodes by phase. One that two Maintenances name counts twice."""
    found = Counter(dict.fromkeys(map(str, NodePhase), 0))
    for each in _read(store):
        counts = each.status.counts
        found.update({str(phase): getattr(counts, name) for name, phase in _COUNTS.items()})
    return dict(found)


def _draining(store: Store, now: float) -> dict[str, float]:
    """Maintenance -> for how long the node has been Draining that has been so for longest."""
    found = dict[str, float]()
    for each in _read(store):
        begun = [
            node.since
            for node in each.status.nodes
            if node.phase is NodePhase.DRAINING and node.since is not None
        ]
        if begun:
            found[each.metadata.name] = max(0.0, now - min(begun))
    return found


def _read(store: Store) -> Iterator[Maintenance]:
    return (known.read for known in store.maintenances.values() if known.read is not None)
