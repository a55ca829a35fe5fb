"""A plan says when constraints leave no place for its pods."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.preview import Conflict, UpdatePlan
from controller.api.update import Phase
from controller.core.admission.placement import FRESH, counted
from tests.unit.core.sim import World
from tests.unit.core.sim.world import template

HOST, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


def test_values_of_labels_are_counted() -> None:
    nodes: list[dict[str, Any]] = [
        {"metadata": {"labels": {HOST: "a", ZONE: "east"}}},
        {"metadata": {"labels": {HOST: "b", ZONE: "east"}}},
        {"metadata": {"labels": {HOST: "c", ZONE: ""}}},
        {"metadata": {}},
    ]
    assert counted(nodes, [HOST, ZONE, "rack"]) == {HOST: 3, ZONE: 2, "rack": 0}


def world_with(constraints: list[dict[str, Any]], instances: int = 3, **update: Any) -> World:
    world = World(instances=instances, update={"mode": "Manual", **update}).ready()
    new = {"template": template("app:2"), "constraints": tuple(constraints)}
    world.cluster.user_edit(
        lambda job: job.model_copy(update={"spec": job.spec.model_copy(update=new)})
    )
    world.run(5)
    return world


def planned(world: World, **spec: Any) -> UpdatePlan:
    name = f"plan-{len(world.cluster.updates)}"
    world.cluster.user_update(name, dry_run=True, **spec)
    world.until(lambda: world.named(name).status.phase is Phase.PLANNED)
    found = world.named(name).status.plan
    assert found is not None
    return found


def words(plan: UpdatePlan) -> list[str]:
    return [each.message for each in plan.conflicts if each.reason == "PlacementImpossible"]


@pytest.mark.parametrize(("hosts", "limit", "told"), [(3, 1, 0), (2, 1, 1), (2, 2, 0), (0, 9, 1)])
def test_one_pod_for_each_instance(hosts: int, limit: int, told: int) -> None:
    world = world_with([{"key": "host", "limit": limit}])
    world.cluster.domains[HOST] = hosts
    assert len(words(planned(world))) == told


def test_the_message_has_the_numbers() -> None:
    world = world_with([{"key": "zone", "limit": 1}])
    world.cluster.domains[ZONE] = 2
    (conflict,) = planned(world).conflicts
    assert conflict == Conflict(
        reason="PlacementImpossible",
        message="constraint zone allows 1 on nodes with the same value of "
        "topology.kubernetes.io/zone, and the nodes have 2 of these values: there is room for 2 "
        "pods, not for 3 instances",
    )


@pytest.mark.parametrize(("hosts", "told"), [(3, 1), (4, 1), (5, 0)])
def test_a_surge_needs_room_for_the_second_pods(hosts: int, told: int) -> None:
    strategy = {"type": "Batch", "size": 2}
    world = world_with([{"key": "host", "limit": 1}], replacement="Surge", strategy=strategy)
    world.cluster.domains[HOST] = hosts
    found = words(planned(world))
    assert len(found) == told
    assert all("3 instances and up to 2 of their new pods beside the old ones" in w for w in found)


def test_only_what_gets_a_new_pod_counts() -> None:
    world = world_with([{"key": "host", "limit": 1}])
    world.cluster.user_update("real")
    world.until(lambda: world.named("real").status.phase is Phase.ROLLED_FORWARD)
    assert not words(planned(world)), "nothing would be placed"


def test_each_constraint_is_asked_about_its_own_label() -> None:
    world = world_with([{"key": "host", "limit": 1}, {"key": "rack", "limit": 2}])
    world.cluster.domains |= {HOST: 3, "rack": 1}
    (one,) = words(planned(world))
    assert one.startswith("constraint rack allows 2 ")


def test_nodes_are_counted_again_for_a_later_plan() -> None:
    world = world_with([{"key": "host", "limit": 1}])
    world.cluster.domains[HOST] = 2
    assert words(planned(world))
    world.cluster.domains[HOST] = 3
    world.run(FRESH)
    assert not words(planned(world))
