"""The nodes of one lane, and the Maintenance that drains them.

Lanes share a control plane, but a Maintenance concerns the whole of it. So a lane with a rack has
two nodes with a taint and a label of its own: pods of other lanes do not run there, and
`Proxy.selectors` shows its operator these nodes and its Maintenance alone. What is drained moves to
the nodes of all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from controller.api import labels
from hack.chaos.scenario import PATIENCE
from hack.devcluster.api import ApiError
from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, condition, template
from hack.harness.patience import patient
from hack.harness.sightings import GROUP
from hack.harness.space import Space

#: The label of a lane's nodes and Maintenance, and the key of the taint of its nodes.
LANE: Final = "sim.echelon.dev/lane"
#: The labels of a node begin so: its places in its lane.
PLACE: Final = "sim.echelon.dev/place-"
#: The places of the two nodes: a name, and ids of instances.
_PLACES: Final = (("first", "1"), ("second", "0", "2"))
#: The place that has the id of the instance.
BY_ID: Final = "{{echelon.instance}}"
NODES: Final = "/api/v1/nodes"
MAINTENANCES: Final = f"{GROUP}/maintenances"
_MARKS: Final = (labels.MAINTENANCE, labels.MAINTENANCE_SINCE, labels.CORDONED_BEFORE)


@dataclass(frozen=True, slots=True)
class Rack:
    """``name``: of the lane and of its Maintenance. The Jobs' pods prefer ``first``."""

    cluster: Cluster
    name: str
    first: str
    second: str

    @staticmethod
    def of(space: Space) -> Rack:
        """The rack of the lane whose namespace this is."""
        found = space.api.get(f"{NODES}?labelSelector={LANE}%3D{space.name}")["items"]
        first, second = sorted(node["metadata"]["name"] for node in found)
        return Rack(space.cluster, space.name, first, second)

    @property
    def nodes(self) -> tuple[str, str]:
        return self.first, self.second

    @property
    def selectors(self) -> dict[str, str]:
        """What a proxy narrows the operator's lists to."""
        return dict.fromkeys((NODES, MAINTENANCES), f"{LANE}={self.name}")

    # The nodes.

    def claim(self) -> None:
        """Make the nodes those of the lane."""
        self._label(self.name)
        self.reset()

    def release(self) -> None:
        """Make the nodes nobody's."""
        self.reset()
        self._label(None)
        for node in self.nodes:
            self._patch(node, {"spec": {"taints": None}})

    def _label(self, lane: str | None) -> None:
        for node, places in zip(self.nodes, _PLACES, strict=True):
            names = (LANE, *(f"{PLACE}{place}" for place in places))
            self._patch(node, {"metadata": {"labels": dict.fromkeys(names, lane)}})

    def reset(self) -> None:
        """Delete the Maintenance, and make the nodes as they were before it, whatever it left."""
        with suppress(ApiError):
            self.cluster.api.delete(f"{MAINTENANCES}/{self.name}")
        own = {"key": LANE, "value": self.name, "effect": "NoSchedule"}
        clean = {
            "metadata": {"annotations": dict.fromkeys(_MARKS)},
            "spec": {"unschedulable": None, "taints": [own]},
        }

        def done() -> bool:
            for node in self.nodes:
                self._patch(node, clean)
            return not any(map(any, (facts.values() for facts in self.facts())))

        self.cluster.wait("clean nodes", done, 30)

    def facts(self) -> list[Object]:
        """Of each node what a Maintenance changes; nothing of it is true of a clean node."""
        return [_facts(self.node(name)) for name in self.nodes]

    def node(self, name: str) -> Object:
        found: Object = self.cluster.api.get(f"{NODES}/{name}")
        return found

    def cordon(self, *nodes: str, on: bool = True) -> None:
        """Cordon nodes as somebody else."""
        for node in nodes:
            self._patch(node, {"spec": {"unschedulable": on or None}})

    def annotate(self, node: str, name: str, value: str | None) -> None:
        self._patch(node, {"metadata": {"annotations": {name: value}}})

    def _patch(self, node: str, change: Object) -> None:
        self.cluster.api.patch(f"{NODES}/{node}", change)

    # The Maintenance.

    def drain(self) -> None:
        """Create the Maintenance, which also evicts pods that belong to no Job."""
        meta = {"name": self.name, "labels": {LANE: self.name}}
        kind = {"apiVersion": labels.API_VERSION, "kind": "Maintenance", "metadata": meta}
        spec = {"nodes": list(self.nodes), "otherPods": "Evict"}
        self.cluster.api.create(MAINTENANCES, {**kind, "spec": spec})

    def until_done(self) -> None:
        """Wait until all nodes are drained."""

        def done() -> bool:
            found = self.cluster.api.get(f"{MAINTENANCES}/{self.name}")
            phases = [each["phase"] for each in found.get("status", {}).get("nodes", ())]
            ready = condition(found, "Ready")["status"] == "True"
            return ready and phases == ["Drained"] * len(self.nodes)

        self._until("the nodes to be drained", done)

    def until_stalled(self, reason: str) -> None:
        """Wait until the Maintenance says that it needs a person, and for what reason."""

        def stalled() -> bool:
            found = condition(self.cluster.api.get(f"{MAINTENANCES}/{self.name}"), "Stalled")
            return bool(found["status"] == "True" and found["reason"] == reason)

        self._until(reason, stalled)

    def end(self) -> None:
        """Delete the Maintenance, and wait until the nodes are given back. The second one was
        cordoned by somebody else, and stays so."""
        self.cluster.api.delete(f"{MAINTENANCES}/{self.name}")
        given_back = [dict.fromkeys(each, False) for each in self.facts()]
        given_back[1]["cordoned"] = True
        self._until("the nodes to be given back", lambda: self.facts() == given_back)

    def _until(self, what: str, probe: Callable[[], bool]) -> None:
        """Wait as the steps of scenarios do."""
        self.cluster.wait(what, probe, patient(PATIENCE))


