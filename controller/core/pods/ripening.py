"""Ids whose pod has been Ready for so many seconds: what only time changes about a pod."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from controller.api.ids import Ids
from controller.api.pods.pod import Pod
from controller.core.pods.facts import Slot


class Ripening:
    """``ripe``: the ids as a bitset, for each of the two slots. ``seconds``: how long a pod must
    have been Ready. Times are epoch seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ripe = [0, 0]
        self._heap: list[tuple[float, Slot, str]] = []

    @property
    def next(self) -> float | None:
        """When the next id becomes ripe; None if none does."""
        return self._heap[0][0] if self._heap else None

    def has(self, slot: Slot) -> bool:
        return bool(self.ripe[slot[1]] >> slot[0] & 1)

    def of(self, slots: Ids) -> Ids:
        """The ripe ids. ``slots``: ids that live in the ``-s`` slot."""
        plain, surge = self.ripe
        return Ids.of_bits(plain & ~slots.bits | surge & slots.bits)

    def begin(self, slot: Slot, pod: Pod) -> None:
        """The slot's pod is Ready."""
        heapq.heappush(self._heap, (pod.ready_since + self.seconds, slot, pod.uid))

    def end(self, slot: Slot) -> None:
        """The slot's pod is not Ready, or it is another one."""
        self.ripe[slot[1]] &= ~(1 << slot[0])

    def due(self, now: float) -> Iterator[tuple[Slot, str]]:
        """The slots, each with the uid of its pod, whose time is up at ``now``. The caller says
        with ``ripen`` which of them are still Ready."""
        while self._heap and self._heap[0][0] <= now:
            _, slot, uid = heapq.heappop(self._heap)
            yield slot, uid

    def ripen(self, slot: Slot) -> None:
        self.ripe[slot[1]] |= 1 << slot[0]
