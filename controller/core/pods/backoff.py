"""The back-off before the operator creates the pod of an instance again.

After the first pod that ended or was disrupted the operator creates the next one at once, then
after 10, 20, 40 … at most 300 seconds, as the kubelet does with containers. A pod that ran for ten
minutes resets the series. It does not matter what ended the pod: the program, the kubelet that
refused or evicted it, or a drain. The series is stored in an annotation of the pod, so a restart
of the operator forgets it only while the instance has no pod.
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
    """The back-off state of an instance whose pod ended or was disrupted, and is gone.

    ``count``: how often in a row the pod was created again, the next pod included; ``since``: epoch
    seconds since which the instance is down; ``resume_at``: epoch seconds before which the next pod
    is not created. ``revision``, ``why`` and ``disrupted`` are those of the last pod.
    """

    count: int
    since: float
    resume_at: float = 0.0
    revision: str = ""
    why: Trouble | None = None
    disrupted: bool = False


def interrupted(pod: Pod) -> bool:
    """Whether the pod ended or was disrupted, so that the instance needs a new pod."""
    return pod.ended or pod.disrupted


def delay(remade: int) -> float:
    """Seconds to wait after the end of a pod that was created again ``remade`` times in a row."""
    return min(LONGEST, FIRST * 2 ** min(remade - 1, 10)) if remade else 0.0


def remake_at(pod: Pod) -> float:
    """Epoch seconds at which the successor of a pod that ended or was disrupted may be created."""
    pause = 0.0 if _was_healthy(pod) else delay(pod.remade)
    return surely_past(stopped_at(pod), pause) if pause else 0.0


def following(pod: Pod) -> Series:
    """The back-off state that the successor of a pod that ended or was disrupted inherits."""
    count = 0 if _was_healthy(pod) else pod.remade + 1
    since = down_since(pod)
    return Series(count, since, remake_at(pod), pod.revision, pod.trouble, pod.disrupted)


def down_since(pod: Pod) -> float:
    """Epoch seconds since which the instance of a pod that ended or was disrupted is down."""
    if pod.was_good or _was_healthy(pod):
        return stopped_at(pod)
    return pod.since


def stopped_at(pod: Pod) -> float:
    """Epoch seconds at which the pod's last container ended, or at which somebody deleted the pod;
    the pod's creation if neither is known."""
    if pod.trouble and pod.trouble.at:
        return pod.trouble.at
    return pod.created if pod.deleted is None else max(pod.created, pod.deleted - (pod.grace or 0))


def _was_healthy(pod: Pod) -> bool:
    return stopped_at(pod) - pod.created >= HEALTHY
