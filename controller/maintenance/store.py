"""What is known of Maintenances, of nodes, and of the pods on the nodes that matter now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from controller.core.maintenance.observed import JobKey, Observed, Refused
from controller.maintenance.decode import Known, NodeObject, PodObject, known


class Store:
    """``changed()`` is called when a decision may differ. It belongs to one event loop."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.changed = changed
        self.maintenances: dict[str, Known] = {}
        self.nodes: dict[str, NodeObject] = {}
        #: By node, for the nodes whose pods are watched; then by ``namespace/name``.
        self.pods: dict[str, dict[str, PodObject]] = {}
        #: Refused requests about nodes, pods and statuses, by uid; and how often in a row.
        self.refused: dict[str, Refused] = {}
        self.tries: dict[str, int] = {}
        self.drained: Mapping[str, str] = {}

    # Maintenances.

    def put(self, raw: dict[str, Any]) -> None:
        """A version of a Maintenance; an older one than the known one changes nothing."""
        new = known(raw)
        old = self.maintenances.get(new.name)
        if old is not None and old.version >= new.version:
            return
        self.maintenances[new.name] = new
        self.changed()

    # A version from the answer to a request. If the object is not known (any more), the answer was
    # overtaken by its deletion, which is told only once.

    def renew(self, raw: dict[str, Any]) -> None:
        old = self.maintenances.get(raw["metadata"]["name"])
        if old is not None and old.uid == raw["metadata"]["uid"]:
            self.put(raw)

    def renew_node(self, node: NodeObject) -> None:
        old = self.nodes.get(node.key)
        if old is not None and old.uid == node.uid:
            self.put_node(node)

    def renew_pod(self, pod: PodObject) -> None:
        old = self.pods.get(pod.pod.node, {}).get(pod.key)
        if old is not None and old.uid == pod.uid:
            self.put_pod(pod)

    def drop(self, name: str, uid: str) -> None:
        """A Maintenance is not known any more. What it marked stays until a live read."""
        old = self.maintenances.get(name)
        if old is not None and old.uid == uid:
            del self.maintenances[name]
            self.refuse(uid, None)
            self.changed()

    # Nodes and pods.

    def put_node(self, node: NodeObject) -> None:
        old = self.nodes.get(node.key)
        if old is not None and old.uid == node.uid and not _is_newer(node, old):
            return
        self.nodes[node.key] = node
        if old is None or not old.same(node):
            # Who changed it may have removed the obstacle, or done what was refused.
            self.refused.pop(node.uid, None)
            self.changed()

    def drop_node(self, name: str, uid: str) -> None:
        old = self.nodes.get(name)
        if old is not None and old.uid == uid:
            del self.nodes[name]
            self.refuse(uid, None)
            self.changed()

    def nodes_held(self, _namespace: str | None) -> dict[str, str]:
        """Name -> uid."""
        return {name: node.uid for name, node in self.nodes.items()}

    def pods_held(self, node: str, _namespace: str | None) -> dict[str, str]:
        """Key -> uid of the known pods of a node."""
        return {key: pod.uid for key, pod in self.pods.get(node, {}).items()}

    def put_pod(self, pod: PodObject) -> None:
        pods = self.pods.get(pod.pod.node)
        if pods is None:
            return
        old = pods.get(pod.key)
        if old is not None and old.uid == pod.uid and not _is_newer(pod, old):
            return
        pods[pod.key] = pod
        if old is None or old.pod != pod.pod:
            self.changed()

    def drop_pod(self, node: str, key: str, uid: str) -> None:
        pods = self.pods.get(node, {})
        if key in pods and pods[key].uid == uid:
            del pods[key]
            self.refused.pop(uid, None)
            self.tries.pop(uid, None)
            self.changed()

    def forget_pods(self, node: str) -> None:
        """The pods of the node are not watched any more."""
        for pod in self.pods.pop(node, {}).values():
            self.refused.pop(pod.uid, None)
            self.tries.pop(pod.uid, None)

    def refuse(self, uid: str, refusal: Refused | None) -> None:
        """What became of a request about a node or a pod; None: it was carried out."""
        if refusal is None:
            self.refused.pop(uid, None)
            self.tries.pop(uid, None)
        else:
            old, self.refused[uid] = self.refused.get(uid), refusal
            if old is None or (old.reason, old.message) != (refusal.reason, refusal.message):
                self.changed()  # The status tells it.
            self.tries[uid] = self.tries.get(uid, 0) + 1

    # Observing.

    def observed(
        self,
        synced: Callable[[str], bool],
        live: Mapping[str, str | None],
        own_node: str,
        own_pod: str,
        may_evict: bool = True,
        waits: Mapping[JobKey, str] = MappingProxyType({}),
    ) -> Observed:
        """What a decision is made from. ``synced(node)``: whether all pods of a node are known."""
        read = {name: each.read for name, each in self.maintenances.items()}
        return Observed(
            maintenances={name: each for name, each in read.items() if each is not None},
            unreadable={n: k.uid for n, k in self.maintenances.items() if k.read is None},
            live=live,
            nodes={name: each.node for name, each in self.nodes.items()},
            pods={
                node: tuple(each.pod for each in pods.values())
                for node, pods in self.pods.items()
                if synced(node)
            },
            drained=self.drained,
            refused=self.refused,
            own_node=own_node,
            own_pod=own_pod,
            may_evict=may_evict,
            waits=waits,
        )


def _is_newer(new: NodeObject | PodObject, old: NodeObject | PodObject) -> bool:
    return int(new.resource_version) > int(old.resource_version)
