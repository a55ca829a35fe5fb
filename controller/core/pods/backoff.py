"""When the pod of an instance is made again that ended or was disrupted: at once, then after 10,
20, 40 … at most 300 seconds.

As the kubelet does with containers; a pod that ran for ten minutes starts the series anew. It does
not matter who ended the pod: the program, the kubelet that refused or evicted it, a drain. The
series lives in an annotation of the pod, so a restart of the operator forgets it only while no pod
is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.meta import surely_past
from controller.api.pods.pod import Pod, Trouble

FIRST: Final = 10.0
LONGEST: Final = 300.0
HEALTHY: Final = 600.0


@dataclass(frozen=True, slots=True)
class Series:
    """What is known of an instance whose pod ended, or was disrupted, and is gone.

    ``count``: how often in a row its pod was made again, once it is; ``since``: epoch seconds since
    which the instance is not up; ``resume_at``: epoch seconds before which its pod is not made
    again; ``revision`` and ``why``: of the last pod; ``disrupted``: it did not end by itself.
    """

    count: int
    since: float
    resume_at: float = 0.0
    revision: str = ""
    why: Trouble | None = None
    disrupted: bool = False


def interrupted(pod: Pod) -> bool:
    """Whether it is due to what happened to the pod that the instance needs another one."""
    return pod.ended or pod.disrupted


def delay(remade: int) -> float:
    """Seconds to wait after the pod that was made again ``remade`` times has ended."""
    return min(LONGEST, FIRST * 2 ** min(remade - 1, 10)) if remade else 0.0


def remake_at(pod: Pod) -> float:
    """Epoch seconds at which the successor of an interrupted pod may be made."""
    pause = 0.0 if _was_healthy(pod) else delay(pod.remade)
    return surely_past(stopped_at(pod), pause) if pause else 0.0


def following(pod: Pod) -> Series:
    """The series as the successor of an interrupted pod carries it on."""
    count = 0 if _was_healthy(pod) else pod.remade + 1
    since = down_since(pod)
    return Series(count, since, remake_at(pod), pod.revision, pod.trouble, pod.disrupted)


def down_since(pod: Pod) -> float:
    """Since when the instance of an interrupted pod is not up (epoch seconds)."""
    if pod.was_good or _was_healthy(pod):
        return stopped_at(pod)
    return pod.since


def stopped_at(pod: Pod) -> float:
    """When the pod's last container ended, or the pod was asked to go; its creation if nobody
    said."""
    if pod.trouble and pod.trouble.at:
        return pod.trouble.at
    return pod.created if pod.deleted is None else max(pod.created, pod.deleted - (pod.grace or 0))


def _was_healthy(pod: Pod) -> bool:
    return stopped_at(pod) - pod.created >= HEALTHY
