"""Frozen instances: Updates neither touch, count nor wait for them (second contract, section 2)."""

from __future__ import annotations

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.frozen_jobs import ended, frozen, images, ready_message
from tests.unit.core.sim import World

# In force.


def test_the_set_in_force_follows_the_spec() -> None:
    world = frozen("1,3")
    assert world.status.frozen == Ids([1, 3])
    world.cluster.user_freeze("3")
    world.settle()
    assert world.status.frozen == Ids([3]), "instance 1 needs no Update"
    world.cluster.user_freeze(None)
    world.settle()
    assert not world.status.frozen
    assert not world.cluster.updates
    world.quiet()


@pytest.mark.parametrize("bad", ["one", "3-1", "-1", "1,,2", "99999"])
def test_a_senseless_set_is_said_and_the_one_in_force_stays(bad: str) -> None:
    world = frozen("1")
    world.cluster.user_freeze(bad)
    world.run(5)
    assert world.status.frozen == Ids([1])
    assert "Stalled" in world.conditions()
    assert world.message("Stalled").startswith("spec.frozen: ")
    assert "instances 1 stay frozen" in world.message("Stalled")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    assert images(world) == "2122"
    world.cluster.user_freeze("1")
    world.run(5)
    assert "Ready" in world.conditions()


# Updates.


def test_an_update_leaves_them_alone() -> None:
    world = frozen("1,3")
    before = world.uids()
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_FORWARD
    assert images(world) == "2121"
    assert {i for i, uid in world.uids().items() if uid == before[i]} == {1, 3}
    counts = world.update.status.counts
    assert (counts.total, counts.updated) == (2, 2)
    new = world.update.status.to
    assert new is not None
    assert world.status.current_revision == new.revision
    assert world.conditions() == {"Ready", "Available"}
    assert "instances 1,3 are frozen (1,3 at web-" in ready_message(world)
    assert "UpdatePending" not in world.conditions()
    world.quiet()


def test_a_group_is_made_of_others() -> None:
    strategy = {"type": "Batch", "size": "50%"}
    world = frozen("0-3", 8, update={"strategy": strategy})
    world.edit(image="app:2")
    groups = list[Ids]()

    def look() -> None:
        batch = world.update.status.batch if world.cluster.updates else None
        if batch and (not groups or groups[-1] != batch.instances):
            groups.append(batch.instances)

    world.after_step = look
    world.until(lambda: ended(world))
    assert groups == [Ids([4, 5]), Ids([6, 7])], "half of the four that are updated"


def test_an_unavailable_one_is_not_waited_for() -> None:
    world = frozen("1")
    world.kubelet.steering[("app:1", 1)] = world.kubelet.behaviour(world.pod(1))
    world.behave("app:1", instance=1, ready=None)
    world.kill(1)
    world.run(400)
    assert not world.pod(1).ready
    assert "Ready" in world.conditions(), world.message("Ready")
    assert "3 of 4 instances available; instance 1 is frozen" in ready_message(world)
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_FORWARD
    assert images(world) == "2122"


def unavailable(world: World) -> World:
    """Instance 1 is frozen and broken."""
    world.behave("app:1", instance=1, ready=None)
    world.kill(1)
    world.run(30)
    return world


def test_an_update_that_tries_again_does_not_wait_for_an_unavailable_one() -> None:
    world = unavailable(frozen("1"))
    world.cluster.user_update("again", force=True)
    world.until(lambda: ended(world, "again"))
    status = world.named("again").status
    assert (status.phase, status.reason) == (Phase.ROLLED_FORWARD, "NoChange")


def test_an_unavailable_one_takes_no_place_of_max_unavailable() -> None:
    world = unavailable(frozen("1", update={"maxUnavailable": 1}))
    world.edit(image="app:2")
    world.until(lambda: ended(world), within=200)
    assert world.phase is Phase.ROLLED_FORWARD
    assert images(world) == "2122"


def test_a_frozen_older_instance_does_not_make_an_abort_mixed() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.edit(image="app:3")
    while "web-g4" not in world.cluster.updates:
        world.deliver()
        world.step()
    world.cluster.user_edit_update("web-g4", action=Action.ABORT)
    world.until(lambda: ended(world, "web-g4"))
    world.run(30)
    assert images(world) == "2122"
    assert "Ready" in world.conditions(), "all that are not frozen run one revision"


def test_if_all_are_frozen_nothing_changes() -> None:
    world = frozen("0-3")
    old = world.status.current_revision
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.ROLLED_FORWARD, "NoChange")
    assert status.message == "instances 0-3 are frozen"
    assert world.status.current_revision == old
    assert images(world) == "1111"
    assert "Ready" in world.conditions()
    world.quiet()


def test_if_the_others_are_there_already_it_says_so() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_update("again")
    world.until(lambda: ended(world, "again"))
    status = world.named("again").status
    assert (status.phase, status.reason) == (Phase.ROLLED_FORWARD, "NoChange")
    assert status.message == (
        "all other instances are at this revision already; instance 1 is frozen"
    )


def test_a_canary_and_a_restart_leave_them_alone() -> None:
    world = frozen("1")
    before = world.uids()
    world.cluster.user_update("restart", restart=True)
    world.until(lambda: ended(world, "restart"))
    assert {i for i, uid in world.uids().items() if uid == before[i]} == {1}
    world.cluster.user_freeze("0,1")
    world.settle()
    world.cluster.user_update("canary", instances="0-1", restart=True)
    world.until(lambda: ended(world, "canary"))
    status = world.named("canary").status
    assert (status.phase, status.reason) == (Phase.ROLLED_FORWARD, "NoChange")
    assert status.message == "instances 0-1 are frozen"


def test_a_rollback_leaves_them_alone() -> None:
    world = frozen("0", update={"maxFailuresPerInstance": 0})
    world.behave("app:2", instance=3, crash=1)
    before = world.uids()
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    assert world.phase is Phase.ROLLED_BACK
    assert images(world) == "1111"
    assert world.uids()[0] == before[0]


def test_an_update_that_supersedes_leaves_them_alone() -> None:
    world = frozen("0,2")
    before = world.uids()
    world.behave("app:2", instance=1, ready=50)
    world.edit(image="app:2")
    world.until(lambda: "2" in images(world))
    world.edit(image="app:3")
    world.until(lambda: ended(world, "web-g4"))
    assert images(world) == "1313"
    assert {i for i, uid in world.uids().items() if uid == before[i]} == {0, 2}


# Other causes of change.


def test_a_lost_pod_comes_back_at_its_revision() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.kill(1)
    world.run(60)
    assert images(world) == "2122"
    assert world.pod(1).ready


def test_scales_remove_them_and_add_others() -> None:
    world = frozen("1,3")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.edit(instances=3)
    world.run(60)
    assert images(world) == "212"
    world.edit(instances=5)
    world.run(60)
    assert images(world) == "21222", "a new instance starts at currentRevision"
    assert "Ready" in world.conditions()


@pytest.mark.parametrize("count", [2, 6])
def test_an_update_brings_another_count(count: int) -> None:
    world = frozen("1,3,5")
    world.edit(image="app:2", instances=count)
    world.until(lambda: ended(world))
    world.run(100)
    assert images(world) == {2: "21", 6: "212122"}[count]
    assert world.status.instances_in_force == count
    assert "Ready" in world.conditions()
