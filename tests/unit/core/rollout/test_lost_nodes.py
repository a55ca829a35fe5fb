"""A lost node is no failure: time on it does not count, and the deadline of a pod whose node is
back runs anew."""

from __future__ import annotations

import math

import pytest

from controller.api.ids import Ids
from controller.api.pods.pod import Pod, Trouble
from controller.api.update import Phase
from controller.core.decide import decide
from controller.core.model.observed import Node
from controller.core.model.plan import ReadNodes, WriteUpdate
from controller.core.rollout.lost_nodes import ANY, excused_until, read_again
from controller.reconcile.nodes import node_of
from tests.unit.core.sim import World
from tests.values import replace

POD = Pod("ns", "web-0", "u", "web", "job", 0, created=100.0, node="n", bound=100.0, taken_at=100.5)
WELL = Node(created=10.0, ready_since=20.0)


@pytest.mark.parametrize(
    ("pod", "node", "expected"),
    [
        (POD, WELL, 0.0),
        (POD, None, 0.0),
        (POD, replace(WELL, ready=False), math.inf),
        (POD, replace(WELL, ready_since=150.5), 200.5),
        (POD, Node(created=120.0, ready_since=150.5), 0.0),
        (replace(POD, taken_at=0.0), WELL, math.inf),
        (replace(POD, taken_at=140.5), WELL, 190.5),
        (replace(POD, trouble=Trouble("NodeNotReady")), WELL, math.inf),
        (replace(POD, node="", bound=0.0, taken_at=0.0), None, 0.0),
    ],
)
def test_what_excuses_a_pod(pod: Pod, node: Node | None, expected: float) -> None:
    assert excused_until(pod, node, 50.0) == expected


def world_on(name: str) -> World:
    """A world whose pods are on a node whose kubelet accepted them."""
    world = World(instances=1, update={"maxFailuresPerInstance": 0}).ready()

    def place() -> None:
        for pod in list(world.cluster.pods.values()):
            if not pod.node:
                now = world.now
                world.cluster.set_pod(replace(pod, node=name, bound=now, taken_at=now))

    place()
    world.after_step = place
    return world


def test_a_pod_on_a_lost_node_is_no_failure_and_has_its_whole_time_when_the_node_is_back() -> None:
    world = world_on("n")
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images() == {0: "app:2"})
    world.cluster.nodes["n"] = Node(ready=False)
    world.run(150)
    assert (world.phase, world.update.status.failures) == (Phase.ROLLING_FORWARD, ())
    assert "instance 0: its node n does not report" in world.update.status.message
    back = world.now
    world.cluster.nodes["n"] = Node(ready_since=back, created=1.0)
    world.until(lambda: world.update.status.turn is not None)
    assert 63 <= world.now - back <= 66
    assert world.update.status.failures[0].reason == "ReadyTimeout"


def test_a_ready_node_excuses_nothing() -> None:
    world = world_on("n")
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images() == {0: "app:2"})
    begun = world.now
    world.until(lambda: world.update.status.turn is not None)
    assert 63 <= world.now - begun <= 66


def test_a_node_becomes_ready_when_the_operator_observes_it() -> None:
    raw = {
        "metadata": {"creationTimestamp": "1970-01-01T00:00:10Z"},
        "status": {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "lastTransitionTime": "1970-01-01T00:10:00Z",
                }
            ]
        },
    }
    first = node_of(raw, None, 300.5)
    assert (first.ready, first.ready_since, first.created) == (True, 300.5, 10.0)
    assert node_of(raw, first, 400.0).ready_since == 300.5, "its clock is ahead"
    back = node_of(raw, Node(ready=False), 400.0)
    assert back.ready_since == 400.0, "the operator observed its return"


def test_a_node_that_was_ready_after_the_deadline_is_not_read_again() -> None:
    at = replace(WELL, read_at=100.0)
    assert read_again(None, 90.0) == 0.0
    assert read_again(at, 90.0) == math.inf
    assert read_again(at, 101.0) == 110.0
    assert read_again(replace(at, ready=False), 90.0) == 110.0


def test_reading_very_many_nodes_comes_to_an_end() -> None:
    """The nodes that were read first are not read again before the last ones."""
    world = World(instances=450, update={"strategy": {"type": "Batch", "size": 450}}).ready()

    def place() -> None:
        for pod in list(world.cluster.pods.values()):
            if not pod.node:
                now, name = world.now, f"n{pod.instance}"
                world.cluster.set_pod(replace(pod, node=name, bound=now, taken_at=now))

    world.careful, world.after_step = False, place
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: len(world.images_of("app:2")) == 450)
    place()
    world.deliver()
    observed, now = world.operator.observe(world.now + 70), world.now + 70
    for _ in range(3):
        plan = decide(observed, now)
        assert isinstance(plan.write, ReadNodes)
        read = {name: replace(WELL, read_at=now) for name in plan.write.names}
        now += 11
        observed = replace(observed, nodes={**observed.nodes, **read})
    assert isinstance(decide(observed, now).write, WriteUpdate)


