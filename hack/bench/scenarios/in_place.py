"""1,000 instances get a new image in place: all at once, by 100 in a queue and in batches."""

from __future__ import annotations

from hack.bench.scenario import Sizes
from hack.bench.scenarios.rolls import roll
from hack.bench.work import Replacement, Strategy

_ONES = ("echelon", "floor", "cloneset")

SCENARIOS = (
    roll(
        "in-place",
        "1,000 images changed in place, all at once",
        Replacement.IN_PLACE,
        Sizes(),
        minutes=4,
        contestants=(*_ONES, "cloneset-default"),
    ),
    roll(
        "in-place-queue",
        "1,000 images changed in place, a queue of 100",
        Replacement.IN_PLACE,
        Sizes(window=100),
        smoke=Sizes(instances=200, window=20, rounds=2),
        minutes=4,
        contestants=_ONES,
    ),
    roll(
        "in-place-batch",
        "1,000 images changed in place, batches of 100",
        Replacement.IN_PLACE,
        Sizes(window=100),
        strategy=Strategy.BATCH,
        minutes=4,
        contestants=("echelon", "floor"),
    ),
)
