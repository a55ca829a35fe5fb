"""What is told of instances that need other labels only, and what leaves them out."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Phase
from tests.unit.core.frozen_jobs import ended
from tests.unit.core.overlays.test_rolled_out import apply, overlay, replaced, revisions, rolled
from tests.unit.core.sim import World
from tests.unit.core.sim.kubelet import Behaviour
from tests.unit.core.sim.store import ApiError

CANARY = overlay("canary", "0", LOG="debug")


def until_ended(world: World, name: str) -> None:
    world.until(lambda: ended(world, name))


def watching(world: World) -> bool:
    return bool(world.cluster.updates) and world.update.status.watching_since is not None


@pytest.mark.parametrize("away", ["scaled", "frozen"])
def test_instances_that_left_the_update_are_not_counted(away: str) -> None:
    world = World(instances=6, update={"watchAfterSeconds": 30}).ready()
    apply(world, CANARY)
    world.until(lambda: watching(world))
    if away == "scaled":
        world.edit(instances=3)
    else:
        world.cluster.user_freeze("3-5")
    world.until(lambda: ended(world))
    counts = world.update.status.counts
    assert (counts.total, counts.relabelled) == (1, 2)


def test_refused_labels_are_told_and_need_a_person() -> None:
    world = World(instances=3).ready()
    repair = world.cluster.repair_pod

    def refuse(name: str, *given: Any) -> Any:
        if name == "web-2":
            raise ApiError("Forbidden", "a policy keeps the labels")
        return repair(name, *given)

    world.cluster.repair_pod = refuse  # type: ignore[assignment,method-assign]
    apply(world, CANARY)
    world.run(120)
    assert not ended(world)
    words = "instance 2: cannot relabel pod web-2: a policy keeps the labels"
    assert words in world.update.status.message
    assert "Stalled" in world.conditions()
    world.cluster.repair_pod = repair  # type: ignore[method-assign]
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_FORWARD


@pytest.mark.parametrize(
    "behaviour", [Behaviour(ready=None), Behaviour(crash=1.0, crashes=100), Behaviour(end=1.0)]
)
def test_one_that_is_broken_holds_nothing(behaviour: Behaviour) -> None:
    world = World(instances=3).ready()
    world.kubelet.steering[(None, 2)] = behaviour
    world.kill(2)
    world.run(30)
    apply(world, CANARY)
    rolled(world)
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.update.status.counts.relabelled == 2
    assert world.update.status.failures == ()


def test_a_plan_tells_them_apart_after_the_operator_came_back() -> None:
    world = World(instances=4, update={"mode": "Manual"}).ready()
    apply(world, CANARY)
    world.run(5)
    world.restart()
    world.cluster.user_update("try", dry_run=True)
    world.until(lambda: ended(world, "try"))
    plan = world.named("try").status.plan
    assert plan is not None
    assert (plan.instances.recreate, plan.instances.relabel) == (Ids([0]), Ids([1, 2, 3]))


def test_some_at_a_time() -> None:
    world = World(instances=4, update={"mode": "Manual"}).ready()
    before, old = world.uids(), world.status.current_revision
    apply(world, CANARY)
    world.run(5)
    told = list[tuple[str, int]]()
    for name, ids in (("first", "0-1"), ("second", "2"), ("all", None)):
        assert world.status.current_revision == old
        world.cluster.user_update(name, **({"instances": ids} if ids else {}))
        until_ended(world, name)
        told.append((world.named(name).status.reason, world.named(name).status.counts.relabelled))
    assert told == [("Completed", 1), ("Relabelled", 1), ("Relabelled", 1)]
    assert replaced(world, before) == Ids([0])
    assert revisions(world) == {world.status.current_revision}
    world.quiet()


def test_thawed_instances_that_are_the_same_are_relabelled() -> None:
    world = World(instances=4).ready()
    world.cluster.user_freeze("2,3")
    world.settle()
    before = world.uids()
    apply(world, CANARY)
    rolled(world)
    assert world.update.status.counts.relabelled == 1
    updates = len(world.cluster.updates)
    world.cluster.user_freeze(None)
    world.until(lambda: len(world.cluster.updates) > updates and ended(world))
    assert world.update.status.reason == "Relabelled"
    assert replaced(world, before) == Ids([0])
    world.quiet()


def test_a_revision_that_succeeds_is_not_known_bad_by_one_that_is_alike() -> None:
    world = World(instances=3).ready()
    world.kubelet.steering[(None, 0)] = Behaviour(end=1.0)
    apply(world, CANARY)
    world.until(lambda: bool(world.cluster.updates) and world.phase is Phase.ROLLING_BACK)
    world.kubelet.steering.clear()
    world.until(lambda: ended(world))
    assert world.status.known_bad
    apply(world, CANARY, constraints=({"key": "host", "limit": 3},))
    world.run(30)
    assert "UpdatePending" in world.conditions()
    world.edit(retryToken="again")
    rolled(world)
    assert world.phase is Phase.ROLLED_FORWARD
    assert not world.status.known_bad


def test_a_plan_among_as_many_revisions_as_are_compared_comes_to_an_end() -> None:
    world = World(instances=8, update={"mode": "Manual"})
    world.careful = False
    world.ready()
    for version, instance in enumerate([*range(7), 0, 0]):
        apply(world, CANARY, image=f"app:{version + 2}")
        world.run(5)
        name = f"update-{version}"
        world.cluster.user_update(name, instances=str(instance))
        until_ended(world, name)
    assert len(world.status.assigned) == 8
    earlier = world.named("update-7").status.to
    assert earlier is not None
    apply(world, CANARY, image="app:next")
    world.run(5)
    world.cluster.user_update("try", revision=earlier.revision, instances="0-3", dry_run=True)
    world.until(lambda: ended(world, "try"))
    plan = world.named("try").status.plan
    assert plan is not None
    assert plan.instances.recreate == Ids.span(0, 4)
