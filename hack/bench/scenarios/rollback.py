"""An update of 1,000 instances is rolled back at its half.

The time is that of the way back. The floor replaces half of the instances once; so ratios are per
replaced instance.
"""

from __future__ import annotations

from hack.bench.scenario import Sizes
from hack.bench.scenarios.rolls import roll
from hack.bench.work import Replacement

SCENARIOS = (
    roll(
        "rollback",
        "1,000 by a queue of 100, rolled back at the half",
        Replacement.RECREATE,
        Sizes(window=100),
        minutes=8,
        contestants=("echelon", "floor", "deployment"),
        turns_back=True,
    ),
)
