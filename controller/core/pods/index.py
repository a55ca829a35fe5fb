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
from collections import deque
from dataclasses import replace
from functools import cache

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod
from controller.core.pods.backoff import Series, following, interrupted
from controller.core.pods.facts import EVERY, SETS, Slot, View, facts_of, family
from controller.core.pods.sighting import as_seen

INTERRUPTIONS_KEPT = 20_000


class Instances:
    """The pods of one Job. Times are epoch seconds."""

    def __init__(self, owner: str, min_ready: float = 0.0) -> None:
        self.owner = owner
        self.min_ready = min_ready
        self.pods: dict[Slot, Pod] = {}
        self._facts: dict[Slot, frozenset[str]] = {}
        self._sets: tuple[dict[str, int], dict[str, int]] = ({}, {})
        #: Slots whose pod ended or was disrupted, and is gone.
        self.remade: dict[Slot, Series] = {}
        #: uids of pods with a delete, a delete by force, a change in place, a mend under way.
        self._going: set[str] = set()
        #: When which pod stumbled: a container restarted, or readiness was lost.
        self.interruptions: deque[tuple[float, Slot]] = deque(maxlen=INTERRUPTIONS_KEPT)
        self._forced: set[str] = set()
        self._changing: set[str] = set()
        self._mending: set[str] = set()
        self._now = 0.0
        self._good = [0, 0]
        self._ripening: list[tuple[float, Slot, str]] = []
        #: Per slot: second -> ids that have been waited for since then; and where each id stands.
        self._waiting: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._since: dict[Slot, int] = {}

    # What the watch says.

    def put(self, pod: Pod, now: float | None = None) -> bool:
        """Take a version of a pod, seen at ``now`` (None: its own stamps are believed); False when
        it is old news or shows nothing new."""
        known = self.pods.get(pod.slot)
        if known is not None and known.uid:
            # The watch shows the very version that a create was answered with, as a whole.
            whole = known.partial and not pod.partial
            if known.resource_version >= pod.resource_version + whole:
                return False
        if now is not None:
            pod = as_seen(pod, known, now)
        if known is not None and known.uid == pod.uid and self._was_good(known):
            pod = replace(pod, was_good=True)
        if known is not None and known.uid == pod.uid and _interrupted(known, pod):
            # Of one that was not Ready before, the stamp is old: what counts is when it was seen.
            self.interruptions.append((max(pod.ready_since, self._now), pod.slot))
        elif known is None and pod.restarted:
            # Nobody saw the pod before: its last restart is what it can tell of itself.
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
        """The pod with this uid is gone; a successor under the same name stays."""
        known = self.pods.get(slot)
        self._forget(uid)
        if known is None or known.uid != uid:
            return False
        if interrupted(known):
            self.remade[slot] = following(known)
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

    def assume_changed(self, slot: Slot, uid: str) -> None:
        """A change in place is under way."""
        self._changing.add(uid)
        self._index(slot)

    def changed(self, slot: Slot, uid: str) -> None:
        """The change in place is through: what came of it has been put, or it failed."""
        self._changing.discard(uid)
        self._index(slot)

    def assume_mended(self, slot: Slot, uid: str) -> None:
        """Labels or an owner are asked for."""
        self._mending.add(uid)
        self._index(slot)

    def mended(self, slot: Slot, uid: str) -> None:
        """That is through: what came of it has been put, or it failed."""
        self._mending.discard(uid)
        self._index(slot)

    def forget_assumed(self) -> None:
        """Nobody waits for what is under way any more."""
        for slot in [slot for slot, pod in self.pods.items() if not pod.uid]:
            self.not_created(slot)
        under_way = self._going | self._changing | self._mending
        for uids in (self._going, self._forced, self._changing, self._mending):
            uids.clear()
        for slot in [slot for slot, pod in self.pods.items() if pod.uid in under_way]:
            self._index(slot)

    def _forget(self, uid: str) -> None:
        for under_way in (self._going, self._forced, self._changing, self._mending):
            under_way.discard(uid)

    # What time does.

    def set_min_ready(self, seconds: float) -> None:
        """Another ``minReadySeconds`` counts from now on (rare: walks all pods)."""
        if seconds != self.min_ready:
            self.min_ready = seconds
            self._good, self._ripening = [0, 0], []
            for slot in self.pods:
                self._ripen(slot)
                self._await(slot)

    def advance(self, now: float) -> None:
        """Instances that have been Ready for ``min_ready`` seconds by ``now`` become good."""
        self._now = now
        while self._ripening and self._ripening[0][0] <= now:
            _, slot, uid = heapq.heappop(self._ripening)
            pod = self.pods.get(slot)
            ready = pod is not None and pod.uid == uid and "ready" in self._facts[slot]
            if pod and ready and pod.ready_since + self.min_ready <= now:
                self._good[slot[1]] |= 1 << slot[0]
                self._await(slot)

    # What is decided on.

    def view(self, slots: Ids = NONE) -> View:
        """Each id as the pod in the slot where it lives shows it (``slots``: the ids in ``-s``)."""
        plain, surge, mask = *self._sets, slots.bits
        sets = {
            name: Ids.of_bits(plain.get(name, 0) & ~mask | surge.get(name, 0) & mask)
            for name in {*plain, *surge}
        }
        other = EVERY - slots
        return View(
            **{name: sets.get(name, NONE) for name in SETS},
            good=Ids.of_bits(self._good[0] & ~mask | self._good[1] & mask),
            at=family(sets, "at:"),
            by=family(sets, "by:"),
            waiting=self._waited_for(slots),
            next_good=self._ripening[0][0] if self._ripening else None,
            _pods=self.pods,
            _slots=slots,
            _stumbles=self.interruptions,
            _twin=cache(lambda: self.view(other)),
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
        fresh._forced, fresh._changing = set(self._forced), set(self._changing)
        fresh._mending = set(self._mending)
        for slot in fresh.pods:
            fresh._index(slot)
        fresh.advance(now)
        return fresh

    def _index(self, slot: Slot) -> None:
        """Bring the sets up to what the slot's pod shows now."""
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
        uid = pod.uid
        going, changing = uid in self._going, uid in self._changing
        forced, mending = uid in self._forced, uid in self._mending
        return facts_of(pod, self.owner, going, changing, forced, mending)

    def _ripen(self, slot: Slot) -> None:
        pod = self.pods.get(slot)
        if pod is not None and "ready" in self._facts[slot]:
            heapq.heappush(self._ripening, (pod.ready_since + self.min_ready, slot, pod.uid))

    def _await(self, slot: Slot) -> None:
        """Put the id where it has been waited for since its pod was made, or take it out."""
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
    return now.restarts > before.restarts or (before.ready and not now.ready and not now.ended)
