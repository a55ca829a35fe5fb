"""Changes of nodes and marks of pods that the API server refuses."""

from __future__ import annotations

import pytest

from controller.core.maintenance.observed import Refused
from tests.unit.core.maintenance.world import START, World, condition, instance, maintenance, other


def test_a_refused_node_waits_is_told_and_lets_the_others_go_first() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance("web-0", "n2"))
    world.refused["uid-n1"] = Refused("Refused", "webhook denied", START + 60)
    world.settle()
    assert not world.nodes["n1"].unschedulable
    assert world.phases() == {"n2": "Draining", "n1": "Waiting"}
    words = "n1: the node cannot be changed: webhook denied"
    assert condition(world, "Stalled") == ("True", "Refused", words)
    assert world.plans[-1].wake_at == START + 60
    world.now, world.refused = START + 60, {}
    world.settle(moves=True)
    assert set(world.phases().values()) == {"Drained"}
    assert condition(world, "Stalled")[0] == "False"


def test_a_refused_mark_is_told() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",)), instance())
    world.refused["uid-web-0"] = Refused("Refused", "webhook denied", START + 60)
    world.settle()
    assert not world.pods["web-0"].move
    words = "n1: pod shop/web-0: webhook denied"
    assert condition(world, "Stalled") == ("True", "Refused", words)


def test_a_refusal_for_now_needs_no_person() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",)), instance())
    world.refused["uid-n1"] = Refused("InternalError", "etcd timed out", START + 1)
    world.settle()
    assert condition(world, "Stalled")[0] == "False"
    assert "etcd timed out" in condition(world, "Ready")[2]


@pytest.mark.parametrize("uid", ["uid-n1", "uid-agent"])
def test_long_words_are_cut(uid: str) -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), other_pods="Evict"), other())
    world.refused[uid] = Refused("Refused", "x" * 4000, START + 60)
    world.settle()
    (node,) = world.maintenances["rack"].status.nodes
    assert "xxx" in node.message
    assert len(node.message) < 300
