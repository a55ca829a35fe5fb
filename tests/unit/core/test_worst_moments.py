"""Edits, scales and verbs at the worst moment: nothing that matters is lost."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.pods.pod import Trouble
from controller.api.update import Action, Phase
from tests.unit.core.sim.world import World
from tests.values import replace

MANUAL = {"mode": "Manual"}


def verb(world: World, name: str | None = None, **spec: Any) -> None:
    world.cluster.user_edit_update(name or world.update.metadata.name, **spec)
    world.settle()


def test_a_known_bad_revision_is_remembered_when_the_rollback_was_paused() -> None:
    world = World(instances=4, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=2, ready=None)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_BACK)
    bad = world.update.status.to.revision
    verb(world, paused=True)
    assert world.phase is Phase.ROLL_BACK_PAUSED
    verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert [b.revision for b in world.status.known_bad] == [bad]
    assert world.update.status.reason == "InstancesFailed", world.update.status.message


def test_a_known_bad_revision_of_a_coordinated_update_is_remembered() -> None:
    world = World(
        instances=3, update={"maxFailuresPerInstance": 0, "pulseIntervalSeconds": 20}
    ).ready()
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.run(1)
    for n in range(60):
        if world.update.status.finished_at is not None:
            break
        if n % 3:
            world.cluster.pulse(world.update.metadata.name)
        world.run(15)
    assert world.phase is Phase.ROLLED_BACK
    assert world.status.known_bad, [(e.phase, e.reason) for e in world.update.status.history]


def test_instances_that_the_update_removed_come_back_by_a_scale() -> None:
    world = World(instances=6, update={"watchAfterSeconds": 60}).ready()
    world.edit(image="app:2", instances=4)
    world.until(lambda: bool(world.cluster.updates) and world.update.status.watching_since)
    world.edit(instances=6)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    world.run(60)
    assert world.images() == dict.fromkeys(range(6), "app:2"), world.images()


def test_a_surge_restart_with_a_tolerated_failure() -> None:
    world = World(
        instances=3,
        update={"replacement": "Surge", "maxFailuresPerInstance": 0, "maxFailedInstances": 1},
    ).ready()
    world.behave("app:1", instance=1, ready=None)
    world.cluster.user_update("mine", restart=True)
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert world.named("mine").status.phase is Phase.ROLLED_FORWARD


def test_a_range_that_is_valid_only_on_the_live_job_is_accepted() -> None:
    world = World(instances=4, update=MANUAL).ready()
    world.late.add("job")
    world.edit(image="app:2", instances=6)
    world.cluster.user_update("mine", instances="4-5")
    world.settle()
    world.late.clear()
    world.run(100)
    assert world.named("mine").status.phase is Phase.ROLLED_FORWARD, world.named(
        "mine"
    ).status.message


def test_a_fixed_template_that_is_not_observed_yet_is_not_known_bad() -> None:
    world = World(instances=2, update={**MANUAL, "maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.cluster.user_update("first")
    world.until(lambda: world.named("first").status.finished_at is not None)
    assert world.status.known_bad
    world.late.add("job")
    world.edit(image="app:3")
    world.cluster.user_update("second")
    world.settle()
    world.late.clear()
    world.run(100)
    assert world.named("second").status.phase is Phase.ROLLED_FORWARD, world.named(
        "second"
    ).status.message


def test_a_fixed_template_that_is_not_observed_yet_is_not_invalid() -> None:
    world = World(instances=2, update=MANUAL).ready()
    world.cluster.bad_images["app:2"] = "no"
    world.edit(image="app:2")
    world.run(5)
    world.late.add("job")
    world.edit(image="app:3")
    world.cluster.user_update("second")
    world.settle()
    world.late.clear()
    world.run(100)
    assert world.named("second").status.phase is Phase.ROLLED_FORWARD, world.named(
        "second"
    ).status.message


def test_a_scale_that_removes_the_batch_does_not_skip_auto_pause() -> None:
    world = World(
        instances=4, update={"strategy": {"type": "Batch", "size": 2, "autoPause": True}}
    ).ready()
    world.edit(image="app:2", instances=6)
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    assert world.update.status.instances.updated == Ids([4, 5])
    world.edit(instances=4)
    world.run(100)
    assert world.images_of("app:1") == Ids(range(4)), "the update continued without a token"


def test_node_loss_is_no_failure() -> None:
    world = World(
        instances=2,
        update={"maxFailuresPerInstance": 0, "watchAfterSeconds": 400, "readyTimeoutSeconds": 60},
    ).ready()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.update.status.watching_since)
    pod = world.pod(0)
    lost = Trouble("NodeNotReady", "node n1 does not report")
    world.cluster.set_pod(replace(pod, ready=False, ready_since=world.cluster.stamp, trouble=lost))
    world.run(100)
    assert world.phase is Phase.ROLLING_FORWARD, world.update.status.message


def test_aborting_a_pending_update_does_not_change_the_active_one() -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    first = world.update.metadata.name
    world.edit(image="app:3")
    for _ in range(20):
        world.deliver()
        plan = world.operator.decide()
        if type(plan.write).__name__ == "MakeUpdate":
            world.cluster.fates.append("crash")
            world.step()
            break
        world.step()
    second = world.update.metadata.name
    assert first != second
    world.cluster.user_edit_update(second, action=Action.ABORT)
    world.restart()
    world.until(lambda: world.named(first).status.finished_at is not None)
    world.run(5)
    assert world.named(second).status.phase is Phase.ABORTED
    assert world.named(first).status.phase is Phase.ROLLED_FORWARD, world.named(first).status.phase
    assert (
        world.status.last_attempt.update != second or world.status.last_attempt.outcome == "Aborted"
    ), world.status.last_attempt


def test_an_infeasible_resize_of_an_aborted_update() -> None:
    world = World(instances=2, update={"replacement": "InPlace"}).ready()
    world.behave("app:2", instance=0, infeasible=True, enact=5)
    world.edit(image="app:2")
    world.until(lambda: any(not p.in_effect for p in world.cluster.pods.values()))
    verb(world, action=Action.ABORT)
    world.run(1200)
    assert world.phase is Phase.ABORTED
    assert all(p.ready and p.in_effect for p in world.cluster.pods.values()), world.images()


def test_a_scale_up_while_the_update_removes_instances() -> None:
    world = World(instances=6, update={"strategy": {"type": "Batch", "size": 1}}).ready()
    world.behave("app:1", instance=5, stop=40)
    world.edit(image="app:2", instances=4)
    world.until(lambda: bool(world.cluster.updates) and 4 in world.update.status.instances.updated)
    world.edit(instances=5)
    world.until_ended()
    world.run(60)
    assert world.images() == dict.fromkeys(range(5), "app:2"), (
        str(world.images()),
        world.status.conditions,
    )
