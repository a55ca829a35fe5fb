"""Verbs of an Update: pause, resume, roll back, abort; autoPause (contract rules 11 and 12)."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.sim.world import World

BATCHES = {"type": "Batch", "size": 2, "autoPause": True}


def rolling(instances: int = 4, **update: Any) -> World:
    """A Job whose first instances are being updated to app:2."""
    world = World(instances=instances, update=update).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    return world


def verb(world: World, **spec: Any) -> None:
    world.cluster.user_edit_update(world.update.metadata.name, **spec)
    world.settle()


def history(world: World) -> list[Phase]:
    return [e.phase for e in reversed(world.update.status.history)]


# Pause.


def test_a_pause_starts_no_replacement_and_brings_up_instances_that_are_down() -> None:
    world = rolling()
    verb(world, paused=True)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    assert {"Reconciling", "Paused"} <= world.conditions(world.update.metadata.name)
    world.run(300)
    assert world.images_of("app:2") == Ids([0])
    assert len(world.images()) == 4
    assert world.update.status.counts.updated == 1
    world.quiet()
    verb(world, paused=False)
    assert world.phase is Phase.ROLLING_FORWARD
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images_of("app:2") == Ids(range(4))
    assert "Paused" not in world.conditions(world.update.metadata.name)


def test_a_pause_survives_a_restart() -> None:
    world = rolling()
    verb(world, paused=True)
    world.restart()
    world.run(100)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED


def test_failures_while_paused_count_and_act_on_resume() -> None:
    world = World(instances=4, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=0, ready=None)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    verb(world, paused=True)
    world.run(600)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    assert world.update.status.instances.failed == Ids([0])
    assert world.images()[0] == "app:2", "a pause deletes no pod whose deadline passed"
    verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(4))


def test_an_update_that_is_created_paused_touches_nothing() -> None:
    world = World(instances=3, update={"mode": "Manual"}).ready()
    world.edit(image="app:2")
    world.cluster.user_update("mine", paused=True)
    world.run(50)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    assert world.images_of("app:1") == Ids(range(3))
    verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_rollback_can_be_paused_and_resumed() -> None:
    world = rolling()
    world.until(lambda: len(world.update.status.instances.updated) >= 2)
    verb(world, action=Action.ROLLBACK)
    verb(world, paused=True)
    assert world.phase is Phase.ROLL_BACK_PAUSED
    world.run(200)
    assert world.phase is Phase.ROLL_BACK_PAUSED
    assert world.images_of("app:2")
    verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(4))


# Roll back.


def test_a_requested_rollback_restores_all_instances() -> None:
    world = rolling()
    world.until(lambda: len(world.update.status.instances.updated) >= 2)
    before = world.uids()
    verb(world, action=Action.ROLLBACK)
    assert (world.phase, world.update.status.history[0].reason) == (
        Phase.ROLLING_BACK,
        "RollbackRequested",
    )
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(4))
    assert world.uids()[3] == before[3], "instance 3 is never touched"
    assert not world.status.known_bad, "a requested rollback does not make the revision known bad"
    assert {"Stalled", "RolledBack"} <= world.conditions()
    world.quiet()


def test_a_rollback_waits_for_the_end_of_the_pause() -> None:
    world = rolling()
    verb(world, paused=True)
    verb(world, action=Action.ROLLBACK)
    world.run(50)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    assert "rollback waits" in world.update.status.message
    verb(world, paused=False)
    assert world.phase is Phase.ROLLING_BACK
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


# Abort.


@pytest.mark.parametrize("paused", [False, True])
def test_an_abort_leaves_a_mixed_job_without_missing_instances(paused: bool) -> None:
    world = rolling(6, strategy={"type": "Queue", "size": 2})
    world.until(lambda: len(world.update.status.instances.updated) >= 2)
    if paused:
        verb(world, paused=True)
    verb(world, action=Action.ABORT)
    assert (world.phase, world.update.status.reason) == (Phase.ABORTED, "AbortRequested")
    world.run(60)
    images = world.images()
    assert sorted(images) == list(range(6))
    assert set(images.values()) == {"app:1", "app:2"}
    assert world.status.active_update is None
    assert "Stalled" in world.conditions()
    world.quiet()


def test_an_abort_of_a_rollback_leaves_a_mixed_job() -> None:
    world = rolling()
    world.until(lambda: len(world.update.status.instances.updated) >= 3)
    verb(world, action=Action.ROLLBACK)
    world.until(lambda: len(world.update.status.instances.rolled_back) >= 1)
    verb(world, action=Action.ABORT)
    assert world.phase is Phase.ABORTED
    world.run(60)
    images = world.images()
    assert sorted(images) == [0, 1, 2, 3]
    assert set(images.values()) == {"app:1", "app:2"}
    world.quiet()


def test_an_ended_update_refuses_a_verb() -> None:
    world = rolling()
    world.until_ended()
    verb(world, action=Action.ROLLBACK)
    assert world.phase is Phase.ROLLED_FORWARD
    assert "VerbRefused" in world.conditions(world.update.metadata.name)
    assert world.images_of("app:2") == Ids(range(4))
    world.quiet()


def test_a_verb_between_the_two_writes_of_an_end_is_refused() -> None:
    world = rolling()

    def ask() -> None:
        if world.status.active_update is None and world.phase is Phase.ROLLING_FORWARD:
            world.cluster.user_edit_update("web-g2", action=Action.ROLLBACK)

    world.after_step = ask
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    words = "action Rollback has no effect: the Update has ended (RolledForward)"
    assert world.told("VerbRefused") == [words]
    world.quiet()


def test_an_unrelated_edit_of_an_ended_update_refuses_no_verb_again() -> None:
    world = rolling()
    world.until_ended()
    verb(world, action=Action.ROLLBACK)
    verb(world, message="a note for later")
    assert len(world.told("VerbRefused")) == 1
    assert "VerbRefused" in world.conditions("web-g2"), "the verb still has no effect"
    verb(world, paused=True)
    assert world.told("VerbRefused")[1].startswith("paused has no effect")
    verb(world, paused=False)
    assert len(world.told("VerbRefused")) == 2
    assert "VerbRefused" not in world.conditions("web-g2"), "the user removed the verb"
    world.quiet()


@pytest.mark.parametrize(
    "spec",
    [
        {"paused": True, "action": Action.ABORT},
        {"resume_token": "1", "action": Action.ABORT},
    ],
)
def test_verbs_that_were_set_before_the_end_are_not_refused_later(spec: dict[str, Any]) -> None:
    world = rolling()
    verb(world, **spec)
    world.until_ended()
    before = len(world.told("VerbRefused"))
    verb(world, message="a note for later")
    assert len(world.told("VerbRefused")) == before
    assert world.update.status.observed_generation == world.update.metadata.generation
    world.quiet()


# autoPause.


def test_auto_pause_pauses_before_each_batch_and_never_after_the_last() -> None:
    world = rolling(instances=5, strategy=BATCHES)
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    assert world.update.status.instances.updated == Ids([0, 1])
    assert world.update.status.reason == "AutoPaused"
    world.quiet()
    verb(world, resume_token="1")
    assert world.update.status.observed_resume_token == "1"
    assert world.phase is Phase.ROLLING_FORWARD
    world.until_phase(Phase.ROLL_FORWARD_PAUSED)
    assert world.update.status.instances.updated == Ids([0, 1, 2, 3])
    verb(world, resume_token="2")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert history(world).count(Phase.ROLL_FORWARD_PAUSED) == 2


def test_a_manual_pause_does_not_end_an_automatic_pause() -> None:
    world = rolling(instances=4, strategy=BATCHES)
    verb(world, paused=True)
    world.run(60)
    verb(world, paused=False)
    world.run(1)
    assert (world.phase, world.update.status.reason) == (Phase.ROLL_FORWARD_PAUSED, "AutoPaused")
    verb(world, paused=True)
    world.run(5)
    assert world.update.status.reason == "Paused"
    verb(world, resume_token="go")
    world.run(5)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images_of("app:2") == Ids(range(4))


def test_a_failed_batch_rolls_back_and_does_not_pause() -> None:
    world = World(instances=4, update={"strategy": BATCHES, "maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", instance=1, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert Phase.ROLL_FORWARD_PAUSED not in history(world)
    assert Phase.ROLL_BACK_PAUSED not in history(world)


def test_a_resume_token_without_an_automatic_pause_is_refused() -> None:
    world = rolling()
    verb(world, resume_token="1")
    assert "VerbRefused" in world.conditions(world.update.metadata.name)
    assert world.update.status.observed_resume_token == "1"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
