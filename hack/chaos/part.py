"""A part of `make chaos`: it can be run by itself, and its rows are kept by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hack.chaos.plane import Plane
from hack.chaos.row import Row

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What a part gets. ``seed``: of all that is random. ``short``: the form for each change.
    ``most``: the most tries of each fault (None: as many as the form has)."""

    plane: Plane
    say: Say
    seed: int
    short: bool
    most: int | None = None

    def tries(self, full: int, short: int) -> int:
        """How many tries of a fault to make."""
        wanted = short if self.short else full
        return wanted if self.most is None else min(wanted, self.most)


@dataclass(frozen=True, slots=True)
class Part:
    """``minutes``: how long the long form takes on two cores; None: it is only in the short one.
    ``seconds``: how long the short form takes; None: it is only in the long one. ``alone``: it
    disturbs the control plane itself, and gets one of its own."""

    name: str
    text: str
    run: Callable[[Run], list[Row]]
    minutes: float | None
    seconds: float | None
    alone: bool = False
