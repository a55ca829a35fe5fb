"""Statuses of Job and Update: the contract's table of conditions, counts, Events, size."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.job import JobStatus, RevisionRange
from controller.api.meta import wire
from controller.api.update import InstanceSets, Phase, UpdateStatus
from tests.unit.core.sim import World

UPDATE = {"maxFailuresPerInstance": 0}


def rolling_forward(world: World) -> None:
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 2)
    world.run(3)


def rolling_back(world: World) -> None:
    rolling_forward(world)
    world.behave("app:1", instance=1, ready=20.0)
    world.until_phase(Phase.ROLLING_BACK)
    world.run(3)


def rolled_forward(world: World) -> None:
    world.roll("app:2")


def rolled_back(world: World) -> None:
    rolling_back(world)
    world.until_ended()


def rollback_failed(world: World) -> None:
    rolling_forward(world)
    world.behave("app:1", instance=1, ready=None)
    world.until_ended()


def stuck(world: World) -> None:
    world.behave("app:1", instance=0, stop=None)
    world.edit(image="app:2")
    world.run(75)


@pytest.mark.parametrize(
    ("story", "update", "job"),
    [
        (rolling_forward, {"Reconciling"}, {"Reconciling", "Available"}),
        (rolling_back, {"Reconciling"}, {"Reconciling", "Available"}),
        (rolled_forward, {"Ready", "Complete", "Succeeded"}, {"Ready", "Available"}),
        (
            rolled_back,
            {"Stalled", "Complete", "Failed"},
            {"Stalled", "Available", "RolledBack", "UpdatePending"},
        ),
        (
            rollback_failed,
            {"Stalled", "Complete", "Failed"},
            {"Stalled", "Available", "UpdatePending"},
        ),
        (stuck, {"Stalled"}, {"Stalled", "Available"}),
    ],
)
def test_conditions_of_each_end(story: Any, update: set[str], job: set[str]) -> None:
    world = World(instances=4, update=UPDATE).ready()
    story(world)
    assert world.conditions("web-g2") == update
    assert world.conditions() == job
    world.run(2)
    assert world.conditions() == job


def test_counts_are_numbers_of_ids() -> None:
    world = World(instances=4, update=UPDATE).ready()
    rolling_forward(world)
    status = world.status
    assert status.instances == 4
    assert (status.ready_instances, status.available_instances) == (3, 3)
    assert status.updated_instances == 2
    assert status.selector == "echelon.dev/job=web"
    assert {world.cluster.image(r.revision): str(r.instances) for r in status.revisions} == {
        "app:1": "2-3",
        "app:2": "0-1",
    }


def test_a_condition_keeps_its_transition_time_while_its_status_stays() -> None:
    world = World(instances=2).ready()
    since = {c.type: c.last_transition_time for c in world.status.conditions}
    world.run(60)
    world.edit(instances=2, maxFailedInstances=1)
    world.run(60)
    assert {c.type: c.last_transition_time for c in world.status.conditions} == since


def test_events_of_an_update_come_in_order() -> None:
    world = World(instances=4, update=UPDATE).ready()
    rolled_back(world)
    job = [e.reason for e in world.events if e.update is None]
    update = [e.reason for e in world.events if e.update == "web-g2"]
    assert job == ["Created", "UpdateStarted", "UpdateRolledBack"]
    assert update == ["RollingForward", "InstanceFailed", "RollingBack", "RolledBack"]
    assert {e.reason for e in world.events if e.type == "Warning"} == {
        "InstanceFailed",
        "RollingBack",
        "RolledBack",
        "UpdateRolledBack",
    }


def test_the_history_has_the_transitions() -> None:
    world = World(instances=4, update=UPDATE).ready()
    rolled_back(world)
    status = world.update.status
    assert [e.phase for e in status.history] == [
        Phase.ROLLED_BACK,
        Phase.ROLLING_BACK,
        Phase.ROLLING_FORWARD,
    ]
    assert {e.by for e in status.history} == {"echelon"}
    assert status.started_at is not None
    assert status.finished_at is not None
    assert status.message.startswith("2 instances rolled back: instance 1 failed: ReadyTimeout")


def test_a_job_without_its_only_instance_is_not_available() -> None:
    """Although a group of the update may be down."""
    world = World(instances=1).ready()
    world.behave("app:1", ready=30.0)
    world.kill(0)
    world.run(10)
    assert "Available" not in world.conditions()
    world.run(60)
    assert "Available" in world.conditions()


def test_an_idle_job_writes_nothing_when_the_clock_is_wrong() -> None:
    world = World(instances=2).ready()
    for _ in range(50):
        world.cluster.now += 0.37
        assert world.operator.decide().reports == ()


@pytest.mark.parametrize("instances", [1_000, 10_000])
def test_no_object_grows_beyond_200_kib(instances: int) -> None:
    """The worst case: alternating instances at another revision that failed more than once."""
    odd = Ids(range(1, instances, 2))
    even = Ids(range(0, instances, 2))
    ranges = (
        RevisionRange(revision="web-a", instances=odd),
        RevisionRange(revision="web-b", instances=even),
    )
    job = JobStatus(assigned=ranges, revisions=ranges)
    sets = InstanceSets(updated=odd, failed=even)
    update = UpdateStatus(from_=ranges, instances=sets, failure_counts={"1": odd, "2": even})
    assert len(str(wire(job))) < 200 * 1024
    assert len(str(wire(update))) < 200 * 1024
