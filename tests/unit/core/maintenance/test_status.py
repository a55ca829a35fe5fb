"""What a status lists, and since when."""

from __future__ import annotations

import pytest

from tests.unit.core.maintenance.world import START, World, condition, instance, maintenance, other


def test_a_status_lists_unfinished_nodes_first_and_not_more_than_200() -> None:
    nodes = tuple(f"n{n:03}" for n in range(300))
    world = World().with_nodes(*nodes).put(maintenance(nodes=nodes, max_concurrent_nodes=300))
    world.put(instance("web-0", "n299")).settle()
    status = world.maintenances["rack"].status
    assert len(status.nodes) == 200
    assert status.nodes[0].name == "n299"
    assert (status.counts.draining, status.counts.drained, status.counts.instances) == (1, 299, 1)


def test_the_time_of_a_phase_stays_while_the_phase_does() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), instance()).settle()
    world.now = START + 100
    del world.pods["web-0"]
    world.settle()
    since = {node.name: node.since for node in world.maintenances["rack"].status.nodes}
    assert since == {"n1": START + 100, "n2": START + 100}
    world.now = START + 200
    assert not world.step().statuses


@pytest.mark.parametrize("count", [2, 300])
def test_a_second_look_at_drained_nodes_changes_no_status(count: int) -> None:
    nodes = tuple(f"n{n:03}" for n in range(count))
    world = World().with_nodes(*nodes).put(maintenance(nodes=nodes, max_concurrent_nodes="100%"))
    world.settle()
    assert condition(world, "Ready")[0] == "True"
    world.now += 600
    world.drained = {}
    plans = [world.step() for _ in range(4)]
    assert plans[0].watch == set(nodes)
    assert not any(plan.statuses for plan in plans)


def test_a_new_spec_is_observed_when_the_pods_are_known_again() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance(), other("agent", "n1")).settle()
    old = world.maintenances["rack"]
    spec = maintenance(other_pods="Evict")
    meta = spec.metadata.model_copy(update={"generation": 2})
    world.put(spec.model_copy(update={"metadata": meta, "status": old.status}))
    world.may_evict = False
    assert not world.step().statuses
    world.step()
    assert world.phases() == {"n1": "Draining", "n2": "Drained"}
    assert world.maintenances["rack"].status.observed_generation == 2


def test_a_spec_without_one_of_the_nodes_makes_no_events() -> None:
    world = World().with_nodes("n1", "n2").put(maintenance()).settle()
    spec = maintenance(nodes=("n1",))
    meta = spec.metadata.model_copy(update={"generation": 2})
    status = world.maintenances["rack"].status
    world.put(spec.model_copy(update={"metadata": meta, "status": status}))
    world.plans.clear()
    world.settle()
    assert [event for plan in world.plans for each in plan.statuses for event in each.events] == []
    assert world.maintenances["rack"].status.observed_generation == 2


def test_of_a_bounded_number_of_jobs_it_is_asked_why_they_do_not_move() -> None:
    nodes = tuple(f"n{n:02}" for n in range(30))
    world = World().with_nodes(*nodes).put(maintenance(nodes=nodes, max_concurrent_nodes=30))
    for n, node in enumerate(nodes):
        world.put(instance(f"job{n:02}-0", node))
    world.put(instance("job29-1", "n29")).settle()
    jobs = world.plans[-1].jobs
    assert (len(jobs), jobs[-1]) == (20, ("shop", "job29"))


def test_the_words_of_a_job_that_an_agreement_holds_are_told() -> None:
    world = World().with_nodes("n1").put(maintenance(nodes=("n1",)), instance(), instance("web-1"))
    world.waits = {("shop", "web"): "18 of 20 instances count, 19 must"}
    world.settle()
    assert world.plans[-1].jobs == (("shop", "web"),)
    (node,) = world.maintenances["rack"].status.nodes
    assert node.message == "2 of Job shop/web to be moved (18 of 20 instances count, 19 must)"
    assert node.message in condition(world, "Ready")[2]
