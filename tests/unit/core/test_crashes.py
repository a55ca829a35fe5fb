"""The operator is killed after any write, or any write fails: the outcome stays the same.

Stories without verbs of people: creation, changed templates, scales. The observer checks each step.
"""

from __future__ import annotations

import pytest

from tests.unit.core.sim import World
from tests.unit.core.sim.telling import QUICK, Story, outcome, same_end


def created(world: World) -> None:
    world.ready()


def rolled_forward(world: World) -> None:
    world.ready().edit(image="app:2")
    world.run(200)


def rolled_back(world: World) -> None:
    world.behave("app:2", instance=1, crash=1.0, crashes=9)
    world.ready().edit(image="app:2", instances=5)
    world.run(300)


def superseded(world: World) -> None:
    world.behave("app:2", instance=2, ready=20.0)
    world.ready().edit(image="app:2", instances=3)
    world.until(lambda: "app:2" in world.images().values())
    world.edit(image="app:3")
    world.run(300)


def taken_back(world: World) -> None:
    world.behave("app:2", instance=1, ready=20.0)
    world.ready().edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.edit(image="app:1")
    world.run(300)


def scaled(world: World) -> None:
    world.behave("app:2", instance=1, ready=20.0)
    world.ready().edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.edit(instances=6)
    world.run(5)
    world.edit(instances=3)
    world.run(300)


POLICY = {"strategy": {"type": "Queue", "size": 2}}


@pytest.mark.parametrize("fate", ["crash", "lost", "down"])
@pytest.mark.parametrize(
    "story", [created, rolled_forward, rolled_back, superseded, taken_back, scaled]
)
def test_the_outcome_is_the_same_whatever_happens_to_a_write(story: Story, fate: str) -> None:
    same_end(story, POLICY, fate, every=1 if fate == "crash" else 3, ending=outcome)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_queue_of_quick_pods_never_has_more_than_its_size_down(size: int) -> None:
    """Instances are done faster than the horizon is written: the pods limit what starts."""
    update = {"strategy": {"type": "Queue", "size": size}, "maxFailuresPerInstance": 0}
    world = World(instances=60, minReadySeconds=0, update=update)
    for image in ("app:1", "app:2"):
        world.kubelet.steering[(image, None)] = QUICK
    world.behave("app:2", instance=20, crash=0.5)
    world.ready().edit(image="app:2")
    horizon, most = 0, 0

    def look() -> None:
        nonlocal horizon, most
        pods = world.cluster.pods.values()
        most = max(most, 60 - sum(p.ready and p.deleted is None for p in pods))
        if world.cluster.updates and (batch := world.update.status.batch):
            horizon = max(horizon, len(batch.instances))

    world.after_step = look
    world.until_ended()
    assert world.phase == "RolledBack"
    assert world.images() == dict.fromkeys(range(60), "app:1")
    assert most <= size + 1, "the size, and the instance that crashed"
    assert size == 1 or horizon > size


def test_a_queue_removes_no_more_than_its_size_at_a_time() -> None:
    strategy = {"type": "Queue", "size": 2}
    world = World(instances=60, minReadySeconds=0, update={"strategy": strategy})
    for image in ("app:1", "app:2"):
        world.kubelet.steering[(image, None)] = QUICK
    world.ready().edit(image="app:2", instances=20)
    most = 0

    def look() -> None:
        nonlocal most
        most = max(most, sum(p.deleted is not None for p in world.cluster.pods.values()))

    world.after_step = look
    world.until_ended()
    assert world.images() == dict.fromkeys(range(20), "app:2")
    assert most == 2
