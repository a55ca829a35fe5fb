"""Which nodes can go now, and what forbids the others, with numbers."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.ids import Ids
from controller.api.maintenance import MaintenanceSpec, OtherPods
from controller.api.progress import Phase
from controller.core.maintenance.observed import Node, Pod
from controller.view.node_plan import (
    BudgetState,
    JobState,
    NodePlan,
    Verdict,
    World,
    node_plans,
    together,
)
from tests.unit.core.replacement.shop import Shop, shop
from tests.unit.core.replacement.test_foreseen import updating
from tests.values import replace

EVICT = MaintenanceSpec(nodes=("n1",), other_pods=OtherPods.EVICT)


KEY = ("shop", "web")
SURGE = {"replacement": "Surge"}


def web(*places: str, counting: int | None = None, **spec: Any) -> World:
    """A Job `web` with an instance on each of the nodes, the first ``counting`` of which count."""
    count = len(places) if counting is None else counting
    return world_of(shop(*places, down=Ids.span(count, len(places)), **spec))


def world_of(there: Shop, sla: dict[str, Any] | None = None) -> World:
    job = JobState(*KEY, there.asked(sla))
    names = dict.fromkeys([*(pod.node for pod in there.pods), "empty"])
    nodes = {name: Node(name, f"uid-{name}", "1") for name in names}
    pods = [Pod("shop", p.name, p.uid, p.node, job="web") for p in there.pods]
    on = {name: [pod for pod in pods if pod.node == name] for name in nodes}
    return World(nodes, on, {KEY: job})


def at_least(number: int | str, seconds: int = 0) -> dict[str, Any]:
    return {"minAvailable": number, "durationSeconds": seconds}


def one(world: World, name: str) -> NodePlan:
    (found,) = node_plans(world, [name])
    return found


def test_a_node_goes_at_once_if_enough_stay() -> None:
    found = one(web("n1", "n1", "n2", "n2", sla=at_least(2)), "n1")
    assert (found.verdict, found.instances, found.message) == (Verdict.NOW, 2, "")


def test_a_node_goes_in_steps_if_some_may_go() -> None:
    found = one(web("n1", "n1", "n2", "n2", sla=at_least(3, 60)), "n1")
    assert found.verdict is Verdict.STEPS
    (bound,) = found.bounds
    assert (bound.reason, bound.here, bound.may_go) == ("SLA", 2, 1)
    assert found.message == (
        "Job shop/web: 2 here, 1 may go now: 4 of 4 instances count (available for 60s), 3 must "
        "(sla.minAvailable is 3); add instances, ask for fewer, or give the Maintenance "
        "timeoutSeconds"
    )


def test_a_node_is_blocked_if_none_may_go() -> None:
    world = web("n1", "n1", "n2", "n2", counting=3, sla=at_least(3))
    assert one(world, "n1").verdict is Verdict.BLOCKED
    assert "0 may go now: 3 of 4 instances count, 3 must" in one(world, "n1").message


def test_what_does_not_count_goes_freely() -> None:
    """The last two instances do not count: they take nothing away."""
    world = web("n1", "n1", "n1", "n2", "n1", counting=3, sla=at_least(3))
    assert one(world, "n2").verdict is Verdict.NOW
    found = one(world, "n1")
    assert (found.verdict, found.bounds[0].here, found.bounds[0].may_go) == (Verdict.STEPS, 4, 1)


def test_max_unavailable_bounds_a_node() -> None:
    world = web("n1", "n1", "n2", sla=at_least(0), update={"maxUnavailable": 1})
    found = one(world, "n1")
    assert (found.verdict, found.bounds[0].reason) == (Verdict.STEPS, "MaxUnavailable")
    assert "2 here, 1 may go now: 0 instances are unavailable" in found.message


def test_a_surge_takes_nobody_down() -> None:
    """Its new pods can be made at once, whatever the agreement; without one, one after the
    other."""
    world = web("n1", "n1", "n2", sla=at_least("100%"), update=SURGE)
    assert one(world, "n1").verdict is Verdict.NOW
    assert one(web("n1", "n1", "n2", update=SURGE), "n1").verdict is Verdict.STEPS


def test_an_old_pod_beside_a_new_one_bounds_nobody() -> None:
    there = shop("n1", "n2", update=SURGE)
    twin = replace(there.pod(0), name="web-0-s", uid="uid-twin", surge=True)
    world = world_of(Shop(there.job, [*there.pods, twin]))
    assert one(world, "n1").verdict is Verdict.NOW


@pytest.mark.parametrize(
    ("phase", "verdict", "words"),
    [
        (Phase.ROLLING_FORWARD, Verdict.STEPS, "which it replaces first"),
        (Phase.ROLL_FORWARD_PAUSED, Verdict.BLOCKED, "and does not go on by itself"),
    ],
)
def test_what_an_update_is_still_to_replace_is_told(
    phase: Phase, verdict: Verdict, words: str
) -> None:
    world = world_of(updating(shop("n1", "n1", "n2", "n2", sla=at_least(0)), phase))
    found = one(world, "n1")
    assert (found.verdict, found.bounds[0].reason) == (verdict, "Update")
    assert found.message == f"Job shop/web: Update web-g2 is not done with 2 here, {words}"


def test_a_coordinator_that_will_be_asked_is_told() -> None:
    sla = {"minAvailable": 0, "coordinator": {"url": "https://consent.shop.svc/may"}}
    world = web("n1", "n1", "n2", counting=1, sla=sla)
    found = one(world, "n1")
    assert (found.verdict, found.bounds[0].reason) == (Verdict.STEPS, "Coordinator")
    assert found.message.endswith(
        "coordinator https://consent.shop.svc/may has to allow each of 1 here"
    )
    assert one(world, "n2").verdict is Verdict.NOW, "nobody is asked about what does not count"


@pytest.mark.parametrize(
    ("counting", "update", "verdict"),
    [(3, {}, Verdict.BLOCKED), (0, {}, Verdict.NOW), (3, SURGE, Verdict.NOW)],
)
def test_a_budget_holds_what_goes_by_an_eviction(
    counting: int, update: dict[str, Any], verdict: Verdict
) -> None:
    world = web("n1", "n2", "n2", counting=counting, sla=at_least(0), update=update)
    budget = BudgetState("shop", "web", 0, frozenset({"uid-0", "uid-1", "uid-2"}))
    assert one(replace(world, budgets=[budget]), "n1").verdict is verdict


def test_nodes_without_instances_and_nodes_that_do_not_exist() -> None:
    world = web("n1")
    assert one(world, "empty").verdict is Verdict.NOW
    assert one(world, "never").verdict is Verdict.NOT_FOUND


def test_a_node_that_does_not_answer_is_blocked_if_it_has_something() -> None:
    world = web("n1", "n2", "n2")
    lost = {name: Node(name, "u", "1", ready=False) for name in world.nodes}
    world = World(lost, world.pods, world.jobs)
    assert one(world, "n1").verdict is Verdict.BLOCKED
    assert "not Ready" in one(world, "n1").message
    assert one(world, "empty").verdict is Verdict.NOW


def test_a_node_that_another_maintenance_names_would_wait() -> None:
    world = web("n1")
    found = one(World(world.nodes, world.pods, world.jobs, holders={"empty": "rack-7"}), "empty")
    assert (found.verdict, found.bounds[0].reason) == (Verdict.BLOCKED, "WaitingForNode")
    assert "Maintenance rack-7 names this node already" in found.message


def others(*pods: Pod, budgets: tuple[BudgetState, ...] = ()) -> World:
    return World({"n1": Node("n1", "u", "1")}, {"n1": pods}, {}, budgets, spec=EVICT)


def agent(name: str = "agent", controller: str = "ReplicaSet") -> Pod:
    return Pod("ops", name, f"uid-{name}", "n1", controller=controller)


def test_budgets_bound_what_is_evicted() -> None:
    both = frozenset({"uid-a", "uid-b"})
    for allowed, verdict in ((2, Verdict.NOW), (1, Verdict.STEPS), (0, Verdict.BLOCKED)):
        budget = BudgetState("ops", "agents", allowed, both)
        found = one(others(agent("a"), agent("b"), budgets=(budget,)), "n1")
        assert (found.verdict, found.pods) == (verdict, 2)
    assert found.message == "disruption budget ops/agents: 2 here, 0 may go now"


def test_two_budgets_over_one_pod_never_let_it_go() -> None:
    two = tuple(BudgetState("ops", name, 5, frozenset({"uid-agent"})) for name in "ab")
    found = one(others(agent(), budgets=two), "n1")
    assert (found.verdict, found.bounds[0].reason) == (Verdict.BLOCKED, "SeveralBudgets")


def test_a_pod_that_nobody_would_make_again_blocks() -> None:
    found = one(others(agent(controller="")), "n1")
    assert (found.verdict, found.bounds[0].reason) == (Verdict.BLOCKED, "PodBlocked")


def test_others_stay_unless_they_are_to_be_evicted() -> None:
    world = World({"n1": Node("n1", "u", "1")}, {"n1": [agent(controller="")]}, {})
    assert (one(world, "n1").verdict, one(world, "n1").pods) == (Verdict.NOW, 0)


def test_what_goes_alone_may_not_go_together() -> None:
    world = web("n1", "n2", "n3", "n4", sla=at_least(2))
    plans = node_plans(world, ["n1", "empty", "n3", "n4"])
    assert {each.verdict for each in plans} == {Verdict.NOW}
    assert together(world, plans) == ["n1", "empty", "n3"]
