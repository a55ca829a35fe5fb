"""The facts that a pod shows, and the sets of ids that show each fact at one moment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from controller.api.ids import MAX_ID, NONE, Ids
from controller.api.pods.pod import Pod
from controller.core.pods.under_way import UnderWay

Slot = tuple[int, bool]
NOTHING: Final = UnderWay()
EVERY: Final = Ids.span(0, MAX_ID + 1)

SETS: Final = (
    "present",
    "alive",
    "terminating",
    "ended",
    "ready",
    "failed_or_restarted",
    "unlabelled",
    "foreign",
    "orphan",
    "changing",
    "change_pending",
    "forced",
    "infeasible",
    "repairing",
    "evicting",
    "lost",
    "marked",
    "successor",
)
#: Reasons of trouble by which the node controller and the kubelet mark pods of a lost node.
_NODE_LOST: Final = ("NodeLost", "NodeNotReady")


def is_marked_lost(pod: Pod) -> bool:
    """Whether the node controller marked the pod, because its node does not report."""
    return pod.trouble is not None and pod.trouble.reason in _NODE_LOST


def was_interrupted(before: Pod, now: Pod) -> bool:
    """Whether a pod lost its readiness or a container restarted between two versions of it."""
    if now.deleted is not None or before.changed != now.changed or not now.in_effect:
        return False
    # The loss of a node says nothing about what runs on it.
    unready = before.ready and not now.ready and not now.ended and not is_marked_lost(now)
    return now.restarts > before.restarts or unready


def interrupted_at(before: Pod | None, now: Pod, observed: float) -> float | None:
    """When (epoch seconds) the pod was interrupted between two versions; None if it was not.
    ``before``: None if this process never observed a pod in its slot; ``observed``: when it
    observes this version."""
    if before is None:
        # The pod shows only its last restart.
        return now.restarted or None
    if before.uid != now.uid or not was_interrupted(before, now):
        return None
    # If the pod was not Ready before, its stamp is old: the moment of observation counts.
    return max(now.ready_since, observed)


def facts_of(pod: Pod, owner: str, under_way: UnderWay = NOTHING) -> frozenset[str]:
    """The facts that a pod shows to the Job with uid ``owner``. They do not depend on the time.
    ``under_way``: the operator's requests."""
    uid = pod.uid
    repairing = {"repairing"} if uid in under_way.repairing else set[str]()
    if pod.owner != owner:
        return frozenset({"foreign" if pod.owner else "orphan"} | repairing)
    facts = {"present", f"at:{pod.revision}", f"by:{pod.update}"} | repairing
    if pod.deleted is not None or uid in under_way.going:
        facts.add("terminating")
        if uid in under_way.forced or pod.grace == 0:
            facts.add("forced")
    elif pod.ended:
        facts.add("ended")
    else:
        facts.add("alive")
        # Until a change in place is in effect, the pod's Ready condition is about the old version.
        if uid in under_way.changing:
            facts.add("changing")
        elif not pod.in_effect:
            facts.add("change_pending")
        elif pod.ready:
            facts.add("ready")
        if uid in under_way.evicting:
            facts.add("evicting")
        if pod.infeasible:
            facts.add("infeasible")
        if is_marked_lost(pod):
            facts.add("lost")
    if pod.move is not None:
        facts.add("successor" if pod.move.successor_of else "marked")
    if pod.restarts or pod.ended:
        facts.add("failed_or_restarted")
    if not pod.labelled and pod.uid:
        facts.add("unlabelled")
    return _once(frozenset(facts))


# Most pods of a Job show the same facts, so equal sets are kept once.
@lru_cache(maxsize=4096)
def _once(facts: frozenset[str]) -> frozenset[str]:
    return facts


