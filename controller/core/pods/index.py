"""The pods of one Job, indexed as sets of ids that an event updates in O(1).

A fact (``"ready"``, ``"at:<revision>"``) is a bitset of the ids whose pod shows it, one family of
bitsets per slot (``<job>-<id>`` and ``<job>-<id>-s``). ``put`` and ``drop`` flip the bits of one
id; ``advance`` applies what only time changes (an instance that was Ready long enough is *good*).
``facts_of`` is the one definition of the facts; property tests compare the incremental sets with a
recomputation from it.

The operator's own writes are *assumed* until the watch shows them: a create under way counts as a
pod without uid, a delete under way as a terminating pod. So a late watch never causes an action
twice.
"""

from __future__ import annotations

import heapq
from collections import deque

from msgspec.structs import replace

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.core.pods.backoff import Series, following, interrupted
from controller.core.pods.facts import (
    EVERY,
    SETS,
    Slot,
    Twin,
    View,
    facts_of,
    family,
    is_marked_lost,
)
from controller.core.pods.first_good import FirstGood
from controller.core.pods.sighting import as_observed

INTERRUPTIONS_KEPT = 20_000


class Instances:
    """The pods of one Job. Times are epoch seconds."""

    def __init__(self, owner: str, min_ready: float = 0.0) -> None:
        self.owner = owner
        self.min_ready = min_ready
        self.pods: dict[Slot, Pod] = {}
        self._facts: dict[Slot, frozenset[str]] = {}
        self._sets: tuple[dict[str, int], dict[str, int]] = ({}, {})
        #: Slot -> back-off state, where the pod ended or was disrupted, and is gone.
        self.remade: dict[Slot, Series] = {}
        #: The newest restarts of containers and losses of readiness: epoch seconds and slot.
        self.interruptions: deque[tuple[float, Slot]] = deque(maxlen=INTERRUPTIONS_KEPT)
        #: uids of pods with a delete, a delete by force, a change in place, a repair under way.
        self._going: set[str] = set()
        self._forced: set[str] = set()
        self._changing: set[str] = set()
        self._repairing: set[str] = set()
        self.first_good = FirstGood()
        self._now = 0.0
        self._good = [0, 0]
        self._ripening: list[tuple[float, Slot, str]] = []
        #: Per slot: second -> ids that are waited for since then; and the second of each slot.
        self._waiting: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._since: dict[Slot, int] = {}

    # Events of the watch.

    def put(self, pod: Pod, now: float | None = None) -> bool:
        """Store a version of a pod that was observed at ``now``; with None the pod's own stamps
        are kept. Returns False if the version is old or shows nothing new."""
        known = self.pods.get(pod.slot)
        if known is not None and known.uid:
            # The answer to a create is partial; the watch then shows the same version in full.
            whole = known.partial and not pod.partial
            if known.resource_version >= pod.resource_version + whole:
                return False
        if now is not None:
            pod = as_observed(pod, known, now)
        if known is not None and known.uid == pod.uid and self._was_good(known):
            pod = replace(pod, was_good=True)
        if known is not None and known.uid == pod.uid and _interrupted(known, pod):
            # If the pod was not Ready before, its stamp is old: the moment of observation counts.
            self.interruptions.append((max(pod.ready_since, self._now), pod.slot))
        elif known is None and pod.restarted:
            # This process never observed the pod before; the pod shows only its last restart.
            self.interruptions.append((pod.restarted, pod.slot))
        if known is not None and known.uid != pod.uid:
            self._forget(known.uid)
        self.pods[pod.slot] = pod
        self.remade.pop(pod.slot, None)
        if known == pod:
            return False
        self._index(pod.slot)
        return True

    def _was_good(self, pod: Pod) -> bool:
        return pod.was_good or bool(self._good[pod.surge] >> pod.instance & 1)

    def drop(self, slot: Slot, uid: str) -> bool:
        """Remove the pod with this uid, which is gone. A successor with the same name stays.
        Returns whether a pod was removed."""
        known = self.pods.get(slot)
        self._forget(uid)
        if known is None or known.uid != uid:
            return False
        if interrupted(known):
            self.remade[slot] = following(known)
        del self.pods[slot]
        self._index(slot)
        return True

    # Requests of the operator.

    def assume_created(self, pod: Pod) -> None:
        """A create is under way. ``pod`` has neither uid nor resourceVersion yet."""
        self.pods[pod.slot] = pod
        self._index(pod.slot)

    def not_created(self, slot: Slot) -> None:
        """The create under way failed."""
        if (known := self.pods.get(slot)) is not None and not known.uid:
            del self.pods[slot]
            self._index(slot)

    def assume_deleted(self, slot: Slot, uid: str, force: bool = False) -> None:
        """A delete is under way."""
        self._going.add(uid)
        if force:
            self._forced.add(uid)
        self._index(slot)

    def not_deleted(self, slot: Slot, uid: str) -> None:
        """The delete under way failed."""
        self._going.discard(uid)
        self._forced.discard(uid)
        self._index(slot)

    def is_going(self, uid: str) -> bool:
        """Whether the operator deletes the pod with this uid."""
        return uid in self._going

    def assume_changed(self, slot: Slot, uid: str) -> None:
        """A change in place is under way."""
        self._changing.add(uid)
        self._index(slot)

    def changed(self, slot: Slot, uid: str) -> None:
        """The change in place ended: its result was stored by ``put``, or it failed."""
        self._changing.discard(uid)
        self._index(slot)

    def assume_repaired(self, slot: Slot, uid: str) -> None:
        """A repair of labels or owner reference is under way."""
        self._repairing.add(uid)
        self._index(slot)

    def repaired(self, slot: Slot, uid: str) -> None:
        """The repair ended: its result was stored by ``put``, or it failed."""
        self._repairing.discard(uid)
        self._index(slot)

    def forget_assumed(self) -> None:
        """Drop all assumptions: nobody waits for the requests under way any more."""
        for slot in [slot for slot, pod in self.pods.items() if not pod.uid]:
            self.not_created(slot)
        under_way = self._going | self._changing | self._repairing
        for uids in (self._going, self._forced, self._changing, self._repairing):
            uids.clear()
        for slot in [slot for slot, pod in self.pods.items() if pod.uid in under_way]:
            self._index(slot)

    def _forget(self, uid: str) -> None:
        for under_way in (self._going, self._forced, self._changing, self._repairing):
            under_way.discard(uid)

    # The passing of time.

    def set_min_ready(self, seconds: float) -> None:
        """Use another ``minReadySeconds`` from now on (rare: visits all pods)."""
        if seconds != self.min_ready:
            self.min_ready = seconds
            self._good, self._ripening = [0, 0], []
            for slot in self.pods:
                self._ripen(slot)
                self._await(slot)

    def advance(self, now: float) -> None:
        """Make instances good that have been Ready for ``min_ready`` seconds by ``now``."""
        before, self._now = self._now, now
        while self._ripening and self._ripening[0][0] <= now:
            _, slot, uid = heapq.heappop(self._ripening)
            pod = self.pods.get(slot)
            ready = pod is not None and pod.uid == uid and "ready" in self._facts[slot]
            if pod and ready and (moment := pod.ready_since + self.min_ready) <= now:
                if not self._was_good(pod):
                    self.first_good.note(pod, moment, before)
                self._good[slot[1]] |= 1 << slot[0]
                self._await(slot)

    # The sets that decisions read.

    def view(self, slots: Ids = NONE) -> View:
        """The sets by the pod in each id's slot. ``slots``: ids that live in the ``-s`` slot."""
        plain, surge, mask = *self._sets, slots.bits
        sets = {
            name: Ids.of_bits(plain.get(name, 0) & ~mask | surge.get(name, 0) & mask)
            for name in {*plain, *surge}
        }
        return View(
            **{name: sets.get(name, NONE) for name in SETS},
            good=Ids.of_bits(self._good[0] & ~mask | self._good[1] & mask),
            at=family(sets, "at:"),
            by=family(sets, "by:"),
            waiting=self._waited_for(slots),
            next_good=self._ripening[0][0] if self._ripening else None,
            _pods=self.pods,
            _slots=slots,
            _interruptions=self.interruptions,
            _twin=Twin(lambda: self.view(EVERY - slots)),
        )

    def belong_to(self, owner: str) -> None:
        """Another Job of the same name owns the index now: judge anew which pods are its own."""
        self.owner = owner
        self.first_good = FirstGood()
        self.remade.clear()
        for slot in list(self.pods):
            self._index(slot)

    def recomputed(self, now: float) -> Instances:
        """The index computed from scratch; the incremental sets must always equal it."""
        fresh = Instances(self.owner, self.min_ready)
        fresh.pods = dict(self.pods)
        fresh._going, fresh._forced = set(self._going), set(self._forced)
        fresh._changing, fresh._repairing = set(self._changing), set(self._repairing)
        for slot in fresh.pods:
            fresh._index(slot)
        fresh.advance(now)
        return fresh

    def _index(self, slot: Slot) -> None:
        """Bring the sets up to date with the facts of the slot's pod."""
        pod = self.pods.get(slot)
        old = self._facts.pop(slot, frozenset())
        new = self._facts_of(pod) if pod else frozenset()
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
        self._await(slot)

    def _facts_of(self, pod: Pod) -> frozenset[str]:
        sets = (self._going, self._changing, self._forced, self._repairing)
        return facts_of(pod, self.owner, *(pod.uid in under_way for under_way in sets))

    def _ripen(self, slot: Slot) -> None:
        pod = self.pods.get(slot)
        if pod is not None and "ready" in self._facts[slot]:
            heapq.heappush(self._ripening, (pod.ready_since + self.min_ready, slot, pod.uid))

    def _await(self, slot: Slot) -> None:
        """Put the id into the bucket of its pod's creation or change, if it is alive and not
        good; else take it out."""
        pod, (instance, surge) = self.pods.get(slot), slot
        good = self._good[surge] >> instance & 1
        alive = pod is not None and "alive" in self._facts[slot]
        new = int(pod.since) if pod and alive and not good else None
        old, buckets, bit = self._since.pop(slot, None), self._waiting[surge], 1 << instance
        if old is not None:
            buckets[old] &= ~bit
            if not buckets[old]:
                del buckets[old]
        if new is not None:
            self._since[slot] = new
            buckets[new] = buckets.get(new, 0) | bit

    def _waited_for(self, slots: Ids) -> dict[int, Ids]:
        plain, surge, mask = *self._waiting, slots.bits
        found = {
            second: Ids.of_bits(plain.get(second, 0) & ~mask | surge.get(second, 0) & mask)
            for second in {*plain, *surge}
        }
        return {second: ids for second, ids in found.items() if ids}


def _interrupted(before: Pod, now: Pod) -> bool:
    if now.deleted is not None or before.changed != now.changed or not now.in_effect:
        return False
    # The loss of a node says nothing about what runs on it.
    unready = before.ready and not now.ready and not now.ended and not is_marked_lost(now)
    return now.restarts > before.restarts or unready
