"""1,000 instances get another CPU request in place."""

from __future__ import annotations

from hack.bench.scenario import Sizes
from hack.bench.scenarios.rolls import roll
from hack.bench.work import Replacement

SCENARIOS = (
    roll(
        "resize",
        "1,000 CPU requests changed in place, all at once",
        Replacement.RESIZE,
        Sizes(),
        minutes=4,
        contestants=("echelon", "floor"),
    ),
    roll(
        "resize-queue",
        "1,000 CPU requests changed in place, a queue of 100",
        Replacement.RESIZE,
        Sizes(window=100),
        minutes=4,
        contestants=("echelon", "floor"),
    ),
)
