"""Frozen instances: Updates neither touch, count nor wait for them (second contract, section 2)."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.sim import World


def frozen(ids: str, instances: int = 4, **spec: Any) -> World:
    world = World(instances=instances, **spec).ready()
    world.cluster.user_freeze(ids)
    world.settle()
    return world


def images(world: World) -> str:
    return "".join(world.images()[i][-1] for i in sorted(world.images()))


def ready_message(world: World) -> str:
    return world.message("Ready")


def newest(world: World) -> str:
    return max(world.cluster.updates, key=lambda n: int(n.rpartition("-g")[2]))


def ended(world: World, name: str | None = None) -> bool:
    updates = world.cluster.updates
    return bool(updates) and world.named(name or newest(world)).status.finished_at is not None


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


# Frozen in the midst of an Update.


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


# Thawing.


def test_an_id_that_is_no_longer_frozen_gets_an_update() -> None:
    world = frozen("1,3")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze("3")
    world.until(lambda: images(world) == "2221")
    name = newest(world)
    world.until(lambda: ended(world, name))
    update = world.named(name)
    assert (update.spec.instances, update.status.phase) == ("1", Phase.ROLLED_FORWARD)
    assert update.spec.revision == world.status.current_revision
    assert world.status.frozen == Ids([3])
    world.run(100)
    assert len(world.cluster.updates) == 2
    assert "Ready" in world.conditions()
    world.quiet()


def test_it_is_made_once_whatever_its_outcome() -> None:
    world = frozen("1", update={"maxFailuresPerInstance": 0})
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.behave("app:2", instance=1, crash=1)
    world.cluster.user_freeze(None)
    world.until(lambda: len(world.cluster.updates) == 2 and ended(world))
    assert world.named(newest(world)).status.phase is Phase.ROLLED_BACK
    assert not world.status.frozen
    world.run(600)
    assert len(world.cluster.updates) == 2
    assert images(world) == "2122"


def test_with_mode_manual_it_is_pending() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.edit(mode="Manual")
    world.cluster.user_freeze(None)
    world.run(60)
    assert len(world.cluster.updates) == 1
    assert "UpdatePending" in world.conditions()
    assert "instance 1: revision" in world.message("UpdatePending")
    world.cluster.user_update("mine")
    world.until(lambda: ended(world, "mine"))
    assert images(world) == "2222"
    assert not world.status.frozen
    assert "UpdatePending" not in world.conditions()


def test_a_dry_run_plans_what_the_update_takes_along() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.edit(mode="Manual")
    world.cluster.user_freeze(None)
    world.run(10)
    world.cluster.user_update("dry", dry_run=True)
    world.until(lambda: ended(world, "dry"))
    plan = world.named("dry").status.plan
    assert plan is not None
    assert plan.instances.recreate == Ids([1])
    assert plan.groups.first[0].instances == Ids([1])


def test_an_update_that_cannot_be_created_is_said() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.refused["the Update"] = "no more Updates"
    world.cluster.user_freeze(None)
    world.run(10)
    assert "no more Updates" in world.message("UpdatePending")
    assert "no more Updates" in world.message("Reconciling")
    world.run(200)
    assert "no more Updates" in world.message("Stalled")
    assert "Stalled" in world.conditions()
    world.cluster.refused.clear()
    world.until(lambda: images(world) == "2222")


def test_if_all_were_frozen_the_job_does_not_speak_of_an_older_revision() -> None:
    world = frozen("0-3")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze(None)
    world.run(30)
    assert images(world) == "1111"
    assert "went to an older revision" not in world.message("UpdatePending")


def test_an_update_to_a_new_template_takes_them_along() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))

    def both(job: Any) -> Any:
        from tests.unit.core.sim.world import template

        changes = {"frozen": None, "template": template("app:3")}
        return job.model_copy(update={"spec": job.spec.model_copy(update=changes)})

    world.cluster.user_edit(both)
    world.until(lambda: len(world.cluster.updates) == 2 and ended(world))
    assert images(world) == "3333"
    assert not world.status.frozen
    world.run(100)
    assert len(world.cluster.updates) == 2


def test_it_waits_for_the_end_of_an_active_update() -> None:
    world = frozen("1")
    world.behave("app:2", instance=3, ready=40)
    world.edit(image="app:2")
    world.until(lambda: images(world) == "2122")
    world.cluster.user_freeze(None)
    world.settle()
    assert world.status.frozen == Ids([1])
    world.until(lambda: images(world) == "2222")
    world.until(lambda: ended(world))
    assert world.named(newest(world)).spec.instances == "1"


def test_frozen_again_before_it_starts() -> None:
    world = frozen("1")
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze(None)
    for _ in range(2):
        world.step()
    world.cluster.user_freeze("1")
    world.run(100)
    assert images(world) in ("2122", "2222")
    pending = [u for u in world.cluster.updates.values() if u.status.finished_at is None]
    assert not pending


def test_aborted_before_it_starts_it_is_not_made_again() -> None:
    world = frozen("1")
    world.behave("app:2", instance=3, ready=40)
    world.edit(image="app:2")
    world.until(lambda: ended(world))
    world.cluster.user_freeze(None)
    world.until(lambda: len(world.cluster.updates) == 2)
    world.cluster.user_edit_update(newest(world), action=Action.ABORT)
    world.run(200)
    assert not world.status.frozen
    assert len(world.cluster.updates) == 2
