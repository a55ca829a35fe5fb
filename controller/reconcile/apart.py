"""Pods that the watch does not show, or that are not ours although their labels say so.

The name of an instance's pod may be held by a pod of somebody else: a *name conflict*, until that
pod is gone, ours, or to be adopted. And a pod of ours may be out of the watch's sight: it lost the
label that the watch selects by, or an answer about it came after the watch had told its end. Both
are looked at with one GET a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from controller.api import labels
from controller.api.ids import Ids
from controller.api.job import KIND, Job
from controller.api.pods.pod import slot_of
from controller.api.pods.wire import PodWire
from controller.core.model import plan
from controller.core.pods.facts import View
from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.kube.resources import PODS
from controller.reconcile.decode import pod_of

if TYPE_CHECKING:
    from controller.reconcile.entry import Entry
    from controller.reconcile.store import Store

#: Seconds between two looks, and how many pods out of sight are looked at in one.
LOOK_EVERY: Final = 1.0
AT_ONCE: Final = 20


@dataclass(frozen=True)
class NameConflict:
    """A pod's name is held by ``who``, in words; looked at again at ``until`` (epoch seconds).
    ``revision``: what the instance is to run."""

    name: str
    revision: str
    who: str
    until: float


@dataclass
class Apart:
    """Of one Job. ``conflicts``: by instance. ``unseen``: names of pods out of sight -> when they
    are looked at. ``foreign_pods``: pods with our label -> the controller that owns them; ``told``:
    those controllers that an Event has named."""

    conflicts: dict[int, NameConflict] = field(default_factory=dict)
    unseen: dict[str, float] = field(default_factory=dict)
    foreign_pods: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Another Job of the name."""
        self.conflicts.clear()
        self.told.clear()

    def name_conflicts(self, view: View, slots: Ids) -> dict[int, str]:
        """Instances whose pod's name is held by a pod of somebody else, with who holds it; that
        pod may carry our label as well. The name in the other slot only a surge needs, beside the
        old pod; ``slots``: the ids that live in ``-s``."""
        found = dict[int, str]()
        for i, conflict in self.conflicts.items():
            own = conflict.name.endswith("-s") == (i in slots)
            if own or i in view.present:
                found[i] = conflict.who
        for slot in (view, view.twin):
            for i in slot.foreign:
                if (pod := slot.pod(i)).foreign_controller:
                    found[i] = _held(pod.name, pod.foreign_controller, "")
        return found

    def news(self, job: str) -> list[str]:
        """What is to be said of owners of pods with our label, once for each."""
        said = []
        for pod, who in self.foreign_pods.items():
            if who not in self.told:
                self.told.add(who)
                label = f"{labels.JOB}={job}"
                said.append(f"pod {pod} carries the label {label} but belongs to {who}: left alone")
        return said

    @property
    def next_look(self) -> float | None:
        """When one of them is due."""
        moments = [*(c.until for c in self.conflicts.values()), *self.unseen.values()]
        return min(moments, default=None)


def is_kept(raw: dict[str, Any], entry: Entry) -> bool:
    """Whether a pod under one of our names is for the store: our own, or, with our label, one that
    nobody owns or that a former Job of this name left (contract rule 14)."""
    owner, job = _owner(raw), entry.key[1]
    if owner is not None and owner["uid"] == entry.uid:
        return True
    labelled = raw["metadata"].get("labels", {}).get(labels.JOB) == job
    return labelled and (owner is None or (owner["kind"], owner["name"]) == (KIND, job))


def name_conflict_of(raw: dict[str, Any], entry: Entry, revision: str, now: float) -> NameConflict:
    """What is kept of a pod of somebody else; ``revision``: what our instance is to run."""
    name, owner, job = raw["metadata"]["name"], _owner(raw), entry.key[1]
    ours = f"kubectl label pod {name} {labels.JOB}={job}"
    if revision:
        ours += f" {labels.REVISION}={revision.removeprefix(f'{job}-')}"
    who = f"{owner['kind']} {owner['name']}" if owner else ""
    return NameConflict(name, revision, _held(name, who, ours), now + LOOK_EVERY)


def surplus(actions: Iterable[plan.Action], job: Job) -> Iterator[str]:
    """What is said of pods that are adopted and go, as a ReplicaSet's surplus does."""
    for action in actions:
        if isinstance(action, plan.RepairPod) and action.surplus:
            count = job.spec.instances
            yield f"pod {action.name} is adopted and deleted: the Job has {count} instances"


async def look_around(client: Client, store: Store, entry: Entry, now: float) -> float | None:
    """Look at what is due, and say when the next is. Raises ``ApiError``."""
    apart = entry.apart
    for instance, conflict in list(apart.conflicts.items()):
        if conflict.until <= now:
            await _look_at_conflict(client, store, entry, instance, now)
    due = (name for name, at in apart.unseen.items() if at <= now)
    for name in list(islice(due, AT_ONCE)):
        await _look_at_unseen(client, store, entry, name, now)
    return apart.next_look


async def _look_at_conflict(
    client: Client, store: Store, entry: Entry, instance: int, now: float
) -> None:
    conflict = entry.apart.conflicts[instance]
    try:
        raw = await client.get(PODS, entry.key[0], conflict.name)
    except NotFound:
        entry.apart.conflicts.pop(instance, None)
        return
    if is_kept(raw, entry):
        entry.apart.conflicts.pop(instance, None)
        store.read_pod(pod_of(PodWire.model_validate(raw)), now)
    else:
        entry.apart.conflicts[instance] = name_conflict_of(raw, entry, conflict.revision, now)


async def _look_at_unseen(
    client: Client, store: Store, entry: Entry, name: str, now: float
) -> None:
    slot = slot_of(entry.key[1], name)
    known = entry.instances.pods.get(slot) if slot else None
    entry.apart.unseen.pop(name, None)
    if known is None or not known.uid:
        return
    try:
        raw = await client.get(PODS, entry.key[0], name)
    except NotFound:
        store.drop_pod(f"{entry.key[0]}/{name}", known.uid)
        return
    if is_kept(raw, entry):
        store.read_pod(pod_of(PodWire.model_validate(raw)), now)
    else:
        store.drop_pod(f"{entry.key[0]}/{name}", known.uid)


def _held(name: str, who: str, label: str) -> str:
    whose = f"belongs to {who}" if who else "nobody owns"
    ways = [f"delete {who} with --cascade=orphan"] if who else []
    ways += [label] if label else []
    return f"the name {name} is held by a pod that {whose}; delete it, or hand it over: " + (
        ", then ".join(ways)
    )


def _owner(raw: dict[str, Any]) -> dict[str, Any] | None:
    owners = raw["metadata"].get("ownerReferences", ())
    return next((o for o in owners if o.get("controller")), None)
