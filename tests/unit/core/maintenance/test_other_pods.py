"""Pods that belong to no Job: left alone, evicted, or in the way of a drain."""

from __future__ import annotations

import pytest

from controller.core.maintenance.observed import Pod, Refused
from tests.unit.core.maintenance.world import START, World, condition, instance, maintenance, other


def test_other_pods_are_left_alone_by_default() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), other(), instance("web-0", "n1"))
    world.settle(moves=True)
    assert set(world.phases().values()) == {"Drained"}
    assert list(world.pods) == ["agent"]


@pytest.mark.parametrize(
    "pod",
    [other("web-0", controller="", move="rack/uid-rack"), other("mine", move="x", deadline="x")],
    ids=["orphan", "own annotation"],
)
def test_the_annotation_on_a_pod_of_no_job_does_not_keep_the_cordon(pod: Pod) -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",)), pod).settle()
    world.maintenances.clear()
    world.settle()
    assert not world.nodes["n1"].unschedulable
    assert not world.nodes["n1"].mark
    assert world.pods == {pod.name: pod}


def test_other_pods_are_evicted_if_that_is_wanted() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), other_pods="Evict"))
    world.put(
        other("api"),
        other("logs", controller="DaemonSet"),
        other("static", controller="Node", mirror=True),
        other("migration", ended=True),
        instance(),
    )
    world.settle()
    assert "api" not in world.pods
    assert world.pods["web-0"].move
    del world.pods["web-0"]
    world.settle()
    assert world.phases() == {"n1": "Drained"}
    assert list(world.pods) == ["logs", "static", "migration"]


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        (other("bare", controller=""), "has no controller"),
        (other("cache", empty_dir=True), "has an emptyDir volume"),
    ],
    ids=["bare", "emptyDir"],
)
def test_a_pod_that_nobody_may_evict_blocks_its_node(pod: object, words: str) -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), other_pods="Evict"), pod)  # type: ignore[arg-type]
    world.settle()
    assert world.phases() == {"n1": "Draining"}
    assert condition(world, "Stalled")[:2] == ("True", "PodBlocked")
    assert words in condition(world, "Stalled")[2]
    assert len(world.pods) == 1


def test_empty_dirs_go_if_their_data_may_be_lost() -> None:
    spec = maintenance(nodes=("n1",), other_pods="Evict", delete_empty_dir_data=True)
    world = World().with_nodes("n1").put(spec, other("cache", empty_dir=True)).settle()
    assert world.phases() == {"n1": "Drained"}


def test_a_refused_eviction_waits_and_says_why() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), other_pods="Evict"), other())
    world.watched = frozenset({"n1"})
    world.refused["uid-agent"] = Refused("DisruptionBudget", "the budget ops/agent", START + 5)
    world.step()
    found = world.step()
    assert not found.evictions
    assert found.wake_at == START + 5
    assert "pod ops/agent: the budget ops/agent" in condition(world, "Ready")[2]
    world.now = START + 5
    assert [gone.name for gone in world.step().evictions] == ["agent"]


def test_an_operator_that_may_not_evict_says_so() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), other_pods="Evict"), other())
    world.refused["uid-agent"] = Refused("EvictionForbidden", "may not evict", START + 60)
    world.settle()
    assert condition(world, "Stalled")[:2] == ("True", "EvictionForbidden")


def test_the_pod_of_the_operator_goes_last() -> None:
    world = World(own_node="n1", own_pod="uid-echelon").with_nodes("n1", "n2")
    world.put(maintenance(other_pods="Evict", max_concurrent_nodes=2))
    world.put(other("echelon", "n1"), other("api", "n1"), instance("web-0", "n1"))
    world.put(instance("web-1", "n2"))
    world.settle()
    assert world.phases() == {"n2": "Draining", "n1": "Waiting"}
    del world.pods["web-1"]
    world.settle()
    assert world.phases() == {"n1": "Draining", "n2": "Drained"}
    assert sorted(world.pods) == ["echelon", "web-0"]
    del world.pods["web-0"]
    world.settle()
    assert not world.pods
    assert set(world.phases().values()) == {"Drained"}


def test_a_drained_node_need_not_be_watched_until_the_spec_changes() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), other()).settle()
    assert world.watched == frozenset()
    assert set(world.phases().values()) == {"Drained"}
    changed = maintenance(other_pods="Evict")
    meta = changed.metadata.model_copy(update={"generation": 2})
    world.put(changed.model_copy(update={"metadata": meta})).settle()
    assert not world.pods


def test_an_operator_that_may_not_evict_says_so_and_evicts_nothing() -> None:
    world = World(may_evict=False).with_nodes("n1")
    world.put(maintenance(nodes=("n1",), other_pods="Evict"), other()).settle()
    assert set(world.pods) == {"agent"}
    status, reason, message = condition(world, "Stalled")
    assert (status, reason) == ("True", "EvictionForbidden")
    assert "maintenance.evictOthers" in message
    world.put(maintenance(nodes=("n1",))).settle()
    assert world.phases() == {"n1": "Drained"}
