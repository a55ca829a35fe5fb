"""Time that a pod spends on a lost node does not count for its deadline (contract rule 6).

A pod does not always show that its node is lost: the node controller marks only pods that were
Ready. So before a passed deadline becomes a failure, the operator reads the pod's node:

    the node is lost                                  -> no failure; the node is read every 10 s
    the node became Ready after the pod was created   -> the deadline runs anew from then
    the kubelet accepted the pod late                 -> the deadline runs anew from then

A pod without a node waits for any node: the cluster counts as its node (``ANY``), which is Ready if
one of its nodes is, or if it has no nodes. While none is Ready, nothing tells an updated pod from
one that is left alone, and a deleted pod would not come up again: the Update starts no replacement,
as the node controller evicts no pods then.
"""

from __future__ import annotations

import math
from typing import Final

from controller.api.meta import surely_past
from controller.api.pods.pod import Pod
from controller.core.model.context import Context
from controller.core.model.observed import Node
from controller.core.pods.facts import is_marked_lost
from controller.core.rollout.direction import Direction

#: Seconds after which a node has to be read again.
READ_AGAIN: Final = 10.0
#: The name under which all nodes together are stored as one.
ANY: Final = ""
#: A kubelet that accepts a pod later than this many seconds after its binding was away.
SILENT: Final = 5.0


def is_lost(pod: Pod) -> bool:
    """Whether the pod itself shows that its node is lost: the node controller marked the pod, or
    the pod is bound and no kubelet accepted it."""
    return is_marked_lost(pod) or bool(pod.node and not pod.taken_at)


def excused_until(pod: Pod, node: Node | None, grace: float) -> float:
    """Epoch seconds before which the pod's passed deadline is no failure.

    Infinite while the pod's node is lost; 0 if nothing excuses the pod. ``node``: the pod's node,
    None if it was not read; ``grace``: seconds from the creation of a pod to its deadline.
    """
    if is_lost(pod) or (node is not None and not node.ready):
        return math.inf
    begun = 0.0
    if pod.bound and pod.taken_at - pod.bound > SILENT:
        begun = pod.taken_at
    # A node that is younger than the pod did not come back: it was created for the pod.
    if node is not None and node.created < pod.since < node.ready_since:
        begun = max(begun, node.ready_since)
    return surely_past(begun, grace) if begun else 0.0


def read_again(node: Node | None, due: float) -> float:
    """Epoch seconds at which the node has to be read (again) because of a deadline that passed at
    ``due`` (epoch seconds); infinite for never.

    A node that was Ready when it was read after ``due`` is not read again: while thousands of nodes
    are read in turn, the first must not become outdated before the last one is read.
    """
    if node is None:
        return 0.0
    return math.inf if node.ready and node.read_at >= due else node.read_at + READ_AGAIN


def cluster_is_lost(context: Context) -> bool:
    """Whether no node of the cluster was Ready when the nodes were read last."""
    node = context.observed.nodes.get(ANY)
    return node is not None and not node.ready


def cluster_read_at(direction: Direction) -> float:
    """Epoch seconds at which the nodes of the cluster have to be read (again) before the Update may
    replace a pod; infinite if it may not anyway, or no pod of the Job is on a lost node."""
    context = direction.context
    if not direction.moving or not (context.view.lost or cluster_is_lost(context)):
        return math.inf
    node = context.observed.nodes.get(ANY)
    return node.read_at + READ_AGAIN if node else 0.0
