"""What a decision about Maintenances asks for: requests that have preconditions.

Each of them may be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from controller.api.maintenance import Maintenance, MaintenanceStatus
from controller.core.maintenance.observed import JobKey


@dataclass(frozen=True, slots=True)
class PatchNode:
    """Change a node that still has this version. None leaves a field as it is; an annotation that
    is None is removed."""

    name: str
    uid: str
    resource_version: str
    unschedulable: bool | None = None
    taints: tuple[Mapping[str, Any], ...] | None = None
    annotations: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return self.unschedulable is None and self.taints is None and not self.annotations


@dataclass(frozen=True, slots=True)
class MarkPod:
    """Set the annotations of a pod; "" removes one. ``node``: where it runs."""

    namespace: str
    name: str
    uid: str
    move: str = ""
    deadline: str = ""
    sla: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class EvictPod:
    """Evict a pod, after a dry run."""

    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Event:
    """A Kubernetes Event about a Maintenance, recorded after the write that it belongs to."""

    type: Literal["Normal", "Warning"]
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class WriteStatus:
    """Report the status of a Maintenance that still has this version."""

    maintenance: Maintenance
    status: MaintenanceStatus
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """``ask``: names of Maintenances that must be read live before anything of theirs is taken
    back. ``watch``: nodes whose pods must be known. ``drained``: as in `Observed`. ``wake_at``:
    epoch seconds at which time alone changes something; None: never. ``jobs``: those of which
    statuses tell why their instances do not move."""

    ask: frozenset[str] = frozenset()
    watch: frozenset[str] = frozenset()
    drained: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[PatchNode, ...] = ()
    marks: tuple[MarkPod, ...] = ()
    evictions: tuple[EvictPod, ...] = ()
    statuses: tuple[WriteStatus, ...] = ()
    wake_at: float | None = None
    jobs: tuple[JobKey, ...] = ()
