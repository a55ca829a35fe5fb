"""Pods that do not terminate: named at once, ``Stalled`` after a minute, also without an Update."""

from __future__ import annotations

import pytest

from controller.api.meta import Condition
from controller.api.update import Phase
from controller.core.model import conditions as cond
from tests.unit.core.sim import World
from tests.values import replace

BY_FORCE = "if that node is off for good: kubectl delete pod {} --force"


def stalled(world: World) -> Condition:
    """The Job's condition ``Stalled``."""
    return next(c for c in world.status.conditions if c.type == cond.STALLED)


def evicted(world: World, instance: int, node: str = "n1", grace: int = 30) -> None:
    """The pod's node is lost: somebody evicts the pod, and no kubelet stops it."""
    pod = world.pod(instance)
    end = world.cluster.stamp + grace
    world.behave(instance=instance, stop=None)
    gone = replace(pod, deleted=end, grace=grace, node=node, ready=False)
    world.cluster.set_pod(gone)


def test_a_pod_that_was_evicted_from_a_lost_node_needs_a_person_after_a_minute() -> None:
    world = World(instances=3).ready()
    evicted(world, 1)
    end = world.pod(1).deleted
    assert end is not None
    world.run(30.9)
    assert world.conditions() == {"Reconciling", "Available"}
    world.run(59)
    assert "Reconciling" in world.conditions()
    assert "pod web-1 on node n1 does not terminate" in world.message(cond.READY)
    world.until(lambda: "Stalled" in world.conditions())
    assert world.now >= end + 61, "deletionTimestamp is cut to whole seconds"
    assert world.now < end + 63
    assert stalled(world).reason == "WaitingForTermination"
    words = f"pod web-1 on node n1 does not terminate; {BY_FORCE.format('web-1')}"
    assert stalled(world).message == words
    world.kubelet.release(world.pod(1))
    world.ready()


def test_the_pod_of_an_instance_that_was_scaled_away_stalls_the_job_too() -> None:
    world = World(instances=3).ready()
    world.behave(instance=2, stop=None)
    world.edit(instances=2)
    world.run(50)
    assert "Ready" in world.conditions()
    world.until(lambda: "Stalled" in world.conditions(), within=60)
    assert "pod web-2" in stalled(world).message
    world.kubelet.release(world.pod(2))
    world.ready()


@pytest.mark.parametrize("owner", ["", "former"])
def test_a_pod_of_somebody_else_that_takes_a_name_stalls_the_job_too(owner: str) -> None:
    world = World(instances=2).ready()
    evicted(world, 1)
    world.cluster.set_pod(replace(world.pod(1), owner=owner))
    world.run(95)
    assert (
        stalled(world).message
        == f"pod web-1 on node n1 does not terminate; {BY_FORCE.format('web-1')}"
    )


def test_the_message_names_the_finalizers_that_keep_a_pod_and_not_its_node() -> None:
    world = World(instances=2).ready()
    evicted(world, 0, grace=0)
    world.cluster.set_pod(replace(world.pod(0), finalizers=("example.com/hold",)))
    world.run(5)
    assert "pod web-0 is kept by its finalizer example.com/hold" in world.message(cond.READY)
    world.run(60)
    words = "pod web-0 is kept by its finalizer example.com/hold; whoever set it has to remove it"
    assert stalled(world).message == words
    assert "n1" not in words


def test_an_update_names_the_pod_that_is_stuck_not_the_first_pod() -> None:
    world = World(instances=4, update={"strategy": {"type": "Batch", "size": 4}}).ready()
    world.behave("app:1", stop=None)
    world.edit(image="app:2")
    world.run(5)
    first = world.pod(0)
    assert first.deleted is not None
    world.cluster.set_pod(replace(first, deleted=first.deleted + 50))
    world.run(90)
    assert "pod web-1 does not terminate; " in world.update.status.message
    assert world.conditions("web-g2") == {"Stalled"}
    assert world.conditions() == {"Stalled"}


def test_an_updated_instance_on_a_lost_node_stalls_the_update() -> None:
    world = World(instances=3).ready()
    world.behave("app:2", instance=1, ready=20.0)
    world.edit(image="app:2")
    world.until(lambda: world.update.status.counts.updated == 1)
    evicted(world, 0, grace=1)
    world.run(100)
    assert world.conditions("web-g2") == {"Stalled"}
    assert "pod web-0 on node n1 does not terminate" in world.update.status.message


def test_the_job_names_a_stuck_pod_that_an_active_update_does_not_touch() -> None:
    world = World(instances=3).ready()
    world.behave(instance=2, stop=None)
    world.edit(instances=2)
    world.run(2)
    world.edit(image="app:2")
    world.run(5)
    world.cluster.user_edit_update(world.update.metadata.name, paused=True)
    world.run(90)
    assert world.phase is Phase.ROLL_FORWARD_PAUSED
    assert "Reconciling" in world.conditions()
    assert "pod web-2 does not terminate" in world.message(cond.RECONCILING)


def test_a_rolled_back_job_names_a_stuck_pod_too() -> None:
    world = World(instances=3, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=None)
    world.roll("app:2")
    evicted(world, 1)
    world.run(100)
    assert stalled(world).reason == "RolledBack"
    assert stalled(world).message.endswith(
        f"; pod web-1 on node n1 does not terminate; {BY_FORCE.format('web-1')}"
    )


@pytest.mark.parametrize("going", [False, True])
def test_a_watch_names_the_instance_that_holds_its_end(going: bool) -> None:
    world = World(instances=3, update={"watchAfterSeconds": 30, "readyTimeoutSeconds": 0}).ready()
    world.edit(image="app:2")
    world.until(lambda: world.update.status.watching_since is not None)
    pod = world.pod(1)
    if going:
        evicted(world, 1, grace=10)
    else:
        world.cluster.set_pod(replace(pod, ready=False, ready_since=world.cluster.stamp))
    world.run(5)
    status = world.update.status
    assert status.reason == "Watching"
    assert "; watching until " in status.message
    assert status.message.endswith("; instance 1 is updated but not Ready")
    world.run(30)
    reason = "WaitingForTermination" if going else "InstanceNotReady"
    assert world.update.status.reason == reason, world.update.status.message
