"""How many Updates are in which phase and how many instances in which state, when asked."""

from __future__ import annotations

from collections import Counter

from controller.reconcile.store import Store


def updates(store: Store) -> dict[str, float]:
    """Updates by phase."""
    phases = Counter(str(u.phase) for e in store.entries.values() for u in e.updates.values())
    return dict(phases)


def instances(store: Store) -> dict[str, float]:
    """Instances by state, each in one: available, ready (not for long enough yet), starting,
    terminating, ended, missing (meant to be, without a pod)."""
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
