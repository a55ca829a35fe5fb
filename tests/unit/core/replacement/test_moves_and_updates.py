"""Moves beside an Update, a rollback, a scale, and an operator that dies."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import ACTIVE, Action, Phase
from tests.unit.core.replacement.test_moves import moved, world_of
from tests.unit.core.sim.drain import lift, mark
from tests.unit.core.sim.world import World
from tests.values import replace


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


# What becomes of an updated instance after a move is no failure of the Update.

WATCHED = {"strategy": {"type": "Batch", "size": 4}, "watchAfterSeconds": 600}
NEVER: dict[str, Any] = {"ready": None}
CRASHES: dict[str, Any] = {"crash": 1.0, "crashes": 4}
ENDS: dict[str, Any] = {"ready": None, "end": 1.0}


def watching(**update: Any) -> World:
    """All instances are updated, and the Update watches them."""
    world, _ = world_of(update={**WATCHED, **update})
    world.edit(image="app:2")
    world.until(lambda: world.update.status.watching_since is not None)
    return world


@pytest.mark.parametrize("how", ["Recreate", "InPlace", "Surge"])
@pytest.mark.parametrize("bad", [NEVER, CRASHES, ENDS])
def test_a_moved_instance_that_does_not_come_up_is_no_failure(
    how: str, bad: dict[str, Any]
) -> None:
    world = watching(replacement=how)
    world.behave(instance=1, **bad)
    mark(world.cluster, 1, deadline=world.now + 50)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert (world.update.status.moved, world.update.status.failure_counts) == (Ids([1]), {})
    assert set(world.images().values()) == {"app:2"}


def test_the_update_goes_on_when_it_does_not_come_up() -> None:
    world, _ = world_of(update={"strategy": {"type": "Batch", "size": 1}, "maxUnavailable": 2})
    world.edit(image="app:2")
    world.until(lambda: world.update.status.counts.updated == 1)
    world.behave(instance=0, **NEVER)
    mark(world.cluster, 0, deadline=world.now)
    world.run(30)
    assert world.update.status.counts.updated < 4, "it waits for the instance for a while"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_other_failures_still_count() -> None:
    world = watching()
    mark(world.cluster, 1)
    world.until(moved(world))
    world.behave(image="app:2", **NEVER)
    world.kill(2)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


def test_a_mark_that_is_lifted_before_the_move_excuses_nothing() -> None:
    world = watching(maxUnavailable=1)
    world.cluster.put_budget("theirs", 4)
    mark(world.cluster, 1)
    world.run(5)
    assert world.update.status.moved == Ids([1])
    lift(world.cluster)
    world.cluster.set_pod(replace(world.pod(1), ready=False, restarts=3))
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


@pytest.mark.parametrize("how", ["Recreate", "Surge"])
def test_so_it_is_in_a_rollback(how: str) -> None:
    world, _ = world_of(update={"replacement": how, "strategy": {"type": "Batch", "size": 1}})
    world.edit(image="app:2")
    world.until(lambda: world.update.status.counts.updated == 3)
    world.cluster.user_edit_update(world.update.metadata.name, action=Action.ROLLBACK)
    world.until(lambda: world.update.status.counts.rolled_back >= 1)
    (first, *_) = world.update.status.instances.rolled_back
    world.behave(instance=first, **NEVER)
    mark(world.cluster, first, deadline=world.now)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert not world.update.status.instances.rollback_failed


def test_an_operator_that_dies_after_each_write_knows_it_all_the_same() -> None:
    world = watching()
    world.cluster.fate = "crash"
    world.behave(instance=1, **NEVER)
    mark(world.cluster, 1)
    world.run(300)
    world.cluster.fate = "ok"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_restart_knows_it_too() -> None:
    world, _ = world_of(update=WATCHED)
    world.cluster.user_update("again", restart=True)
    world.until(lambda: world.named("again").status.watching_since is not None)
    world.behave(instance=1, **NEVER)
    mark(world.cluster, 1)
    world.until(lambda: world.named("again").status.phase not in ACTIVE)
    assert world.named("again").status.phase is Phase.ROLLED_FORWARD
