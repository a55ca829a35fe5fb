"""How long after an instance became good the request for the next one is on the wire.

A queue that leaves the machine time: with a long queue, what is measured is the load of the API
server. `hack.bench.reaction` says how the time is measured.
"""

from __future__ import annotations

from hack.bench.scenario import Sizes
from hack.bench.scenarios.rolls import roll
from hack.bench.work import Replacement

SCENARIOS = (
    roll(
        "reaction",
        "1,000 recreated, a queue of 10: good → next request",
        Replacement.RECREATE,
        Sizes(window=10, rounds=3),
        minutes=8,
        contestants=("echelon", "floor", "deployment"),
    ),
)
