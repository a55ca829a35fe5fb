"""The requests about existing pods that the operator has sent and whose effect no watch showed."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Self


@dataclass(slots=True)
class UnderWay:
    """uids of pods. ``going``: a delete or a granted eviction; ``forced``: a delete by force;
    ``evicting``: an eviction that was not granted yet; ``evicted``: one that was; ``changing``: a
    change in place; ``repairing``: a repair of labels or owner."""

    going: set[str] = field(default_factory=set)
    forced: set[str] = field(default_factory=set)
    evicting: set[str] = field(default_factory=set)
    evicted: set[str] = field(default_factory=set)
    changing: set[str] = field(default_factory=set)
    repairing: set[str] = field(default_factory=set)

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        for uids in self._all:
            uids.discard(uid)

    def clear(self) -> set[str]:
        """Forget all. Returns the uids of the pods concerned."""
        known = set[str]().union(*self._all)
        for uids in self._all:
            uids.clear()
        return known

    def copy(self) -> Self:
        return deepcopy(self)

    @property
    def _all(self) -> tuple[set[str], ...]:
        return (
            self.going,
            self.forced,
            self.evicting,
            self.evicted,
            self.changing,
            self.repairing,
        )
