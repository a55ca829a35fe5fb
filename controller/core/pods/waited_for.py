"""Ids that are waited for, in buckets by the second since which their pod should become good."""

from __future__ import annotations

from controller.api.ids import Ids
from controller.core.pods.facts import Slot


class WaitedFor:
    """Of each of the two slots: second -> ids, as a bitset."""

    def __init__(self) -> None:
        self._buckets: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._since: dict[Slot, int] = {}

    def put(self, slot: Slot, second: int | None) -> None:
        """The slot is waited for since this second (epoch); None: it is not waited for."""
        old, buckets, bit = self._since.pop(slot, None), self._buckets[slot[1]], 1 << slot[0]
        if old is not None:
            buckets[old] &= ~bit
            if not buckets[old]:
                del buckets[old]
        if second is not None:
            self._since[slot] = second
            buckets[second] = buckets.get(second, 0) | bit

    def of(self, slots: Ids) -> dict[int, Ids]:
        """Second -> ids; ``slots``: ids that live in the ``-s`` slot."""
        plain, surge, mask = *self._buckets, slots.bits
        found = {
            second: Ids.of_bits(plain.get(second, 0) & ~mask | surge.get(second, 0) & mask)
            for second in {*plain, *surge}
        }
        return {second: ids for second, ids in found.items() if ids}
