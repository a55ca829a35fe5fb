"""Updates that roll forward: their groups, how many instances are down, what stays untouched."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.update import Phase
from tests.unit.core.sim import World


def groups(world: World) -> list[str]:
    """The range strings of the groups, in the order in which the Update started them."""
    started: list[str] = []

    def look() -> bool:
        batch = world.update.status.batch
        if batch is not None and (not started or started[-1] != str(batch.instances)):
            started.append(str(batch.instances))
        return world.update.status.finished_at is not None

    world.until(lambda: bool(world.cluster.updates))
    world.until(look)
    return started


def most_down(world: World) -> int:
    """The largest number of instances that were down at the same time until the Update ended."""
    most = 0

    def look() -> bool:
        nonlocal most
        up = [p for p in world.cluster.pods.values() if p.ready and p.deleted is None]
        most = max(most, world.cluster.job.spec.instances - len(up))
        return world.update.status.finished_at is not None

    world.until(lambda: bool(world.cluster.updates))
    world.until(look)
    return most


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ({"type": "Queue"}, ["0", "1", "2", "3", "4", "5"]),
        ({"type": "Batch", "size": 4}, ["0-3", "4-5"]),
        ({"type": "Batch", "size": "50%"}, ["0-2", "3-5"]),
        ({"type": "Batch", "size": "20%"}, ["0-1", "2-3", "4-5"]),
        ({"type": "VariableBatch", "sizes": [1, 2]}, ["0", "1-2", "3-4", "5"]),
        ({"type": "VariableBatch", "sizes": [1, "50%"]}, ["0", "1-3", "4-5"]),
        ({"type": "Queue", "size": 100}, ["0-5"]),
    ],
)
def test_groups(strategy: dict[str, Any], expected: list[str]) -> None:
    world = World(instances=6, update={"strategy": strategy}).ready()
    world.edit(image="app:2")
    assert groups(world) == expected
    assert world.phase is Phase.ROLLED_FORWARD
    world.quiet()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_queue_keeps_its_size_in_flight(size: int) -> None:
    world = World(instances=8, update={"strategy": {"type": "Queue", "size": size}}).ready()
    world.behave("app:2", instance=0, ready=30.0)
    world.edit(image="app:2")
    assert most_down(world) == size
    assert world.phase is Phase.ROLLED_FORWARD
    history = world.update.status.history
    assert [e.phase for e in history] == [Phase.ROLLED_FORWARD, Phase.ROLLING_FORWARD]


def test_a_batch_waits_for_its_slowest_instance() -> None:
    world = World(instances=4, update={"strategy": {"type": "Batch", "size": 2}}).ready()
    world.behave("app:2", instance=0, ready=40.0)
    world.edit(image="app:2")
    world.run(30)
    assert world.images() == {0: "app:2", 1: "app:2", 2: "app:1", 3: "app:1"}
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_counts_and_sets_show_the_progress() -> None:
    world = World(instances=4).ready()
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and len(world.images_of("app:2")) == 2)
    status = world.update.status
    assert (str(status.instances.updated), str(status.instances.updating)) == ("0", "1")
    assert status.counts.model_dump() == {
        "total": 4, "updated": 1, "updating": 1, "failed": 0, "rolled_back": 0, "pending": 2,
    }  # fmt: skip
    world.until_ended()
    assert world.update.status.counts.updated == 4
    assert str(world.update.status.instances.updated) == "0-3"
    assert world.update.status.message == "4 of 4 instances updated"


def test_unavailable_instances_come_first() -> None:
    world = World(instances=4).ready()
    world.behave("app:1", instance=2, ready=None)
    world.kill(2)
    world.run(10)
    world.edit(image="app:2")
    assert groups(world) == ["2", "0", "1", "3"]


def test_max_unavailable() -> None:
    """The queue has room for three instances, but only two may be unavailable at a time."""
    update = {"strategy": {"type": "Queue", "size": 3}, "maxUnavailable": 2}
    world = World(instances=6, update=update).ready()
    world.edit(image="app:2")
    assert most_down(world) == 2
    assert world.phase is Phase.ROLLED_FORWARD


def test_max_unavailable_counts_instances_that_something_else_took_down() -> None:
    update = {"strategy": {"type": "Queue", "size": 3}, "maxUnavailable": "20%"}
    world = World(instances=6, update=update).ready()
    world.behave("app:1", instance=5, ready=None)
    world.behave("app:2", instance=5, ready=50.0)
    world.kill(5)
    world.run(10)
    world.edit(image="app:2")
    world.run(20)
    assert world.images_of("app:2") == Ids([5]), "the unavailable instance comes first, and alone"
    assert world.update.status.reason == "MaxUnavailable"
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD


def test_max_unavailable_does_not_count_failed_instances() -> None:
    update = {
        "strategy": {"type": "Queue", "size": 2},
        "maxUnavailable": 1,
        "maxFailedInstances": 1,
        "maxFailuresPerInstance": 0,
    }
    world = World(instances=4, update=update).ready()
    world.behave("app:2", instance=0, ready=None)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert str(world.update.status.instances.failed) == "0"


def test_an_updated_instance_that_flaps_holds_the_next_instance() -> None:
    world = World(instances=3).ready()
    old, begun = world.pod(2).uid, list[bool]()
    world.behave("app:2", instance=0, ready=8.0, crash=10.0)
    world.behave("app:2", instance=1, ready=6.0)

    def look() -> None:
        if (pod := world.cluster.pods.get("web-2")) is None or pod.uid != old or pod.deleted:
            begun.append(world.pod(0).ready)

    world.after_step = look
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.update.status.counts.updated == 2)
    assert not world.pod(0).ready
    world.until_ended()
    assert begun[0], "instance 0 is Ready again before instance 2 is replaced"
    assert world.phase is Phase.ROLLED_FORWARD
    assert [f.instance for f in world.update.status.failures] == [0]


def test_instances_changed_together_with_the_template() -> None:
    world = World(instances=3).ready()
    world.edit(image="app:2", instances=5)
    assert groups(world) == ["3", "4", "0", "1", "2"], "created instances first"
    assert world.status.instances_in_force == 5
    world.edit(image="app:3", instances=2)
    world.until(lambda: len(world.cluster.updates) == 2)
    assert groups(world) == ["0", "1", "2", "3", "4"], "removed instances last"
    assert world.images() == {0: "app:3", 1: "app:3"}
    assert world.status.instances_in_force == 2
    assert world.conditions() == {"Ready", "Available"}
    world.quiet()


@pytest.mark.parametrize("size", [1, 2])
def test_created_instances_count_as_in_flight(size: int) -> None:
    world = World(instances=2, update={"strategy": {"type": "Queue", "size": size}}).ready()
    most = 0

    def look() -> None:
        nonlocal most
        new = [p for p in world.cluster.pods.values() if world.cluster.image(p.revision) == "app:2"]
        most = max(most, sum(p.ready_since + 3 > world.now or not p.ready for p in new))

    world.after_step = look
    world.roll("app:2", instances=8)
    assert world.phase is Phase.ROLLED_FORWARD
    assert most == size


def test_a_queue_creates_no_more_instances_at_a_time_than_its_size() -> None:
    """Even if its horizon, about a second of progress, holds many more."""
    strategy = {"type": "Queue", "size": 2}
    world = World(instances=1, minReadySeconds=0, update={"strategy": strategy}).ready()
    world.behave("app:2", ready=0.05)
    horizon = most = 0

    def look() -> None:
        nonlocal horizon, most
        batch = world.update.status.batch if world.cluster.updates else None
        horizon = max(horizon, len(batch.instances) if batch else 0)
        most = max(most, sum(not p.ready for p in world.cluster.pods.values()))

    world.after_step = look
    world.edit(image="app:2", instances=60)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert horizon > 10
    assert most == 2


def test_removed_instances_count_for_the_size_of_a_queue() -> None:
    sizes = []
    world = World(instances=6, update={"strategy": {"type": "Queue", "size": 2}}).ready()
    world.edit(image="app:2", instances=1)

    def look() -> bool:
        sizes.append(sum(p.deleted is not None for p in world.cluster.pods.values()))
        return bool(world.cluster.updates) and world.update.status.finished_at is not None

    world.until(look)
    assert max(sizes) == 2


def test_a_lost_pod_comes_back_at_its_assigned_revision() -> None:
    world = World(instances=4).ready()
    world.behave("app:2", instance=1, ready=30.0)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and len(world.images_of("app:2")) == 2)
    world.kill(0)
    world.kill(3)
    world.run(10)
    assert world.images() == {0: "app:2", 1: "app:2", 2: "app:1", 3: "app:1"}
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.update.status.failures == ()


def test_a_job_without_instances_completes_its_update() -> None:
    world = World(instances=0)
    world.run(5)
    assert world.conditions() == {"Ready", "Available"}
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.status.current_revision == world.cluster.revision
    world.edit(instances=2)
    world.run(20)
    assert world.images() == {0: "app:2", 1: "app:2"}


@pytest.mark.parametrize("kind", ["Queue", "Batch"])
def test_max_unavailable_does_not_wait_for_an_instance_that_only_the_update_can_repair(
    kind: str,
) -> None:
    """After the group was formed, instance 3 becomes unavailable for ever at the old revision."""
    update = {"strategy": {"type": kind, "size": 1}, "maxUnavailable": 1}
    world = World(instances=4, update=update).ready()
    world.behave("app:1", instance=3, ready=None)
    world.behave("app:1", instance=0, stop=20.0)
    world.edit(image="app:2")
    world.until(lambda: bool(world.cluster.updates) and world.pod(0).deleted is not None)
    world.behave("app:2", instance=0, ready=20.0)
    world.kill(3)
    world.until_ended()
    assert world.phase is Phase.ROLLED_FORWARD
    assert world.images() == dict.fromkeys(range(4), "app:2")
