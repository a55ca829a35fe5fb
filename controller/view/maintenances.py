"""A Maintenance as people see it: how far it is, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from controller.api.maintenance import Maintenance, MaintenanceSpec
from controller.core.model.conditions import READY, STALLED, find, is_true
from controller.view.words import age


class Course(StrEnum):
    """How a Maintenance goes. Unseen: no operator has looked at its present spec yet."""

    STALLED = "Stalled"
    ACTIVE = "Active"
    PENDING = "Pending"
    UNSEEN = "Unseen"
    DONE = "Done"
    ENDING = "Ending"


@dataclass(frozen=True, slots=True)
class MaintenanceRow:
    """``finished`` of ``total`` nodes that exist are finished. ``waits``: the words of the
    condition Ready, "" when it is done. ``created``: epoch seconds."""

    name: str
    course: Course
    finished: int
    total: int
    draining: int
    instances: int
    pods: int
    waits: str
    created: float


def maintenance_row(found: Maintenance) -> MaintenanceRow:
    status, meta = found.status, found.metadata
    counts, state = status.counts, course(found)
    ready = find(status.conditions, READY)
    words = ready.message if ready else ""
    if state is Course.UNSEEN:
        words = words or "no operator has looked at it yet"
    return MaintenanceRow(
        name=meta.name,
        course=state,
        finished=counts.finished,
        total=counts.nodes - counts.not_found,
        draining=counts.draining,
        instances=counts.instances,
        pods=counts.pods,
        waits="" if state is Course.DONE else words,
        created=meta.creation_timestamp or 0.0,
    )


def course(found: Maintenance) -> Course:
    status, meta = found.status, found.metadata
    if meta.deletion_timestamp:
        return Course.ENDING
    if is_true(status.conditions, STALLED):
        return Course.STALLED
    if status.phase is None or status.observed_generation < meta.generation:
        return Course.UNSEEN
    return Course(status.phase.value)


def next_steps(row: MaintenanceRow) -> list[str]:
    """Commands with what they do, as those of `advice`."""
    give_back = f"kubectl delete emaint {row.name}    # "
    match row.course:
        case Course.DONE:
            return [f"{give_back}give the nodes back"]
        case Course.UNSEEN:
            lease = "kubectl get leases -A | grep -e -maintenance"
            return [f"{lease}    # does an operator with --maintenance run?"]
        case Course.STALLED:
            return [f"{give_back}give up: the nodes are given back as they are"]
        case _:
            return []


def what_for(spec: MaintenanceSpec) -> list[tuple[str, str]]:
    """What the spec asks for: (name, value), for people."""
    if not spec.drains:
        return [("Mode", "Deactivate: a last resort for the scheduler"), ("Nodes", _nodes(spec))]
    found = [
        ("Mode", "Drain"),
        ("Nodes", _nodes(spec)),
        ("At a time", str(spec.max_concurrent_nodes or 1)),
        ("Jobs without sla", _agreement(spec)),
        ("Moved regardless", _deadline(spec)),
        ("Other pods", _others(spec)),
    ]
    return [(name, value) for name, value in found if value]


def _nodes(spec: MaintenanceSpec) -> str:
    if spec.node_selector is None:
        return f"{len(spec.nodes or ())} by name"
    return ", ".join(f"{key}={value}" for key, value in sorted(spec.node_selector.items()))


def _agreement(spec: MaintenanceSpec) -> str:
    if spec.sla is None or spec.sla.min_available is None:
        return "one instance at a time"
    since = f" for {spec.sla.duration} s" if spec.sla.duration else ""
    return f"{spec.sla.min_available} available{since}"


def _deadline(spec: MaintenanceSpec) -> str:
    if spec.timeout_seconds is None:
        return ""
    return f"{age(spec.timeout_seconds)} after the cordon"


def _others(spec: MaintenanceSpec) -> str:
    if not spec.evicts:
        return "stay"
    return "evicted, with their emptyDir" if spec.delete_empty_dir_data else "evicted"
