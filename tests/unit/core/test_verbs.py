"""Pause, resume, roll back, abort; autoPause; pulses (contract rules 11 and 12)."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Action, Phase
from tests.unit.core.sim.world import World

BATCHES = {"type": "Batch", "size": 2, "autoPause": True}


def rolling(instances: int = 4, **update: Any) -> World:
    """A Job whose first instances are on their way to app:2."""
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


def test_a_pause_starts_nothing_new_and_finishes_what_is_down() -> None:
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
    assert world.images()[0] == "app:2", "a pod that is late is not deleted"
    verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(4))


def test_born_paused() -> None:
    world = World(instances=3, update={"mode": "Manual"}).ready()
    world.edit(image="app:2")
    world.cluster.user_update("mine", paused=True)
    world.run(50)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    assert world.images_of("app:1") == Ids(range(3))
    verb(world, paused=False)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_paused_rollback() -> None:
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


def test_a_rollback_that_a_person_wants() -> None:
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
    assert world.uids()[3] == before[3], "never touched"
    assert not world.status.known_bad, "a person's wish says nothing of the revision"
    assert {"Stalled", "RolledBack"} <= world.conditions()
    world.quiet()


def test_a_rollback_waits_for_the_pause_to_go() -> None:
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
def test_an_abort_leaves_a_mixed_job_and_nothing_missing(paused: bool) -> None:
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


def test_an_abort_on_the_way_back() -> None:
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


def test_a_verb_that_comes_too_late() -> None:
    world = rolling()
    world.until_ended()
    verb(world, action=Action.ROLLBACK)
    assert world.phase is Phase.ROLLED_FORWARD
    assert "VerbRefused" in world.conditions(world.update.metadata.name)
    assert world.images_of("app:2") == Ids(range(4))
    world.quiet()


# autoPause.


def test_auto_pause_before_each_batch_and_never_after_the_last() -> None:
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


def test_a_manual_pause_in_between_does_not_confuse_it() -> None:
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


def test_a_token_that_nobody_waits_for() -> None:
    world = rolling()
    verb(world, resume_token="1")
    assert "VerbRefused" in world.conditions(world.update.metadata.name)
    assert world.update.status.observed_resume_token == "1"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


# Pulses.


def coordinated(**update: Any) -> World:
    world = World(instances=3, update={"pulseIntervalSeconds": 20, **update}).ready()
    world.edit(image="app:2")
    world.run(30)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE
    return world


def pulse(world: World, at: float | None = None) -> None:
    world.cluster.pulse(world.update.metadata.name, at)
    world.settle()


def test_it_starts_waiting_and_an_expired_pulse_is_noticed() -> None:
    world = coordinated()
    assert world.images_of("app:1") == Ids(range(3))
    assert "AwaitingPulse" in world.conditions(world.update.metadata.name)
    pulse(world)
    begun = world.now
    assert world.phase is Phase.ROLLING_FORWARD
    world.behave("app:2", ready=15)
    world.until_phase(Phase.ROLL_FORWARD_AWAITING_PULSE)
    assert world.now <= begun + 21
    world.run(100)
    assert len(world.images()) == 3
    world.restart()
    world.run(10)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE
    pulse(world)
    world.restart()
    world.run(1)
    assert world.phase is Phase.ROLLING_FORWARD, "a pulse survives a restart"


def test_pulses_all_the_way() -> None:
    world = coordinated()
    for _ in range(20):
        if world.update.status.finished_at is None:
            pulse(world)
            world.run(10)
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_pulse_while_paused_counts() -> None:
    world = coordinated()
    verb(world, paused=True)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    pulse(world)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    verb(world, paused=False)
    assert world.phase is Phase.ROLLING_FORWARD


def test_resumed_without_a_pulse_it_waits() -> None:
    world = coordinated()
    verb(world, paused=True)
    verb(world, paused=False)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE


def test_the_way_back_needs_pulses_too() -> None:
    world = coordinated(maxFailuresPerInstance=0)
    world.behave("app:2", ready=None)
    for _ in range(20):
        if world.phase is not Phase.ROLLING_BACK:
            pulse(world)
            world.run(5)
    assert world.phase in (Phase.ROLLING_BACK, Phase.ROLL_BACK_AWAITING_PULSE)
    world.until_phase(Phase.ROLL_BACK_AWAITING_PULSE, Phase.ROLLED_BACK)
    while world.update.status.finished_at is None:
        pulse(world)
        world.run(10)
    assert world.phase is Phase.ROLLED_BACK


def test_a_pulse_of_yesterday_and_one_of_tomorrow() -> None:
    world = coordinated()
    pulse(world, at=world.now - 86_400)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE
    pulse(world, at=world.now + 86_400)
    assert world.phase is Phase.ROLLING_FORWARD
    world.behave("app:2", ready=None)
    world.run(25)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE, "the future counts as now"


# Watching, known bad.


def test_watching_after_the_last() -> None:
    world = World(instances=2, update={"watchAfterSeconds": 60}).ready()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.update.status.watching_since)
    since = world.now
    world.run(30)
    assert (world.phase, world.update.status.reason) == (Phase.ROLLING_FORWARD, "Watching")
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert since + 59 <= world.now <= since + 62


def test_a_failure_while_watching_rolls_back() -> None:
    update = {"watchAfterSeconds": 100, "maxFailuresPerInstance": 0}
    world = World(instances=2, update=update).ready()
    world.behave("app:2", instance=1, crash=50)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert world.images_of("app:1") == Ids(range(2))


def test_a_pod_that_does_not_go_is_deleted_by_force() -> None:
    world = World(instances=2, update={"terminationTimeoutSeconds": 30}).ready()
    world.behave("app:1", instance=0, stop=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.now < world.update.status.started_at + 100  # type: ignore[operator]
