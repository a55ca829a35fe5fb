"""What is known of one Job's pods, kept as id sets that an event changes in O(1).

A fact (``"ready"``, ``"at:<revision>"``) is a bitset of the ids whose pod shows it, one family of
bitsets per slot (``<job>-<id>`` and ``<job>-<id>-s``). ``put`` and ``drop`` flip the bits of one
id; ``advance`` moves what only time changes (Ready long enough is *good*). ``facts_of`` is the one
definition; the property tests hold the incremental sets against a recomputation from it.

Our own writes are *assumed* until the watch shows them: a create under way stands as a pod without
uid, a delete under way as a pod that is going. So a late watch never makes us act twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.api.ids import NONE, Ids
from controller.api.pod import Pod
from controller.core import backoff

Slot = tuple[int, bool]

_SETS: Final = (
    "present",
    "alive",
    "terminating",
    "ended",
    "ready",
    "hurt",
    "unlabelled",
    "foreign",
    "orphan",
)


def facts_of(pod: Pod, owner: str, going: bool) -> frozenset[str]:
    """The facts a pod shows to the Job with uid ``owner``, whatever the time is.

    ``going``: we have asked for its deletion.
    """
    if pod.owner != owner:
        return frozenset({"foreign" if pod.owner else "orphan"})
    facts = {"present", f"at:{pod.revision}"}
    if pod.deleted is not None or going:
        facts.add("terminating")
    elif pod.ended:
        facts.add("ended")
    else:
        facts.add("alive")
        if pod.ready:
            facts.add("ready")
    if pod.restarts or pod.ended:
        facts.add("hurt")
    if not pod.labelled and pod.uid:
        facts.add("unlabelled")
    return frozenset(facts)


@dataclass(frozen=True, slots=True)
class View:
    """The id sets of one moment; ``pod`` reads the store and is good until the next event.

    ``present`` splits into ``alive``, ``terminating`` and ``ended``; ``good`` is within ``ready``,
    that within ``alive``. ``hurt``: restarted or ended. ``foreign``: the name is held by a pod of
    somebody else (a deleted Job of this name). ``orphan``: by one with our labels and no owner.
    """

    present: Ids
    alive: Ids
    terminating: Ids
    ended: Ids
    ready: Ids
    hurt: Ids
    unlabelled: Ids
    foreign: Ids
    orphan: Ids
    good: Ids
    #: Revision -> ids whose pod, in whatever state, was made at it.
    at: Mapping[str, Ids]
    #: When the next Ready instance becomes good; None: none is under way.
    next_good: float | None
    _pods: Mapping[Slot, Pod]
    _slots: Ids

    def pod(self, instance: int) -> Pod:
        """The pod of an id in ``present``, ``foreign`` or ``orphan``."""
        return self._pods[(instance, instance in self._slots)]

    def at_revision(self, revision: str) -> Ids:
        """Ids whose pod is at ``revision``."""
        return self.at.get(revision, NONE)


class Instances:
    """The pods of one Job. Times are epoch seconds."""

    def __init__(self, owner: str, min_ready: float = 0.0) -> None:
        self.owner = owner
        self.min_ready = min_ready
        self.pods: dict[Slot, Pod] = {}
        self._facts: dict[Slot, frozenset[str]] = {}
        self._sets: tuple[dict[str, int], dict[str, int]] = ({}, {})
        #: Ids whose pod ended and is gone -> how often in a row.
        self.remade: dict[int, int] = {}
        self._going: set[str] = set()
        self._good = [0, 0]
        self._ripening: list[tuple[float, Slot, str]] = []

    # What the watch says.

    def put(self, pod: Pod) -> bool:
        """Take a version of a pod; False when it is old news or shows nothing new."""
        known = self.pods.get(pod.slot)
        if known is not None and known.uid and known.resource_version >= pod.resource_version:
            return False
        if known is not None and known.uid != pod.uid:
            self._going.discard(known.uid)
        self.pods[pod.slot] = pod
        self.remade.pop(pod.instance, None)
        if known == pod:
            return False
        self._index(pod.slot)
        return True

    def drop(self, slot: Slot, uid: str) -> bool:
        """The pod with this uid is gone; a successor under the same name stays."""
        known = self.pods.get(slot)
        self._going.discard(uid)
        if known is None or known.uid != uid:
            return False
        if known.ended:
            self.remade[slot[0]] = backoff.next_count(known)
        del self.pods[slot]
        self._index(slot)
        return True

    # What we have asked for.

    def assume_created(self, pod: Pod) -> None:
        """A create is under way: ``pod`` has neither uid nor resourceVersion yet."""
        self.pods[pod.slot] = pod
        self._index(pod.slot)

    def not_created(self, slot: Slot) -> None:
        """The create under way failed."""
        known = self.pods.get(slot)
        if known is not None and not known.uid:
            del self.pods[slot]
            self._index(slot)

    def assume_deleted(self, slot: Slot, uid: str) -> None:
        """A delete is under way."""
        self._going.add(uid)
        self._index(slot)

    def not_deleted(self, slot: Slot, uid: str) -> None:
        """The delete under way failed."""
        self._going.discard(uid)
        self._index(slot)

    def forget_assumed(self) -> None:
        """Nobody waits for what is under way any more."""
        for slot in [slot for slot, pod in self.pods.items() if not pod.uid]:
            self.not_created(slot)
        going, self._going = self._going, set()
        for slot in [slot for slot, pod in self.pods.items() if pod.uid in going]:
            self._index(slot)

    # What time does.

    def set_min_ready(self, seconds: float) -> None:
        """Another ``minReadySeconds`` counts from now on (rare: walks all pods)."""
        if seconds != self.min_ready:
            self.min_ready = seconds
            self._good, self._ripening = [0, 0], []
            for slot in self.pods:
                self._ripen(slot)

    def advance(self, now: float) -> None:
        """Instances that have been Ready for ``min_ready`` seconds by ``now`` become good."""
        while self._ripening and self._ripening[0][0] <= now:
            _, slot, uid = heapq.heappop(self._ripening)
            pod = self.pods.get(slot)
            ready = pod is not None and pod.uid == uid and "ready" in self._facts[slot]
            if pod and ready and pod.ready_since + self.min_ready <= now:
                self._good[slot[1]] |= 1 << slot[0]

    # What is decided on.

    def view(self, slots: Ids = NONE) -> View:
        """Each id as the pod in the slot where it lives shows it (``slots``: the ids in ``-s``)."""
        plain, surge, mask = *self._sets, slots.bits
        sets = {
            name: Ids.of_bits(plain.get(name, 0) & ~mask | surge.get(name, 0) & mask)
            for name in {*_SETS, *plain, *surge}
        }
        return View(
            **{name: sets[name] for name in _SETS},
            good=Ids.of_bits(self._good[0] & ~mask | self._good[1] & mask),
            at={name[3:]: ids for name, ids in sets.items() if name.startswith("at:") and ids},
            next_good=self._ripening[0][0] if self._ripening else None,
            _pods=self.pods,
            _slots=slots,
        )

    def belong_to(self, owner: str) -> None:
        """The Job that asks is another one now: whose each pod is, is seen anew."""
        self.owner = owner
        self.remade.clear()
        for slot in list(self.pods):
            self._index(slot)

    def recomputed(self, now: float) -> Instances:
        """The same from scratch: what the incremental sets must equal at every moment."""
        fresh = Instances(self.owner, self.min_ready)
        fresh.pods = dict(self.pods)
        fresh._going = set(self._going)
        for slot in fresh.pods:
            fresh._index(slot)
        fresh.advance(now)
        return fresh

    def _index(self, slot: Slot) -> None:
        """Bring the sets up to what the slot's pod shows now."""
        pod = self.pods.get(slot)
        old = self._facts.pop(slot, frozenset())
        new = facts_of(pod, self.owner, pod.uid in self._going) if pod else frozenset()
        sets, bit = self._sets[slot[1]], 1 << slot[0]
        for name in old - new:
            sets[name] &= ~bit
            if not sets[name]:
                del sets[name]
        for name in new - old:
            sets[name] = sets.get(name, 0) | bit
        if pod:
            self._facts[slot] = new
        self._good[slot[1]] &= ~bit
        self._ripen(slot)

    def _ripen(self, slot: Slot) -> None:
        pod = self.pods.get(slot)
        if pod is not None and "ready" in self._facts[slot]:
            heapq.heappush(self._ripening, (pod.ready_since + self.min_ready, slot, pod.uid))
