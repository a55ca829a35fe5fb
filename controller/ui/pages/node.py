"""One node: its state, and what runs on it beside the instances of Jobs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from controller.api.meta import parse_time
from controller.kube.errors import ApiError
from controller.kube.resources import PODS
from controller.ui import marks
from controller.ui.access import Viewer, sees_maintenances, sees_nodes, visible
from controller.ui.beside import Beside
from controller.ui.marks import Badge
from controller.ui.pages.base import Data, words_of
from controller.ui.reviews import Question
from controller.ui.site import Site
from controller.ui.store import Change, Kind
from controller.view.instances import Instance, Seen, rows_of

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the node. ``bad``: whether it needs attention."""

    type: str
    status: str
    message: str
    since: float
    bad: bool


@dataclass(frozen=True, slots=True)
class Read:
    """The node, and what runs on it beside instances of Jobs. ``trouble``: why that cannot be
    read."""

    node: Object | None = None
    beside: Sequence[Beside] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """Whether the viewer may read nodes, the namespaces in which he may list pods (None: in all),
    and whether he may list Maintenances."""

    nodes: bool
    pods: frozenset[str] | None
    maintenances: bool = False

    def has(self, namespace: str) -> bool:
        return self.pods is None or namespace in self.pods


@dataclass(frozen=True, slots=True)
class NodePage:
    node: str

    name: ClassVar[str] = "node"
    parts: ClassVar[tuple[str, ...]] = ("head", "instances", "beside")

    @classmethod
    def of(cls, place: Mapping[str, str], _query: Mapping[str, str]) -> NodePage:
        return cls(place["name"])

    @property
    def path(self) -> str:
        return f"/nodes/{self.node}"

    @property
    def title(self) -> str:
        return self.node

    def concerns(self, change: Change, sight: Sight) -> bool:
        if change.kind == "maintenance":
            return sight.maintenances
        either = [each for each in (change.old, change.new) if isinstance(each, Seen)]
        is_here = any(each.pod.node == self.node for each in either)
        return is_here and sight.has(change.namespace)

    async def exists(self, site: Site, sight: Sight) -> bool:
        if self._is_seen(site, sight):
            return True
        return sight.nodes and await site.reads.node(self.node) is not None

    def sees(self, kind: Kind, namespace: str, sight: Sight) -> bool:
        return kind == "pod" and sight.has(namespace)

    async def sight(self, viewer: Viewer, site: Site) -> Hashable | None:
        everywhere = await viewer.may(Question("list", PODS, None))
        pods = None if everywhere else await visible(viewer, PODS, site.namespaces())
        found = Sight(await sees_nodes(viewer), pods, await sees_maintenances(viewer))
        return found if found.nodes or found.pods != frozenset() else None

    async def read(self, site: Site, sight: Sight) -> Read:
        node = None
        try:
            node = await site.reads.node(self.node) if sight.nodes else None
            # Whoever asks for names that no node has must not make the API server look for pods.
            if node is None and not self._is_seen(site, sight):
                return Read()
            return Read(node, await self._beside(site, sight))
        except ApiError as error:
            return Read(node, trouble=words_of(error))

    def data(self, site: Site, sight: Sight, found: Read) -> Data | None:
        lines = self._instances(site, sight)
        node = found.node
        if not (node or lines or found.trouble):
            return None
        return {
            "page": self,
            "node": node,
            "conditions": conditions(node) if node else [],
            "facts": facts(node) if node else [],
            "lines": lines,
            "maintenances": self._maintenances(site) if sight.maintenances else [],
            "beside": found.beside,
            "trouble": found.trouble,
        }

    def _maintenances(self, site: Site) -> list[tuple[str, Badge, str]]:
        """The Maintenances with this node in their status: (name, badge, what it waits for)."""
        return [
            (name, marks.of_node(each.phase), each.message)
            for name, found in sorted(site.store.maintenances.items())
            for each in found.status.nodes
            if each.name == self.node
        ]

    def _is_seen(self, site: Site, sight: Sight) -> bool:
        """Whether the viewer sees an instance of a Job here."""
        return any(
            sight.has(each.pod.namespace) and (each.pod.namespace, each.pod.job) in site.store.jobs
            for each in site.store.pods_on(self.node)
        )

    def _instances(self, site: Site, sight: Sight) -> list[tuple[str, str, Instance, Badge]]:
        """The instances of Jobs here: (namespace, job, row, badge)."""
        found = []
        for each in site.store.pods_on(self.node):
            namespace, name = each.pod.namespace, each.pod.job
            job = site.store.jobs.get((namespace, name))
            if sight.has(namespace) and job is not None:
                of_it = rows_of(job, each.pod.instance, [each], site.now())
                found += [(namespace, name, row, marks.of_instance(row)) for row in of_it]
        return found

    async def _beside(self, site: Site, sight: Sight) -> list[Beside]:
        """The other pods here, of namespaces that the viewer may see."""
        known = site.watch.reach.namespaces
        # An error names the namespace that was asked for.
        asked = tuple(each for each in known if sight.has(each))
        if sight.pods == frozenset() or (known and not asked):
            return []
        found = await site.reads.beside(self.node, asked)
        return [each for each in found if sight.has(each.namespace)]


def conditions(node: Object) -> list[Condition]:
    """The conditions of a node, those that need attention first."""
    found = []
    for each in (node.get("status") or {}).get("conditions") or ():
        bad = each["status"] != ("True" if each["type"] == "Ready" else "False")
        at = each.get("lastTransitionTime")
        since = parse_time(at) if at else 0.0
        found.append(Condition(each["type"], each["status"], each.get("message") or "", since, bad))
    return sorted(found, key=lambda each: (not each.bad, each.type != "Ready", each.type))


def facts(node: Object) -> list[tuple[str, str]]:
    """What kind of node it is: (name, value)."""
    status, spec = node.get("status") or {}, node.get("spec") or {}
    info, size = status.get("nodeInfo") or {}, status.get("allocatable") or {}
    taints = ", ".join(f"{each['key']}:{each['effect']}" for each in spec.get("taints") or ())
    found = [
        ("Schedulable", "no: it is cordoned" if spec.get("unschedulable") else "yes"),
        ("Taints", taints),
        ("Kubelet", info.get("kubeletVersion") or ""),
        ("CPU", size.get("cpu") or ""),
        ("Memory", size.get("memory") or ""),
        ("Pods", size.get("pods") or ""),
    ]
    return [(name, value) for name, value in found if value]
