"""Updates of people: ranges, revisions, restarts, and rejected Updates."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.sim.world import World

MANUAL = {"mode": "Manual"}


def asked(world: World, name: str = "mine", **spec: Any) -> World:
    world.cluster.user_update(name, **spec)
    world.until(lambda: world.named(name).status.finished_at is not None)
    return world


def outcome(world: World, name: str = "mine") -> tuple[Phase, str]:
    return world.named(name).status.phase, world.named(name).status.reason


def manual(instances: int = 4, **update: Any) -> World:
    """A Job with a changed template that waits for an Update object."""
    world = World(instances=instances, update={**MANUAL, **update}).ready()
    world.edit(image="app:2")
    world.run(10)
    return world


def test_manual_waits_for_an_update() -> None:
    world = manual()
    assert world.images_of("app:1") == Ids(range(4))
    assert "UpdatePending" in world.conditions()
    assert "Ready" in world.conditions()
    asked(world)
    assert outcome(world) == (Phase.ROLLED_FORWARD, "Completed")
    assert world.images_of("app:2") == Ids(range(4))
    assert world.status.current_revision == world.cluster.revision
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_a_canary_then_an_update_of_all_instances() -> None:
    world = manual()
    before = world.uids()
    asked(world, "canary", instances="1")
    assert outcome(world, "canary") == (Phase.ROLLED_FORWARD, "Completed")
    assert world.images_of("app:2") == Ids([1])
    assert {i: u for i, u in world.uids().items() if i != 1} == {
        i: u for i, u in before.items() if i != 1
    }
    assert world.status.current_revision != world.cluster.revision
    assert "Ready" in world.conditions()
    canary = world.uids()[1]
    asked(world, "rest")
    assert world.images_of("app:2") == Ids(range(4))
    assert world.uids()[1] == canary
    assert world.status.current_revision == world.cluster.revision


def test_a_lost_pod_of_a_canary_comes_back_at_its_revision() -> None:
    world = asked(manual(), "canary", instances="1")
    world.cluster.user_delete_update("canary")
    world.restart()
    world.kill(1)
    world.kill(2)
    world.run(20)
    assert world.images() == {0: "app:1", 1: "app:2", 2: "app:1", 3: "app:1"}


def test_a_failed_canary_rolls_back_its_instances_only() -> None:
    world = manual(maxFailuresPerInstance=0)
    before = world.uids()
    world.behave("app:2", ready=None)
    asked(world, "canary", instances="0-1")
    assert outcome(world, "canary")[0] is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(4))
    after = world.uids()
    assert after[0] != before[0]
    assert [after[i] for i in (1, 2, 3)] == [before[i] for i in (1, 2, 3)]


def test_an_update_to_an_older_revision() -> None:
    world = World(instances=3).ready()
    old = world.cluster.revision
    world.roll("app:2")
    asked(world, revision=old)
    assert outcome(world) == (Phase.ROLLED_FORWARD, "Completed")
    assert world.images_of("app:1") == Ids(range(3))
    assert world.status.current_revision == old
    assert world.status.last_attempt
    assert world.status.last_attempt.revision != old
    assert "Ready" in world.conditions(), "an older revision on purpose"
    world.quiet()


def test_an_update_to_an_older_revision_and_then_a_new_template() -> None:
    world = World(instances=2).ready()
    old = world.cluster.revision
    world.roll("app:2")
    asked(world, revision=old)
    world.roll("app:3")
    assert world.images_of("app:3") == Ids(range(2))


def test_a_restart_does_not_ship_a_pending_template() -> None:
    world = manual()
    before = world.uids()
    asked(world, restart=True)
    assert outcome(world) == (Phase.ROLLED_FORWARD, "Completed")
    assert world.images_of("app:1") == Ids(range(4))
    assert not set(before.values()) & set(world.uids().values())
    assert world.named("mine").status.counts.updated == 4
    assert "UpdatePending" in world.conditions()
    world.quiet()


def test_a_restart_of_a_mixed_job_keeps_each_instance_at_its_revision() -> None:
    world = asked(manual(), "canary", instances="2")
    before = world.uids()
    asked(world, "again", restart=True, instances="1-2")
    assert world.images() == {0: "app:1", 1: "app:1", 2: "app:2", 3: "app:1"}
    assert {i for i, uid in world.uids().items() if uid != before[i]} == {1, 2}


def test_a_restart_to_a_revision_replaces_all() -> None:
    world = World(instances=3).ready()
    before = world.uids()
    asked(world, restart=True, revision=world.cluster.revision)
    assert outcome(world)[0] is Phase.ROLLED_FORWARD
    assert not set(before.values()) & set(world.uids().values())


def test_a_restart_survives_a_crash_and_repeats_nothing() -> None:
    world = World(instances=4).ready()
    world.cluster.user_update("mine", restart=True)
    world.until(lambda: len(world.named("mine").status.instances.updated) >= 2)
    half = {i: u for i, u in world.uids().items() if i < 2}
    world.restart()
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert {i: u for i, u in world.uids().items() if i < 2} == half


def test_a_failed_restart_ends_failed() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:1", ready=None)
    asked(world, restart=True)
    assert outcome(world)[0] is Phase.FAILED, "there is no other revision to roll back to"
    assert not world.status.known_bad


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"instances": "7-3"}, "InvalidInstances"),
        ({"instances": "0,x"}, "InvalidInstances"),
        ({"instances": ""}, "InvalidInstances"),
        ({"instances": "2-4"}, "RangeOutsideJob"),
        ({"parent": "web-other"}, "ParentMismatch"),
        ({"revision": "web-other"}, "RevisionNotFound"),
    ],
)
def test_an_update_that_may_not_start_is_rejected(spec: dict[str, Any], reason: str) -> None:
    world = asked(manual(), **spec)
    assert outcome(world) == (Phase.REJECTED, reason)
    assert world.images_of("app:1") == Ids(range(4))
    assert world.status.last_attempt
    assert world.status.last_attempt.update is None
    assert "Ready" in world.conditions(), "the Job is unchanged"
    world.quiet()


def test_an_update_with_the_expected_parent_starts() -> None:
    world = manual()
    asked(world, parent=world.status.current_revision)
    assert outcome(world)[0] is Phase.ROLLED_FORWARD


def test_an_update_to_a_template_that_the_api_server_refuses_is_rejected() -> None:
    world = World(instances=2, update=MANUAL).ready()
    world.cluster.bad_images["app:2"] = "spec.containers[0].image: no"
    world.edit(image="app:2")
    asked(world)
    assert outcome(world) == (Phase.REJECTED, "InvalidTemplate")
    assert "no" in world.named("mine").status.message


def test_a_second_update_while_one_is_active_is_rejected() -> None:
    world = manual()
    world.cluster.user_update("first")
    world.until(lambda: world.named("first").status.phase is Phase.ROLLING_FORWARD)
    asked(world, "second")
    assert outcome(world, "second") == (Phase.REJECTED, "UpdateInProgress")
    world.until(lambda: world.named("first").status.finished_at is not None)
    assert outcome(world, "first")[0] is Phase.ROLLED_FORWARD


def test_of_two_pending_updates_the_older_one_starts() -> None:
    world = manual()
    world.cluster.user_update("b")
    world.cluster.now += 1
    world.cluster.user_update("a")
    world.run(60)
    assert outcome(world, "b")[0] is Phase.ROLLED_FORWARD
    assert outcome(world, "a") == (Phase.REJECTED, "UpdateInProgress")


def test_an_update_to_a_known_bad_revision_needs_force() -> None:
    world = World(instances=2, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    asked(world, "again")
    assert outcome(world, "again") == (Phase.REJECTED, "KnownBad")
    world.behave("app:2", ready=1)
    asked(world, "forced", force=True)
    assert outcome(world, "forced")[0] is Phase.ROLLED_FORWARD
    assert not world.status.known_bad


def test_a_new_template_during_a_persons_update_waits() -> None:
    world = World(instances=4).ready()
    world.cluster.user_update("mine", restart=True)
    world.until(lambda: world.named("mine").status.phase is Phase.ROLLING_FORWARD)
    world.edit(image="app:2")
    world.run(1)
    assert "UpdatePending" in world.conditions()
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert outcome(world)[0] is Phase.ROLLED_FORWARD
    world.until(lambda: world.images_of("app:2") == Ids(range(4)))


def test_an_update_can_be_stopped_before_it_starts() -> None:
    world = manual()
    world.cluster.user_update("mine", action=Action.ABORT)
    world.run(1)
    assert outcome(world) == (Phase.ABORTED, "AbortRequested")
    assert world.images_of("app:1") == Ids(range(4))


def test_a_scale_during_an_update_of_some_instances() -> None:
    world = manual(5)
    world.cluster.user_update("mine", instances="1,3-4")
    world.until(lambda: world.named("mine").status.phase is Phase.ROLLING_FORWARD)
    world.edit(instances=4)
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert outcome(world)[0] is Phase.ROLLED_FORWARD
    world.run(20)
    assert world.images() == {0: "app:1", 1: "app:2", 2: "app:1", 3: "app:2"}
    world.cluster.user_update("more", instances="0")
    world.until(lambda: world.named("more").status.phase is Phase.ROLLING_FORWARD)
    world.edit(instances=6)
    world.until(lambda: world.named("more").status.finished_at is not None)
    world.run(20)
    assert world.images() == {
        0: "app:2",
        1: "app:2",
        2: "app:1",
        3: "app:2",
        4: "app:1",
        5: "app:1",
    }


def test_the_policy_is_merged_and_snapshotted() -> None:
    world = manual(6, maxFailedInstances=2)
    policy = {"strategy": {"type": "Batch", "size": "50%"}}
    from controller.api.policy import PolicyPatch

    world.cluster.user_update("mine", policy=PolicyPatch.model_validate(policy))
    world.until(lambda: world.named("mine").status.phase is Phase.ROLLING_FORWARD)
    world.edit(strategy={"type": "Queue", "size": 1})
    found = world.named("mine").status.policy
    assert found
    assert found.strategy.groups == (3,)
    assert found.max_failed_instances == 2
    batches: list[Ids] = []

    def look() -> None:
        batch = world.named("mine").status.batch
        if batch and batch.instances not in batches:
            batches.append(batch.instances)

    world.after_step = look
    world.until(lambda: world.named("mine").status.finished_at is not None)
    assert batches == [Ids([0, 1, 2]), Ids([3, 4, 5])]
