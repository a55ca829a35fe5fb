"""Pauses after chosen groups, with and without an end (contract: strategy.pauses)."""

from __future__ import annotations

import math
from typing import Any

from controller.api.ids import Ids
from controller.api.update import Action, BatchStatus, Phase
from tests.unit.core.sim.world import World

#: The policy of the acceptance: five instances in groups of 1, 2 and 2.
PAUSES: dict[str, Any] = {
    "type": "VariableBatch",
    "sizes": [1, 2, "50%"],
    "pauses": [{"after": 1}, {"after": 2, "seconds": 60}],
}


def rolling(pauses: list[dict[str, int]] | None = None, **update: Any) -> World:
    """A Job of five instances whose update to app:2 has begun."""
    strategy = PAUSES if pauses is None else {**PAUSES, "pauses": pauses}
    world = World(instances=5, update={"strategy": strategy, **update}).ready()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.update.status.batch is not None)
    return world


def verb(world: World, **spec: Any) -> None:
    world.cluster.user_edit_update(world.update.metadata.name, **spec)
    world.settle()


def batch(world: World) -> BatchStatus:
    found = world.update.status.batch
    assert found is not None
    return found


def until_paused(world: World, after: int) -> None:
    world.until(
        lambda: world.update.status.reason == "AutoPaused" and batch(world).index + 1 == after
    )


def ends_at(world: World) -> float:
    found = batch(world).pause_ends_at
    assert found is not None
    return found


def until_timed(**update: Any) -> World:
    """An Update in its second pause, which ends by itself."""
    world = rolling(**update)
    until_paused(world, 1)
    verb(world, resume_token="1")
    until_paused(world, 2)
    return world


def test_it_stops_after_each_chosen_group_and_goes_on() -> None:
    world = rolling()
    until_paused(world, 1)
    world.run(3600)
    assert world.images_of("app:2") == Ids([0]), "without seconds a pause lasts"
    assert batch(world).pause_ends_at is None
    assert f"echelon update resume {world.update.metadata.name}" in world.update.status.message
    verb(world, resume_token="1")
    until_paused(world, 2)
    assert world.images_of("app:2") == Ids(range(3))
    before, end = world.now, ends_at(world)
    assert before < end <= before + 61
    assert "the next one starts at" in world.update.status.message
    world.run(end - world.now - 1)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images_of("app:2") == Ids(range(5))
    assert next(e.by for e in world.update.status.history if e.reason == "Resumed") == "echelon"


def test_a_token_ends_a_pause_before_its_time() -> None:
    world = until_timed()
    end = ends_at(world)
    verb(world, resume_token="2")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.now < end


def test_the_end_of_a_pause_survives_restarts() -> None:
    world = until_timed()
    end = ends_at(world)
    for _ in range(3):
        world.run(10)
        world.restart()
        world.settle()
        assert ends_at(world) == end
    world.until(lambda: world.phase is Phase.ROLLING_FORWARD)
    assert end <= world.now <= end + 2


def test_a_pause_by_a_person_does_not_prolong_it() -> None:
    world = until_timed()
    end = ends_at(world)
    verb(world, paused=True)
    world.run(30)
    assert world.update.status.reason == "Paused"
    verb(world, paused=False)
    world.run(1)
    assert world.update.status.reason == "AutoPaused"
    assert ends_at(world) == end
    verb(world, paused=True)
    world.run(300)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    verb(world, paused=False)
    assert world.phase is Phase.ROLLING_FORWARD


def test_a_clock_that_was_set_back_makes_no_pause_longer_than_it_is() -> None:
    world = until_timed()
    status = world.update.status
    late = batch(world).model_copy(update={"pause_ends_at": world.now + 7200.0})
    world.cluster.write_update(world.update, status.model_copy(update={"batch": late}))
    world.settle()
    assert ends_at(world) == math.ceil(world.now + 60)


def test_never_after_the_last_group() -> None:
    world = rolling([{"after": 3}, {"after": 9, "seconds": 5}])
    world.until_ended(within=600)
    assert world.phase is Phase.ROLLED_FORWARD
    assert Phase.ROLL_FORWARD_PAUSED not in {e.phase for e in world.update.status.history}


def test_a_rollback_in_the_pause_does_not_pause() -> None:
    world = until_timed()
    verb(world, action=Action.ROLLBACK)
    world.until_ended(within=600)
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(5))
    assert Phase.ROLL_BACK_PAUSED not in {e.phase for e in world.update.status.history}


def test_aborted_in_the_pause() -> None:
    world = until_timed()
    verb(world, action=Action.ABORT)
    assert world.phase is Phase.ABORTED
    world.run(300)
    assert world.images_of("app:2") == Ids(range(3))


def test_superseded_in_the_pause() -> None:
    world = until_timed()
    first = world.update.metadata.name
    world.edit(image="app:3")
    world.until(lambda: world.named(first).status.phase is Phase.SUPERSEDED)
    until_paused(world, 1)
    assert world.images_of("app:3") == Ids([0])
    assert batch(world).pause_ends_at is None


def test_instances_that_join_a_waiting_group_do_not_skip_its_pause() -> None:
    """Instance 3 becomes unavailable for ever at the old revision while the first group waits."""
    strategy = {"type": "Batch", "size": 1, "pauses": [{"after": 1}]}
    world = World(instances=4, update={"strategy": strategy, "maxUnavailable": 1}).ready()
    world.behave("app:1", instance=3, ready=None)
    world.kill(3)
    world.run(30, lambda: 3 in world.images())
    world.behave("app:1", instance=2, ready=None)
    world.kill(2)
    world.edit(image="app:2")
    until_paused(world, 1)
    updated = world.images_of("app:2")
    world.run(600)
    assert world.images_of("app:2") == updated
    assert updated <= Ids([2, 3])
