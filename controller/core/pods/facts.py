"""The id sets of one moment, and the facts of a pod that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from controller.api.ids import MAX_ID, NONE, Ids
from controller.api.pods.pod import Pod

Slot = tuple[int, bool]
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
    "mending",
)


def facts_of(
    pod: Pod,
    owner: str,
    going: bool = False,
    changing: bool = False,
    forced: bool = False,
    mending: bool = False,
) -> frozenset[str]:
    """The facts a pod shows to the Job with uid ``owner``, whatever the time is.

    ``going``: we have asked for its deletion; ``forced``: without a grace period; ``changing``: we
    have asked for a change in place; ``mending``: for its labels or its owner.
    """
    under_way = {"mending"} if mending else set[str]()
    if pod.owner != owner:
        return frozenset({"foreign" if pod.owner else "orphan"} | under_way)
    # Half changed it is at no revision: neither what it was nor what it is to be.
    facts = {
        "present",
        f"at:{'' if pod.changing_to else pod.revision}",
        f"by:{pod.update}",
    } | under_way
    if pod.deleted is not None or going:
        facts.add("terminating")
        if forced or pod.grace == 0:
            facts.add("forced")
    elif pod.ended:
        facts.add("ended")
    else:
        facts.add("alive")
        # A change that is not in effect yet: what is Ready is still the old.
        if changing:
            facts.add("changing")
        elif not pod.in_effect:
            facts.add("change_pending")
        elif pod.ready:
            facts.add("ready")
        if pod.infeasible:
            facts.add("infeasible")
    if pod.restarts or pod.ended:
        facts.add("failed_or_restarted")
    if not pod.labelled and pod.uid:
        facts.add("unlabelled")
    return frozenset(facts)


@dataclass(frozen=True, slots=True)
class View:
    """The id sets of one moment, as the pods in the slots where the ids live show it; ``pod`` reads
    the store and is good until the next event. ``twin`` is the same of the other slot.

    ``present`` splits into ``alive``, ``terminating`` and ``ended``; ``good`` is within ``ready``,
    that within ``alive``. ``hurt``: restarted or ended. ``foreign``: the name is held by a pod of
    somebody else (a deleted Job of this name). ``orphan``: by one with our labels and no owner.
    ``changing`` in place, ``settling`` (changed, not yet in effect), ``infeasible`` (it never will
    be) are within ``alive``; ``forced`` (deleted without a grace period) is within ``terminating``.
    ``mending``: labels or owner have been asked for.
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
    mending: Ids
    good: Ids
    #: Revision -> ids whose pod, in whatever state, was made at it (or changed to it).
    at: Mapping[str, Ids]
    #: uid of an Update -> ids whose pod it made or changed; "" for those made without one.
    by: Mapping[str, Ids]
    #: Whole second -> ids that are alive, not good, and were made (or changed) in it.
    waiting: Mapping[int, Ids]
    #: When the next Ready instance becomes good; None: none is under way.
    next_good: float | None
    _pods: Mapping[Slot, Pod]
    _slots: Ids
    _stumbles: Collection[tuple[float, tuple[int, bool]]] = field(compare=False)
    _twin: Callable[[], View] = field(compare=False)

    def pod(self, instance: int) -> Pod:
        """The pod of an id in ``present``, ``foreign`` or ``orphan``."""
        return self._pods[(instance, instance in self._slots)]

    @property
    def twin(self) -> View:
        """The pods in the other slots: those that surge, and those that a surge has replaced."""
        return self._twin()

    def interruptions_of(self, ids: Ids, since: float) -> int:
        """How often the pods of these ids, which are present, stumbled since then (epoch seconds),
        as far as this process saw. What an earlier pod of an id did is not laid at its door."""
        return sum(
            1
            for at, slot in self._stumbles
            if slot[0] in ids
            and (pod := self.pod(slot[0])).slot == slot
            and at >= max(since, pod.since)
        )

    def was_ready(self, instance: int) -> bool:
        """Whether the pod of an id in ``present`` is or was Ready since it was made or changed, as
        far as this process saw. After a restart of a container nobody can tell."""
        pod = self.pod(instance)
        lost = not pod.restarts and self.interruptions_of(Ids([instance]), pod.since) > 0
        return pod.ready or lost

    @property
    def occupied(self) -> Ids:
        """Ids with a pod of whatever kind in this slot."""
        return self.present | self.foreign | self.orphan

    def at_revision(self, revision: str) -> Ids:
        """Ids whose pod is at ``revision``."""
        return self.at.get(revision, NONE)

    def made_by(self, update: str) -> Ids:
        """Ids whose pod the Update with this uid made or changed."""
        return self.by.get(update, NONE)


def family(sets: Mapping[str, Ids], stem: str) -> dict[str, Ids]:
    """The sets that are told apart by a name, without those that are empty."""
    return {name[len(stem) :]: ids for name, ids in sets.items() if name.startswith(stem) and ids}
