"""1,000 instances are recreated: all at once, by 100 in a queue and in batches, 50 in a queue."""

from __future__ import annotations

from hack.bench.contestants import USUAL
from hack.bench.scenario import Sizes
from hack.bench.scenarios.rolls import roll
from hack.bench.work import Replacement, Strategy

_RECREATE = Replacement.RECREATE
_DEFAULTS = ("deployment-default", "statefulset-default")
_GIVEN = ("argo", "cloneset")

SCENARIOS = (
    roll(
        "recreate",
        "1,000 recreated all at once",
        _RECREATE,
        Sizes(),
        smoke=Sizes(instances=200, rounds=2),
        minutes=22,
        contestants=(*USUAL, *_GIVEN, *_DEFAULTS, "argo-default", "cloneset-default"),
    ),
    roll(
        "recreate-queue",
        "1,000 recreated, a queue of 100",
        _RECREATE,
        Sizes(window=100),
        smoke=Sizes(instances=200, window=20, rounds=2),
        minutes=22,
        contestants=(*USUAL, *_GIVEN, *_DEFAULTS),
    ),
    roll(
        "recreate-batch",
        "1,000 recreated, batches of 100",
        _RECREATE,
        Sizes(window=100),
        strategy=Strategy.BATCH,
        minutes=5,
        contestants=("echelon", "floor"),
    ),
    roll(
        "recreate-queue-50",
        "1,000 recreated, a queue of 50",
        _RECREATE,
        Sizes(window=50),
        minutes=10,
    ),
)
