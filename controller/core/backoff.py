"""When a pod that ended is made again: at once, then after 10, 20, 40 … at most 300 seconds.

As the kubelet does with containers; a pod that ran for ten minutes starts the series anew. The
series lives in a pod annotation, so a restart of the operator does not forget it.
"""

from __future__ import annotations

from typing import Final

from controller.api.meta import surely_past
from controller.api.pod import Pod

FIRST: Final = 10.0
LONGEST: Final = 300.0
HEALTHY: Final = 600.0


def delay(remade: int) -> float:
    """Seconds to wait after the pod that was made again ``remade`` times has ended."""
    return min(LONGEST, FIRST * 2 ** min(remade - 1, 10)) if remade else 0.0


def remake_at(pod: Pod) -> float:
    """Epoch seconds at which the successor of an ended pod may be made."""
    if pod.disrupted:
        return 0.0
    pause = 0.0 if _was_healthy(pod) else delay(pod.remade)
    return surely_past(ended_at(pod), pause) if pause else 0.0


def next_count(pod: Pod) -> int:
    """The count that the successor of an ended pod carries."""
    return 0 if pod.disrupted or _was_healthy(pod) else pod.remade + 1


def ended_at(pod: Pod) -> float:
    """When the pod's last container ended; its creation if nobody said."""
    return pod.trouble.at if pod.trouble and pod.trouble.at else pod.created


def _was_healthy(pod: Pod) -> bool:
    return ended_at(pod) - pod.created >= HEALTHY
