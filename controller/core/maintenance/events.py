"""The Events of a change of status: what happened to a Maintenance and to its nodes.

what                                   type     reason
the phase of the Maintenance changes   Normal   the phase: Pending, Active, Done
the turn of a node begins              Normal   NodeDraining
a node is drained                      Normal   NodeDrained
a person is needed, for a new reason   Warning  the reason of `Stalled`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.api.maintenance import LISTED, MaintenanceStatus, NodePhase, NodeStatus
from controller.api.meta import Condition
from controller.core.maintenance.plan import Event
from controller.core.model.conditions import READY, STALLED

_OF_NODE: Final = {NodePhase.DRAINING: "NodeDraining", NodePhase.DRAINED: "NodeDrained"}


def events(old: MaintenanceStatus, new: MaintenanceStatus) -> tuple[Event, ...]:
    """The Events that belong to the write of ``new`` over ``old``."""
    return (*_of_nodes(old, new), *_of_phase(old, new), *_of_trouble(old, new))


def _of_nodes(old: MaintenanceStatus, new: MaintenanceStatus) -> Iterator[Event]:
    before = {node.name: node for node in old.nodes}
    # A longer list is cut: then a node that it does not name may have been in this phase before.
    is_whole = len(old.nodes) < LISTED
    for node in new.nodes:
        known = before.get(node.name)
        has_changed = is_whole if known is None else known.phase is not node.phase
        if has_changed and (reason := _OF_NODE.get(node.phase)):
            yield Event("Normal", reason, _words(node))


def _words(node: NodeStatus) -> str:
    if node.phase is NodePhase.DRAINED:
        return f"{node.name} is drained"
    return f"{node.name} is being drained: {node.message}" if node.message else node.name


def _of_phase(old: MaintenanceStatus, new: MaintenanceStatus) -> Iterator[Event]:
    if new.phase is not None and new.phase is not old.phase:
        yield Event("Normal", new.phase.value, _of(new, READY).message)


def _of_trouble(old: MaintenanceStatus, new: MaintenanceStatus) -> Iterator[Event]:
    before, now = _of(old, STALLED), _of(new, STALLED)
    if now.status == "True" and (before.status, before.reason) != (now.status, now.reason):
        yield Event("Warning", now.reason, now.message)


def _of(status: MaintenanceStatus, kind: str) -> Condition:
    found = (each for each in status.conditions if each.type == kind)
    return next(found, Condition(type=kind, status="False", reason="", message=""))
