"""Stores all watched objects by Job. A change marks the key of its Job for a new decision."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from msgspec import structs

from controller.api.job_spec import JobSpec
from controller.core.pods.facts import Slot
from controller.core.refusals import judgement
from controller.reconcile.apart import LOOK_EVERY
from controller.reconcile.budgets import BudgetObject, Budgets, obeys
from controller.reconcile.claims.store import ClaimStore
from controller.reconcile.decode import PodObject, UpdateObject
from controller.reconcile.entry import Entry, Key
from controller.reconcile.revision_objects import RevisionObject
from controller.reconcile.runs.store import RunStore

GONE_KEPT = 10_000


class _Known(Protocol):
    @property
    def uid(self) -> str: ...


class Store:
    """``changed(key)`` is called when a change may lead to another decision about a Job."""

    def __init__(
        self, changed: Callable[[Key], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._changed = changed
        self._clock = clock
        self.entries: dict[Key, Entry] = {}
        #: Namespace -> the keys of its entries.
        self._spaces: dict[str, set[Key]] = {}
        self.budgets = Budgets()
        self.runs = RunStore(changed)
        self.claims = ClaimStore(changed)
        #: Informer key of a pod -> the entry and the slot where the pod is stored.
        self._pods: dict[str, tuple[Key, Slot]] = {}
        self._foreign_pods: dict[str, Key] = {}
        self._updates: dict[str, Key] = {}
        self._revisions: dict[str, Key] = {}
        #: uids of deleted Jobs: a list that began before the deletion must not bring them back.
        self._dead: deque[str] = deque(maxlen=1_000)
        #: uids of deleted objects, oldest first: a late answer must not bring them back.
        self._gone: dict[str, None] = {}

    def entry(self, key: Key) -> Entry:
        """The entry of a key; it is created if there is none."""
        if (entry := self.entries.get(key)) is None:
            entry = self.entries[key] = Entry(key, self.budgets.of, self.runs.of, self.claims.of)
            self._spaces.setdefault(key[0], set()).add(key)
        return entry

    def uid_of(self, key: Key) -> str:
        """The uid of the Job of a key; "" if there is no Job."""
        entry = self.entries.get(key)
        return entry.uid if entry else ""

    def jobs(self) -> Iterator[Entry]:
        """The entries whose Job exists and can be read."""
        return (entry for entry in self.entries.values() if entry.job is not None)

    def reconsider(self, about: Callable[[JobSpec], bool]) -> None:
        """Decide anew about the Jobs with such a spec."""
        for entry in self.jobs():
            if entry.job and about(entry.job.spec):
                self._changed(entry.key)

    # Jobs.

    def put_job(self, raw: dict[str, Any]) -> None:
        meta = raw["metadata"]
        key = (meta["namespace"], meta["name"])
        if meta["uid"] in self._dead:
            return
        if self.entry(key).put_job(raw):
            self._changed(key)

    def drop_job(self, key: Key, uid: str) -> None:
        """Drop the Job with this uid; another Job of the same name stays."""
        entry = self.entries.get(key)
        if entry is not None and entry.uid == uid:
            self._dead.append(uid)
            entry.drop_job()
            self._settle(entry)

    # Pods.

    def put_pod(self, item: PodObject) -> None:
        """Take a pod from the watch."""
        self._gone.pop(item.uid, None)
        if item.foreign_controller:
            self._put_foreign_pod(item)
        else:
            self._drop_foreign_pod(item.key)
        if (pod := item.pod) is None:
            return
        self._take_pod(item)
        apart = self.entry((pod.namespace, pod.job)).apart
        apart.unseen.pop(pod.name, None)
        conflict = apart.conflicts.get(pod.instance)
        if conflict is not None and conflict.name == pod.name and not pod.foreign_controller:
            del apart.conflicts[pod.instance]

    def read_pod(self, item: PodObject, now: float) -> None:
        """Take a pod from the answer to a GET or a patch.

        If the pod lacks the label by which the watch selects, or the watch has reported its end
        already, the watch does not show it; then it is read again a second later.
        """
        self._take_pod(item)
        if (pod := item.pod) is not None and (item.uid in self._gone or not pod.labelled):
            apart = self.entry((pod.namespace, pod.job)).apart
            apart.unseen[pod.name] = now + LOOK_EVERY

    def _put_foreign_pod(self, item: PodObject) -> None:
        """Note a pod with the label of a Job and another controller."""
        namespace, _, name = item.key.partition("/")
        key = (namespace, item.job)
        self._foreign_pods[item.key] = key
        apart = self.entry(key).apart
        if apart.foreign_pods.get(name) != item.foreign_controller:
            apart.foreign_pods[name] = item.foreign_controller
            self._changed(key)

    def _drop_foreign_pod(self, name: str) -> None:
        if (key := self._foreign_pods.pop(name, None)) is not None:
            entry = self.entry(key)
            entry.apart.foreign_pods.pop(_name(name), None)
            self._settle(entry)

    def _take_pod(self, item: PodObject) -> None:
        pod = item.pod
        if pod is None:
            return
        key = (pod.namespace, pod.job)
        if (known := self._pods.get(item.key)) is not None and known[0] != key:
            self.drop_pod(item.key, item.uid)
        self._pods[item.key] = (key, pod.slot)
        if self.entry(key).instances.put(pod, self._clock()):
            self._changed(key)

    def made_pod(self, item: PodObject) -> None:
        """Take a pod from the answer to its create, which contains only metadata, unless the watch
        has reported its end already."""
        if item.uid not in self._gone:
            pod = structs.replace(item.pod, partial=True) if item.pod else None
            self._take_pod(replace(item, pod=pod))

    def drop_pod(self, name: str, uid: str) -> None:
        self._note_gone(uid)
        self._drop_foreign_pod(name)
        if (known := self._pods.get(name)) is None:
            return
        key, slot = known
        entry = self.entry(key)
        ours, pod = entry.instances.is_going(uid), entry.instances.pods.get(slot)
        if entry.instances.drop(slot, uid):
            assert pod is not None
            entry.note_end(pod, self._clock())
            del self._pods[name]
            self._settle(entry, ours)

    def pods_held(self, namespace: str | None) -> dict[str, str]:
        """The pods that are known from any source: informer key -> uid."""
        return self._held(namespace, lambda e: {p.name: p for p in e.instances.pods.values()})

    def _held(
        self, namespace: str | None, of: Callable[[Entry], Mapping[str, _Known]]
    ) -> dict[str, str]:
        return {
            f"{entry.key[0]}/{name}": known.uid
            for entry in self.entries.values()
            if namespace is None or entry.key[0] == namespace
            for name, known in of(entry).items()
            if known.uid
        }

    def _note_gone(self, uid: str) -> None:
        self._gone[uid] = None
        while len(self._gone) > GONE_KEPT:
            del self._gone[next(iter(self._gone))]

    # Updates.

    def put_update(self, item: UpdateObject) -> None:
        if item.uid in self._gone:
            return
        key = (item.namespace, item.job)
        if (known := self._updates.get(item.key)) is not None and known != key:
            self.entry(known).updates.pop(item.name, None)
        self._updates[item.key] = key
        if self.entry(key).put_update(item):
            self._changed(key)

    def drop_update(self, name: str, uid: str) -> None:
        self._note_gone(uid)
        if (key := self._updates.get(name)) is None:
            return
        entry = self.entry(key)
        known = entry.updates.get(_name(name))
        if known is not None and known.uid == uid:
            del entry.updates[known.name], self._updates[name]
            self._settle(entry, ("prune", uid) in entry.under_way)

    def updates_held(self, namespace: str | None) -> dict[str, str]:
        """The Updates that are known from any source: informer key -> uid."""
        return self._held(namespace, lambda entry: entry.updates)

    def foreign_names(self, entry: Entry) -> frozenset[str]:
        """The names for the Job's next Update that are held by Updates of other owners."""
        if entry.job is None:
            return frozenset()
        meta = entry.job.metadata
        stem = f"{meta.namespace}/{meta.name}"
        names = (f"-g{meta.generation}", f"-{meta.uid[:6]}-g{meta.generation}")
        held = ((name, self._updates.get(stem + name)) for name in names)
        found = set()
        for name, key in held:
            update = self.entries[key].updates.get(meta.name + name) if key else None
            if update is not None and update.owner != meta.uid:
                found.add(meta.name + name)
        return frozenset(found)

    # ControllerRevisions.

    def see_revision(self, item: RevisionObject) -> None:
        """Take a revision from the watch: it may have lost its label, and has it again."""
        self._gone.pop(item.uid, None)
        self.put_revision(item)

    def put_revision(self, item: RevisionObject) -> None:
        if not item.job or item.uid in self._gone:
            return
        key = (item.namespace, item.job)
        if (known := self._revisions.get(item.key)) is not None and known != key:
            self.entry(known).revisions.pop(item.name, None)
            self._settle(self.entry(known))
        self._revisions[item.key] = key
        self.entry(key).put_revision(item)
        self._changed(key)

    def drop_revision(self, name: str, uid: str) -> None:
        self._note_gone(uid)
        if (key := self._revisions.get(name)) is None:
            return
        entry = self.entry(key)
        known = entry.revisions.get(_name(name))
        if known is not None and known.uid == uid:
            del entry.revisions[known.name], self._revisions[name]
            entry.prepared.pop(known.name, None)
            self._settle(entry, ("prune", uid) in entry.under_way)

    def revisions_held(self, namespace: str | None) -> dict[str, str]:
        """The revisions that are known from any source: informer key -> uid."""
        return self._held(namespace, lambda entry: entry.revisions)

    def put_budget(self, item: BudgetObject) -> None:
        if item.uid not in self._gone and self.budgets.put(item):
            self._budget_changed(item.namespace, item.name if item.allowed else "")

    def drop_budget(self, name: str, uid: str) -> None:
        self._note_gone(uid)
        if self.budgets.drop(name, uid):
            self._budget_changed(name.partition("/")[0])

    def _budget_changed(self, namespace: str, allows: str | None = None) -> None:
        """Decide anew about Jobs that obey budgets. ``allows``: which one allows evictions."""
        for key in tuple(self._spaces.get(namespace, ())):
            entry = self.entries[key]
            if entry.job is not None and (obeys(entry) or entry.not_evicted):
                covering = (b.name for b in entry.budgets(entry) if b.selects)
                if entry.not_evicted and (allows is None or allows in covering):
                    entry.not_evicted = judgement.sooner(entry.not_evicted, self._clock())
                self._changed(key)

    def _settle(self, entry: Entry, ours: bool = True) -> None:
        """After a deletion: mark the key for a new decision, or drop the entry if it is empty.
        ``ours``: False if something that the Job owned was deleted, and not by the operator."""
        if not ours:
            entry.existence.doubt()
        if entry.empty:
            self.entries.pop(entry.key, None)
            self._spaces.get(entry.key[0], set()).discard(entry.key)
        else:
            self._changed(entry.key)


def _name(key: str) -> str:
    """The name of an object, from its key of an informer."""
    return key.partition("/")[2]
