"""All scenarios by name, in the order in which they run."""

from __future__ import annotations

from hack.bench.scenario import Scenario
from hack.bench.scenarios import (
    event,
    fairness,
    floors,
    gates,
    hour,
    idle,
    in_place,
    large,
    many,
    reaction,
    recreate,
    resize,
    rollback,
    slope,
    start,
    surge,
)

_MODULES = (event, recreate, in_place, resize, surge, rollback, reaction, fairness, start, idle,
            gates, many, slope, large, floors, hour)  # fmt: skip
SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for module in _MODULES for scenario in module.SCENARIOS
}


def default(smoke: bool) -> list[str]:
    """The scenarios that run if none is named."""
    return [
        scenario.name
        for scenario in SCENARIOS.values()
        if scenario.usual and (scenario.smoke is not None or not smoke)
    ]
