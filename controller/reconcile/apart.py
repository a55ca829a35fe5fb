"""Pods that the watch does not show, and pods that carry our labels but belong to someone else.

The name of an instance's pod may be held by a pod of someone else. This is a *name conflict* until
that pod is gone, belongs to the Job, or can be adopted. A pod of the Job may be *unseen* by the
watch, because it lost the label by which the watch selects, or because the watch had reported its
end before an answer about it came. Both kinds are read with one GET a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from controller.api import labels
from controller.api.job import Job
from controller.api.meta import ObjectMeta
from controller.api.pods.pod import slot_of
from controller.api.pods.wire import PodWire
from controller.core.model import plan
from controller.core.pods import identity
from controller.core.pods.identity import NameConflict
from controller.kube.client import Client
from controller.kube.errors import NotFound
from controller.kube.resources import PODS
from controller.reconcile.decode import pod_of

if TYPE_CHECKING:
    from controller.reconcile.entry import Entry
    from controller.reconcile.store import Store

#: Seconds between two reads of the same pod.
LOOK_EVERY: Final = 1.0
#: Maximum number of unseen pods that one reconcile reads.
AT_ONCE: Final = 20


@dataclass
class Apart:
    """Such pods of one Job.

    ``conflicts``: instance -> its name conflict. ``unseen``: name of a pod that the watch does not
    show -> when it is read next (epoch seconds). ``foreign_pods``: name of a pod that carries the
    Job's label -> its controller, which is not the Job. ``reported``: controllers that an Event has
    named.
    """

    conflicts: dict[int, NameConflict] = field(default_factory=dict)
    unseen: dict[str, float] = field(default_factory=dict)
    foreign_pods: dict[str, str] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Start with another Job of the same name."""
        self.conflicts.clear()
        self.reported.clear()

    def news(self, job: str) -> list[str]:
        """Messages about foreign pods with the Job's label; one per controller, only once."""
        notes = []
        for pod, who in self.foreign_pods.items():
            if who not in self.reported:
                self.reported.add(who)
                label = f"{labels.JOB}={job}"
                notes.append(
                    f"pod {pod} carries the label {label} but belongs to {who}: left alone"
                )
        return notes

    @property
    def next_look(self) -> float | None:
        """When the next pod is to be read (epoch seconds); None if there is none to read."""
        moments = [*(c.until for c in self.conflicts.values()), *self.unseen.values()]
        return min(moments, default=None)


def is_kept(raw: dict[str, Any], entry: Entry) -> bool:
    """Whether the store keeps a pod that has the name of an instance's pod."""
    return identity.is_of(ObjectMeta.model_validate(raw["metadata"]), entry.uid, entry.key[1])


def name_conflict_of(raw: dict[str, Any], entry: Entry, revision: str, now: float) -> NameConflict:
    """The name conflict with a pod of someone else; ``revision``: that of our instance."""
    meta = ObjectMeta.model_validate(raw["metadata"])
    return identity.conflict(meta, entry.key[1], revision, now + LOOK_EVERY)


def surplus(actions: Iterable[plan.Action], job: Job) -> Iterator[str]:
    """Messages about pods that are adopted and then deleted because the Job has fewer instances."""
    for action in actions:
        if isinstance(action, plan.RepairPod) and action.surplus:
            count = job.spec.instances
            yield f"pod {action.name} is adopted and deleted: the Job has {count} instances"


async def look_around(client: Client, store: Store, entry: Entry, now: float) -> float | None:
    """Read the pods that are due. Returns when the next one is due. Raises ``ApiError``."""
    apart = entry.apart
    for instance in list(apart.conflicts):
        # While another pod was read, the watch may have removed this conflict.
        conflict = apart.conflicts.get(instance)
        if conflict is not None and conflict.until <= now:
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
        store.read_pod(pod_of(PodWire.of(raw)), now)
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
        store.read_pod(pod_of(PodWire.of(raw)), now)
    else:
        store.drop_pod(f"{entry.key[0]}/{name}", known.uid)
