"""More of the worst moments: rollbacks that are stopped, instances that scales add and remove."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.sim.world import World
from tests.values import replace

MANUAL = {"mode": "Manual"}


def verb(world: World, name: str | None = None, **spec: Any) -> None:
    world.cluster.user_edit_update(name or world.update.metadata.name, **spec)
    world.settle()


def test_a_scale_down_and_up_within_a_second() -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2", instances=6)
    world.until(
        lambda: bool(world.cluster.updates) and world.update.status.instances.updated == Ids([4, 5])
    )
    world.operator.quiet_until[world.update.metadata.name] = world.now + 1
    world.edit(instances=4)
    world.settle()
    world.edit(instances=6)
    world.settle()
    world.until_ended()
    world.run(60)
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(6), "app:2"), str(world.images())


def test_a_pod_at_no_revision_and_a_failed_surge() -> None:
    world = World(
        instances=2,
        update={"replacement": "Surge", "maxFailuresPerInstance": 0, "maxFailedInstances": 1},
    ).ready()
    world.behave("app:2", instance=0, ready=None)
    world.edit(image="app:2")
    world.until(lambda: "web-0-s" in world.cluster.pods)
    world.cluster.set_pod(replace(world.pod(0), revision="", labelled=True))
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_many_pulses_and_the_cause_of_the_rollback() -> None:
    world = World(
        instances=30, update={"maxFailuresPerInstance": 0, "pulseIntervalSeconds": 2}
    ).ready()
    world.behave("app:2", instance=28, ready=None)
    world.edit(image="app:2")
    world.run(1)
    for _ in range(3000):
        if world.update.status.finished_at is not None:
            break
        world.cluster.pulse(world.update.metadata.name)
        world.run(4)
    assert world.phase is Phase.ROLLED_BACK
    assert world.status.known_bad
    assert world.update.status.reason == "InstancesFailed"


def test_an_abort_of_a_rollback_leaves_no_gap_in_the_ids() -> None:
    world = World(instances=6, update={"watchAfterSeconds": 60}).ready()
    world.edit(image="app:2", instances=4)
    world.until(lambda: bool(world.cluster.updates) and world.update.status.watching_since)
    verb(world, action=Action.ROLLBACK)
    world.until(lambda: world.status.instances_in_force == 5)
    verb(world, action=Action.ABORT)
    world.run(100)
    ids = sorted(world.images())
    assert ids == list(range(len(ids))), (
        ids,
        world.status.instances_refused,
        world.status.instances_in_force,
    )


def test_an_abort_of_a_pending_update_does_not_mark_a_newer_template_as_tried() -> None:
    world = World(instances=2).ready()
    world.edit(image="app:2")
    for _ in range(20):
        world.deliver()
        plan = world.operator.decide()
        if type(plan.write).__name__ == "MakeUpdate":
            world.cluster.fates.append("crash")
            world.step()
            break
        world.step()
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ABORT)
    world.edit(image="app:3")
    world.restart()
    world.run(100)
    assert world.images_of("app:3") == Ids(range(2)), (str(world.images()), world.conditions())


def test_a_restart_with_one_crash_rolls_back() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:1", instance=1, crash=1)
    world.cluster.user_update("mine", restart=True)
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert world.named("mine").status.phase is Phase.ROLLED_BACK, world.named("mine").status.message


def test_a_pause_of_the_active_update_is_inherited_by_a_pending_one() -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    first = world.update.metadata.name
    world.edit(image="app:3")
    for _ in range(20):
        world.deliver()
        plan = world.operator.decide()
        world.step()
        if type(plan.write).__name__ == "MakeUpdate":
            break
    world.cluster.user_edit_update(first, paused=True)
    world.run(5)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED


def test_an_update_is_named_after_the_generation_it_ships() -> None:
    world = World(instances=2).ready()
    world.edit(image="app:2")
    for _ in range(20):
        world.deliver()
        plan = world.operator.decide()
        if type(plan.write).__name__ == "MakeUpdate":
            world.cluster.fates.append("crash")
            world.step()
            break
        world.step()
    world.edit(image="app:3")
    world.restart()
    world.run(60)
    assert world.update.metadata.name == f"web-g{world.cluster.job.metadata.generation}", list(
        world.cluster.updates
    )


def test_failure_counts_of_removed_ids_are_forgotten() -> None:
    world = World(
        instances=2, update={"maxFailuresPerInstance": 1, "watchAfterSeconds": 300}
    ).ready()
    world.behave("app:2", instance=3, crash=1)
    world.edit(image="app:2", instances=4)
    world.until(
        lambda: (
            bool(world.cluster.updates)
            and world.update.status.watching_since
            and bool(world.update.status.failure_counts)
        )
    )
    world.edit(instances=2)
    world.run(10)
    world.edit(instances=4)
    world.run(250)
    assert world.phase not in (Phase.ROLLED_BACK, Phase.ROLLING_BACK), world.update.status.message


def test_a_resumed_rollback_does_not_move_a_deadline() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and 1 in world.update.status.instances.updated)
    world.behave("app:1", instance=1, ready=None)
    verb(world, action=Action.ROLLBACK)
    world.until(lambda: world.images().get(1) == "app:1")
    begun = world.now
    for _ in range(20):
        world.run(10)
        if world.update.status.finished_at:
            break
        verb(world, paused=True)
        verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.FAILED
    assert world.now <= begun + 75, world.now - begun


def test_a_failed_rollback_leaves_no_gap_in_the_ids() -> None:
    world = World(
        instances=6, update={"watchAfterSeconds": 60, "maxFailuresPerInstance": 0}
    ).ready()
    world.edit(image="app:2", instances=4)
    world.until(lambda: bool(world.cluster.updates) and world.update.status.watching_since)
    world.behave("app:1", instance=5, ready=None)
    verb(world, action=Action.ROLLBACK)
    world.until_ended()
    assert world.phase is Phase.FAILED
    world.run(100)
    ids = sorted(world.images())
    assert ids == list(range(len(ids))), (ids, world.status.instances_refused)


def test_a_variable_batch_continues_after_a_scale_down() -> None:
    """Groups of 1, 2, then 4: a scale that removes a done id must not repeat the small groups."""
    world = World(
        instances=8, update={"strategy": {"type": "VariableBatch", "sizes": [1, 2, 4]}}
    ).ready()
    world.edit(image="app:2", instances=11)  # created 8-10 come first: groups 8 | 9,10 | then 4
    world.until(
        lambda: (
            bool(world.cluster.updates) and world.update.status.instances.updated == Ids([8, 9, 10])
        )
    )
    world.edit(instances=8)
    sizes = []

    def look():
        b = world.update.status.batch
        if b and (not sizes or sizes[-1] != b.instances):
            sizes.append(b.instances)

    world.after_step = look
    world.until_ended()
    new = [len(b) for b in sizes if b & Ids(range(8)) == b]
    assert new[:1] == [4], [str(b) for b in sizes]
