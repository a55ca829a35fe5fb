"""The messages of failures at a deadline: they say what the pod was like."""

from __future__ import annotations

import pytest

from controller.api.update import Phase
from controller.core.model import conditions as cond
from tests.unit.core.sim import World
from tests.values import replace


def flap(world: World, instance: int, times: int) -> None:
    """Make the instance Ready for two seconds and not Ready for two, again and again."""
    for _ in range(times):
        for ready in (True, False):
            pod = world.pod(instance)
            now = world.cluster.stamp
            world.cluster.set_pod(replace(pod, ready=ready, ready_since=now))
            world.run(2)


def test_an_instance_that_flaps_was_not_ready_for_long_enough() -> None:
    world = World(
        instances=4, update={"maxFailuresPerInstance": 0, "readyTimeoutSeconds": 20}
    ).ready()
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images().get(1) == "app:2")
    flap(world, 1, 6)
    world.until_phase(Phase.ROLLING_BACK)
    assert world.told("RollingBack") == [
        "instance 1 failed: ReadyTimeout, Ready at times, but never for 3s in a row within 20s"
    ]


@pytest.mark.parametrize("good_before", [True, False])
def test_without_an_update_the_job_says_that_an_instance_flaps(
    good_before: bool,
) -> None:
    world = World(instances=2, update={"readyTimeoutSeconds": 20})
    if good_before:
        world.ready()
    else:
        world.behave("app:1", instance=1, ready=None)
        world.run(1)
    flap(world, 1, 7)
    world.until(lambda: "Stalled" in world.conditions(), within=5)
    assert world.message(cond.STALLED) == "instance 1: Ready at times, but never for 3s in a row"


def test_without_an_update_the_job_says_that_an_instance_is_not_ready() -> None:
    world = World(instances=2, update={"readyTimeoutSeconds": 20}).ready()
    pod = world.pod(1)
    world.cluster.set_pod(replace(pod, ready=False, ready_since=world.cluster.stamp))
    world.until(lambda: "Stalled" in world.conditions(), within=60)
    assert world.message(cond.STALLED) == "instance 1: not Ready"


def test_the_failure_of_an_updated_instance_says_that_it_is_not_ready_any_more() -> None:
    world = World(
        instances=4, update={"maxFailuresPerInstance": 0, "readyTimeoutSeconds": 30}
    ).ready()
    world.behave("app:2", instance=1, ready=25.0)
    world.edit(image="app:2")
    world.until(lambda: world.update.status.counts.updated == 1)
    pod = world.pod(0)
    world.cluster.set_pod(replace(pod, ready=False, ready_since=world.cluster.stamp))
    world.until_phase(Phase.ROLLING_BACK)
    assert world.told("RollingBack") == ["instance 0 failed: ReadyTimeout, not Ready for 30s"]
