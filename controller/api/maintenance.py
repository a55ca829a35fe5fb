"""Maintenance: nodes that are to be emptied, or to be used only as a last resort, for a time."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from controller.api.labels import API_VERSION
from controller.api.meta import (
    MAX_INT32,
    MAY_BE_LOST,
    Condition,
    ObjectMeta,
    PositiveIntOrPercent,
    SpecModel,
    Status,
    Time,
    empty,
)
from controller.api.meta import Model as _Model
from controller.api.sla import MaintenanceSla

KIND: Final = "Maintenance"
#: More nodes than a Maintenance can name.
MAX_NODES: Final = 1000
#: Number of nodes that a status lists.
LISTED: Final = 200


class Mode(StrEnum):
    """What is to happen to the nodes."""

    DRAIN = "Drain"
    DEACTIVATE = "Deactivate"


class OtherPods(StrEnum):
    """What is to happen to pods that belong to no Job."""

    LEAVE = "Leave"
    EVICT = "Evict"


class MaintenancePhase(StrEnum):
    """How far a Maintenance is."""

    PENDING = "Pending"
    ACTIVE = "Active"
    DONE = "Done"


class NodePhase(StrEnum):
    """How far one node is."""

    WAITING = "Waiting"
    DEACTIVATED = "Deactivated"
    DRAINING = "Draining"
    DRAINED = "Drained"
    NOT_FOUND = "NotFound"


_LONGEST_NAME: Final = 253
_NAME: Final = r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
NodeName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=_LONGEST_NAME, pattern=f"^{_NAME}$"),
]
_Selector = dict[str, Annotated[str, StringConstraints(max_length=63)]]


class MaintenanceSpec(SpecModel):
    """Desired state of a Maintenance."""

    nodes: Annotated[
        tuple[NodeName, ...] | None,
        Field(
            min_length=1,
            max_length=MAX_NODES,
            description="Names of the nodes, in the order in which they are drained. Exactly one "
            "of `nodes` and `nodeSelector` is given.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ] = None
    node_selector: Annotated[
        _Selector | None,
        Field(
            min_length=1,
            max_length=64,
            description="Labels of the nodes; those that get these labels later belong to it, too. "
            "The nodes are drained in the order of their names. Exactly one of `nodes` and "
            "`nodeSelector` is given.",
        ),
    ] = None
    mode: Annotated[
        Mode | None,
        Field(
            description="`Drain`: the nodes are cordoned, and the instances on them are moved "
            "away. `Deactivate`: the scheduler uses the nodes only as a last resort; what runs "
            "there stays. Absent: Drain."
        ),
    ] = None
    max_concurrent_nodes: Annotated[
        PositiveIntOrPercent | None,
        Field(
            description="How many nodes are drained at the same time: a number, or a percentage of "
            "the nodes, rounded up. Absent: 1."
        ),
    ] = None
    sla: Annotated[
        MaintenanceSla | None,
        Field(
            description="How many instances of a Job that has no `spec.sla` must stay available "
            "while its instances are moved. Absent: one instance of such a Job is moved at a time, "
            "the next one when the moved one is available."
        ),
    ] = None
    timeout_seconds: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_INT32,
            description="Seconds after a node was cordoned from which on instances on it are moved "
            "whatever agreements and budgets say. Absent: never.",
        ),
    ] = None
    other_pods: Annotated[
        OtherPods | None,
        Field(
            description="What happens to pods that belong to no Job. `Leave`: nothing. `Evict`: "
            "they are evicted; pods of DaemonSets, mirror pods and pods that have ended stay. The "
            "operator must be allowed to evict (chart value `maintenance.evictOthers`). Absent: "
            "Leave."
        ),
    ] = None
    delete_empty_dir_data: Annotated[
        bool,
        Field(
            exclude_if=empty,
            description="true: evict also pods with an emptyDir volume, whose content is lost. "
            "Absent: false, such a pod blocks its node. A pod without a controller blocks its node "
            "in any case, because nobody would create it again.",
        ),
    ] = False

    @property
    def drains(self) -> bool:
        return self.mode is not Mode.DEACTIVATE

    @property
    def evicts(self) -> bool:
        return self.drains and self.other_pods is OtherPods.EVICT


class MaintenanceCounts(_Model):
    """Numbers of nodes by phase, and of pods."""

    nodes: Annotated[int, Field(ge=0, description="Nodes that the Maintenance names.")] = 0
    waiting: Annotated[int, Field(ge=0, description="Nodes whose turn has not come.")] = 0
    deactivated: Annotated[int, Field(ge=0, description="Nodes that are deactivated.")] = 0
    draining: Annotated[int, Field(ge=0, description="Nodes that are being drained.")] = 0
    drained: Annotated[int, Field(ge=0, description="Nodes that are drained.")] = 0
    not_found: Annotated[int, Field(ge=0, description="Nodes that are named but do not exist.")] = 0
    finished: Annotated[int, Field(ge=0, description="Nodes that are drained or deactivated.")] = 0
    instances: Annotated[
        int, Field(ge=0, description="Instances of Jobs that are still on draining nodes.")
    ] = 0
    pods: Annotated[
        int, Field(ge=0, description="Other pods that are still to leave draining nodes.")
    ] = 0


class NodeStatus(_Model):
    """State of one node."""

    name: Annotated[str, Field(description="Name of the node.")]
    phase: Annotated[
        NodePhase,
        Field(
            description="Waiting: its turn has not come. Deactivated: used only as a last resort. "
            "Draining: cordoned, pods are leaving. Drained: cordoned and empty. NotFound: there is "
            "no such node."
        ),
    ]
    instances: Annotated[
        int, Field(ge=0, description="Instances of Jobs that are still on the node.")
    ] = 0
    pods: Annotated[
        int, Field(ge=0, description="Other pods that are still to leave the node.")
    ] = 0
    since: Annotated[Time | None, Field(description="Since when the node is in its phase.")] = None
    message: Annotated[
        str,
        Field(description="What the node waits for: which pod or budget blocks it.",
              exclude_if=empty),
    ] = ""  # fmt: skip


_LIST_MAP: Final = {"x-kubernetes-list-type": "map"}


class MaintenanceStatus(Status):
    """Observed state of a Maintenance; written only by the operator."""

    phase: Annotated[
        MaintenancePhase | None,
        MAY_BE_LOST,
        Field(
            description="Pending: no node has been touched. Active: nodes wait or are being "
            "drained. Done: all nodes are Drained or Deactivated, and stay so until the "
            "Maintenance is deleted. Absent: not observed yet."
        ),
    ] = None
    observed_generation: Annotated[
        int,
        MAY_BE_LOST,
        Field(
            description="metadata.generation that this status was computed from; -1: the operator "
            "has not observed the Maintenance yet."
        ),
    ] = -1
    counts: Annotated[
        MaintenanceCounts, MAY_BE_LOST, Field(description="Numbers of nodes and pods.")
    ] = MaintenanceCounts()
    nodes: Annotated[
        tuple[NodeStatus, ...],
        MAY_BE_LOST,
        Field(
            description="The nodes, unfinished ones first; at most 200.",
            exclude_if=empty,
            json_schema_extra={**_LIST_MAP, "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    conditions: Annotated[
        tuple[Condition, ...],
        MAY_BE_LOST,
        Field(
            description="Conditions of the Maintenance: Ready (all nodes are Drained or "
            "Deactivated), Reconciling, Stalled (a person is needed).",
            exclude_if=empty,
            json_schema_extra={**_LIST_MAP, "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()


class Maintenance(_Model):
    """A Maintenance takes nodes out of use for a time: it moves what runs there, within the
    agreements of each Job, and gives the nodes back when it is deleted."""

    api_version: str = API_VERSION
    kind: str = KIND
    metadata: ObjectMeta
    spec: Annotated[MaintenanceSpec, Field(description="Desired state of the Maintenance.")]
    status: Annotated[
        MaintenanceStatus,
        Field(description="Observed state of the Maintenance. Only the operator writes it."),
    ] = MaintenanceStatus()

    @property
    def mark(self) -> str:
        """The value of the annotations by which this Maintenance marks nodes and pods."""
        return f"{self.metadata.name}/{self.metadata.uid}"


def is_name(text: str) -> bool:
    """Whether the API server lets an object have this name."""
    return len(text) <= _LONGEST_NAME and re.fullmatch(_NAME, text) is not None


def named_in(mark: str) -> tuple[str, str]:
    """Name and uid of the Maintenance in the annotation of a node or a pod."""
    name, _, uid = mark.partition("/")
    return name, uid
