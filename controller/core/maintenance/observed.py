"""What a decision about Maintenances is made from: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from controller.api.labels import MAINTENANCE
from controller.api.maintenance import Maintenance, named_in

#: Namespace and name of a Job.
JobKey = tuple[str, str]
PREFER_NO_SCHEDULE = "PreferNoSchedule"


@dataclass(frozen=True, slots=True)
class Node:
    """A node. ``taints`` are JSON data. ``mark``, ``since`` and ``cordoned_before`` are our
    annotations, "" if absent."""

    name: str
    uid: str
    resource_version: str
    labels: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""
    since: str = ""
    cordoned_before: bool = False
    unschedulable: bool = False
    taints: tuple[Mapping[str, Any], ...] = ()
    ready: bool = True

    @property
    def taint(self) -> str:
        """The name in our taint; "" if the node does not have it."""
        return next(iter(self.tainted), "")

    @property
    def tainted(self) -> tuple[str, ...]:
        """The values of our taints."""
        return tuple(str(each.get("value", "")) for each in self.taints if is_ours(each))


def with_mark(node: Node) -> Node:
    """The node with the mark that somebody has removed by hand: the beginning of its turn and the
    taint still tell that it was cordoned for this Maintenance."""
    if node.mark or not (node.since and node.taint):
        return node
    return replace(node, mark=lost_mark(node.taint))


def lost_mark(name: str) -> str:
    """What stands for the mark of this Maintenance on a node from which somebody has removed it."""
    return f"{name}/"


def is_ours(taint: Mapping[str, Any]) -> bool:
    """Whether a taint is the one by which a Maintenance names a node."""
    return taint.get("key") == MAINTENANCE and taint.get("effect") == PREFER_NO_SCHEDULE


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod on a node. ``job``: the name of the Job that controls it; "" if none does.
    ``controller``: the kind of the controller of another pod; "" if it has none. ``move``,
    ``deadline`` and ``sla`` are our annotations, "" if absent. ``successor``: it takes the place of
    a marked pod."""

    namespace: str
    name: str
    uid: str
    node: str
    job: str = ""
    controller: str = ""
    move: str = ""
    deadline: str = ""
    sla: str = ""
    successor: bool = False
    terminating: bool = False
    ended: bool = False
    mirror: bool = False
    empty_dir: bool = False

    @property
    def is_marked_here(self) -> bool:
        """Whether its marks are written and taken back by the decisions about Maintenances. Those
        of a successor are its Job's, and those of a pod that is being deleted go with it."""
        return bool(self.job) and not self.successor and not self.terminating

    @property
    def place(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused request about a node or a pod: it is made again at ``until`` (epoch seconds)."""

    reason: str
    message: str
    until: float


@dataclass(frozen=True, slots=True)
class Observed:
    """``pods``: the pods of each node whose pods are known. ``unreadable``: name -> uid of
    Maintenances that this version cannot read. ``live``: answers of live reads for this decision:
    the uid of the Maintenance of this name, None if there is none. ``drained``: nodes that were
    seen empty, with `turn_key`. ``refused`` is by the uid of the node or the pod. ``own_node``,
    ``own_pod``: the node's name and the uid of the pod in which this operator runs. ``may_evict``:
    whether it is allowed to evict other pods. ``waits``: Job -> what it says of why its instances
    do not move."""

    maintenances: Mapping[str, Maintenance] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    live: Mapping[str, str | None] = field(default_factory=dict)
    nodes: Mapping[str, Node] = field(default_factory=dict)
    pods: Mapping[str, tuple[Pod, ...]] = field(default_factory=dict)
    drained: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, Refused] = field(default_factory=dict)
    own_node: str = ""
    own_pod: str = ""
    may_evict: bool = True
    waits: Mapping[JobKey, str] = field(default_factory=dict)

    def is_due(self, uid: str, now: float) -> bool:
        """Whether a request about the node or the pod may be made now."""
        refused = self.refused.get(uid)
        return refused is None or refused.until <= now

    def marked_by(self, mark: str) -> Maintenance | None:
        """The Maintenance of a mark, if it is known and not being deleted."""
        name, uid = named_in(mark)
        found = self.maintenances.get(name)
        if found is None or found.metadata.uid != uid or found.metadata.deletion_timestamp:
            return None
        return found


def turn_key(node: Node, maintenance: Maintenance) -> str:
    """What must be the same for a node to be known as drained."""
    return f"{node.uid} {maintenance.mark} {maintenance.metadata.generation}"