def lose_all(world: World) -> None:
    """No node is Ready any more, and the node controller marks the pods."""
    world.cluster.nodes |= {ANY: Node(ready=False), "n": Node(ready=False)}
    for pod in list(world.cluster.pods.values()):
        lost = Trouble("NodeNotReady", "node n does not report")
        world.cluster.set_pod(replace(pod, ready=False, trouble=lost))


def bring_back_all(world: World) -> None:
    """The kubelets are back: what they ran still runs."""
    now = world.now
    world.cluster.nodes |= {ANY: Node(ready_since=now), "n": Node(ready_since=now, created=1.0)}
    for pod in list(world.cluster.pods.values()):
        world.cluster.set_pod(replace(pod, ready=True, ready_since=now, trouble=None))


@pytest.mark.parametrize("begun", [False, True])
def test_while_all_nodes_are_lost_an_update_takes_no_pod_away(begun: bool) -> None:
    world = World(instances=4).ready()
    if begun:
        world.edit(image="app:2")
        world.until(lambda: world.update.status.counts.updated == 1)
    lose_all(world)
    before = world.uids()
    world.edit(image="app:2")
    world.run(3000)
    kept = {i for i, uid in world.uids().items() if before.get(i) == uid}
    assert kept >= {1, 2, 3} - ({1} if begun else set())
    assert (world.phase, world.update.status.failures) == (Phase.ROLLING_FORWARD, ())
    bring_back_all(world)
    world.until_phase(Phase.ROLLED_FORWARD)
    assert world.update.status.failures == ()


def test_the_update_says_that_no_node_is_ready() -> None:
    world = World(instances=2).ready()
    lose_all(world)
    world.edit(image="app:2")
    world.run(300)
    assert world.update.status.reason == "NodesLost"
    message = "0 of 2 instances updated; no node of the cluster is Ready"
    assert world.update.status.message == message


def test_a_single_lost_node_stops_no_update_elsewhere() -> None:
    world = World(instances=2).ready()
    lost = Trouble("NodeNotReady", "node n does not report")
    world.cluster.set_pod(replace(world.pod(1), ready=False, trouble=lost))
    world.cluster.nodes["n"] = Node(ready=False)
    world.roll("app:2")
    assert world.phase is Phase.ROLLED_FORWARD


def test_a_pod_without_a_node_is_no_failure_while_no_node_is_ready() -> None:
    world = World(instances=1, update={"maxFailuresPerInstance": 0}).ready()
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images() == {0: "app:2"})
    world.cluster.nodes[ANY] = Node(ready=False)
    world.run(600)
    assert (world.phase, world.update.status.failures) == (Phase.ROLLING_FORWARD, ())
    assert "no node of the cluster is Ready" in world.update.status.message
    back = world.now
    world.cluster.nodes[ANY] = Node(ready_since=back)
    world.until(lambda: world.update.status.turn is not None)
    assert 63 <= world.now - back <= 75


def test_the_loss_of_a_node_is_no_interruption_of_what_runs_on_it() -> None:
    world = World(instances=2).ready()
    ids = Ids([0, 1])
    world.cluster.set_pod(replace(world.pod(0), ready=False, trouble=Trouble("NodeNotReady")))
    world.cluster.set_pod(replace(world.pod(1), ready=False, trouble=Trouble("Unhealthy")))
    world.deliver()
    view = world.operator.observe().view
    assert view.lost == Ids([0])
    assert view.interruptions_of(ids, 0.0) == 1


def test_a_group_that_has_begun_waits_while_all_nodes_are_lost() -> None:
    """Pods on lost nodes are unavailable, and unavailable ones go first and freely otherwise."""
    world = World(
        instances=4, update={"strategy": {"type": "Batch", "size": 4}, "maxUnavailable": 1}
    ).ready()
    world.edit(image="app:2")
    world.until(lambda: "app:2" in world.images().values())
    lose_all(world)
    kept = {i: uid for i, uid in world.uids().items() if world.images()[i] == "app:1"}
    assert len(kept) == 3
    world.run(3000)
    assert kept.items() <= world.uids().items()
    assert world.update.status.reason == "NodesLost"
    bring_back_all(world)
    world.until_phase(Phase.ROLLED_FORWARD)
