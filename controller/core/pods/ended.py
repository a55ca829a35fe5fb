"""What became of a pod that is gone: the entry of `Job.status.ended`.

What the pod itself shows counts first: it was evicted, preempted, lost with its node, or it failed.
Otherwise the cause is what the operator intended when it deleted the pod. If it intended nothing,
somebody else deleted it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.api.ended import KEPT, MAX_MESSAGE, EndCause, Ended
from controller.api.job import JobStatus
from controller.api.pods.pod import Pod
from controller.api.text import shortened
from controller.api.update import BACKWARD, Update

#: The reasons by which the control plane and the kubelet say that they ended a pod.
_DISRUPTIONS: Final[Mapping[str, EndCause]] = {
    "EvictionByEvictionAPI": EndCause.EVICTED,
    "TerminationByKubelet": EndCause.EVICTED,
    "Evicted": EndCause.EVICTED,
    "Terminated": EndCause.EVICTED,
    "PreemptionByScheduler": EndCause.PREEMPTED,
    "Preempting": EndCause.PREEMPTED,
    "DeletionByTaintManager": EndCause.NODE_LOST,
    "DeletionByPodGC": EndCause.NODE_LOST,
    "NodeLost": EndCause.NODE_LOST,
}
#: Reasons that a pod shows whenever it stops.
_USUAL: Final = frozenset({"ContainersNotReady", "PodCompleted", "Unhealthy"})


@dataclass(frozen=True, slots=True)
class Intent:
    """Why the operator deletes a pod. ``update``: name of the Update behind it, or ""; ``evicts``:
    it does so by an eviction; ``maintenance``: of a move, ``<name>/<uid>`` of the Maintenance."""

    cause: EndCause
    update: str = ""
    evicts: bool = False
    maintenance: str = ""


UNKNOWN: Final = Intent(EndCause.DELETED)


def ended(pod: Pod, intent: Intent, now: float) -> Ended:
    """The entry of a pod that is gone at ``now`` (epoch seconds). ``intent``: the operator's;
    `UNKNOWN` if it did not delete the pod."""
    shown = _shown(pod)
    if shown and not (intent.evicts and shown.cause is EndCause.EVICTED):
        intent = shown
    over = pod.trouble.at if pod.trouble and pod.trouble.at and pod.ended else now
    return Ended(
        instance=pod.instance,
        revision=pod.revision,
        node=pod.node,
        started_at=float(int(pod.taken_at)) or None,
        ended_at=float(int(over)),
        cause=intent.cause,
        exit_code=pod.exit_code,
        message=_message(pod),
        update=intent.update,
    )


def _shown(pod: Pod) -> Intent | None:
    """What the pod itself shows; None if it was well until somebody deleted it."""
    found = _DISRUPTIONS.get(pod.trouble.reason) if pod.trouble else None
    if found and (pod.disrupted or pod.ended):
        return Intent(found)
    if pod.disrupted:
        return Intent(EndCause.EVICTED)
    return Intent(EndCause.FAILED) if pod.ended else None


def _message(pod: Pod) -> str:
    if pod.trouble is None or (pod.trouble.reason in _USUAL and not pod.ended):
        return ""
    return shortened(pod.trouble.words, MAX_MESSAGE)


def inherited(pod: Pod, status: JobStatus, active: Update | None) -> Intent:
    """What an operator intended that began to delete the pod and is gone, as the statuses show it.
    ``active``: the Update that holds the lock of the Job."""
    batch = active.status.batch if active else None
    if active and batch and pod.instance in batch.instances and pod.update != active.metadata.uid:
        cause = EndCause.ROLLBACK if active.status.phase in BACKWARD else EndCause.UPDATE
        policy = active.status.policy
        return Intent(cause, active.metadata.name, policy is not None and policy.sla_aware)
    if not any(pod.instance in part.instances for part in status.assigned):
        return Intent(EndCause.SCALE)
    if pod.move is not None and not pod.move.successor_of:
        return Intent(EndCause.MOVE, evicts=True)
    return UNKNOWN


def newest(fresh: tuple[Ended, ...], stored: tuple[Ended, ...]) -> tuple[Ended, ...]:
    """The entries of a status: the newest of those that are ``stored`` and of ``fresh``, newest
    first."""
    if not fresh:
        return stored
    known = {each.key for each in stored}
    found = [*(each for each in fresh if each.key not in known), *stored]
    return tuple(sorted(found, key=lambda each: -each.ended_at)[:KEPT])
