"""What time decides: pulses, the watch after the last instance, deletion by force (rule 11)."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.update import Phase
from tests.unit.core.progress.test_verbs import verb
from tests.unit.core.sim.world import World

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


def test_an_update_starts_by_waiting_and_notices_an_expired_pulse() -> None:
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


def test_an_update_with_regular_pulses_completes() -> None:
    world = coordinated()
    for _ in range(20):
        if world.update.status.finished_at is None:
            pulse(world)
            world.run(10)
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_pulse_from_before_the_start_does_not_count() -> None:
    world = coordinated(pulseIntervalSeconds=600)
    started = world.update.status.started_at
    assert started is not None
    pulse(world, started - 1)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE
    pulse(world, started)
    assert world.phase is Phase.ROLLING_FORWARD


def test_a_pulse_while_paused_counts() -> None:
    world = coordinated()
    verb(world, paused=True)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    pulse(world)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    verb(world, paused=False)
    assert world.phase is Phase.ROLLING_FORWARD


def test_an_update_resumed_without_a_pulse_waits() -> None:
    world = coordinated()
    verb(world, paused=True)
    verb(world, paused=False)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE


def test_a_rollback_needs_pulses_too() -> None:
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


def test_a_pulse_from_yesterday_is_ignored_and_one_from_tomorrow_counts_as_now() -> None:
    world = coordinated()
    pulse(world, at=world.now - 86_400)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE
    pulse(world, at=world.now + 86_400)
    assert world.phase is Phase.ROLLING_FORWARD
    world.behave("app:2", ready=None)
    world.run(25)
    assert world.phase is Phase.ROLL_FORWARD_AWAITING_PULSE, "the future counts as now"


# The watch, deletion by force.


def test_an_update_watches_after_its_last_instance() -> None:
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


def test_a_pod_that_does_not_terminate_is_deleted_by_force() -> None:
    world = World(instances=2, update={"terminationTimeoutSeconds": 30}).ready()
    world.behave("app:1", instance=0, stop=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.now < world.update.status.started_at + 100  # type: ignore[operator]
