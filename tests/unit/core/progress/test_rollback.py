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


def test_a_rollback_to_what_the_instance_runs_already_ends_when_that_fails_again() -> None:
    """web-g3 goes back to app:1, which the instance had before web-g2, and app:1 crashes now."""
    world = World(instances=1, update={"maxFailuresPerInstance": 1}).ready()
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images() == {0: "app:2"})
    world.behave("app:1", ready=2.0, crash=2.0, crashes=99)
    world.edit(image="app:1")
    world.until(lambda: world.update.metadata.name == "web-g3")
    world.until_ended(within=600)
    assert (world.phase, world.update.status.reason) == (Phase.FAILED, "RollbackFailed")
    assert str(world.update.status.instances.rollback_failed) == "0"
