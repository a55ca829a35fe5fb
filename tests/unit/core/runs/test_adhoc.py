"""Adhoc Jobs: one run for each template and token, whatever crashes when."""

from __future__ import annotations

import pytest

from controller.core.model.observed import Refusal, Verdict
from controller.core.model.plan import EndRun, MakeRun, StampRevision
from tests.unit.core.runs.world import World, pod_template


def ran(world: World, name: str = "web-r1") -> World:
    world.settle()
    world.succeed(name)
    world.settle()
    return world


def test_a_template_runs_once() -> None:
    world = ran(World.of())
    assert world.made == ["web-r1"]
    assert world.true == {"Ready"}
    last = world.status.last_run
    assert last is not None
    assert (last.succeeded, last.failed, last.active) == (2, 0, 0)
    assert last.reason == "Succeeded"
    assert world.status.current_revision == world.revision
    assert world.status.assigned == ()
    assert world.reasons == ["RunStarted", "RunSucceeded"]


def test_while_it_runs_the_job_is_reconciling() -> None:
    world = World.of()
    world.settle()
    assert world.true == {"Reconciling"}
    assert "0 of 2 instances succeeded, 2 active" in world.condition("Reconciling")[2]


def test_a_failed_run_is_stalled_until_another_succeeds() -> None:
    world = World.of()
    world.settle()
    world.fail("web-r1", succeeded=1)
    world.settle()
    last = world.status.last_run
    assert last is not None
    assert (last.succeeded, last.failed) == (1, 1)
    assert world.condition("Stalled")[:2] == ("True", "FailedIndexes")
    world.spec["template"] = pod_template("web:2")
    world.restart()
    ran(world, "web-r2")
    assert world.true == {"Ready"}


def test_another_token_runs_the_same_template_under_the_next_number() -> None:
    world = ran(World.of())
    world.spec["update"] = {"retryToken": "again"}
    ran(world, "web-r2")
    assert world.made == ["web-r1", "web-r2"]
    assert [r.number for r in world.revisions.values()] == [2]
    world.spec["update"] = {}  # Removing the token asks for nothing.
    world.settle()
    assert world.made == ["web-r1", "web-r2"]


def test_a_template_that_comes_back_runs_again() -> None:
    world = ran(World.of())
    world.spec["template"] = pod_template("web:2")
    world.restart()
    ran(world, "web-r2")
    world.spec["template"] = pod_template("web:1")
    world.restart()
    ran(world, "web-r3")
    assert world.made == ["web-r1", "web-r2", "web-r3"]


def test_a_changed_count_waits_for_the_next_run() -> None:
    world = ran(World.of())
    world.spec["instances"] = 5
    world.settle()
    assert world.made == ["web-r1"]


def test_cancel_new_waits_for_the_end_of_the_active_run() -> None:
    world = World.of()
    world.settle()
    world.spec["template"] = pod_template("web:2")
    world.restart()
    world.settle()
    assert world.made == ["web-r1"]
    assert world.revision in world.revisions
    assert "runs after it" in world.condition("Reconciling")[2]
    world.succeed("web-r1")
    world.settle()
    assert world.made == ["web-r1", "web-r2"]


def test_kill_existing_says_so_then_deletes_then_waits_for_the_pods() -> None:
    world = World.of(collisionPolicy="KillExisting")
    world.settle()
    world.spec["template"] = pod_template("web:2")
    world.restart()
    writes = []
    while (write := world.step()) is not None:
        writes.append(write)
    assert isinstance(writes[-1], EndRun)
    assert world.runs[0].deleted
    assert world.status.last_run is not None
    assert world.status.last_run.reason == "Killing"
    world.settle()
    assert world.made == ["web-r1"]
    assert world.condition("Reconciling")[1] == "Killing"
    world.go("web-r1")
    world.settle()
    assert world.made == ["web-r1", "web-r2"]
    assert world.reasons == ["RunStarted", "KillingRun", "RunEnded", "RunStarted"]


def test_a_refused_template_does_not_end_the_active_run() -> None:
    world = World.of(collisionPolicy="KillExisting")
    world.settle()
    world.spec["template"] = pod_template("web:2")
    world.restart()
    world.refuses = Verdict(False, "InvalidTemplate", "not so")
    world.settle()
    assert not world.runs[0].deleted
    assert world.condition("Stalled")[:2] == ("True", "InvalidTemplate")
    assert "not so" in world.condition("Stalled")[2]


def test_a_refused_create_waits_with_the_servers_words() -> None:
    world = World.of()
    while not isinstance(world.decide().write, MakeRun):
        world.step()
    refusal = Refusal("QuotaExceeded", "exceeded quota: x", world.now + 4, since=world.now)
    world.refused_writes = {"Job web-r1": refusal}
    plan = world.settle()
    assert plan.wake_at == world.now + 4
    assert world.condition("Reconciling")[1] == "QuotaExceeded"
    world.now += 700
    world.refused_writes = {"Job web-r1": Refusal("QuotaExceeded", "x", world.now + 4, since=1.0)}
    world.settle()
    assert world.true == {"Stalled"}


def test_a_run_that_somebody_deleted_is_not_run_again() -> None:
    world = World.of()
    world.settle()
    world.go("web-r1")
    world.settle()
    assert world.made == ["web-r1"]
    assert world.condition("Stalled")[1] == "Deleted"


def test_an_ended_run_that_was_pruned_stays_the_last_run() -> None:
    world = ran(World.of(updateHistoryLimit=0))
    assert world.runs == []
    assert world.true == {"Ready"}
    world.restart()
    world.settle()
    assert world.made == ["web-r1"]


def test_nothing_is_made_before_the_runs_are_known() -> None:
    world = World.of()
    world.followed = False
    plan = world.settle()
    assert world.made == []
    assert world.condition("Reconciling")[1] == "NotFollowed"
    assert plan.wake_at == world.now + 5


def test_a_lost_status_is_read_back_from_the_run() -> None:
    world = ran(World.of())
    world.status = world.status.model_copy(update={"last_attempt": None, "last_run": None})
    world.restart()
    world.settle()
    assert world.made == ["web-r1"]
    assert world.true == {"Ready"}


def test_a_changed_source_is_written_to_the_revision() -> None:
    world = ran(World.of())
    world.annotations = {"echelon.dev/source": "commit-2"}
    write = world.decide().write
    assert write == StampRevision(world.revision, "commit-2")


@pytest.mark.parametrize("policy", ["KillExisting", "CancelNew"])
@pytest.mark.parametrize("killed_after", range(12))
def test_killed_after_any_write_each_template_still_runs_once(
    policy: str, killed_after: int
) -> None:
    world = World.of(collisionPolicy=policy)
    writes = 0

    def settle() -> None:
        nonlocal writes
        for _ in range(50):
            if world.step() is None:
                break
            assert sum(run.is_active for run in world.runs) <= 1
            if (writes := writes + 1) == killed_after:
                world.restart()

    settle()
    world.spec["template"] = pod_template("web:2")
    settle()
    if policy == "KillExisting":
        world.go("web-r1")
    else:
        world.succeed("web-r1")
    settle()
    world.succeed("web-r2")
    settle()
    world.settle()
    assert world.made == ["web-r1", "web-r2"]
    assert world.true == {"Ready"}
    assert writes >= 11
