"""Two real nodes: what is on them, and how they come back to where a test began."""

from __future__ import annotations

from hack.devcluster.cluster import Cluster
from hack.e2e.release import Release
from hack.harness.patience import patient
from tests.e2e.place import GROUP, Object, Place

_MAINTENANCES = f"{GROUP}/maintenances"
_MARKS = "echelon.dev/maintenance"


class Nodes:
    """`first` has all pods when a test begins; `second` is cordoned until `open`."""

    def __init__(self, cluster: Cluster, first: str, second: str) -> None:
        self.first = first
        self.second = second
        self._cluster = cluster

    def open(self) -> None:
        """Let the scheduler use the second node."""
        self._cluster.kubectl("uncordon", self.second)

    def on(self, place: Place, job: str = "web") -> dict[int, str]:
        """Instance -> the node of its pod."""
        return {i: pod["spec"].get("nodeName", "") for i, pod in place.pods(job).items()}

    def maintenances(self) -> list[Object]:
        found: list[Object] = self._cluster.api.get(_MAINTENANCES)["items"]
        return found

    def in_use(self, name: str) -> bool:
        """Whether nothing keeps pods from a node: no cordon, no taint, no mark of a Maintenance."""
        node = self._cluster.api.get(f"/api/v1/nodes/{name}")
        marks = [each for each in node["metadata"]["annotations"] if each.startswith(_MARKS)]
        return not (node["spec"].get("unschedulable") or node["spec"].get("taints") or marks)

    def restore(self, operator: Release) -> None:
        """Cordon the second node, give the first one back, and have the operator run there."""
        self._cluster.kubectl("cordon", self.second)
        for each in self.maintenances():
            self._cluster.api.delete(f"{_MAINTENANCES}/{each['metadata']['name']}")
        self._cluster.kubectl("uncordon", self.first)
        what = f"node {self.first} to be given back"
        self._cluster.wait(what, lambda: self.in_use(self.first), patient(20))
        for pod in operator.pods():
            if pod["spec"].get("nodeName") != self.first:
                operator.delete(pod)
        operator.wait_ready()
