"""Which time of a schedule has passed without a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controller.core.runs.missed import missed
from tests.unit.core.runs.test_cron import FIRST, SECOND, made, running
from tests.unit.core.runs.world import START, World


def found(world: World, at: float) -> float | None:
    return missed(world.job, world.observed().runs, at)


def waiting(**cron: Any) -> World:
    """A Job whose CronJob was written at START, and has started no run."""
    world = made(cron={"schedule": "*/5 * * * *", **cron})
    assert world.cron is not None
    world.cron = replace(world.cron, written=START)
    return world


def test_a_time_that_passes_is_missed_until_a_run_starts() -> None:
    world = waiting()
    assert found(world, FIRST - 1) is None
    assert found(world, FIRST) == FIRST
    assert found(world, SECOND + 60) == FIRST, "the first one, since when nothing runs"
    world.tick(SECOND)
    world.settle()
    assert found(world, SECOND + 61) is None
    world.succeed(world.made[0])
    world.settle()
    assert found(world, SECOND + 62) is None
    assert found(world, SECOND + 300) == SECOND + 300


def test_times_that_pass_during_a_run_do_not_count() -> None:
    world = running(cron={"schedule": "*/5 * * * *", "startingDeadlineSeconds": 10},
                    collisionPolicy="CancelNew")  # fmt: skip
    world.now = SECOND + 100
    assert found(world, world.now) is None
    world.succeed(world.made[0])
    world.settle()
    assert found(world, SECOND + 101) is None
    assert found(world, SECOND + 300) == SECOND + 300


def test_times_before_the_cron_job_was_written_do_not_count() -> None:
    world = waiting()
    assert world.cron is not None
    world.cron = replace(world.cron, last=FIRST, written=SECOND + 10)  # It was suspended.
    assert found(world, SECOND + 20) is None
    assert found(world, SECOND + 300) == SECOND + 300


def test_nothing_is_missed_by_what_does_not_run_or_cannot_be_read() -> None:
    assert found(waiting(suspend=True), SECOND) is None
    assert found(waiting(timeZone="Mars/Olympus"), SECOND) is None
    assert found(World.of("Adhoc"), SECOND) is None
    gone, unknown = waiting(), waiting()
    gone.cron = None
    unknown.followed = False
    assert found(gone, SECOND) is None
    assert found(unknown, SECOND) is None
