"""Which failures are the revision's fault, and which are the cluster's (contract rule 17).

A used-up quota, a missing claim or a node without room would stop any revision. A revision is
remembered as known bad only when an instance failed for a reason that lies with the revision.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.api.update import Failure

#: Reasons that lie with the cluster: those of the API server, of the scheduler, of the kubelet, and
#: of the condition ``DisruptionTarget``. The scheduler reports a missing claim as
#: ``Unschedulable``; that a claim waits for its volume is told by the claim alone.
CIRCUMSTANCES: Final = frozenset(
    {
        "QuotaExceeded",
        "Unschedulable",
        "SchedulerError",
        "SchedulingGated",
        "ClaimPending",
        "ClaimLost",
        "ClaimRefused",
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
    """Whether a failure with this reason is the revision's fault."""
    return reason not in CIRCUMSTANCES


def blamed(failures: Iterable[Failure], tolerated: int, until: float | None) -> bool:
    """Whether the revision is to blame for a failed Update.

    It is if one of the failed instances (those with more than ``tolerated`` failures) has a failure
    whose reason lies with the revision, or if no failed instance is recorded. ``until``: epoch
    seconds at which the rollback began, None for none; later failures do not count.
    """
    counting = [f for f in failures if until is None or f.time <= until]
    failed = {f.instance for f in counting if f.attempt > tolerated}
    of_failed = [f for f in counting if f.instance in failed]
    return not of_failed or any(speaks_against_revision(f.reason) for f in of_failed)
