"""Failures: what counts, what is tolerated, and what a failed Update does."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from controller.api.update import Phase
from tests.unit.core.sim import World
from tests.values import replace


def world_with(**update: Any) -> World:
    return World(instances=4, update=update).ready()


def test_one_crash_more_than_tolerated_rolls_back() -> None:
    world = world_with(maxFailuresPerInstance=0)
    before, template = world.uids(), world.cluster.job.spec.template
    world.behave("app:2", instance=1, crash=1.0)
    world.edit(image="app:2")
    spec = world.cluster.job.spec
    world.until_phase(Phase.ROLLING_BACK)
    why = "instance 1 failed: Error, container app exited with code 1"
    assert world.told("RollingBack") == [why]
    assert world.update.status.message == f"0 of 2 instances rolled back ({why})"
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    assert world.cluster.job.spec == spec != template
    assert set(world.images().values()) == {"app:1"}
    assert {i: u for i, u in world.uids().items() if i > 1} == {2: before[2], 3: before[3]}
    sets = world.update.status.instances
    assert (str(sets.rolled_back), str(sets.failed), str(sets.updated)) == ("0-1", "", "")
    assert world.conditions() == {"Stalled", "Available", "RolledBack", "UpdatePending"}
    assert [bad.revision for bad in world.status.known_bad] == [world.cluster.revision]
    assert world.status.known_bad[0].images == ("app:2",)
    assert world.status.current_revision != world.cluster.revision
    world.quiet()


def test_a_tolerated_crash() -> None:
    world = world_with(maxFailuresPerInstance=1)
    world.behave("app:2", instance=1, crash=1.0)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert {k: str(v) for k, v in world.update.status.failure_counts.items()} == {"1": "1"}
    assert [(f.instance, f.attempt, f.reason) for f in world.update.status.failures] == [
        (1, 1, "Error")
    ]


def test_a_pod_that_crashes_for_ever_fails_its_instance() -> None:
    world = world_with(maxFailuresPerInstance=3)
    world.behave("app:2", crash=1.0, crashes=99)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert [f.attempt for f in world.update.status.failures] == [4, 3, 2, 1]
    assert world.told("RollingBack") == [
        "instance 0 failed: Error, container app exited with code 1"
    ]


def test_tolerated_failed_instances() -> None:
    world = world_with(maxFailuresPerInstance=0, maxFailedInstances=1)
    world.behave("app:2", instance=1, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert str(world.update.status.instances.failed) == "1"
    assert world.update.status.counts.failed == 1
    assert world.status.current_revision == world.cluster.revision


@pytest.mark.parametrize(("tolerated", "end"), [("49%", "RolledBack"), ("50%", "RolledForward")])
def test_a_tolerance_in_percent_rounds_down(tolerated: str, end: str) -> None:
    world = world_with(maxFailuresPerInstance=0, maxFailedInstances=tolerated)
    world.behave("app:2", instance=1, ready=None)
    world.behave("app:2", instance=2, ready=None)
    world.roll("app:2")
    assert world.phase == end


def test_without_rollback_it_stops_half_updated() -> None:
    world = world_with(maxFailuresPerInstance=0, rollbackOnFailure=False)
    before = world.uids()
    world.behave("app:2", instance=1, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.FAILED
    assert world.images() == {0: "app:2", 1: "app:2", 2: "app:1", 3: "app:1"}
    assert world.assigned() == {"app:2": "0-1", "app:1": "2-3"}
    assert {i: u for i, u in world.uids().items() if i > 1} == {2: before[2], 3: before[3]}
    assert "Stalled" in world.conditions()
    assert world.conditions(world.update.metadata.name) == {"Stalled", "Complete", "Failed"}
    assert world.update.status.message.startswith("instance 1 failed")
    world.quiet()


def test_the_deadline() -> None:
    """It runs from the pod's creation, and anew for the pod after a tolerated failure."""
    world = world_with(maxFailuresPerInstance=1)
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    begin, first = world.now, world.pod(0).uid
    world.until(lambda: bool(world.update.status.failures))
    assert 62 <= world.now - begin <= 64, "60 seconds and 3 to be good"
    assert world.update.status.failures[0].reason == "ReadyTimeout"
    world.until(lambda: 0 in world.uids() and world.pod(0).uid != first)
    assert world.pod(0).failures == 1, "the new pod carries on the count"
    world.until_phase(Phase.ROLLING_BACK)
    assert 125 <= world.now - begin <= 132


def test_no_deadline() -> None:
    world = world_with(readyTimeoutSeconds=0)
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.run(86_400)
    assert world.phase is Phase.ROLLING_FORWARD
    assert str(world.update.status.instances.updating) == "0"


def test_an_updated_instance_that_does_not_come_back() -> None:
    world = world_with(maxFailuresPerInstance=0)
    world.behave("app:2", instance=3, ready=50.0)
    world.edit(image="app:2")
    world.until(lambda: world.images() == dict.fromkeys(range(4), "app:2"))
    world.behave("app:2", instance=0, ready=None)
    world.kill(0)
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK
    failed = world.update.status.failures[0]
    assert (failed.instance, failed.reason) == (0, "ReadyTimeout")
    assert set(world.images().values()) == {"app:1"}


