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

from collections import deque
from collections.abc import Iterator

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
    interrupted_at,
)
from controller.core.pods.ripening import Ripening
from controller.core.pods.sighting import as_observed
from controller.core.pods.timings import Timings
from controller.core.pods.under_way import UnderWay
from controller.core.pods.waited_for import WaitedFor

INTERRUPTIONS_KEPT = 20_000


class Instances:
    """The pods of one Job. Times are epoch seconds."""

    def __init__(self, owner: str, min_ready: float = 0.0) -> None:
        self.owner = owner
        self.pods: dict[Slot, Pod] = {}
        self._facts: dict[Slot, frozenset[str]] = {}
        self._sets: tuple[dict[str, int], dict[str, int]] = ({}, {})
        #: Slot -> back-off state, where the pod ended or was disrupted, and is gone.
        self.remade: dict[Slot, Series] = {}
        #: The newest restarts of containers and losses of readiness: epoch seconds and slot.
        self.interruptions: deque[tuple[float, Slot]] = deque(maxlen=INTERRUPTIONS_KEPT)
        self._under_way = UnderWay()
        self.timings = Timings()
        self._now = 0.0
        self._good = Ripening(min_ready)
        #: Ids that have been good for so long that they count (`spec.sla`); None: all good ones do.
        self._lasting: Ripening | None = None
        self._waiting = WaitedFor()

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
        if known is not None and known.uid == pod.uid:
            self.timings.put(known, pod)
            if known.was_good or self._good.has(pod.slot):
                pod = replace(pod, was_good=True)
        if (at := interrupted_at(known, pod, self._now)) is not None:
            self.interruptions.append((at, pod.slot))
        if known is not None and known.uid != pod.uid:
            self._under_way.forget(known.uid)
        self.pods[pod.slot] = pod
        self.remade.pop(pod.slot, None)
        if known != pod:
            self._index(pod.slot)
        return known != pod

    def drop(self, slot: Slot, uid: str) -> bool:
        """Remove the pod with this uid, which is gone. A successor with the same name stays.
        Returns whether a pod was removed."""
        known, evicted = self.pods.get(slot), uid in self._under_way.evicted
        self._under_way.forget(uid)
        if known is None or known.uid != uid:
            return False
        if interrupted(known) and not evicted:
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
        self._under_way.going.add(uid)
        if force:
            self._under_way.forced.add(uid)
        self._index(slot)

    def not_deleted(self, slot: Slot, uid: str) -> None:
        """The delete under way failed."""
        self._under_way.going.discard(uid)
        self._under_way.forced.discard(uid)
        self._index(slot)

    def assume_evicting(self, slot: Slot, uid: str) -> None:
        """An eviction is asked for. Until it is granted, the pod serves on."""
        self._under_way.evicting.add(uid)
        self._index(slot)

    def evicted(self, slot: Slot, uid: str, granted: bool) -> None:
        """The answer to the eviction came; a granted one is a delete under way."""
        self._under_way.evicting.discard(uid)
        if granted and slot in self.pods and self.pods[slot].uid == uid:
            self._under_way.evicted.add(uid)
            self._under_way.going.add(uid)
        self._index(slot)

    def is_going(self, uid: str) -> bool:
        """Whether the operator deletes the pod with this uid."""
        return uid in self._under_way.going

    def assume_changed(self, slot: Slot, uid: str) -> None:
        """A change in place is under way."""
        self._under_way.changing.add(uid)
        self._index(slot)

    def changed(self, slot: Slot, uid: str) -> None:
        """The change in place ended: its result was stored by ``put``, or it failed."""
        self._under_way.changing.discard(uid)
        self._index(slot)

    def assume_repaired(self, slot: Slot, uid: str) -> None:
        """A repair of labels or owner reference is under way."""
        self._under_way.repairing.add(uid)
        self._index(slot)

    def repaired(self, slot: Slot, uid: str) -> None:
        """The repair ended: its result was stored by ``put``, or it failed."""
        self._under_way.repairing.discard(uid)
        self._index(slot)

    def forget_assumed(self) -> None:
        """Drop all assumptions: nobody waits for the requests under way any more."""
        for slot in [slot for slot, pod in self.pods.items() if not pod.uid]:
            self.not_created(slot)
        under_way = self._under_way.clear()
        for slot in [slot for slot, pod in self.pods.items() if pod.uid in under_way]:
            self._index(slot)

    # The passing of time.

    def set_times(self, min_ready: float, lasting: float = 0.0) -> None:
        """Use another ``minReadySeconds`` from now on, or another time for which an instance must
        have been good to count (rare: visits all pods)."""
        if (min_ready, lasting) != (self.min_ready, self.lasting):
            self._good = Ripening(min_ready)
            self._lasting = Ripening(min_ready + lasting) if lasting else None
            for slot in self.pods:
                self._ripen(slot)
                self._await(slot)

    @property
    def min_ready(self) -> float:
        return self._good.seconds

    @property
    def lasting(self) -> float:
        return self._lasting.seconds - self._good.seconds if self._lasting else 0.0

    def advance(self, now: float) -> None:
        """Make instances good that have been Ready for ``min_ready`` seconds by ``now``."""
        self._now = now
        for pod, moment, new in self._ripened(self._good, now):
            if new and not pod.was_good:
                self.timings.became_good(pod, moment)
            self._await(pod.slot)
        self.timings.looked(now)
        if self._lasting is not None:
            deque(self._ripened(self._lasting, now), maxlen=0)

    def _ripened(self, what: Ripening, now: float) -> Iterator[tuple[Pod, float, bool]]:
        """The pods whose time is up, each with that moment, and whether it was not ripe before."""
        for slot, uid in what.due(now):
            pod = self.pods.get(slot)
            ready = pod is not None and pod.uid == uid and "ready" in self._facts[slot]
            if pod and ready and (moment := pod.ready_since + what.seconds) <= now:
                new = not what.has(slot)
                what.ripen(slot)
                yield pod, moment, new

    @property
    def good_slots(self) -> tuple[Ids, Ids]:
        """The ids with a good pod, in each of the two slots."""
        return self._good.of(NONE), self._good.of(EVERY)

    @property
    def marked(self) -> Ids:
        """The ids with a pod that a Maintenance has marked, in either slot."""
        return Ids.of_bits(self._sets[0].get("marked", 0) | self._sets[1].get("marked", 0))

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
            good=self._good.of(slots),
            counting=(self._lasting or self._good).of(slots),
            at=family(sets, "at:"),
            by=family(sets, "by:"),
            waiting=self._waiting.of(slots),
            next_good=self._good.next,
            next_counting=self._lasting.next if self._lasting else None,
            _pods=self.pods,
            _slots=slots,
            _interruptions=self.interruptions,
            _twin=Twin(lambda: self.view(EVERY - slots)),
        )

    def belong_to(self, owner: str) -> None:
        """Another Job of the same name owns the index now: judge anew which pods are its own."""
        self.owner = owner
        self.timings = Timings()
        self.remade.clear()
        for slot in list(self.pods):
            self._index(slot)

    def recomputed(self, now: float) -> Instances:
        """The index computed from scratch; the incremental sets must always equal it."""
        fresh = Instances(self.owner, self.min_ready)
        fresh.set_times(self.min_ready, self.lasting)
        fresh.pods = dict(self.pods)
        fresh._under_way = self._under_way.copy()
        for slot in fresh.pods:
            fresh._index(slot)
        fresh.advance(now)
        return fresh

    def _index(self, slot: Slot) -> None:
        """Bring the sets up to date with the facts of the slot's pod."""
        pod = self.pods.get(slot)
        old = self._facts.pop(slot, frozenset())
        new = facts_of(pod, self.owner, self._under_way) if pod else frozenset()
        sets, bit = self._sets[slot[1]], 1 << slot[0]
        for name in old - new:
            sets[name] &= ~bit
            if not sets[name]:
                del sets[name]
        for name in new - old:
            sets[name] = sets.get(name, 0) | bit
        if pod:
            self._facts[slot] = new
        self._good.end(slot)
        if self._lasting is not None:
            self._lasting.end(slot)
        self._ripen(slot)
        self._await(slot)

    def _ripen(self, slot: Slot) -> None:
        pod = self.pods.get(slot)
        if pod is not None and "ready" in self._facts[slot]:
            self._good.begin(slot, pod)
            if self._lasting is not None:
                self._lasting.begin(slot, pod)

    def _await(self, slot: Slot) -> None:
        """Put the id into the bucket of its pod's creation or change, if it is alive and not
        good; else take it out."""
        pod, good = self.pods.get(slot), self._good.has(slot)
        alive = pod is not None and "alive" in self._facts[slot]
        self._waiting.put(slot, int(pod.since) if pod and alive and not good else None)
