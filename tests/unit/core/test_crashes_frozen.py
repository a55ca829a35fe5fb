"""The operator is killed after any write while instances are frozen, thawed, or frozen in the midst
of an Update: the outcome stays the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.core.sim.telling import Story, outcome, same_end
from tests.unit.core.sim.world import World

PAIRS = {"strategy": {"type": "Batch", "size": 2}}


def left_alone(world: World) -> None:
    world.ready().cluster.user_freeze("1,3")
    world.settle()
    world.edit(image="app:3")
    world.run(120)


def thawed(world: World) -> None:
    left_alone(world)
    world.cluster.user_freeze("3")
    world.run(120)


def thawed_into_a_bad_end(world: World) -> None:
    left_alone(world)
    world.behave("app:3", instance=1, crash=1.0, crashes=9)
    world.cluster.user_freeze(None)
    world.run(300)


def frozen_half_way(world: World) -> None:
    world.behave("app:2", instance=0, ready=20.0)
    world.ready().edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.cluster.user_freeze("2-3")
    world.run(200)


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
@pytest.mark.parametrize("story", [left_alone, thawed, thawed_into_a_bad_end, frozen_half_way])
def test_killed_after_any_write(story: Story, replacement: str) -> None:
    policy: dict[str, Any] = {**PAIRS, "replacement": replacement, "maxFailuresPerInstance": 0}
    same_end(story, policy, "crash", ending=outcome)


@pytest.mark.parametrize("story", [thawed, frozen_half_way])
def test_any_write_fails(story: Story) -> None:
    same_end(story, {**PAIRS, "maxFailuresPerInstance": 0}, "lost", every=3, ending=outcome)
