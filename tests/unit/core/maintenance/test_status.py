"""What a status lists, and since when."""

from __future__ import annotations

from tests.unit.core.maintenance.world import START, World, condition, instance, maintenance


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
