"""Whole Maintenances in a small world: drain, deactivate, give back, two of them, faults."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.api.maintenance import MaintenancePhase
from tests.unit.core.maintenance.world import START, World, condition, instance, maintenance


def test_a_drain_goes_node_by_node_and_ends_with_all_cordoned() -> None:
    world = World().with_nodes("n1", "n2", "n3").put(maintenance())
    world.put(instance("web-0", "n1"), instance("web-1", "n2"), instance("web-2", "n3")).settle()
    assert world.phases() == {"n1": "Draining", "n2": "Waiting"}
    assert world.nodes["n1"].mark == "rack/uid-rack"
    assert world.nodes["n1"].unschedulable
    assert not world.nodes["n2"].unschedulable
    assert {n: node.taint for n, node in world.nodes.items()} == {
        "n1": "rack",
        "n2": "rack",
        "n3": "",
    }
    assert world.pods["web-0"].move == "rack/uid-rack"
    assert not world.pods["web-1"].move
    assert condition(world, "Reconciling")[:2] == ("True", "Draining")
    assert "n1: 1 of Job shop/web to be moved" in condition(world, "Ready")[2]
    world.settle(moves=True)
    assert world.phases() == {"n1": "Drained", "n2": "Drained"}
    assert condition(world, "Ready")[:2] == ("True", "Done")
    assert condition(world, "Reconciling")[0] == "False"
    assert list(world.pods) == ["web-2"]
    assert world.nodes["n1"].unschedulable
    assert world.nodes["n2"].unschedulable


def test_its_agreement_is_told_with_the_mark_and_follows_a_change() -> None:
    world = World().with_nodes("n1", "n2")
    world.put(maintenance(sla={"minAvailable": "95%", "durationSeconds": 1800}), instance())
    world.settle()
    assert world.pods["web-0"].sla == '{"minAvailable":"95%","durationSeconds":1800}'
    world.put(maintenance(sla={"minAvailable": 2}))
    world.settle()
    assert world.pods["web-0"].sla == '{"minAvailable":2}'
    world.put(maintenance())
    world.settle()
    assert world.pods["web-0"].sla == ""


def test_never_more_nodes_than_allowed_are_being_drained() -> None:
    nodes = tuple(f"n{n}" for n in range(10))
    world = World().with_nodes(*nodes).put(maintenance(nodes=nodes, max_concurrent_nodes="25%"))
    world.put(*(instance(f"web-{n}", f"n{n}") for n in range(10)))
    for _ in range(60):
        world.step()
        busy = {pod.node for pod in world.pods.values() if world.nodes[pod.node].mark}
        assert len(busy) <= 3
        marked = [name for name, pod in world.pods.items() if pod.move]
        if marked:
            del world.pods[marked[0]]
    assert set(world.phases().values()) == {"Drained"}


def test_a_pod_is_marked_only_when_its_node_is_cordoned() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance())
    world.watched = frozenset({"n1"})
    first = world.step()
    assert [change.name for change in first.nodes] == ["n1", "n2"]
    assert not first.marks
    assert [mark.name for mark in world.step().marks] == ["web-0"]


def test_while_a_node_is_uncordoned_no_pod_is_marked() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",))).put(instance()).settle()
    world.put(instance("web-1"))
    world.nodes["n1"] = replace(world.nodes["n1"], unschedulable=False)
    assert [bool(plan.marks) for plan in (world.step(), world.step())] == [False, True]


def test_deactivate_only_taints() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(mode="Deactivate"), instance()).settle()
    assert world.phases() == {"n1": "Deactivated", "n2": "Deactivated"}
    assert not world.nodes["n1"].unschedulable
    assert not world.nodes["n1"].mark
    assert not world.pods["web-0"].move
    assert condition(world, "Ready")[:2] == ("True", "Done")


@pytest.mark.parametrize("moves", [True, False])
def test_what_a_deleted_maintenance_did_is_taken_back(moves: bool) -> None:
    alien = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    world = World().with_nodes("n1", "n2", taints=(alien,)).put(maintenance(), instance())
    world.settle(moves=moves)
    world.maintenances.clear()
    world.settle()
    for node in world.nodes.values():
        assert (node.mark, node.since, node.unschedulable) == ("", "", False)
        assert node.taints == (alien,)
    assert not any(pod.move for pod in world.pods.values())


def test_the_marks_of_pods_go_before_that_of_their_node() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",)), instance()).settle()
    world.maintenances.clear()
    world.watched = frozenset()
    first = world.step()
    assert first.watch == {"n1"}
    assert world.nodes["n1"].taint == "rack", "it goes with the mark"
    assert world.nodes["n1"].mark, "the pods are not known"
    second = world.step()
    assert [mark.move for mark in second.marks] == [""]
    assert world.nodes["n1"].mark, "a pod had a mark still"
    world.step()
    assert not world.nodes["n1"].mark


def test_the_mark_of_a_successor_is_left_to_its_job() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(max_concurrent_nodes=2), instance())
    world.put(instance("web-1", "n2", move="other/uid", successor=True)).settle()
    assert world.pods["web-1"].move == "other/uid"
    world.put(maintenance(nodes=("n1",))).settle()
    assert not world.nodes["n2"].mark
    assert not world.nodes["n2"].unschedulable
    assert world.pods["web-1"].move == "other/uid"
    assert world.pods["web-0"].move


def test_a_pod_that_is_being_deleted_does_not_keep_its_node() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",)), instance()).settle()
    world.pods["web-0"] = replace(world.pods["web-0"], terminating=True)
    world.maintenances.clear()
    world.settle()
    assert not world.nodes["n1"].mark
    assert not world.nodes["n1"].unschedulable


def test_a_node_that_is_no_longer_named_is_given_back() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    world.put(maintenance(nodes=("n2",))).settle()
    assert not world.nodes["n1"].mark
    assert not world.nodes["n1"].unschedulable
    assert not world.nodes["n1"].taint
    assert not world.pods["web-0"].move
    assert world.phases() == {"n2": "Drained"}


def test_from_drain_to_deactivate() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    world.put(maintenance(mode="Deactivate")).settle()
    assert not world.nodes["n1"].unschedulable
    assert world.nodes["n1"].taint == "rack"
    assert not world.pods["web-0"].move
    assert set(world.phases().values()) == {"Deactivated"}


def test_what_somebody_else_had_cordoned_stays_cordoned() -> None:
    world = World().with_nodes("n1", unschedulable=True).with_nodes("n2").put(maintenance())
    world.settle()
    assert set(world.phases().values()) == {"Drained"}
    world.maintenances.clear()
    world.settle()
    assert (world.nodes["n1"].unschedulable, world.nodes["n2"].unschedulable) == (True, False)
    assert not world.nodes["n1"].cordoned_before
    assert not world.nodes["n1"].mark


def test_a_node_that_somebody_uncordons_in_its_turn_is_cordoned_again_and_given_back() -> None:
    world = World().with_nodes("n1", unschedulable=True).put(maintenance(nodes=("n1",)), instance())
    world.settle()
    world.nodes["n1"] = replace(world.nodes["n1"], unschedulable=False)
    world.settle()
    assert world.nodes["n1"].unschedulable
    assert not world.nodes["n1"].cordoned_before
    world.maintenances.clear()
    world.settle()
    assert not world.nodes["n1"].unschedulable


def test_the_deadline_counts_from_the_turn_of_the_node() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), timeout_seconds=90), instance())
    world.settle()
    assert world.nodes["n1"].since == "2027-01-15T08:00:00Z"
    assert world.pods["web-0"].deadline == "2027-01-15T08:01:30Z"
    world.now = START + 30
    world.put(maintenance(nodes=("n1",), timeout_seconds=60)).settle()
    assert world.pods["web-0"].deadline == "2027-01-15T08:01:00Z"


def test_a_beginning_that_somebody_has_changed_sets_no_deadline() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), timeout_seconds=90), instance())
    world.settle()
    world.nodes["n1"] = replace(world.nodes["n1"], since="yesterday")
    world.settle()
    assert world.pods["web-0"].deadline == ""


def test_a_node_that_is_gone_does_not_keep_the_others() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    del world.nodes["n1"]
    world.settle()
    assert world.phases() == {"n1": "NotFound", "n2": "Drained"}
    assert condition(world, "Ready")[0] == "True"
    assert "not found: n1" in condition(world, "Ready")[2]


def test_when_all_nodes_that_were_there_are_gone_it_is_done() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",)), instance()).settle()
    world.nodes.clear()
    world.pods.clear()
    world.settle()
    assert world.phases() == {"n1": "NotFound"}
    assert world.maintenances["rack"].status.phase is MaintenancePhase.DONE
    assert condition(world, "Ready") == ("True", "Done", "no node is left; not found: n1")
    assert condition(world, "Stalled")[0] == "False"
    world.with_nodes("n1").settle()
    assert world.phases() == {"n1": "Drained"}


def test_of_nodes_with_labels_it_matters_whether_they_are_gone_or_lost_the_labels() -> None:
    chosen = maintenance(node_selector={"rack": "7"})
    world = World().with_nodes("n1", labels={"rack": "7"}).put(chosen).settle()
    world.nodes.clear()
    world.settle()
    assert condition(world, "Ready")[:2] == ("True", "Done")
    world = World().with_nodes("n1", labels={"rack": "7"}).put(chosen).settle()
    world.nodes["n1"] = replace(world.nodes["n1"], labels={})
    world.settle()
    assert condition(world, "Stalled")[:2] == ("True", "NoNodes")


def test_a_spec_that_names_no_node_after_it_was_done_needs_a_person() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",))).settle()
    before = world.maintenances["rack"]
    spec = before.spec.model_copy(update={"nodes": ("n9",)})
    meta = before.metadata.model_copy(update={"generation": 2})
    world.put(before.model_copy(update={"spec": spec, "metadata": meta})).settle()
    assert condition(world, "Stalled")[:2] == ("True", "NoNodes")


def test_without_any_node_a_person_is_needed() -> None:
    world = World().with_nodes("n3").put(maintenance()).settle()
    assert condition(world, "Stalled")[:2] == ("True", "NoNodes")
    assert condition(world, "Reconciling")[0] == "False"
    assert world.maintenances["rack"].status.phase == "Pending"


def test_a_node_that_is_not_ready_comes_last_and_is_said() -> None:
    world = World().with_nodes("n1", ready=False).with_nodes("n2")
    world.put(maintenance(), instance("web-0", "n1"), instance("web-1", "n2")).settle()
    assert world.phases() == {"n1": "Waiting", "n2": "Draining"}
    del world.pods["web-1"]
    world.settle()
    assert world.phases() == {"n1": "Draining", "n2": "Drained"}
    assert condition(world, "Stalled")[:2] == ("True", "NodeNotReady")


def test_a_node_that_a_selector_adds_later_is_drained_too() -> None:
    world = World().with_nodes("n1", labels={"rack": "7"}).with_nodes("n2")
    world.put(maintenance(node_selector={"rack": "7"}), instance("web-0", "n2")).settle()
    assert world.phases() == {"n1": "Drained"}
    world.nodes["n2"] = replace(world.nodes["n2"], labels={"rack": "7"})
    world.settle()
    assert world.phases() == {"n2": "Draining", "n1": "Drained"}
    assert world.maintenances["rack"].status.phase == "Active"
    world.nodes["n1"] = replace(world.nodes["n1"], labels={})
    world.settle()
    assert not world.nodes["n1"].mark
    assert not world.nodes["n1"].unschedulable
