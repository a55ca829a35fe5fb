"""10,000 instances: of one Job, and of 1,000 Jobs at once."""

from __future__ import annotations

from hack.bench.scenario import Sizes
from hack.bench.scenarios.rolls import roll
from hack.bench.work import Replacement

_ONES = ("echelon", "floor", "deployment")

SCENARIOS = (
    roll(
        "ten-thousand",
        "10,000 recreated, a queue of 1,000",
        Replacement.RECREATE,
        Sizes(instances=10_000, window=1_000, rounds=3),
        minutes=35,
        contestants=_ONES,
    ),
    roll(
        "many-jobs",
        "1,000 Jobs of 10 recreated at once",
        Replacement.RECREATE,
        Sizes(instances=10, jobs=1_000, rounds=3),
        minutes=35,
        contestants=_ONES,
    ),
)