def placed(image: str, place: str, lane: str = "{{echelon.namespace}}", **steering: Any) -> Object:
    """A template whose pods prefer the node at a place of their lane, and run on those of all when
    it is cordoned. ``lane``: for a Job the operator fills it in, so all lanes have one revision."""
    made = template(image, **steering)
    prefer = {"key": f"{PLACE}{place}", "operator": "In", "values": [lane]}
    preference = {"weight": 100, "preference": {"matchExpressions": [prefer]}}
    made["spec"]["affinity"] = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preference]}
    }
    made["spec"]["tolerations"] = [{"key": LANE, "value": lane, "effect": "NoSchedule"}]
    return made


def _facts(node: Object) -> Object:
    taints = node["spec"].get("taints", ())
    notes = node["metadata"].get("annotations", {})
    return {
        "cordoned": bool(node["spec"].get("unschedulable")),
        "tainted": any(taint["key"] == labels.MAINTENANCE for taint in taints),
        "marked": any(name in notes for name in _MARKS),
    }


class Racks:
    """Gives pairs of nodes to lanes. ``nodes``: the names of all."""

    def __init__(self, cluster: Cluster, nodes: list[str]) -> None:
        self._cluster = cluster
        self._free = [*zip(nodes[::2], nodes[1::2], strict=True)]
        self._lock = threading.Lock()

    def take(self, name: str) -> Rack:
        """The rack of a lane."""
        with self._lock:
            rack = Rack(self._cluster, name, *self._free.pop(0))
        rack.claim()
        return rack

    def give(self, rack: Rack) -> None:
        """A lane has no use for its rack any more. To give it twice does nothing."""
        with self._lock:
            if rack.nodes in self._free:
                return
        rack.release()
        with self._lock:
            self._free.append(rack.nodes)
