"""Counts Jobs by condition, Updates by phase and instances by state, for metrics."""

from __future__ import annotations

from collections import Counter

from controller.core.model import conditions as cond
from controller.reconcile.store import Store

#: The conditions of a Job. Each is always exported, if necessary with 0, so that alerts can use it.
CONDITIONS = (
    cond.READY,
    cond.RECONCILING,
    cond.STALLED,
    cond.AVAILABLE,
    cond.UPDATE_PENDING,
    cond.ROLLED_BACK,
    cond.POD_NAME_CONFLICT,
    cond.SAFETY_STOP,
)


def jobs(store: Store) -> dict[str, float]:
    """Number of Jobs by condition that is True. A Job can count in several; a Job that cannot be
    read counts as Stalled."""
    found = Counter(dict.fromkeys(CONDITIONS, 0))
    for entry in store.entries.values():
        if entry.unreadable is not None:
            found[cond.STALLED] += 1
        elif entry.job is not None:
            conditions = entry.job.status.conditions
            found.update(c.type for c in conditions if c.status == "True")
    return dict(found)


def updates(store: Store) -> dict[str, float]:
    """Number of Updates by phase."""
    phases = Counter(str(u.phase) for e in store.entries.values() for u in e.updates.values())
    return dict(phases)


def instances(store: Store) -> dict[str, float]:
    """Number of instances by state. Each instance is in one state: available, ready (but not for
    long enough yet), starting, terminating, ended, missing (no pod)."""
    found: Counter[str] = Counter()
    for entry in store.jobs():
        assert entry.job is not None
        view = entry.instances.view(entry.job.status.slots)
        found["available"] += len(view.good)
        found["ready"] += len(view.ready - view.good)
        found["starting"] += len(view.alive - view.ready)
        found["terminating"] += len(view.terminating)
        found["ended"] += len(view.ended)
        in_force = entry.job.status.instances_in_force or 0
        found["missing"] += max(0, in_force - len(view.present))
    return dict(found)
