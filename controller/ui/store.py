"""What the page knows, for all viewers: Jobs, Updates, pods and Maintenances as the watches brought
them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal, TypeVar

from controller.api.job import Job
from controller.api.maintenance import Maintenance
from controller.api.update import Update
from controller.ui.decode import Item
from controller.view.instances import Seen
from controller.view.update_rows import order

#: (namespace, name)
Key = tuple[str, str]
Kind = Literal["job", "update", "pod", "maintenance"]
_K = TypeVar("_K", bound=Hashable)
_N = TypeVar("_N", bound=Hashable)
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Change:
    """An object came, changed or went. ``job``: the name of the Job that it is or belongs to, ""
    for a Maintenance, whose ``namespace`` is "", too. ``old`` and ``new``: None before it came and
    after it went."""

    kind: Kind
    namespace: str
    job: str
    name: str
    old: Job | Update | Seen | Maintenance | None
    new: Job | Update | Seen | Maintenance | None


class Store:
    """Changed by the callbacks of the watches, read by pages. ``listeners`` are called after each
    change, from the event loop."""

    def __init__(self) -> None:
        self.jobs: dict[Key, Job] = {}
        self.updates: dict[Key, Update] = {}
        #: By name: they are objects of the cluster.
        self.maintenances: dict[str, Maintenance] = {}
        self.listeners: list[Callable[[Change], None]] = []
        #: Objects that cannot be read: (kind, namespace, name) -> what cannot be read.
        self.unreadable: dict[tuple[Kind, str, str], str] = {}
        self._updates_of: dict[Key, dict[str, Update]] = defaultdict(dict)
        self._pods: dict[Key, Seen] = {}
        self._pods_of: dict[Key, dict[str, Seen]] = defaultdict(dict)
        self._pods_on: dict[str, dict[Key, Seen]] = defaultdict(dict)

    # What pages ask.

    def namespaces(self) -> set[str]:
        """The namespaces with Jobs or Updates, readable or not."""
        known = {namespace for namespace, _ in self.jobs.keys() | self.updates.keys()}
        return known | {namespace for _, namespace, _ in self.unreadable if namespace}

    def updates_of(self, namespace: str, job: str) -> list[Update]:
        """The Updates of a Job, oldest first."""
        return sorted(self._updates_of.get((namespace, job), {}).values(), key=order)

    def pods_of(self, namespace: str, job: str) -> list[Seen]:
        return list(self._pods_of.get((namespace, job), {}).values())

    def pod(self, namespace: str, name: str) -> Seen | None:
        """The pod of a Job with this name."""
        return self._pods.get((namespace, name))

    def has_pod(self, namespace: str, name: str) -> bool:
        """Whether there is such a pod of a Job."""
        return (namespace, name) in self._pods

    def pods_on(self, node: str) -> list[Seen]:
        """The pods of Jobs on a node, by namespace and name."""
        found = self._pods_on.get(node, {})
        return [found[key] for key in sorted(found)]

    # What the watches bring.

    def put_job(self, item: Item[Job]) -> None:
        if item.value is not None:
            self.unreadable.pop(("job", item.namespace, item.name), None)
            key = (item.namespace, item.name)
            old, self.jobs[key] = self.jobs.get(key), item.value
            self._tell(Change("job", item.namespace, item.name, item.name, old, item.value))
        else:
            self.drop_job(item.key, item.uid)
            if item.trouble:
                self.unreadable["job", item.namespace, item.name] = item.trouble

    def drop_job(self, key: str, _uid: str) -> None:
        namespace, name = _read(key)
        self.unreadable.pop(("job", namespace, name), None)
        if (old := self.jobs.pop((namespace, name), None)) is not None:
            self._tell(Change("job", namespace, name, name, old, None))

    def put_update(self, item: Item[Update]) -> None:
        if item.value is not None:
            self.unreadable.pop(("update", item.namespace, item.name), None)
            key, job = (item.namespace, item.name), item.value.spec.job
            old, self.updates[key] = self.updates.get(key), item.value
            self._updates_of[item.namespace, job][item.name] = item.value
            self._tell(Change("update", item.namespace, job, item.name, old, item.value))
        else:
            self.drop_update(item.key, item.uid)
            if item.trouble:
                self.unreadable["update", item.namespace, item.name] = item.trouble

    def drop_update(self, key: str, _uid: str) -> None:
        namespace, name = _read(key)
        self.unreadable.pop(("update", namespace, name), None)
        if (old := self.updates.pop((namespace, name), None)) is not None:
            _take(self._updates_of, (namespace, old.spec.job), name)
            self._tell(Change("update", namespace, old.spec.job, name, old, None))

    def put_pod(self, item: Item[Seen]) -> None:
        key, new = (item.namespace, item.name), item.value
        old = self._pods.pop(key, None)
        self._forget(key, old)
        if new is not None:
            self._pods[key] = new
            self._pods_of[item.namespace, new.pod.job][item.name] = new
            if new.pod.node:
                self._pods_on[new.pod.node][key] = new
        if either := new or old:
            self._tell(Change("pod", item.namespace, either.pod.job, item.name, old, new))

    def drop_pod(self, key: str, _uid: str) -> None:
        namespace, name = _read(key)
        if (old := self._pods.pop((namespace, name), None)) is not None:
            self._forget((namespace, name), old)
            self._tell(Change("pod", namespace, old.pod.job, name, old, None))

    def put_maintenance(self, item: Item[Maintenance]) -> None:
        if item.value is not None:
            self.unreadable.pop(("maintenance", "", item.name), None)
            old = self.maintenances.get(item.name)
            self.maintenances[item.name] = item.value
            self._tell(Change("maintenance", "", "", item.name, old, item.value))
        else:
            self.drop_maintenance(item.key, item.uid)
            if item.trouble:
                self.unreadable["maintenance", "", item.name] = item.trouble

    def drop_maintenance(self, key: str, _uid: str) -> None:
        _, name = _read(key)
        self.unreadable.pop(("maintenance", "", name), None)
        if (old := self.maintenances.pop(name, None)) is not None:
            self._tell(Change("maintenance", "", "", name, old, None))

    def _forget(self, key: Key, old: Seen | None) -> None:
        if old is not None:
            _take(self._pods_of, (key[0], old.pod.job), key[1])
            if old.pod.node:
                _take(self._pods_on, old.pod.node, key)

    def _tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)


def _read(key: str) -> Key:
    namespace, _, name = key.partition("/")
    return namespace, name


def _take(index: dict[_K, dict[_N, _V]], key: _K, name: _N) -> None:
    """Take an entry out of an index, and the index's entry if it was the last."""
    inner = index.get(key, {})
    inner.pop(name, None)
    if not inner:
        index.pop(key, None)
