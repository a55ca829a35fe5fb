"""What is done with pods: marks for the Jobs that own them, and evictions of other pods.

A pod is marked only when its node is seen to be cordoned: otherwise its successor could be bound to
the same node again. Marks are taken back only from pods on nodes whose mark is to be taken back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from controller.api.maintenance import Maintenance
from controller.api.meta import format_time, parse_time, wire
from controller.core.maintenance.claims import Claims
from controller.core.maintenance.nodes import is_to_be_released
from controller.core.maintenance.observed import Node, Observed
from controller.core.maintenance.plan import EvictPod, MarkPod
from controller.core.maintenance.turns import Turns


def marks(observed: Observed, claims: Claims, turns: Turns, now: float) -> Iterator[MarkPod]:
    """Marks to be written, changed or removed."""
    for name, pods in observed.pods.items():
        if (node := observed.nodes.get(name)) is None:
            continue
        holder = turns.current.get(name)
        if holder is not None and node.unschedulable:
            said = holder.mark, _deadline(holder, node), _sla(holder)
        elif is_to_be_released(claims, turns, node):
            said = "", "", ""
        else:
            continue
        for pod in pods:
            if not pod.is_marked_here or (pod.move, pod.deadline, pod.sla) == said:
                continue
            if not (said[0] and pod.ended) and observed.is_due(pod.uid, now):
                yield MarkPod(pod.namespace, pod.name, pod.uid, *said, node=name)


def evictions(observed: Observed, turns: Turns, now: float) -> Iterator[EvictPod]:
    """Other pods that are to be evicted now."""
    if not observed.may_evict:
        return
    for name, left in turns.left.items():
        for pod in left.evicted:
            if pod.terminating or not observed.is_due(pod.uid, now):
                continue
            if pod.uid == observed.own_pod and not _is_last(left.others, len(left.instances)):
                continue
            if observed.nodes[name].unschedulable:
                yield EvictPod(pod.namespace, pod.name, pod.uid)


def _is_last(others: int, instances: int) -> bool:
    return others == 1 and not instances


def _sla(maintenance: Maintenance) -> str:
    """What holds for a Job without `spec.sla`; "": one instance at a time."""
    given = maintenance.spec.sla
    return json.dumps(wire(given), separators=(",", ":")) if given else ""


def _deadline(maintenance: Maintenance, node: Node) -> str:
    """From when on instances on the node are moved regardless; "": never."""
    timeout = maintenance.spec.timeout_seconds
    if timeout is None:
        return ""
    try:
        return format_time(parse_time(node.since) + timeout)
    except ValueError:
        # Somebody has changed the annotation: without a known beginning there is no end.
        return ""
