"""How a rollback starts."""

from __future__ import annotations

from controller.api.update import Phase
from tests.unit.core.sim import World


def test_a_rollback_tolerates_as_many_failures_as_the_way_forward() -> None:
    """Those of the way forward do not count against it."""
    world = World(instances=2, update={"maxFailuresPerInstance": 1}).ready()
    world.behave("app:2", instance=0, crash=0.5, crashes=2)
    world.behave("app:1", instance=0, crash=0.5)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_BACK)
    assert world.update.status.failure_counts == {}
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.pod(0).restarts == 1, "the old version has failed once"
