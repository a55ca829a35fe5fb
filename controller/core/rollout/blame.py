"""Which failures speak against a revision, and which would have met any other as well (rule 17).

A quota that is used up, a claim that is missing, a node without room: none of them knows the new
version. A revision is remembered as bad only when an instance failed for a reason of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.api.update import Failure

#: Reasons that lie with the cluster: the API server's, the scheduler's, the kubelet's, and those of
#: the condition ``DisruptionTarget``. The scheduler reports a missing claim as ``Unschedulable``.
CIRCUMSTANCES: Final = frozenset(
    {
        "QuotaExceeded",
        "Unschedulable",
        "SchedulerError",
        "SchedulingGated",
        "NodeAffinity",
        "NodeLost",
        "NodeNotReady",
        "NodeShutdown",
        "Terminated",
        "Evicted",
        "Preempting",
        "OutOfpods",
        "OutOfcpu",
        "OutOfmemory",
        "OutOfephemeral-storage",
        "PreemptionByScheduler",
        "EvictionByEvictionAPI",
        "DeletionByTaintManager",
        "DeletionByPodGC",
        "TerminationByKubelet",
    }
)


def speaks_against_revision(reason: str) -> bool:
    """Whether a failure with this reason says something about the revision."""
    return reason not in CIRCUMSTANCES


def blamed(failures: Iterable[Failure], tolerated: int, until: float | None) -> bool:
    """Whether one of the instances that failed (more than ``tolerated`` times each) failed for a
    reason of the revision; ``until``: epoch seconds at which the rollback began, whose own failures
    do not count. Without a record of any failed instance the revision is blamed."""
    found = [f for f in failures if until is None or f.time <= until]
    failed = {f.instance for f in found if f.attempt > tolerated}
    mine = [f for f in found if f.instance in failed]
    return not mine or any(speaks_against_revision(f.reason) for f in mine)
