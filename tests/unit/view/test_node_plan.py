"""Which nodes can go now, and what forbids the others, with numbers."""

from __future__ import annotations

from controller.api.maintenance import MaintenanceSpec, OtherPods
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

EVICT = MaintenanceSpec(nodes=("n1",), other_pods=OtherPods.EVICT)


def web(*places: str, counting: int | None = None, least: int = 0, lasting: int = 0) -> World:
    """A Job `web` with an instance on each of the nodes, the first ``counting`` of which count."""
    pods = [Pod("shop", f"web-{i}", f"uid-{i}", node, job="web") for i, node in enumerate(places)]
    count = len(places) if counting is None else counting
    job = JobState(
        "shop", "web", {f"uid-{i}": i for i in range(count)}, len(places), least, "a rule", lasting
    )
    nodes = {name: Node(name, f"uid-{name}", "1") for name in (*places, "empty")}
    on = {name: [pod for pod in pods if pod.node == name] for name in nodes}
    return World(nodes, on, {("shop", "web"): job})


def one(world: World, name: str) -> NodePlan:
    (found,) = node_plans(world, [name])
    return found


def test_a_node_goes_at_once_if_enough_stay() -> None:
    found = one(web("n1", "n1", "n2", "n2", least=2), "n1")
    assert (found.verdict, found.instances, found.message) == (Verdict.NOW, 2, "")


def test_a_node_goes_in_steps_if_some_may_go() -> None:
    found = one(web("n1", "n1", "n2", "n2", least=3, lasting=60), "n1")
    assert found.verdict is Verdict.STEPS
    (bound,) = found.bounds
    assert (bound.reason, bound.here, bound.may_go) == ("SLA", 2, 1)
    assert found.message == (
        "Job shop/web: 4 of 4 instances count (available for 60s), 3 must (a rule): "
        "2 here, 1 may go now"
    )


def test_a_node_is_blocked_if_none_may_go() -> None:
    world = web("n1", "n1", "n2", "n2", counting=3, least=3)
    assert one(world, "n1").verdict is Verdict.BLOCKED
    assert "3 of 4 instances count, 3 must" in one(world, "n1").message


def test_what_does_not_count_goes_freely() -> None:
    """The last instance does not count: it takes nothing away."""
    world = web("n1", "n1", "n1", "n2", counting=3, least=3)
    assert one(world, "n2").verdict is Verdict.NOW


def test_a_surge_counts_its_id_once() -> None:
    world = web("n1", "n2", least=1)
    twin = Pod("shop", "web-0-s", "uid-twin", "n1", job="web")
    (job,) = world.jobs.values()
    jobs = {("shop", "web"): JobState("shop", "web", {**job.counting, "uid-twin": 0}, 2, 1, "r")}
    world = World(world.nodes, {**world.pods, "n1": [*world.pods["n1"], twin]}, jobs)
    assert one(world, "n1").verdict is Verdict.NOW


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
    world = web("n1", "n2", "n3", "n4", least=2)
    plans = node_plans(world, ["n1", "empty", "n3", "n4"])
    assert {each.verdict for each in plans} == {Verdict.NOW}
    assert together(world, plans) == ["n1", "empty", "n3"]
