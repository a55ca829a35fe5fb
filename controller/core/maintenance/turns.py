"""Which nodes of a Maintenance are drained now: those in their turn, and those whose turn begins.

At most ``maxConcurrentNodes`` nodes that are not yet drained are in their turn. Nodes that are not
Ready come after the others: what runs on them leaves only when they answer again. Nodes of which
the API server refused a change come last. The node on which
this operator runs comes last if its pod is to be evicted. A node that the Maintenance takes over
from another one, cordoned, is in its turn at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controller.api.maintenance import Maintenance, MaintenanceSpec
from controller.core.maintenance.claims import Claims
from controller.core.maintenance.observed import Node, Observed, turn_key
from controller.core.maintenance.pods import Leaving, leaving


@dataclass(frozen=True, slots=True)
class Turns:
    """``current``: node -> its Maintenance, for nodes whose mark is written. ``beginning``: the
    same, for those whose mark is to be written. ``left``: node -> what must still leave it; absent
    while its pods are not known. ``drained``: nodes that are known to be empty."""

    current: Mapping[str, Maintenance] = field(default_factory=dict)
    beginning: Mapping[str, Maintenance] = field(default_factory=dict)
    left: Mapping[str, Leaving] = field(default_factory=dict)
    drained: Mapping[str, str] = field(default_factory=dict)


def turns(observed: Observed, claims: Claims) -> Turns:
    """The turns of all Maintenances."""
    current, beginning = dict[str, Maintenance](), dict[str, Maintenance]()
    left, drained = dict[str, Leaving](), dict[str, str]()
    for maintenance in claims.order:
        if not maintenance.spec.drains:
            continue
        mine = [
            observed.nodes[name]
            for name in claims.named[maintenance.metadata.name]
            if claims.holders.get(name) is maintenance
        ]
        begun = [node for node in mine if node.mark == maintenance.mark]
        for node in begun:
            current[node.name] = maintenance
            key = turn_key(node, maintenance)
            if node.name in observed.pods:
                left[node.name] = found = leaving(observed.pods[node.name], maintenance.spec)
                if found.is_empty and node.unschedulable:
                    drained[node.name] = key
            elif observed.drained.get(node.name) == key and node.unschedulable:
                left[node.name], drained[node.name] = Leaving(), key
        busy = [node for node in begun if node.name not in drained]
        waiting = [node for node in mine if node.mark != maintenance.mark]
        named = len(claims.named[maintenance.metadata.name])
        for node in _next(observed, maintenance.spec, busy, waiting, named):
            beginning[node.name] = maintenance
    return Turns(current, beginning, left, drained)


def most(spec: MaintenanceSpec, nodes: int) -> int:
    """How many of so many nodes may be drained at the same time."""
    given = 1 if spec.max_concurrent_nodes is None else spec.max_concurrent_nodes
    if isinstance(given, int):
        return given
    return max(1, math.ceil(nodes * int(given.removesuffix("%")) / 100))


def _next(
    observed: Observed,
    spec: MaintenanceSpec,
    busy: list[Node],
    waiting: list[Node],
    named: int,
) -> Iterable[Node]:
    taken_over = [node for node in waiting if node.mark]
    rest = [node for node in waiting if not node.mark]
    # The order of Python's sort is stable: the order of the spec holds among equals.
    rest.sort(key=lambda node: (node.uid in observed.refused, not node.ready))
    room = max(0, most(spec, named) - len(busy) - len(taken_over))
    if spec.evicts and observed.own_node:
        own = [node for node in rest if node.name == observed.own_node]
        rest = [node for node in rest if node.name != observed.own_node]
        if not (rest or busy or taken_over):
            rest = own
    return [*taken_over, *rest[:room]]
