"""Cron Jobs: the CronJob follows the spec, and a run in the way of the next one is ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from controller.core.model.observed import Verdict
from controller.core.model.plan import EndRun, KeepCronJob
from tests.unit.core.runs.world import START, World, pod_template

#: The next two times of */5 after START.
FIRST, SECOND = START - START % 300 + 300, START - START % 300 + 600


def made(**spec: object) -> World:
    world = World.of("Cron", **spec)
    world.settle()
    return world


def running(**spec: object) -> World:
    world = made(**spec)
    world.now = FIRST
    world.tick(FIRST)
    world.settle()
    return world


def test_the_cron_job_is_made_and_the_job_is_ready() -> None:
    world = made()
    assert world.cron is not None
    assert world.true == {"Ready"}
    assert world.condition("Ready")[2] == "no run yet"
    assert world.status.last_attempt is not None
    assert world.status.last_attempt.revision == world.revision


def test_a_changed_field_is_written_and_nothing_else_is() -> None:
    world = made()
    for change in ({"cron": {"schedule": "0 * * * *"}}, {"instances": 3},
                   {"template": pod_template("web:2")}, {"deadlineSeconds": 5}):  # fmt: skip
        world.spec |= change
        world.restart()
        before = world.cron
        world.settle()
        assert world.cron != before, change
    world.restart()
    assert world.settle().write is None
    assert len(world.revisions) == 2


def test_a_cron_job_that_somebody_changed_is_mended() -> None:
    world = made()
    assert world.cron is not None
    world.cron = replace(world.cron, settings=("* * * * *", *world.cron.settings[1:]))
    world.settle()
    assert world.cron.settings[0] == "*/5 * * * *"


def test_a_refused_schedule_is_stalled_and_the_old_cron_job_stays() -> None:
    world = made()
    before = world.cron
    world.spec["cron"] = {"schedule": "*/7 * * * *"}
    world.restart()
    world.refuses = Verdict(False, "InvalidTemplate", "spec.schedule: Invalid value")
    world.settle()
    assert world.cron == before
    assert world.true == {"Stalled"}


def test_a_suspension_holds_while_the_template_is_refused() -> None:
    world = made()
    assert world.cron is not None
    template = world.cron.made_from
    world.spec["template"] = pod_template("web:2")
    world.restart()
    world.refuses = Verdict(False, "InvalidTemplate", "no such field")
    world.settle()
    world.spec["cron"] = {"schedule": "*/5 * * * *", "suspend": True}
    world.settle()
    assert (world.cron.settings[2], world.cron.made_from) == (True, template)
    assert world.true == {"Stalled"}


def test_constraints_that_cannot_be_used_leave_the_old_cron_job() -> None:
    world = made()
    before = world.cron
    twice = [{"topologyKey": "kubernetes.io/hostname", "maxSkew": 1}]
    world.spec["template"]["spec"]["topologySpreadConstraints"] = twice
    world.spec["constraints"] = [{"key": "host", "limit": 1}]
    world.restart()
    world.refuses = Verdict(False, "InvalidTemplate", "spec.constraints[host]: twice")
    world.settle()
    assert world.cron == before
    assert world.true == {"Stalled"}


def test_runs_are_recorded_with_their_scheduled_time() -> None:
    world = running()
    assert world.true == {"Reconciling"}
    world.succeed(world.made[0])
    world.settle()
    assert world.true == {"Ready"}
    assert world.status.last_scheduled_at == FIRST
    assert world.status.current_revision == world.revision
    assert world.reasons == ["RunStarted", "RunSucceeded"]


def test_a_failed_run_is_stalled_until_the_next_one() -> None:
    world = running()
    world.fail(world.made[0])
    world.settle()
    assert world.true == {"Stalled"}
    world.now = SECOND
    world.tick(SECOND)
    world.settle()
    assert world.true == {"Reconciling"}


def test_kill_existing_wakes_at_the_next_time_and_ends_the_run() -> None:
    world = running()
    assert world.settle().wake_at == SECOND
    world.now = SECOND - 1
    assert world.step() is None
    world.now = SECOND
    writes = []
    while (write := world.step()) is not None:
        writes.append(write)
    assert writes[-1] == EndRun(world.made[0], world.runs[0].uid)
    assert sum(isinstance(write, EndRun) for write in writes) == 1
    world.go(world.made[0])
    world.settle()
    assert world.condition("Reconciling")[1] == "Killed"
    world.tick(SECOND)
    world.settle()
    assert world.reasons == ["RunStarted", "KillingRun", "RunEnded", "RunStarted"]
    assert world.settle().wake_at == SECOND + 300


def test_a_kill_that_was_announced_before_a_crash_is_finished() -> None:
    world = running()
    world.now = SECOND
    world.step()
    assert world.status.last_run is not None
    assert world.status.last_run.reason == "Killing"
    world.restart()
    world.settle()
    assert world.runs[0].deleted


def test_a_run_that_ends_before_it_is_killed_has_ended() -> None:
    world = running()
    world.now = SECOND
    world.step()
    world.succeed(world.made[0])
    world.settle()
    assert world.status.last_run is not None
    assert world.status.last_run.reason == "Succeeded"
    assert not world.runs[0].deleted


def test_cancel_new_and_a_suspended_job_end_no_run() -> None:
    for spec in ({"collisionPolicy": "CancelNew"},
                 {"cron": {"schedule": "*/5 * * * *", "suspend": True}}):  # fmt: skip
        world = running(**spec)
        world.now = SECOND + 5
        world.settle()
        assert not world.runs[0].deleted, spec


def test_a_time_that_is_past_its_starting_deadline_ends_no_run() -> None:
    world = running(cron={"schedule": "*/5 * * * *", "startingDeadlineSeconds": 60})
    world.now = SECOND + 61  # The operator was down.
    plan = world.settle()
    assert not world.runs[0].deleted
    assert plan.wake_at == SECOND + 300


def test_when_daylight_saving_ends_the_hour_that_comes_twice_counts_twice() -> None:
    world = made(cron={"schedule": "30 2 * * *", "timeZone": "Europe/Berlin"})
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    world.now = first
    world.tick(first)
    assert world.settle().wake_at == first + 3600
    world.now = first + 3600
    world.settle()
    assert world.runs[0].deleted


def test_when_daylight_saving_begins_the_hour_that_is_skipped_ends_no_run() -> None:
    world = made(cron={"schedule": "30 2 * * *", "timeZone": "Europe/Berlin"})
    before = datetime(2026, 3, 28, 1, 30, tzinfo=UTC).timestamp()
    world.now = before
    world.tick(before)
    assert world.settle().wake_at == datetime(2026, 3, 30, 0, 30, tzinfo=UTC).timestamp()


def test_a_run_made_by_hand_is_the_last_run_and_in_the_way_too() -> None:
    world = made()
    assert world.cron is not None
    world.start("web-m1", owner=world.cron.uid)
    world.settle()
    assert world.status.last_run is not None
    assert world.status.last_run.name == "web-m1"
    world.now = FIRST
    world.settle()
    assert world.runs[0].deleted


def test_a_cron_job_that_is_being_deleted_is_made_anew_when_it_is_gone() -> None:
    world = made()
    assert world.cron is not None
    world.cron = replace(world.cron, deleted=True)
    assert world.settle().write is None
    world.cron = None
    writes = [world.step() for _ in range(4)]
    assert any(isinstance(write, KeepCronJob) for write in writes)


def test_a_zone_that_this_operator_does_not_know_is_said() -> None:
    world = made(cron={"schedule": "* * * * *", "timeZone": "Mars/Olympus"})
    assert world.condition("Stalled")[:2] == ("True", "InvalidSchedule")
