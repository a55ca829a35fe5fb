"""Counts Cron and Adhoc Jobs by how their last run is, for metrics."""

from __future__ import annotations

from collections import Counter
from typing import Final

from controller.api.runs import DELETED, KILLED, SUCCEEDED, LastRun
from controller.reconcile.store import Store

_FAILED: Final = "Failed"
#: Each is always exported, if necessary with 0, so that alerts can use it.
STATES: Final = ("None", "Active", SUCCEEDED, _FAILED, KILLED, DELETED)


def last_runs(store: Store) -> dict[str, float]:
    """Number of Jobs with runs by the state of their last one."""
    found = Counter(dict.fromkeys(STATES, 0))
    for entry in store.jobs():
        if entry.job is not None and entry.job.spec.has_runs:
            found[_state(entry.job.status.last_run)] += 1
    return {state: float(number) for state, number in found.items()}


def failure(run: LastRun | None) -> str:
    """The reason for which a run failed, or Deleted; "" if it did not fail."""
    found = run is not None and _state(run) in (_FAILED, DELETED)
    return (run.reason or _FAILED) if run is not None and found else ""


def _state(run: LastRun | None) -> str:
    if run is None:
        return "None"
    if run.is_open:
        return "Active"
    return run.reason if run.reason in STATES else _FAILED
