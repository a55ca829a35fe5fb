"""Instances that become frozen during an Update: it leaves those alone that it has not touched."""

from __future__ import annotations

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.frozen_jobs import ended, images
from tests.unit.core.sim import World


def test_untouched_ids_leave_an_update() -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until(lambda: images(world).startswith("2"))
    world.cluster.user_freeze("2-3")
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_FORWARD
    assert images(world) == "2211"
    assert world.update.status.counts.total == 2
    assert "Ready" in world.conditions()


def test_an_id_of_the_group_that_waits_leaves_it() -> None:
    strategy = {"type": "Batch", "size": 2}
    world = World(instances=4, update={"strategy": strategy, "maxUnavailable": 1}).ready()
    before = world.uids()[1]
    world.edit(image="app:2")
    world.behave("app:2", instance=0, ready=30)
    world.until(lambda: images(world) == "2111")
    batch = world.update.status.batch
    assert batch is not None
    assert batch.instances == Ids([0, 1])
    world.cluster.user_freeze("1")
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_FORWARD
    assert images(world) == "2122"
    assert world.uids()[1] == before


def test_touched_ids_finish() -> None:
    world = World(instances=3).ready()
    world.behave("app:2", instance=0, ready=20)
    world.edit(image="app:2")
    world.until(lambda: images(world).startswith("2"))
    world.cluster.user_freeze("0")
    world.until(lambda: ended(world))
    assert images(world) == "222"
    assert world.update.status.counts.total == 3


def test_touched_ids_go_back_with_the_others() -> None:
    world = World(instances=3).ready()
    world.edit(image="app:2")
    world.until(lambda: images(world).startswith("22"))
    world.cluster.user_freeze("0")
    world.settle()
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_BACK
    assert images(world) == "111"


@pytest.mark.parametrize("bad", [False, True])
def test_what_a_superseded_update_touched_goes_on_with_the_others(bad: bool) -> None:
    """Else instance 0 stays down, and the next one is taken down as well."""
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=None)
    world.edit(image="app:2")
    world.until(lambda: images(world).startswith("2"))
    world.cluster.user_freeze("0,2")
    world.settle()
    if bad:
        world.behave("app:3", instance=1, crash=1)
    world.edit(image="app:3")
    world.until(lambda: ended(world))
    assert images(world) == ("111" if bad else "331")


def test_frozen_at_any_moment_of_an_update_it_ends() -> None:
    for moment in range(0, 60, 2):
        world = World(instances=3, update={"strategy": {"type": "Batch", "size": 2}}).ready()
        world.edit(image="app:2")
        for _ in range(moment):
            world.step()
        world.cluster.user_freeze("1-2")
        world.until(lambda world=world: ended(world))  # type: ignore[misc]
        assert world.phase is Phase.ROLLED_FORWARD
        assert images(world)[0] == "2"
        assert world.assigned() == {
            f"app:{image}": str(Ids(i for i in range(3) if images(world)[i] == image))
            for image in sorted(set(images(world)))
        }, "nobody is assigned what it does not run"
        assert "Ready" in world.conditions(), world.message("Ready")
        world.quiet()
