"""Which Events a change of status causes."""

from __future__ import annotations

from controller.api.maintenance import LISTED, MaintenanceStatus, NodePhase, NodeStatus
from controller.core.maintenance.events import events
from tests.unit.core.maintenance.world import World, instance, maintenance, other


def said(world: World) -> list[tuple[str, str]]:
    """Type and reason of all Events so far, in order."""
    return [
        (event.type, event.reason)
        for plan in world.plans
        for report in plan.statuses
        for event in report.events
    ]


def test_a_drain_tells_of_each_step_once() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance())
    world.settle(moves=True)
    reasons = [reason for _, reason in said(world)]
    assert reasons[-2:] == ["NodeDrained", "Done"]
    assert reasons.index("NodeDraining") < reasons.index("NodeDrained")
    assert said(world).count(("Normal", "NodeDrained")) == 2
    assert said(world).count(("Normal", "Active")) == 1
    assert {kind for kind, _ in said(world)} == {"Normal"}
    world.plans.clear()
    world.settle()
    assert said(world) == []


def test_what_needs_a_person_is_a_warning_with_its_words() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",), other_pods="Evict"))
    world.put(other(controller="")).settle()
    assert said(world).count(("Warning", "PodBlocked")) == 1
    (warning,) = [
        event
        for plan in world.plans
        for report in plan.statuses
        for event in report.events
        if event.type == "Warning"
    ]
    assert "ops/agent has no controller" in warning.note


def _nodes(count: int, phase: NodePhase) -> tuple[NodeStatus, ...]:
    return tuple(NodeStatus(name=f"n{i}", phase=phase) for i in range(count))


def test_of_a_list_that_is_cut_no_node_is_told_of_twice() -> None:
    old = MaintenanceStatus(nodes=_nodes(LISTED, NodePhase.DRAINING))
    more = NodeStatus(name="a-later-one", phase=NodePhase.DRAINING)
    new = old.model_copy(update={"nodes": (more, *old.nodes[1:])})
    assert events(old, new) == ()
    short = MaintenanceStatus(nodes=old.nodes[:3])
    (event,) = events(short, short.model_copy(update={"nodes": (more, *short.nodes)}))
    assert (event.type, event.reason, event.note) == ("Normal", "NodeDraining", "a-later-one")
