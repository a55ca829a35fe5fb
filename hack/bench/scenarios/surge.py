"""1,000 instances are replaced by a surge: the new pod is Ready before the old one goes."""

from __future__ import annotations

from hack.bench.scenario import Sizes
from hack.bench.scenarios.rolls import roll
from hack.bench.work import Replacement

SCENARIOS = (
    roll(
        "surge",
        "1,000 replaced by surge, a queue of 100",
        Replacement.SURGE,
        Sizes(window=100),
        minutes=7,
        contestants=("echelon", "floor", "deployment", "argo"),
    ),
)
