"""The moves that a Maintenance asks of the pods of a Job."""

from __future__ import annotations

from controller.api.pods.move import Move, lasting
from controller.api.sla import MaintenanceSla
from controller.core.pods.index import Instances


def moves(instances: Instances) -> set[Move]:
    """Those of all marked pods, each once."""
    slots = ((i, surge) for i in instances.marked for surge in (False, True))
    pods = (instances.pods.get(slot) for slot in slots)
    return {pod.move for pod in pods if pod is not None and pod.move is not None}


def lasting_of(instances: Instances, own: MaintenanceSla | None) -> int:
    """Seconds for which an instance must have been available to count. ``own``: the Job's sla."""
    return lasting(own, () if own else moves(instances))