@dataclass(frozen=True, slots=True)
class View:
    """Sets of ids at one moment, by what the pod in each id's slot shows; ``twin`` has the same
    sets for the other slot. ``pod`` reads the store and is valid until the next event.

    ``present``: the slot holds a pod of this Job; each is ``alive``, ``terminating`` or ``ended``.
    Within ``alive``: ``ready``, and within that ``good``; ``changing``: a change in place is under
    way; ``change_pending``: the change is made but not in effect; ``infeasible``: it never will be;
    ``evicting``: its eviction is asked for; ``lost``: the pod's node does not report.
    Within ``present``: ``marked``: a Maintenance wants the pod to leave its node; ``successor``: it
    was created beside a marked pod, to take that one's place.
    Within ``terminating``: ``forced``: deleted without a grace period. ``failed_or_restarted``: the
    pod ended or a container restarted. ``unlabelled``: the pod lacks a label of ours, or its labels
    tell of a resize that was not made. ``foreign``: a pod of another owner (such as a deleted Job
    of the same name) has the name. ``orphan``: a pod with our labels and without an owner has it.
    ``repairing``: a repair is under way.
    """

    present: Ids
    alive: Ids
    terminating: Ids
    ended: Ids
    ready: Ids
    failed_or_restarted: Ids
    unlabelled: Ids
    foreign: Ids
    orphan: Ids
    changing: Ids
    change_pending: Ids
    forced: Ids
    infeasible: Ids
    repairing: Ids
    evicting: Ids
    lost: Ids
    marked: Ids
    successor: Ids
    good: Ids
    #: Ids whose pod has been good for so long that it counts for `spec.sla`.
    counting: Ids
    #: Revision -> ids whose pod, in any state, was created at it or changed to it.
    at: Mapping[str, Ids]
    #: uid of an Update -> ids whose pod it created or changed; "": pods created without an Update.
    by: Mapping[str, Ids]
    #: Whole second -> ids that are alive and not good, whose pod was created or changed in it.
    waiting: Mapping[int, Ids]
    #: Epoch seconds at which the next Ready instance becomes good; None if there is none.
    next_good: float | None
    #: The same of ``counting``; None also if each good instance counts.
    next_counting: float | None
    _pods: Mapping[Slot, Pod]
    _slots: Ids
    _interruptions: Collection[tuple[float, tuple[int, bool]]] = field(compare=False)
    _twin: Callable[[], View] = field(compare=False)

    def pod(self, instance: int) -> Pod:
        """The pod of an id in ``present``, ``foreign`` or ``orphan``."""
        return self._pods[(instance, instance in self._slots)]

    @property
    def twin(self) -> View:
        """The sets of the other slots: new pods of a surge, and old pods that a surge replaced."""
        return self._twin()

    def interruptions_of(self, ids: Ids, since: float) -> int:
        """How many interruptions the pods of ``ids`` had since ``since`` (epoch seconds).

        An interruption is a restart of a container or a lost readiness that this process observed.
        ``ids`` must be within ``present``. Interruptions of an id's earlier pods do not count.
        """
        return sum(
            1
            for at, slot in self._interruptions
            if slot[0] in ids
            and (pod := self.pod(slot[0])).slot == slot
            and at >= max(since, pod.since)
        )

    def was_ready(self, instance: int) -> bool:
        """Whether this process observed the pod of an id in ``present`` Ready since the pod was
        created or changed. Once a container restarted, only the present readiness counts."""
        pod = self.pod(instance)
        lost = not pod.restarts and self.interruptions_of(Ids([instance]), pod.since) > 0
        return pod.ready or lost

    @property
    def occupied(self) -> Ids:
        """Ids whose slot holds any pod: ours, an orphan or a foreign one."""
        return self.present | self.foreign | self.orphan

    def at_revision(self, revision: str) -> Ids:
        """Ids whose pod is at ``revision``."""
        return self.at.get(revision, NONE)

    def made_by(self, update: str) -> Ids:
        """Ids whose pod the Update with uid ``update`` created or changed."""
        return self.by.get(update, NONE)


class Twin:
    """The view of the other slots, made when it is first asked for."""

    __slots__ = ("_make", "_view")

    def __init__(self, make: Callable[[], View]) -> None:
        self._make = make
        self._view: View | None = None

    def __call__(self) -> View:
        if self._view is None:
            self._view = self._make()
        return self._view


def family(sets: Mapping[str, Ids], stem: str) -> dict[str, Ids]:
    """The non-empty sets whose name begins with ``stem``, by the rest of the name."""
    return {name[len(stem) :]: ids for name, ids in sets.items() if name.startswith(stem) and ids}
