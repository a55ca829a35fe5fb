"""An Update that obeys `spec.sla` takes an instance down only if enough others count."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from controller.core.model.conditions import find
from tests.unit.core.sim.world import World
from tests.values import replace

AWARE = {"slaAware": True, "strategy": {"type": "Batch", "size": 10}}


def world_of(
    least: int | str, seconds: int = 0, instances: int = 4, **update: Any
) -> tuple[World, list[int]]:
    """A Job whose pods count already, and how many of its instances are Ready after each step."""
    sla: dict[str, Any] = {"minAvailable": least}
    if seconds:
        sla["durationSeconds"] = seconds
    world = World(instances=instances, sla=sla, update={**AWARE, **update}).ready()
    world.run(seconds + 10)
    ready = list[int]()

    def look() -> None:
        pods = world.cluster.pods.values()
        ready.append(len({p.instance for p in pods if p.ready and p.deleted is None}))

    world.after_step = look
    return world, ready


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace"])
@pytest.mark.parametrize(("least", "down"), [(3, 1), (2, 2), ("50%", 2), ("51%", 1), ("100%", 1)])
def test_so_many_go_at_a_time(least: int | str, down: int, replacement: str) -> None:
    world, ready = world_of(least, replacement=replacement)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    # A change in place takes nothing from the Job's disruption budget: one at a time.
    assert min(ready) == (3 if replacement == "InPlace" else 4 - down)


def test_without_sla_aware_an_update_does_not_obey() -> None:
    world, ready = world_of(3, slaAware=False)
    world.roll("app:2")
    assert min(ready) == 0


def test_an_update_can_obey_where_its_job_does_not() -> None:
    world, ready = world_of(3, slaAware=False, mode="Manual")
    world.edit(image="app:2")
    policy = {"slaAware": True}
    world.cluster.user_update("by-hand", policy=policy)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert min(ready) == 3


def test_an_instance_counts_when_it_has_been_available_for_so_long() -> None:
    world, ready = world_of(3, seconds=300)
    began = world.now
    world.edit(image="app:2")
    world.until(lambda: world.images_of("app:2") == Ids([0]))
    world.run(60)
    update = world.update
    assert update.status.reason == "SLA"
    assert "3 of 4 instances count (available for 300s), 3 must (sla.minAvailable is 3)" in (
        update.status.message or ""
    )
    assert "3 of 4 instances count" in world.message("Reconciling")
    assert not find(update.status.conditions, "Stalled") or "Stalled" not in world.conditions()
    world.until_ended(within=10_000)
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.now - began > 3 * 300, "each has to count before the next goes"
    assert min(ready) == 3


def test_the_rollback_obeys_too() -> None:
    world, ready = world_of(3)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 2)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert min(ready) == 3


def test_instances_that_do_not_count_go_freely() -> None:
    world, _ = world_of(3)
    for i in (1, 2):
        world.cluster.set_pod(replace(world.pod(i), ready=False))
    world.edit(image="app:2")
    world.until(lambda: bool(world.images_of("app:2")))
    assert world.images_of("app:2") <= Ids([1, 2])
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_one_instance_can_be_replaced() -> None:
    world, _ = world_of(1, instances=1)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD


def test_an_old_pod_of_a_surge_goes_when_its_twin_counts() -> None:
    world, ready = world_of("100%", seconds=100, replacement="Surge", instances=2)
    world.edit(image="app:2")
    world.until(lambda: bool(world.status.slots))
    world.run(60)
    old = {p.name for p in world.cluster.pods.values() if p.surge is False}
    # With 2 instances 1 must count, so one old pod may go at once.
    assert len(old) == 1
    assert world.update.status.reason == "SLA"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert min(ready) == 2
    assert {p.name for p in world.cluster.pods.values()} == {"web-0-s", "web-1-s"}


def test_a_scale_is_not_held() -> None:
    world, _ = world_of(4)
    world.edit(instances=1)
    world.run(20)
    assert list(world.uids()) == [0]


def test_abort_leaves_what_waits() -> None:
    world, _ = world_of(3, seconds=300)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 1)
    world.run(30)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.until_ended()
    world.run(30)
    assert world.images_of("app:2") == Ids([0])
    assert world.assigned() == {"app:1": "1-3", "app:2": "0"}


def test_a_restarted_operator_counts_the_same() -> None:
    world, ready = world_of(3, seconds=100)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 1)
    world.run(30)
    world.restart()
    world.run(30)
    assert len(world.images_of("app:2")) == 1
    world.until_ended()
    assert min(ready) == 3


def test_the_plan_says_what_it_waits_for() -> None:
    world, _ = world_of(3, seconds=300)
    world.edit(image="app:2", mode="Manual")
    world.cluster.user_update("look", dry_run=True)
    world.until_phase(Phase.PLANNED)
    plan = world.update.status.plan
    assert plan is not None
    assert [c.reason for c in plan.conflicts] == ["SLA"]
    assert plan.conflicts[0].message == (
        "4 of 4 instances count (available for 300s), 3 must (sla.minAvailable is 3); "
        "1 can be taken down now"
    )
    assert plan.estimate is not None
    assert plan.estimate.seconds == 3 * (300 + 3) + 3


@pytest.mark.parametrize(("size", "rounds"), [(4, 1), (2, 2), (1, 2)])
def test_the_plan_of_a_surge_says_how_long_old_pods_stay(size: int, rounds: int) -> None:
    batch = {"type": "Batch", "size": size}
    world, _ = world_of(3, seconds=300, replacement="Surge", strategy=batch)
    world.edit(image="app:2", mode="Manual")
    world.cluster.user_update("look", dry_run=True)
    world.until_phase(Phase.PLANNED)
    plan = world.update.status.plan
    assert plan is not None
    assert plan.estimate is not None
    assert plan.estimate.seconds == rounds * (300 + 3)
    words = "1 of the old pods can go when new ones are good, others when these count"
    assert [words in c.message for c in plan.conflicts] == ([True] if size > 1 else [])
    begun = world.now
    world.cluster.user_update("go")
    world.until(lambda: world.named("go").status.phase is Phase.ROLLED_FORWARD)
    took = world.now - begun
    assert plan.estimate.seconds <= took <= plan.estimate.seconds + 10
