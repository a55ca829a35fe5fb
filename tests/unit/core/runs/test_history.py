"""Old runs are deleted, and the last one only when its end is recorded."""

from __future__ import annotations

from controller.core.model.observed import Refusal
from controller.core.model.plan import THE_STATUS, Prune
from tests.unit.core.runs.test_cron import FIRST
from tests.unit.core.runs.world import World, pod_template


def test_the_newest_runs_are_kept() -> None:
    world = World.of(updateHistoryLimit=2)
    for number in range(1, 5):
        world.now += 60
        world.spec["update"] = {"retryToken": str(number)}
        world.settle()
        world.succeed(f"web-r{number}")
        world.settle()
    assert [run.name for run in world.runs] == ["web-r3", "web-r4"]


def test_an_active_run_is_never_deleted() -> None:
    world = World.of(updateHistoryLimit=0)
    world.settle()
    assert [run.name for run in world.runs] == ["web-r1"]


def test_a_run_whose_end_is_not_recorded_stays() -> None:
    world = World.of(updateHistoryLimit=0)
    world.settle()
    world.succeed("web-r1")
    plan = world.decide()
    assert plan.write is not None
    assert plan.actions == ()
    world.perform(plan.write)
    assert [type(action) for action in world.decide().actions] == [Prune]


def test_a_run_stays_while_the_api_server_refuses_to_record_its_end() -> None:
    world = World.of(updateHistoryLimit=0)
    world.settle()
    world.succeed("web-r1")
    refusal = Refusal("Forbidden", "no", world.now + 60, since=world.now)
    world.refused_writes = {THE_STATUS: refusal}
    plan = world.decide()
    assert (plan.write, plan.actions) == (None, ())


def test_the_revision_of_the_cron_job_stays_while_another_template_waits() -> None:
    world = World.of("Cron", revisionHistoryLimit=0)
    world.settle()
    world.now = FIRST
    run = world.tick(FIRST)
    world.succeed(run.name)
    world.settle()
    ran = world.revision
    world.spec["template"] = pod_template("web:2")
    world.restart()
    world.settle()
    made = world.revision
    world.annotations = {"echelon.dev/expected-parent": "web-unknown"}
    world.spec["template"] = pod_template("web:3")
    world.restart()
    plan = world.settle()
    assert world.condition("UpdatePending")[1] == "ParentMismatch"
    assert {ran, made} == set(world.revisions)
    assert plan.actions == ()
