"""Counts Jobs by condition, Updates by phase and instances by state, for metrics: of all Jobs, and
of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from controller.api.job import JobStatus
from controller.api.update import ACTIVE, UpdateStatus
from controller.core.model import assigned
from controller.core.model import conditions as cond
from controller.core.pods.facts import View
from controller.core.pods.index import Instances
from controller.core.pods.uptime import PERCENTS, at_percent, available_since, uptimes
from controller.core.runs.missed import missed
from controller.job_metrics import ActiveUpdate, JobNumbers
from controller.reconcile.entry import Entry, Key
from controller.reconcile.runs.gauges import failure
from controller.reconcile.store import Store

_AVAILABLE: Final = "available"

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
    cond.TRUNCATED,
)
#: The status with which a condition of a Job needs attention.
_ATTENTION: Final = {
    cond.AVAILABLE: "False",
    cond.STALLED: "True",
    cond.ROLLED_BACK: "True",
    cond.UPDATE_PENDING: "True",
    cond.POD_NAME_CONFLICT: "True",
    cond.SAFETY_STOP: "True",
}


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
    """Number of instances by state (see `_states`)."""
    found: Counter[str] = Counter()
    for entry in store.jobs():
        assert entry.job is not None
        found.update(_states(entry.job.status, entry.instances.view(entry.job.status.slots)))
    return {state: float(number) for state, number in found.items()}


def each_job(store: Store, ours: Callable[[Key], bool], now: float) -> Iterator[JobNumbers]:
    """The numbers of each Job that this process works on, at ``now`` (epoch seconds)."""
    for key, entry in store.entries.items():
        if not ours(key):
            continue
        if entry.unreadable is not None:
            stalled = (cond.STALLED, "True", entry.unreadable.unknown.reason)
            yield JobNumbers(*key, conditions=(stalled,))
        elif entry.job is not None:
            yield _numbers(entry, entry.job.status, now)


def _numbers(entry: Entry, status: JobStatus, now: float) -> JobNumbers:
    view = entry.instances.view(status.slots)
    lock = status.active_update
    known = entry.updates.get(lock.name) if lock else None
    update = known.update if known and lock and known.uid == lock.uid else None
    active = update.status if update and update.status.phase in ACTIVE else None
    states = _states(status, view).items()
    conditions, timings = status.conditions, entry.instances.timings
    return JobNumbers(
        *entry.key,
        conditions=tuple(
            (c.type, c.status, c.reason) for c in conditions if c.status == _ATTENTION.get(c.type)
        ),
        instances={name: n for name, n in states if n or name == _AVAILABLE},
        updating=len(active.batch.instances - view.good) if active and active.batch else 0,
        uptime=partial(_uptime, entry.instances, status, now),
        assigned=timings.assigned.total,
        good=timings.good.total,
        recovered=timings.recovery.total,
        ended={str(cause): float(n) for cause, n in entry.endings.count.items()},
        updates=Counter(str(u.phase) for u in entry.updates.values()),
        active=_active(active) if active else None,
        run_failed=failure(status.last_run),
        run_due=_due(entry, now),
    )


def _due(entry: Entry, now: float) -> float | None:
    """When (epoch seconds) a run of a Cron Job was due that has not started; None if none was."""
    job = entry.job
    if job is None or job.spec.cron is None:
        return None
    return missed(job, entry.runs(entry.key, job.metadata.uid), now)


def _uptime(instances: Instances, status: JobStatus, now: float) -> dict[int, float]:
    """Seconds by percentage. Sorts the instances; a Job without instances has none."""
    ids = assigned.ids_of(assigned.read(status.assigned))
    ascending = uptimes(available_since(instances, ids), len(ids), now)
    return {percent: at_percent(ascending, percent) for percent in PERCENTS if ids}


def _active(status: UpdateStatus) -> ActiveUpdate:
    begun = [status.started_at, status.watching_since, *(g.started_at for g in status.gates)]
    begun += [entry.time for entry in status.history[:1]]
    begun += [status.batch.started_at] if status.batch else []
    counts = status.counts.model_dump(exclude={"total"})
    return ActiveUpdate(
        str(status.phase), status.reason, max((at for at in begun if at), default=0.0), counts
    )


def _states(status: JobStatus, view: View) -> dict[str, int]:
    """Number of instances by state. Each instance is in one state: available, ready (but not for
    long enough yet), starting, terminating, ended, missing (no pod)."""
    return {
        _AVAILABLE: len(view.good),
        "ready": len(view.ready - view.good),
        "starting": len(view.alive - view.ready),
        "terminating": len(view.terminating),
        "ended": len(view.ended),
        "missing": max(0, (status.instances_in_force or 0) - len(view.present)),
    }
