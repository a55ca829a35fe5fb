"""Unavailable instances need a person after a deadline, whatever the reason, without an Update."""

from __future__ import annotations

from controller.api.meta import Condition
from tests.unit.core.sim import World


def condition(world: World, name: str) -> Condition:
    """A condition of the Job."""
    return next(c for c in world.status.conditions if c.type == name)


def test_a_first_creation_whose_pods_cannot_be_created_is_stalled_after_the_deadline() -> None:
    world = World(instances=3)
    world.cluster.quota = 2
    world.run(60)
    assert "Reconciling" in world.conditions()
    world.run(6)
    assert world.conditions() == {"Stalled", "Available"}
    assert condition(world, "Stalled").reason == "QuotaExceeded"
    assert "instance 2: exceeded quota" in condition(world, "Stalled").message
    world.restart()
    world.run(1)
    assert "Stalled" in world.conditions(), "a restart does not reset the deadline"
    world.cluster.quota = None
    world.run(70)
    assert world.conditions() == {"Ready", "Available"}
    assert world.status.down_since == {}


def test_an_instance_that_is_lost_later_has_its_own_deadline() -> None:
    world = World(instances=3).ready()
    world.behave("app:1", instance=0, ready=50.0)
    world.behave("app:1", instance=1, ready=50.0)
    world.kill(0)
    world.run(40)
    world.kill(1)
    world.until(lambda: 0 in world.operator.observe().view.good, within=30)
    stalled = []
    world.after_step = lambda: stalled.append("Stalled" in world.conditions())
    world.until(lambda: "Ready" in world.conditions())
    assert not any(stalled)


def test_an_instance_whose_pod_is_created_again_and_again_is_stalled() -> None:
    """A new pod does not reset the deadline."""
    world = World(instances=2).ready()
    world.behave("app:1", instance=1, ready=None, end=5.0)
    world.kill(1)
    world.until(lambda: "Stalled" in world.conditions(), within=100)
