"""Moves beside an Update, a rollback, a scale, and an operator that dies."""

from __future__ import annotations

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.replacement.test_moves import moved, world_of
from tests.unit.core.sim.drain import mark


def test_what_an_update_is_to_replace_is_not_moved_and_comes_first() -> None:
    world, _ = world_of(update={"strategy": {"type": "Batch", "size": 1}})
    mark(world.cluster, 3)
    world.edit(image="app:2")
    world.until(lambda: bool(world.images_of("app:2")))
    assert world.images_of("app:2") == Ids([3])
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    made = [name for verb, name in world.cluster.writes if verb == "create pod"]
    assert made.count("web-3") == 2, "once at the creation of the Job, once by the Update"


def test_what_it_has_replaced_is_moved_and_no_failure() -> None:
    world, _ = world_of(update={"strategy": {"type": "Batch", "size": 1}, "maxUnavailable": 1})
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 2)
    world.until(lambda: world.update.status.counts.updated >= 1)
    mark(world.cluster, 0)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert not world.update.status.failure_counts
    world.until(moved(world))
    assert len(world.images_of("app:2")) == 4


@pytest.mark.parametrize("how", ["Recreate", "InPlace", "Surge"])
def test_during_a_rollback_each_instance_keeps_its_revision(how: str) -> None:
    world, _ = world_of(update={"replacement": how, "strategy": {"type": "Batch", "size": 2}})
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 2)
    mark(world.cluster, 0, 3)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    world.until(moved(world))
    assert set(world.images().values()) == {"app:1"}


def test_a_paused_update_is_waited_for_until_the_deadline() -> None:
    world, _ = world_of(update={"strategy": {"type": "Batch", "size": 1}})
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 1)
    world.cluster.user_edit_update(world.update.metadata.name, paused=True)
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    world.run(20)
    mark(world.cluster, 3, deadline=world.now + 50)
    before = world.pod(3).uid
    world.run(49)
    assert world.pod(3).uid == before
    world.until(moved(world))
    assert world.images()[3] == "app:1"
    world.cluster.user_edit_update(world.update.metadata.name, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert not world.update.status.failure_counts


def test_a_scale_removes_a_marked_instance() -> None:
    world, _ = world_of(sla={"minAvailable": "100%"})
    mark(world.cluster, 3)
    world.edit(instances=3)
    world.run(30)
    assert list(world.uids()) == [0, 1, 2]


@pytest.mark.parametrize("how", ["Recreate", "Surge"])
def test_an_operator_that_dies_after_each_write_moves_all_the_same(how: str) -> None:
    world, ready = world_of(update={"replacement": how}, sla={"minAvailable": "75%"})
    world.cluster.fate = "crash"
    mark(world.cluster, 0, 1, 2)
    world.until(moved(world))
    assert min(ready) == (4 if how == "Surge" else 3)
    world.cluster.fate = "ok"
    world.quiet()
