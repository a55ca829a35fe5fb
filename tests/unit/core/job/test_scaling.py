"""Scaling needs no Update, and no Update reverts it."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.sim import World


def test_a_job_scales_up_and_down() -> None:
    world = World(instances=4).ready()
    world.edit(instances=6)
    world.run(20)
    assert world.images() == dict.fromkeys(range(6), "app:1")
    world.edit(instances=2)
    world.settle()
    assert {i for i, uid in world.uids().items() if world.pod(i).deleted is None} == {0, 1}
    world.run(20)
    assert world.images() == dict.fromkeys(range(2), "app:1")
    assert world.status.instances_in_force == 2
    assert world.cluster.updates == {}
    assert world.told("Scaled") == ["from 4 to 6 instances", "from 6 to 2 instances"]
    world.quiet()


def test_scaling_up_while_an_update_is_active() -> None:
    """New instances are created at once at the old revision, and the Update changes them last."""
    world = World(instances=3).ready()
    world.behave("app:2", instance=0, ready=20.0)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.edit(instances=5)
    world.run(2)
    assert world.images() == {0: "app:2", 1: "app:1", 2: "app:1", 3: "app:1", 4: "app:1"}
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.update.status.counts.total == 5
    assert world.images() == dict.fromkeys(range(5), "app:2")
    assert len(world.cluster.updates) == 1
    world.quiet()


def test_instances_that_a_scale_adds_are_updated_last_even_if_they_are_down() -> None:
    world = World(instances=3).ready()
    world.behave("app:2", instance=0, ready=20.0)
    world.behave("app:1", instance=3, ready=None)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.edit(instances=5)
    world.until(lambda: len(world.images_of("app:2")) == 4, within=100)
    assert world.images()[4] == "app:1"
    world.until_ended()
    assert world.update.status.scaled == Ids([3, 4])
    assert world.images() == dict.fromkeys(range(5), "app:2")


def test_scaling_down_while_an_update_is_active() -> None:
    world = World(instances=5).ready()
    world.behave("app:2", instance=0, ready=20.0)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.edit(instances=3)
    world.run(5)
    assert sorted(world.uids()) == [0, 1, 2]
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.update.status.counts.total == 3
    assert world.update.status.failures == ()


def test_a_failed_instance_that_a_scale_removes_no_longer_counts() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=2, ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images() == dict.fromkeys(range(3), "app:2"))
    world.edit(instances=2)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_rollback_does_not_revert_a_scale() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images().get(1) == "app:2")
    world.edit(instances=5)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images() == dict.fromkeys(range(5), "app:1")
    assert (world.status.instances_in_force, world.status.instances_refused) == (5, None)
    world.quiet()


def test_scaling_during_a_rollback() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_BACK)
    world.edit(instances=6)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images() == dict.fromkeys(range(6), "app:1")
    world.quiet()


def test_scaling_after_a_rollback_does_not_try_the_bad_template_again() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=None)
    world.roll("app:2")
    for count in (5, 2, 4):
        world.edit(instances=count)
        world.run(600)
        assert world.images() == dict.fromkeys(range(count), "app:1")
    assert len(world.cluster.updates) == 1
    world.quiet(86_400)


def test_a_refused_count_is_ignored_until_the_spec_has_another_one() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=None)
    world.roll("app:2", instances=5)
    assert world.phase is Phase.ROLLED_BACK
    assert sorted(world.uids()) == [0, 1, 2]
    assert (world.status.instances_in_force, world.status.instances_refused) == (3, 5)
    world.quiet()
    world.edit(instances=6)
    world.run(20)
    assert world.images() == dict.fromkeys(range(6), "app:1")
    assert (world.status.instances_in_force, world.status.instances_refused) == (6, None)


def test_a_refused_count_is_forgotten_when_the_user_restores_the_old_count() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=None)
    world.roll("app:2", instances=1)
    assert world.phase is Phase.ROLLED_BACK
    assert sorted(world.uids()) == [0, 1, 2]
    assert world.status.instances_refused == 1
    world.edit(instances=3)
    world.run(5)
    assert world.status.instances_refused is None
    world.edit(instances=1)
    world.run(10)
    assert sorted(world.uids()) == [0]


def test_the_next_update_after_a_refused_count_keeps_the_count_in_force() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=None)
    world.roll("app:2", instances=5)
    world.roll("app:3")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(3), "app:3")
    world.quiet()


def test_created_instances_that_a_scale_confirms_stay_after_a_rollback() -> None:
    world = World(instances=2, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=None)
    world.edit(image="app:2", instances=4)
    world.until(lambda: world.images().get(2) == "app:2")
    world.edit(instances=5)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images() == dict.fromkeys(range(5), "app:1")
    assert world.status.instances_refused is None
    world.quiet()


def test_a_scale_restores_instances_that_the_update_removes() -> None:
    world = World(instances=5).ready()
    world.behave("app:2", instance=1, ready=30.0)
    world.edit(image="app:2", instances=2)
    world.until(lambda: world.images().get(1) == "app:2")
    world.edit(instances=4)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(4), "app:2")
    world.quiet()


def test_an_update_that_a_scale_leaves_without_instances_is_no_success() -> None:
    """New instances start at the old revision, and then the template is tried again."""
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=0.5, crash=0.5)
    world.behave("app:2", instance=0, ready=None)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    current = world.status.current_revision
    world.edit(instances=0)
    world.until_ended()
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.ABORTED, "NothingLeft")
    assert status.counts.total == 0
    world.run(30)
    assert world.cluster.pods == {}
    assert len(world.cluster.updates) == 1
    assert world.status.current_revision == current
    pending = next(c for c in world.status.conditions if c.type == "UpdatePending")
    assert (pending.status, pending.reason) == ("True", "NothingLeft")
    assert world.conditions() == {"Ready", "Available", "UpdatePending"}
    world.quiet()
    world.edit(instances=2)
    world.until(lambda: len(world.cluster.updates) == 2)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    world.run(10)
    assert world.images() == {0: "app:1", 1: "app:1"}


def test_a_rollback_that_is_scaled_to_zero_leaves_its_known_bad_revision() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=0.5, crash=0.5)
    world.behave("app:1", instance=0, ready=None)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_BACK)
    world.run(1)
    world.edit(instances=0)
    world.until_ended()
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.ABORTED, "NothingLeft")
    assert (status.counts.total, status.counts.failed, status.counts.pending) == (0, 0, 0)
    assert [bad.images for bad in world.status.known_bad] == [("app:2",)]
    world.edit(instances=2)
    world.run(60)
    assert world.images() == {0: "app:1", 1: "app:1"}
    assert len(world.cluster.updates) == 1


def test_the_template_of_a_canary_that_is_scaled_away_is_not_tried_on_all_instances() -> None:
    world = World(instances=3, update={"mode": "Manual"}).ready()
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.cluster.user_update("canary", instances="2")
    world.until(lambda: "app:2" in world.images().values())
    world.edit(instances=2)
    world.until_ended()
    status = world.update.status
    assert (status.phase, status.reason) == (Phase.ABORTED, "NothingLeft")
    world.edit(mode="Automatic")
    world.run(30)
    assert world.images() == {0: "app:1", 1: "app:1"}
    assert len(world.cluster.updates) == 1


def test_a_refused_count_counts_again_after_the_user_changed_it_during_an_update() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=None)
    world.edit(image="app:2", instances=5)
    world.until_ended()
    assert (world.status.instances_in_force, world.status.instances_refused) == (3, 5)
    world.behave("app:3", ready=30.0)
    world.edit(image="app:3")
    world.until(lambda: "app:3" in world.images().values())
    world.edit(instances=3)
    world.until(lambda: world.status.instances_refused is None)
    world.edit(instances=5)
    world.until_ended()
    assert world.status.instances_in_force == 5
    assert sorted(world.images()) == [0, 1, 2, 3, 4]


def aborted_at_app_2() -> World:
    world = World(instances=3).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.cluster.user_edit_update("web-g2", action=Action.ROLLBACK)
    world.until_ended()
    return world


@pytest.mark.parametrize("spec", [{"restart": True}, {"revision": True, "restart": True}])
def test_a_template_that_was_tried_is_not_tried_again_after_a_scale_to_zero(
    spec: dict[str, Any],
) -> None:
    """The Update that the scale left without instances went to another revision."""
    world = aborted_at_app_2()
    if "revision" in spec:
        spec = {**spec, "revision": world.status.current_revision}
    world.cluster.user_update("mine", **spec)
    world.until(lambda: world.named("mine").status.phase is Phase.ROLLING_FORWARD)
    world.edit(instances=0)
    world.until(lambda: world.named("mine").status.phase is Phase.ABORTED)
    world.edit(instances=3)
    world.run(100)
    assert list(world.cluster.updates) == ["web-g2", "mine"]
    assert world.images() == {0: "app:1", 1: "app:1", 2: "app:1"}
