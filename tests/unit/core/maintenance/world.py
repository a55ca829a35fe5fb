"""A small world for decisions about Maintenances: plans are carried out on frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from controller.api.labels import CORDONED_BEFORE, MAINTENANCE, MAINTENANCE_SINCE
from controller.api.maintenance import Maintenance
from controller.core.maintenance.decide import decide
from controller.core.maintenance.observed import Node, Observed, Pod, Refused
from controller.core.maintenance.plan import PatchNode, Plan

START = 1_800_000_000.0


def maintenance(name: str = "rack", uid: str = "", age: float = 0.0, **spec: Any) -> Maintenance:
    """A Maintenance of ``n1`` and ``n2``, unless ``spec`` says something else."""
    if "node_selector" not in spec:
        spec.setdefault("nodes", ("n1", "n2"))
    return Maintenance.model_validate(
        {
            "metadata": {
                "name": name,
                "uid": uid or f"uid-{name}",
                "generation": 1,
                "resourceVersion": "1",
                "creationTimestamp": START - age,
            },
            "spec": spec,
        }
    )


def instance(name: str = "web-0", node: str = "n1", **fields: Any) -> Pod:
    return Pod("shop", name, f"uid-{name}", node, job=name.rpartition("-")[0], **fields)


def other(name: str = "agent", node: str = "n1", **fields: Any) -> Pod:
    return Pod("ops", name, f"uid-{name}", node, **{"controller": "ReplicaSet", **fields})


@dataclass
class World:
    """``known``: whether the pods of the watched nodes are known at once."""

    maintenances: dict[str, Maintenance] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    pods: dict[str, Pod] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)
    drained: dict[str, str] = field(default_factory=dict)
    #: What the API server has; None: the same as what is known.
    server: Mapping[str, str] | None = None
    own_node: str = ""
    own_pod: str = ""
    may_evict: bool = True
    waits: dict[tuple[str, str], str] = field(default_factory=dict)
    now: float = START
    watched: frozenset[str] = frozenset()
    plans: list[Plan] = field(default_factory=list)

    def with_nodes(self, *names: str, **fields: Any) -> World:
        for name in names:
            self.nodes[name] = Node(name, f"uid-{name}", "1", **fields)
        return self

    def put(self, *objects: Maintenance | Pod) -> World:
        for each in objects:
            if isinstance(each, Pod):
                self.pods[each.name] = each
            else:
                self.maintenances[each.metadata.name] = each
        return self

    def observed(self, live: Mapping[str, str | None] | None = None) -> Observed:
        pods = {
            name: tuple(pod for pod in self.pods.values() if pod.node == name)
            for name in self.watched
            if name in self.nodes
        }
        return Observed(
            maintenances=self.maintenances,
            unreadable=self.unreadable,
            live=live or {},
            nodes=self.nodes,
            pods=pods,
            drained=self.drained,
            refused=self.refused,
            own_node=self.own_node,
            own_pod=self.own_pod,
            may_evict=self.may_evict,
            waits=self.waits,
        )

    def plan(self) -> Plan:
        """Decide, with live reads as they are asked for."""
        found = decide(self.observed(), self.now)
        if found.ask:
            there = {n: m.metadata.uid for n, m in self.maintenances.items()} | self.unreadable
            server = there if self.server is None else self.server
            found = decide(self.observed({n: server.get(n) for n in found.ask}), self.now)
        return found

    def step(self) -> Plan:
        """Decide once and carry everything out, evictions and moves at once."""
        found = self.plan()
        self.plans.append(found)
        for change in found.nodes:
            self.nodes[change.name] = patched(self.nodes[change.name], change)
        for mark in found.marks:
            pod = self.pods[mark.name]
            self.pods[mark.name] = replace(
                pod, move=mark.move, deadline=mark.deadline, sla=mark.sla
            )
        for gone in found.evictions:
            del self.pods[gone.name]
        for report in found.statuses:
            name = report.maintenance.metadata.name
            if name in self.maintenances:
                changed = self.maintenances[name].model_copy(update={"status": report.status})
                self.maintenances[name] = changed
        self.drained, self.watched = dict(found.drained), found.watch
        return found

    def settle(self, moves: bool = False) -> World:
        """Step until nothing changes. ``moves``: Jobs move what is marked."""
        for _ in range(100):
            before, pods = self.watched, len(self.pods)
            found = self.step()
            if moves:
                self.pods = {n: pod for n, pod in self.pods.items() if not pod.move}
            quiet = not (found.nodes or found.marks or found.evictions or found.statuses)
            if quiet and found.watch == before and len(self.pods) == pods:
                return self
        raise AssertionError("it never settles")

    def phases(self, name: str = "rack") -> dict[str, str]:
        return {node.name: node.phase.value for node in self.maintenances[name].status.nodes}


def patched(node: Node, change: PatchNode) -> Node:
    """The node after a patch."""
    assert (change.uid, change.resource_version) == (node.uid, node.resource_version)
    fields: dict[str, Any] = {"resource_version": str(int(node.resource_version) + 1)}
    if change.unschedulable is not None:
        fields["unschedulable"] = change.unschedulable
    if change.taints is not None:
        fields["taints"] = change.taints
    said = change.annotations
    if MAINTENANCE in said:
        fields["mark"] = said[MAINTENANCE] or ""
    if MAINTENANCE_SINCE in said:
        fields["since"] = said[MAINTENANCE_SINCE] or ""
    if CORDONED_BEFORE in said:
        fields["cordoned_before"] = said[CORDONED_BEFORE] == "true"
    return replace(node, **fields)


def condition(world: World, kind: str, name: str = "rack") -> tuple[str, str, str]:
    found = world.maintenances[name].status.conditions
    return next((c.status, c.reason, c.message) for c in found if c.type == kind)
