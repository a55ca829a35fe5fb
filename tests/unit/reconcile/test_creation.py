"""Creates: careful when they are refused, and never twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.unit.reconcile.sim import ShellWorld

Make = Callable[..., ShellWorld]


def test_a_create_whose_answer_is_lost_makes_no_twin(make_world: Make) -> None:
    world = make_world(instances=3)
    world.network.latency = 0.01
    world.until(lambda: len(world.cluster.pods) == 0 and bool(world.cluster.revisions))
    world.cluster.fates.extend(["lost"] * 12)
    world.ready()
    made = Counter(name for verb, name in world.cluster.writes if verb == "create pod")
    assert made == {f"web-{i}": 1 for i in range(3)}


def test_a_full_quota_costs_few_requests(make_world: Make) -> None:
    world = make_world(instances=100)
    world.cluster.quota = 0
    refused = 0
    answer = world.network.answer

    def counted(asked: object) -> tuple[int, bytes]:
        nonlocal refused
        found = answer(asked)
        refused += found[0] == 403
        return found

    world.network.answer = counted
    world.run(10)
    assert 1 <= refused < 40, "not a request for each of a hundred pods"
    world.cluster.quota = None
    world.ready()
    assert len(world.cluster.pods) == 100


def test_a_pod_of_somebody_else_under_the_name_is_left_alone(make_world: Make) -> None:
    world = make_world(instances=2)
    stranger = world.cluster.stranger("web-1")
    world.run(20)
    assert world.cluster.pods["web-1"].uid == stranger.uid
    assert "PodNameConflict" in world.conditions()
    world.cluster.remove_pod(world.cluster.pods["web-1"])
    world.ready()
