"""A lost node is no failure: its time does not count, and a pod whose node is back begins anew."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from controller.api.pod import Pod, Trouble
from controller.api.update import Phase
from controller.core.nodes import excused_until
from controller.core.observed import Node
from controller.reconcile.nodes import node_of
from tests.unit.core.sim import World

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
    """A world whose pods are on a node that has taken them."""
    world = World(instances=1, update={"maxFailuresPerInstance": 0}).ready()

    def place() -> None:
        for pod in list(world.cluster.pods.values()):
            if not pod.node:
                now = world.now
                world.cluster.set_pod(replace(pod, node=name, bound=now, taken_at=now))

    place()
    world.after_step = place
    return world


def test_a_pod_on_a_lost_node_is_no_failure_and_begins_anew_when_it_is_back() -> None:
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


def test_a_node_that_is_well_excuses_nothing() -> None:
    world = world_on("n")
    world.behave("app:2", ready=None)
    world.edit(image="app:2")
    world.until(lambda: world.images() == {0: "app:2"})
    begun = world.now
    world.until(lambda: world.update.status.turn is not None)
    assert 63 <= world.now - begun <= 66


def test_a_node_as_it_came() -> None:
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
    assert node_of(raw, Node(ready=False), 400.0).ready_since == 400.0, "seen to come back"
