"""Instances whose pod is marked by a Maintenance move to other nodes: within the agreement, at
their revision, without an Update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controller.api.ids import NONE, Ids
from controller.core.model.conditions import find
from tests.unit.core.sim.drain import lift, mark
from tests.unit.core.sim.world import World
from tests.values import replace

SURGE = {"replacement": "Surge", "strategy": {"type": "Batch", "size": "25%"}}


def world_of(instances: int = 4, **spec: Any) -> tuple[World, list[int]]:
    """A Job whose pods count already, and how many of its instances are Ready after each step."""
    world = World(instances=instances, **spec).ready()
    world.run(400)
    ready = list[int]()

    def look() -> None:
        pods = world.cluster.pods.values()
        ready.append(len({p.instance for p in pods if p.ready and p.deleted is None}))

    world.after_step = look
    return world, ready


def left(world: World) -> Ids:
    """Ids of instances with a pod that is to leave its node."""
    pods = world.cluster.pods.values()
    return Ids(p.instance for p in pods if p.move and not p.move.successor_of)


def moved(world: World) -> Callable[[], bool]:
    def over() -> bool:
        pods = world.cluster.pods.values()
        count = world.status.instances_in_force
        return not any(p.move for p in pods) and len([p for p in pods if p.ready]) == count

    return over


def told(world: World) -> tuple[str, str]:
    """Reason and message of the condition `Moving`."""
    found = find(world.status.conditions, "Moving")
    assert found is not None
    return found.reason, found.message


@pytest.mark.parametrize("how", ["Recreate", "InPlace"])
def test_without_an_agreement_instances_move_one_at_a_time(how: str) -> None:
    world, ready = world_of(update={"replacement": how})
    before, revisions = world.uids(), world.images()
    mark(world.cluster, 1, 3)
    world.until(moved(world))
    after = world.uids()
    assert {i for i in before if before[i] != after[i]} == {1, 3}
    assert min(ready) == 3
    assert (world.images(), list(world.cluster.updates)) == (revisions, [])
    assert world.status.last_attempt is None or not world.status.last_attempt.update
    world.quiet()


def test_each_pod_goes_by_an_eviction_with_its_cause() -> None:
    world, _ = world_of()
    mark(world.cluster, 2)
    world.until(moved(world))
    assert [name for verb, name in world.cluster.writes if verb == "evict pod"] == ["web-2"]
    assert not [name for verb, name in world.cluster.writes if verb == "delete pod"]


@pytest.mark.parametrize(("least", "down"), [("50%", 2), (3, 1), ("100%", 1), (0, 4)])
def test_the_jobs_sla_holds(least: int | str, down: int) -> None:
    world, ready = world_of(sla={"minAvailable": least})
    # A number of 0 still has a disruption budget, under which evictions go one after the other.
    mark(world.cluster, 0, 1, 2, 3, sla={"minAvailable": "100%"})
    world.until(moved(world))
    assert min(ready) == 4 - down


def test_without_one_the_maintenances_holds() -> None:
    world, ready = world_of(5)
    mark(world.cluster, 0, 1, 2, 3, sla={"minAvailable": "40%", "durationSeconds": 60})
    world.run(3)
    reason, message = told(world)
    assert reason == "SLA"
    assert (
        "2 of 5 instances count (available for 60s), 2 must (the Maintenance's sla.min" in message
    )
    assert "add instances, ask for fewer, or give the Maintenance timeoutSeconds" in message
    world.until(moved(world))
    assert min(ready) == 2


def test_what_it_waits_for_is_said_and_goes_by_itself() -> None:
    world, ready = world_of(3, sla={"minAvailable": "100%"})
    world.behave(instance=0, ready=None)
    world.kill(0)
    world.run(5)
    mark(world.cluster, 1, node="n1")
    world.run(30)
    assert left(world) == Ids([1])
    reason, message = told(world)
    assert reason == "SLA"
    assert message.startswith("instance 1 moves away from n1 (Maintenance rack-7): 2 of 3 ")
    assert "2 must" in message
    world.cluster.remove_pod(world.pod(0))
    world.kubelet.steering.clear()
    world.until(lambda: left(world) == NONE)
    world.until(moved(world))
    world.run(2)
    assert told(world) == ("NothingMoves", "")
    assert min(ready) == 2


def test_an_unavailable_instance_goes_freely_and_by_a_delete() -> None:
    world, _ = world_of(3, sla={"minAvailable": "100%"})
    for i in (0, 2):
        world.cluster.set_pod(replace(world.pod(i), ready=False))
    mark(world.cluster, 0, 2)
    world.run(1)
    gone = [name for verb, name in world.cluster.writes if verb == "delete pod"]
    assert gone == ["web-0", "web-2"]
    world.until(moved(world))


def test_max_unavailable_holds_besides() -> None:
    world, ready = world_of(sla={"minAvailable": 1}, update={"maxUnavailable": 1})
    mark(world.cluster, 0, 1, 2)
    world.run(2)
    assert told(world)[0] in ("MaxUnavailable", "DisruptionBudget")
    world.until(moved(world))
    assert min(ready) == 3


def test_a_budget_of_somebody_else_holds() -> None:
    world, ready = world_of(sla={"minAvailable": 1})
    world.cluster.put_budget("theirs", 4)
    mark(world.cluster, 0)
    world.run(100)
    assert left(world) == Ids([0])
    reason, message = told(world)
    assert reason == "DisruptionBudget"
    assert "theirs" in message
    world.cluster.put_budget("theirs", 3)
    world.until(moved(world))
    assert min(ready) == 3


def test_after_its_deadline_a_pod_goes_whatever_is_agreed() -> None:
    world, _ = world_of(sla={"minAvailable": "100%"})
    world.cluster.put_budget("theirs", 4)
    mark(world.cluster, 0, 1, deadline=world.now + 100)
    world.run(99)
    assert left(world) == Ids([0, 1])
    world.run(2)
    assert (
        left(world) & Ids(p.instance for p in world.cluster.pods.values() if not p.deleted) == NONE
    )
    world.until(moved(world))
    assert [verb for verb, _ in world.cluster.writes if verb == "evict pod"] == []


# Surge.


def test_a_surge_makes_the_successor_first() -> None:
    world, ready = world_of(update=SURGE)
    mark(world.cluster, 1)
    world.run(1)
    pair = {p.name: p for p in world.cluster.pods.values() if p.instance == 1}
    assert set(pair) == {"web-1", "web-1-s"}
    move = pair["web-1-s"].move
    assert move is not None
    assert (move.mark, move.successor_of) == (pair["web-1"].move.mark, pair["web-1"].uid)  # type: ignore[union-attr]
    world.until(moved(world))
    assert world.status.slots == Ids([1])
    assert {p.name for p in world.cluster.pods.values() if p.instance == 1} == {"web-1-s"}
    assert min(ready) == 4
    world.quiet()


def test_a_surge_moves_all_at_once_where_an_agreement_is_given() -> None:
    world, ready = world_of(update=SURGE, sla={"minAvailable": "75%", "durationSeconds": 50})
    mark(world.cluster, 0, 1, 2)
    world.run(1)
    assert len(world.cluster.pods) == 7
    world.until(moved(world))
    assert min(ready) == 4


def test_without_one_there_is_one_successor_at_a_time() -> None:
    world, _ = world_of(update=SURGE)
    most = [0]
    world.after_step = lambda: most.append(len(world.cluster.pods))
    mark(world.cluster, 0, 1, 2)
    world.until(moved(world))
    assert max(most) == 5


def test_a_successor_goes_when_the_marks_are_lifted() -> None:
    world, ready = world_of(update=SURGE)
    world.behave(instance=1, ready=None)
    before = world.uids()
    mark(world.cluster, 1)
    world.run(20)
    assert "web-1-s" in world.cluster.pods
    lift(world.cluster)
    world.run(20)
    assert world.uids() == before
    assert world.status.safety is None
    assert min(ready) == 4


def test_a_successor_takes_over_when_the_old_pod_dies() -> None:
    world, _ = world_of(update=SURGE)
    world.behave(instance=1, ready=30.0)
    mark(world.cluster, 1)
    world.run(1)
    successor = world.cluster.pods["web-1-s"].uid
    world.cluster.let_go(world.pod(1))
    world.until(moved(world))
    assert world.cluster.pods["web-1-s"].uid == successor


def test_after_the_deadline_the_old_pod_does_not_wait_for_its_successor() -> None:
    world, _ = world_of(update=SURGE)
    world.behave(instance=1, ready=500.0)
    mark(world.cluster, 1, deadline=world.now + 100)
    world.run(102)
    assert [p.name for p in world.cluster.pods.values() if p.instance == 1] == ["web-1-s"]
    world.until(moved(world))


def test_a_successor_can_be_asked_to_move_in_its_turn() -> None:
    world, _ = world_of(update=SURGE)
    mark(world.cluster, 1)
    world.until(moved(world))
    mark(world.cluster, 1)
    world.until(moved(world))
    assert [p.name for p in world.cluster.pods.values() if p.instance == 1] == ["web-1"]
