"""The patches of nodes: taint, cordon and annotations, each node in one patch.

A node that somebody else had cordoned before its turn stays cordoned at the end. The mark of a node
is removed last, after those of its pods: as long as it is there, a new operator finds what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from controller.api.labels import CORDONED_BEFORE, MAINTENANCE, MAINTENANCE_SINCE
from controller.api.maintenance import Maintenance, NodePhase
from controller.api.meta import format_time
from controller.core.maintenance.claims import Claims
from controller.core.maintenance.observed import (
    PREFER_NO_SCHEDULE,
    Node,
    Observed,
    is_ours,
    lost_mark,
)
from controller.core.maintenance.plan import PatchNode
from controller.core.maintenance.turns import Turns


def patches(observed: Observed, claims: Claims, turns: Turns, now: float) -> Iterator[PatchNode]:
    """The patches that bring nodes to what their Maintenances want."""
    for node in observed.nodes.values():
        if node.name in claims.left_alone or not observed.is_due(node.uid, now):
            continue
        change = _patch(observed, claims, turns, node, now)
        if not change.is_empty:
            yield change


def is_to_be_released(claims: Claims, turns: Turns, node: Node) -> bool:
    """Whether the node has a mark that is to be taken back without another in its place."""
    left_alone = node.name in claims.left_alone
    in_turn = node.name in turns.current or node.name in turns.beginning
    return bool(node.mark) and not left_alone and not in_turn


def _patch(observed: Observed, claims: Claims, turns: Turns, node: Node, now: float) -> PatchNode:
    holder = claims.holders.get(node.name)
    is_released = is_to_be_released(claims, turns, node)
    waits = is_released and not _is_unmarked(observed, node)
    # The taint goes with the cordon and the mark: what is left of the three tells of the others.
    taints = None
    if holder or not waits:
        taints = _tainted(node, [holder.metadata.name] if holder else [])
    unschedulable: bool | None = None
    annotations = dict[str, str | None]()
    if (begins := turns.beginning.get(node.name)) is not None:
        annotations = {MAINTENANCE: begins.mark}
        if node.mark != lost_mark(begins.metadata.name):
            annotations[MAINTENANCE_SINCE] = format_time(now)
        known = node.mark or _had_its_turn(begins, node)
        before = node.cordoned_before if known else node.unschedulable
        before = before and node.unschedulable
        if before != node.cordoned_before:
            annotations[CORDONED_BEFORE] = "true" if before else None
        unschedulable = None if node.unschedulable else True
    elif node.name in turns.current:
        if not node.unschedulable:
            # Somebody uncordoned it: whoever had cordoned it before does not want it any more.
            unschedulable = True
            annotations = {CORDONED_BEFORE: None} if node.cordoned_before else {}
    elif is_released and not waits:
        unschedulable = False if node.unschedulable and not node.cordoned_before else None
        annotations = {MAINTENANCE: None, MAINTENANCE_SINCE: None, CORDONED_BEFORE: None}
    return PatchNode(node.name, node.uid, node.resource_version, unschedulable, taints, annotations)


def _is_unmarked(observed: Observed, node: Node) -> bool:
    """Whether the pods of the node are known, and none has a mark that is yet to be taken back. A
    pod that is being deleted may stay for ever on a lost node; and anybody may write the annotation
    on a pod of no Job."""
    pods = observed.pods.get(node.name)
    return pods is not None and not any(
        pod.is_marked_here and (pod.move or pod.deadline or pod.sla) for pod in pods
    )


def _had_its_turn(maintenance: Maintenance, node: Node) -> bool:
    """Whether the node was cordoned for this Maintenance, as its status says: somebody has removed
    all annotations of the node."""
    turn = (NodePhase.DRAINING, NodePhase.DRAINED)
    return any(n.name == node.name and n.phase in turn for n in maintenance.status.nodes)


def _tainted(node: Node, names: list[str]) -> tuple[Mapping[str, Any], ...] | None:
    """The taints with ours for this Maintenance, or without any; None if they are so already."""
    if list(node.tainted) == names:
        return None
    others = tuple(each for each in node.taints if not is_ours(each))
    ours = ({"key": MAINTENANCE, "value": n, "effect": PREFER_NO_SCHEDULE} for n in names)
    return (*others, *ours)
