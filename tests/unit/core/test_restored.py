"""Restored backups, copies and orphans: objects without their status, or with another uid."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.update import Phase
from controller.core.model import assigned as asg
from controller.core.model.plan import ReadJob
from tests.unit.core.sim import World
from tests.values import replace

MANUAL = {"mode": "Manual"}


@pytest.mark.parametrize(
    ("spec", "phase"),
    [
        ({"instances": "9"}, Phase.REJECTED),
        ({"revision": "web-other"}, Phase.REJECTED),
        ({"dry_run": True}, Phase.PLANNED),
        ({}, Phase.ROLLED_FORWARD),
    ],
)
@pytest.mark.parametrize("with_status", [False, True])
def test_an_update_that_was_admitted_or_rejected_does_not_run_after_a_restore(
    spec: dict[str, Any], phase: Phase, with_status: bool
) -> None:
    world = World(instances=2, update=MANUAL).ready()
    world.edit(image="app:2")
    world.cluster.user_update("mine", **spec)
    world.until_ended()
    assert world.phase is phase
    world.edit(image="app:3", instances=12)
    world.run(30)
    world.cluster.restore_update("mine", status=with_status)
    world.run(60)
    status = world.named("mine").status
    if with_status:
        assert status.phase is phase
    else:
        assert (status.phase, status.reason) == (Phase.ABORTED, "Restored")
        words = "to run it, create it anew without the annotation echelon.dev/admitted"
        assert words in status.message
    assert "app:3" not in world.images().values()


def lost(world: World, how: str, image: str | None = None) -> None:
    """The status of a Job is lost, or the Job itself is orphaned and created again."""
    if how == "orphaned":
        world.orphan(image)
        return
    if image is not None:
        world.edit(image=image)
        world.operator.deliver("job")
    world.wipe_status()


LOST = pytest.mark.parametrize("how", ["orphaned", "wiped"])


@LOST
def test_a_restored_job_with_another_template_starts_an_update(how: str) -> None:
    world = World(instances=3).ready()
    first = world.cluster.revision
    world.cluster.now += 60
    lost(world, how, "app:2")
    while world.status.last_attempt is None:
        world.deliver()
        assert world.step()
    assert world.assigned() == {"app:1": "0-2"}
    assert world.status.current_revision == first
    assert world.status.last_attempt is not None
    assert world.status.last_attempt.revision == first
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert asg_from(world) == {"app:1": "0-2"}
    assert set(world.images().values()) == {"app:2"}
    world.until(lambda: "Ready" in world.conditions())
    world.quiet()


@LOST
def test_a_restored_job_rolls_back_a_bad_template_to_the_revision_that_ran(how: str) -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    before = world.uids()
    world.cluster.now += 60
    world.behave("app:2", ready=None)
    lost(world, how, "app:2")
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert set(world.images().values()) == {"app:1"}
    assert {i: world.uids()[i] for i in (1, 2)} == {i: before[i] for i in (1, 2)}


@LOST
def test_a_restored_manual_job_waits_for_an_update(how: str) -> None:
    world = World(instances=3, update=MANUAL).ready()
    before = world.uids()
    world.cluster.now += 60
    lost(world, how, "app:2")
    world.run(60)
    assert world.uids() == before
    assert world.conditions() >= {"Ready", "Available", "UpdatePending"}
    assert world.cluster.updates == {}
    world.cluster.user_update("mine")
    world.until_ended()
    assert set(world.images().values()) == {"app:2"}


@LOST
@pytest.mark.parametrize("mode", ["Automatic", "Manual"])
def test_a_restored_job_with_the_template_that_runs_needs_no_update(how: str, mode: str) -> None:
    world = World(instances=3, update={"mode": mode}).ready()
    before = world.uids()
    world.cluster.now += 60
    lost(world, how)
    world.run(60)
    assert world.uids() == before
    assert world.conditions() == {"Ready", "Available"}
    assert world.cluster.updates == {}
    assert world.status.current_revision == world.cluster.revision


@LOST
@pytest.mark.parametrize("mode", ["Automatic", "Manual"])
def test_a_job_restored_half_way_continues_from_the_revisions_that_run(how: str, mode: str) -> None:
    world = World(instances=4, update={"mode": mode}).ready()
    world.edit(image="app:2")
    if mode == "Manual":
        world.cluster.user_update("first")
    world.until(lambda: len(world.images_of("app:2")) == 2 and world.pod(1).ready)
    name = world.update.metadata.name
    first = next(r for r in world.status.assigned if world.cluster.image(r.revision) == "app:1")
    lost(world, how)
    while world.status.last_attempt is None:
        world.deliver()
        assert world.step()
    assert world.status.current_revision == first.revision
    world.run(120)
    closed = world.named(name).status
    assert closed.phase in (Phase.SUPERSEDED, Phase.ABORTED)
    assert closed.reason == "StatusLost"
    if mode == "Manual":
        assert "UpdatePending" in world.conditions()
        world.cluster.user_update("second")
        world.run(120)
    assert world.update.metadata.name != name
    assert world.phase is Phase.ROLLED_FORWARD
    assert set(world.images().values()) == {"app:2"}
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


def test_a_missing_instance_of_a_restored_job_starts_at_the_revision_of_the_others() -> None:
    world = World(instances=4, update=MANUAL).ready()
    world.edit(image="app:2")
    world.run(5)
    world.cluster.remove_pod(world.pod(2))
    world.wipe_status()
    world.run(60)
    assert world.images() == dict.fromkeys(range(4), "app:1")
    assert "UpdatePending" in world.conditions()


def test_a_refused_template_does_not_stop_a_job_whose_status_was_lost() -> None:
    world = World(instances=3).ready()
    world.cluster.bad_images["app:2"] = "no"
    world.edit(image="app:2")
    world.run(5)
    world.wipe_status()
    world.run(5)
    world.kill(1)
    world.run(60)
    assert world.images() == dict.fromkeys(range(3), "app:1")
    assert {"Stalled", "UpdatePending"} <= world.conditions()


def lost_revisions(**update: Any) -> World:
    """A Job of three instances orphaned and made again with another image, whose former
    ControllerRevisions were deleted meanwhile."""
    world = World(instances=3, update=update).ready()
    world.cluster.now += 60
    world.orphan("app:2")
    world.cluster.orphans.clear()
    world.restart()
    return world


def test_pods_whose_revision_is_gone_for_good_are_updated() -> None:
    world = lost_revisions()
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert set(world.images().values()) == {"app:2"}
    assert world.conditions() == {"Ready", "Available"}


def test_a_bad_template_stops_after_one_group_if_the_old_revision_is_gone() -> None:
    world = lost_revisions()
    world.behave("app:2", ready=None)
    world.until_ended()
    assert world.phase is Phase.ERROR
    assert world.images() == {0: "app:2", 1: "app:1", 2: "app:1"}, "no more than the first group"
    assert "is gone, and instance 0 needs it" in world.update.status.message


def test_a_manual_job_keeps_pods_whose_revision_is_gone_and_says_so() -> None:
    world = lost_revisions(mode="Manual")
    world.run(60)
    assert set(world.images().values()) == {"app:1"}
    assert world.cluster.updates == {}
    assert {"UpdatePending", "Stalled"} <= world.conditions()
    assert "a lost pod of instances 0-2 cannot be created again" in world.message("Stalled")


def test_the_job_is_read_live_before_anything_is_adopted() -> None:
    """The garbage collector deletes objects that are adopted for a Job that is gone."""
    world = World(instances=2).ready()
    pods = list(world.cluster.pods.values())
    for pod in pods:
        world.cluster.set_pod(replace(pod, owner=""))
    world.deliver()
    assert world.operator.decide().write == ReadJob()
    deleting = world.cluster.job.metadata.model_copy(update={"deletion_timestamp": world.now})
    world.cluster.job = world.cluster.job.model_copy(
        update={"metadata": deleting.model_copy(update={"resource_version": "999"})}
    )
    before = len(world.cluster.writes)
    world.run(10)
    assert world.cluster.writes[before:] == []


def asg_from(world: World) -> dict[str, str]:
    """The ``from`` of the newest Update: image -> ids."""
    ranges = asg.read(world.update.status.from_).items()
    return {world.cluster.image(revision): str(ids) for revision, ids in ranges}


@pytest.mark.parametrize("replacement", ["Recreate", "InPlace", "Surge"])
def test_an_update_whose_group_was_removed_from_its_status_leaves_no_old_pod(
    replacement: str,
) -> None:
    strategy = {"type": "Batch", "size": 2}
    update = {"replacement": replacement, "strategy": strategy}
    world = World(instances=4, minReadySeconds=0, update=update).ready()
    world.edit(image="app:2")
    removed = []

    def remove_the_group() -> None:
        assigned = {i for image, ids in world.assigned().items() if image == "app:2" for i in ids}
        if assigned and not removed:
            name, status = world.update.metadata.name, world.update.status
            assert status.batch is not None
            world.cluster.put_update(name, status=status.model_copy(update={"batch": None}))
            removed.append(name)

    world.after_step = remove_the_group
    world.until(lambda: bool(world.cluster.updates))
    world.until_ended()
    assert removed
    assert world.phase is Phase.ROLLED_FORWARD
    assert set(world.images().values()) == {"app:2"}