def test_an_ended_pod_is_a_failure_and_made_again_with_back_off() -> None:
    world = world_with(maxFailuresPerInstance=3, readyTimeoutSeconds=600)
    world.behave("app:2", instance=0, ready=None, end=1.0)
    made: list[float] = []
    known: set[str] = set()

    def look() -> bool:
        pod = world.cluster.pods.get("web-0")
        if pod and pod.uid not in known and world.cluster.image(pod.revision) == "app:2":
            known.add(pod.uid)
            made.append(world.now)
        return bool(world.cluster.updates) and world.phase is Phase.ROLLING_BACK

    world.edit(image="app:2")
    world.until(look)
    waits = [round(b - a) for a, b in pairwise(made)]
    assert waits == [1, 12, 22]
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


def test_a_deleted_pod_and_one_that_the_kubelet_refused_are_no_failures() -> None:
    world = world_with(maxFailuresPerInstance=0, readyTimeoutSeconds=300)
    world.behave("app:2", instance=0, ready=20.0)
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    world.kill(0)
    world.run(5)
    world.behave("app:2", instance=0, ready=None, end=1.0, ran=False)
    world.kill(0)
    world.run(60)
    assert world.phase is Phase.ROLLING_FORWARD
    assert world.update.status.failures == ()
    writes = len(world.cluster.writes)
    world.run(60)
    assert len(world.cluster.writes) - writes < 10, "made again with back-off"
    world.behave("app:2", instance=0)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_failed_rollback_ends_failed() -> None:
    world = world_with(maxFailuresPerInstance=0)
    world.behave("app:2", instance=1, ready=None)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_BACK)
    world.behave("app:1", instance=1, crash=1.0, crashes=99)
    world.until_ended()
    assert world.phase is Phase.FAILED
    assert world.images() == {0: "app:2", 1: "app:1", 2: "app:1", 3: "app:1"}
    assert str(world.update.status.instances.rollback_failed) == "1"
    assert world.update.status.reason == "RollbackFailed"
    assert "Stalled" in world.conditions()
    assert [bad.images for bad in world.status.known_bad] == [("app:2",)]
    world.run(60)
    writes = world.cluster.writes[:]
    world.run(600)
    assert {verb for verb, _ in world.cluster.writes[len(writes) :]} <= {"write job"}


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_rollback_goes_in_reverse(size: int) -> None:
    update = {"strategy": {"type": "Batch", "size": size}, "maxFailuresPerInstance": 0}
    world = World(instances=6, update=update).ready()
    world.behave("app:2", instance=5, ready=None)
    world.edit(image="app:2")
    world.until_phase(Phase.ROLLING_BACK)
    batches: list[str] = []

    def look() -> bool:
        batch = world.update.status.batch
        if batch and (not batches or batches[-1] != str(batch.instances)):
            batches.append(str(batch.instances))
        return world.phase is Phase.ROLLED_BACK

    world.until(look)
    expected = {1: ["5", "4", "3", "2", "1", "0"], 2: ["4-5", "2-3", "0-1"], 4: ["2-5", "0-1"]}
    assert batches == expected[size]


def test_many_failures_at_once() -> None:
    strategy = {"type": "Queue", "size": 200}
    world = World(instances=200, update={"strategy": strategy, "maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert len(world.update.status.failures) == 50
    assert world.update.status.counts.failed == 200


def test_refused_creates_wait_and_fail_at_the_deadline() -> None:
    world = world_with(maxFailuresPerInstance=0)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.pod(0).deleted is not None)
    begin, world.cluster.quota = world.now, 3
    world.run(20)
    assert world.phase is Phase.ROLLING_FORWARD
    assert world.update.status.reason == "QuotaExceeded"
    assert "exceeded quota: pods" in world.update.status.message
    world.until_phase(Phase.ROLLING_BACK)
    assert 60 <= world.now - begin <= 65
    assert world.update.status.failures[0].reason == "QuotaExceeded"
    world.cluster.quota = None
    world.until_ended()
    assert world.phase is Phase.ROLLED_BACK


def test_an_api_server_that_is_down_makes_no_failure() -> None:
    world = world_with(maxFailuresPerInstance=0)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.pod(0).deleted is not None)
    world.cluster.fates.extend(["down"] * 40)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.update.status.failures == ()


BATCH = {
    "strategy": {"type": "Batch", "size": 4},
    "maxUnavailable": 1,
    "maxFailuresPerInstance": 0,
}


def test_an_untouched_instance_of_the_group_is_no_part_of_the_rollback() -> None:
    world = world_with(**BATCH)
    before = world.uids()
    world.behave("app:2", instance=1, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_BACK
    assert str(world.update.status.instances.rolled_back) == "0-1"
    assert {i: u for i, u in world.uids().items() if i > 1} == {2: before[2], 3: before[3]}


def test_without_rollback_an_untouched_instance_of_the_group_gets_its_revision_back() -> None:
    world = world_with(**BATCH, rollbackOnFailure=False)
    before = world.uids()
    world.behave("app:2", instance=1, ready=None)
    world.roll("app:2")
    assert world.assigned() == {"app:2": "0-1", "app:1": "2-3"}
    world.run(120)
    assert {i: u for i, u in world.uids().items() if i > 1} == {2: before[2], 3: before[3]}


def test_of_very_many_failures_those_of_failed_instances_are_kept() -> None:
    update = {"strategy": {"type": "Batch", "size": 80}, "maxFailuresPerInstance": 1}
    world = World(instances=80, update={**update, "maxFailedInstances": 80}).ready()
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 80)
    world.cluster.set_pod(replace(world.pod(79), restarts=1, ran=True))
    world.until(lambda: bool(world.update.status.instances.failed))
    status = world.update.status
    assert len(status.failures) == 50
    assert str(status.instances.failed) == "79"
    assert (status.failures[0].instance, status.failures[0].attempt) == (79, 2)
