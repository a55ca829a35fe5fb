"""The moves that a Maintenance asks of the pods of a Job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.api.pods.move import Move
from controller.api.sla import MaintenanceSla
from controller.core.pods.index import Instances


def moves(instances: Instances) -> Iterator[Move]:
    """Those of all marked pods."""
    slots = ((i, surge) for i in instances.marked for surge in (False, True))
    pods = (instances.pods.get(slot) for slot in slots)
    return (pod.move for pod in pods if pod is not None and pod.move is not None)


def lasting(own: MaintenanceSla | None, brought: Iterable[Move]) -> int:
    """Seconds for which an instance must have been available to count: by the Job's own sla, else
    the longest of those that the moves bring."""
    if own is not None:
        return own.duration
    return max((move.sla.duration for move in brought if move.sla), default=0)
