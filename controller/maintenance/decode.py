"""Decodes nodes, the pods on them and Maintenances; of nodes and pods only what decisions need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from pydantic import ValidationError

from controller.api import labels
from controller.api.job import KIND
from controller.api.lenient import lenient, unreadable
from controller.api.maintenance import Maintenance
from controller.core.maintenance.observed import Node, Pod, with_mark
from controller.kube.codec import struct_codec


class _Wire(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Fields of an object of the API server."""


class _Owner(_Wire, frozen=True):
    kind: str = ""
    name: str = ""
    api_version: str = ""
    controller: bool | None = None


class _Meta(_Wire, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    deletion_timestamp: str | None = None
    owner_references: tuple[_Owner, ...] = ()


class _Condition(_Wire, frozen=True):
    type: str = ""
    status: str = ""


class _NodeSpec(_Wire, frozen=True):
    unschedulable: bool | None = None
    taints: tuple[dict[str, Any], ...] | None = None


class _NodeStatus(_Wire, frozen=True):
    conditions: tuple[_Condition, ...] | None = None


class NodeWire(_Wire, frozen=True):
    metadata: _Meta
    spec: _NodeSpec = _NodeSpec()
    status: _NodeStatus = _NodeStatus()


class _Volume(_Wire, frozen=True):
    empty_dir: Any = None


class _PodSpec(_Wire, frozen=True):
    node_name: str = ""
    volumes: tuple[_Volume, ...] | None = None


class _PodStatus(_Wire, frozen=True):
    phase: str = ""


class PodWire(_Wire, frozen=True):
    metadata: _Meta
    spec: _PodSpec = _PodSpec()
    status: _PodStatus = _PodStatus()


@dataclass(frozen=True, slots=True)
class NodeObject:
    """A node, as an informer needs it."""

    node: Node

    @property
    def key(self) -> str:
        return self.node.name

    @property
    def uid(self) -> str:
        return self.node.uid

    @property
    def resource_version(self) -> str:
        return self.node.resource_version

    def same(self, other: NodeObject) -> bool:
        """Whether nothing differs but the version: the kubelet reports all the time."""
        return replace(self.node, resource_version=other.resource_version) == other.node


@dataclass(frozen=True, slots=True)
class PodObject:
    """A pod, as an informer needs it."""

    pod: Pod
    resource_version: str

    @property
    def key(self) -> str:
        return self.pod.place

    @property
    def uid(self) -> str:
        return self.pod.uid


def node_of(wire: NodeWire) -> NodeObject:
    meta, said = wire.metadata, wire.metadata.annotations
    ready = any(c.type == "Ready" and c.status == "True" for c in wire.status.conditions or ())
    node = Node(
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
        labels=meta.labels,
        mark=said.get(labels.MAINTENANCE, ""),
        since=said.get(labels.MAINTENANCE_SINCE, ""),
        cordoned_before=said.get(labels.CORDONED_BEFORE) == "true",
        unschedulable=bool(wire.spec.unschedulable),
        taints=wire.spec.taints or (),
        ready=ready,
    )
    return NodeObject(with_mark(node))


def pod_of(wire: PodWire) -> PodObject:
    meta, said = wire.metadata, wire.metadata.annotations
    owner = next((each for each in meta.owner_references if each.controller), _Owner())
    ours = owner.kind == KIND and owner.api_version.startswith(f"{labels.GROUP}/")
    pod = Pod(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        node=wire.spec.node_name,
        job=owner.name if ours else "",
        controller="" if ours else owner.kind,
        move=said.get(labels.MOVE, ""),
        deadline=said.get(labels.MOVE_DEADLINE, ""),
        sla=said.get(labels.MOVE_SLA, ""),
        successor=labels.MOVED_FROM in said,
        terminating=meta.deletion_timestamp is not None,
        ended=wire.status.phase in ("Succeeded", "Failed"),
        mirror="kubernetes.io/config.mirror" in said,
        empty_dir=any(volume.empty_dir is not None for volume in wire.spec.volumes or ()),
    )
    return PodObject(pod, meta.resource_version)


NODE_CODEC = struct_codec(NodeWire, node_of)
POD_CODEC = struct_codec(PodWire, pod_of)


def node_from(raw: dict[str, Any]) -> NodeObject:
    """The node in the answer to a request."""
    return node_of(msgspec.convert(raw, NodeWire))


def pod_from(raw: dict[str, Any]) -> PodObject:
    """The pod in the answer to a request."""
    return pod_of(msgspec.convert(raw, PodWire))


@dataclass(frozen=True, slots=True)
class Known:
    """A version of a Maintenance: its JSON data and what was read of it. ``read`` is None if this
    version of Echelon cannot read it; ``why`` says what."""

    raw: dict[str, Any]
    read: Maintenance | None
    why: str = ""

    @property
    def name(self) -> str:
        return str(self.raw["metadata"]["name"])

    @property
    def uid(self) -> str:
        return str(self.raw["metadata"]["uid"])

    @property
    def version(self) -> int:
        return int(self.raw["metadata"]["resourceVersion"])


def known(raw: dict[str, Any]) -> Known:
    try:
        return Known(raw, lenient(Maintenance, raw))
    except ValidationError as error:
        return Known(raw, None, unreadable(error))
