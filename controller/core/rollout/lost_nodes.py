"""Nodes under pods whose deadline has passed: time on a lost node does not count (contract rule 6).

A pod does not always tell that its node is lost: the node controller marks only pods that were
Ready. So before a deadline makes a failure, the pod's node is read, once:

    the node is lost                          -> no failure; it is read again every 10 s
    it became Ready since the pod was made    -> the pod has its whole window from then
    the kubelet took the pod late             -> the same, from then
"""

from __future__ import annotations

import math
from typing import Final

from controller.api.meta import surely_past
from controller.api.pods.pod import Pod
from controller.core.model.observed import Node

#: Seconds after which what is known of a node is old.
READ_AGAIN: Final = 10.0
#: A kubelet that takes a pod so many seconds after the scheduler gave it was away.
SILENT: Final = 5.0


def is_lost(pod: Pod) -> bool:
    """Whether the pod itself tells that its node is lost: it was Ready, or no kubelet took it."""
    told = pod.trouble is not None and pod.trouble.reason in ("NodeLost", "NodeNotReady")
    return told or bool(pod.node and not pod.taken_at)


def excused_until(pod: Pod, node: Node | None, grace: float) -> float:
    """Epoch seconds before which a deadline of the pod that has passed makes no failure; infinite
    while its node is lost, 0 for not at all. ``node``: its node, if that was read; ``grace``:
    seconds of a whole window."""
    if is_lost(pod) or (node is not None and not node.ready):
        return math.inf
    begun = 0.0
    if pod.bound and pod.taken_at - pod.bound > SILENT:
        begun = pod.taken_at
    # A node that was made for the pod did not come back.
    if node is not None and node.created < pod.since < node.ready_since:
        begun = max(begun, node.ready_since)
    return surely_past(begun, grace) if begun else 0.0


def read_again(node: Node | None, due: float) -> float:
    """When the node has to be read (again) because of a deadline that passed at ``due``; all in
    epoch seconds. One that was well since then has answered: of thousands that are read in turn,
    the first must not be old when the last one is there."""
    if node is None:
        return 0.0
    return math.inf if node.ready and node.read_at >= due else node.read_at + READ_AGAIN
