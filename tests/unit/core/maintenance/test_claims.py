"""Which Maintenance holds a node, and when what it marked is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from controller.core.maintenance.decide import decide
from controller.core.maintenance.observed import with_mark
from tests.unit.core.maintenance.world import World, condition, instance, maintenance


def test_nothing_is_taken_back_while_the_api_server_has_the_maintenance() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    world.maintenances.clear()
    world.server = {"rack": "uid-rack"}
    for _ in range(3):
        found = world.step()
        assert (found.nodes, found.marks, found.evictions) == ((), (), ())
    world.server = None
    world.put(maintenance(uid="another", nodes=("n2",))).settle()
    assert not world.nodes["n1"].mark
    assert not world.pods["web-0"].move


def test_nothing_is_taken_back_without_a_live_read() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    world.maintenances.clear()
    found = decide(world.observed(), world.now)
    assert found.ask == {"rack"}
    assert (found.nodes, found.marks) == ((), ())


def test_the_mark_of_one_and_the_taint_of_another_that_are_both_gone_are_taken_back() -> None:
    world = World().with_nodes("n1").put(maintenance("a", age=2, nodes=("n1",)), instance())
    world.put(maintenance("b", age=1, nodes=("n1",), mode="Deactivate")).settle()
    del world.maintenances["a"]
    world.watched = frozenset()
    world.step()
    assert (world.nodes["n1"].mark, world.nodes["n1"].taint) == ("a/uid-a", "b")
    del world.maintenances["b"]
    assert decide(world.observed(), world.now).ask == {"a", "b"}
    world.settle()
    assert (world.nodes["n1"].mark, world.nodes["n1"].taint) == ("", "")
    assert not world.nodes["n1"].unschedulable


@pytest.mark.parametrize("name", ["a%b", "Rack", "..", "a" * 254])
def test_a_mark_that_names_no_possible_object_is_taken_back(name: str) -> None:
    taint = {"key": "echelon.dev/maintenance", "value": name, "effect": "PreferNoSchedule"}
    world = World().with_nodes("n1", mark=f"{name}/uid", taints=(taint,))
    assert not decide(world.observed(), world.now).ask
    world.settle()
    assert (world.nodes["n1"].mark, world.nodes["n1"].taint) == ("", "")


def test_a_maintenance_that_cannot_be_read_keeps_its_marks() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    world.maintenances.clear()
    world.unreadable = {"rack": "uid-rack"}
    found = world.step()
    assert (found.nodes, found.marks, found.ask) == ((), (), frozenset())


def test_of_two_the_older_holds_the_node_and_its_marks_pass_over_in_one_patch() -> None:
    world = (
        World()
        .with_nodes("n1")
        .put(
            maintenance("a", age=2, nodes=("n1",), timeout_seconds=60),
            maintenance("b", age=1, nodes=("n1",)),
            instance(),
        )
    )
    world.settle()
    assert world.nodes["n1"].mark == "a/uid-a"
    assert world.phases("b") == {"n1": "Waiting"}
    assert "Maintenance a holds this node" in condition(world, "Ready", "b")[2]
    del world.maintenances["a"]
    found = world.step()
    (change,) = found.nodes
    assert change.unschedulable is None
    assert (world.nodes["n1"].mark, world.nodes["n1"].taint) == ("b/uid-b", "b")
    world.settle()
    assert (world.pods["web-0"].move, world.pods["web-0"].deadline) == ("b/uid-b", "")
    assert all(plan.marks == () or plan.marks[0].move for plan in world.plans)


def test_a_cordon_of_somebody_else_outlasts_both() -> None:
    world = World().with_nodes("n1", unschedulable=True)
    world.put(maintenance("a", age=2, nodes=("n1",)), maintenance("b", nodes=("n1",))).settle()
    del world.maintenances["a"]
    world.settle()
    del world.maintenances["b"]
    world.settle()
    assert world.nodes["n1"].unschedulable


def test_a_younger_one_that_holds_a_node_keeps_it() -> None:
    world = World().with_nodes("n1").put(maintenance("b", nodes=("n1",)), instance()).settle()
    world.put(maintenance("a", age=9, nodes=("n1",))).settle()
    assert world.nodes["n1"].mark == "b/uid-b"
    assert world.phases("a") == {"n1": "Waiting"}


# What somebody has changed by hand.

TAINT = {"key": "echelon.dev/maintenance", "effect": "PreferNoSchedule"}


def without_mark(world: World, **more: Any) -> World:
    """Somebody removes our mark from the node."""
    world.nodes["n1"] = with_mark(replace(world.nodes["n1"], mark="", **more))
    return world


@pytest.mark.parametrize("more", [{}, {"since": ""}])
@pytest.mark.parametrize("theirs", [False, True])
def test_a_mark_that_somebody_removes_comes_back_and_the_cordon_stays_whose_it_was(
    more: dict[str, Any], theirs: bool
) -> None:
    world = World().with_nodes("n1", unschedulable=theirs).put(maintenance(nodes=("n1",)))
    since = world.settle().nodes["n1"].since
    world.now += 100
    without_mark(world, **more).settle()
    assert (world.nodes["n1"].since == since) is not bool(more), "its turn began then"
    assert (world.nodes["n1"].mark, world.nodes["n1"].unschedulable) == ("rack/uid-rack", True)
    world.maintenances.clear()
    world.settle()
    assert (world.nodes["n1"].unschedulable, world.nodes["n1"].taint) == (theirs, "")
    assert not world.nodes["n1"].since


@pytest.mark.parametrize("theirs", [False, True])
def test_a_mark_that_somebody_removes_before_the_end_keeps_no_cordon(theirs: bool) -> None:
    world = World().with_nodes("n1", unschedulable=theirs)
    world.put(maintenance(nodes=("n1",)), instance()).settle()
    world.maintenances.clear()
    without_mark(world)
    world.watched = frozenset()
    world.settle()
    assert (world.nodes["n1"].unschedulable, world.nodes["n1"].taint) == (theirs, "")
    assert not world.pods["web-0"].move


def test_a_cordon_before_the_turn_is_somebody_elses() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    assert world.phases() == {"n1": "Draining", "n2": "Waiting"}
    world.nodes["n2"] = replace(world.nodes["n2"], unschedulable=True)
    world.settle(moves=True)
    world.maintenances.clear()
    world.settle()
    assert (world.nodes["n1"].unschedulable, world.nodes["n2"].unschedulable) == (False, True)


@pytest.mark.parametrize("taint", [TAINT, {**TAINT, "value": ""}])
def test_a_taint_that_names_nobody_is_taken_back(taint: dict[str, Any]) -> None:
    other = {"key": "disk", "effect": "NoSchedule"}
    world = World().with_nodes("n1", taints=(other, taint)).settle()
    assert world.nodes["n1"].taints == (other,)
    world = World().with_nodes("n1", taints=(taint,)).put(maintenance(nodes=("n1",))).settle()
    assert world.nodes["n1"].tainted == ("rack",)
