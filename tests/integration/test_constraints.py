"""Constraints on simulated nodes and the real scheduler: never more pods per node than allowed."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

import pytest

from hack.harness.manifests import Object, batch, condition, job, update
from hack.harness.space import Space

HOST: Final = "kubernetes.io/hostname"


def limit(count: int, key: str = "host") -> list[Object]:
    return [{"key": key, "limit": count}]


def nodes(space: Space) -> int:
    return len(space.api.get("/api/v1/nodes")["items"])


def fullest(space: Space) -> int:
    """The most pods that a node had at any moment."""
    here: dict[str, set[str]] = defaultdict(set)
    most = 0
    for seen in space.observer.events():
        if seen.kind != "Pod" or not seen.object.node:
            continue
        there = here[seen.object.node]
        if seen.type == "DELETED" or not seen.object.live:
            there.discard(seen.object.uid)
        else:
            there.add(seen.object.uid)
        most = max(most, len(there))
    return most


@pytest.mark.parametrize("most", [1, 3])
def test_as_many_run_as_there_is_room_for_and_one_more_waits(space: Space, most: int) -> None:
    room = most * nodes(space)
    space.made(job(instances=room, constraints=limit(most)), timeout=60)
    assert set(Counter(pod.node for pod in space.pods().values()).values()) == {most}
    space.kubectl("scale", "ejob/web", f"--replicas={room + 1}")
    told = space.wait_job(
        "the instance without a place to be named",
        lambda j: f"instance {room}" in condition(j, "Ready").get("message", ""),
        timeout=40,
    )
    assert "topology spread constraints" in condition(told, "Ready")["message"]
    assert not space.pods()[room].node
    assert fullest(space) == most
    space.kubectl("scale", "ejob/web", f"--replicas={room}")
    space.wait_ready(timeout=40)


@pytest.mark.parametrize("most", [1, 3])
def test_the_second_pods_of_a_surge_count(space: Space, most: int) -> None:
    """One place is free, and each new pod takes it in turn."""
    room = most * nodes(space)
    surge = {"replacement": "Surge"}
    made = job(instances=room - 1, strategy=batch(2), update=surge, constraints=limit(most))
    space.made(made, timeout=60)
    ended = space.roll("web:2", timeout=120)
    assert ended["status"]["phase"] == "RolledForward"
    assert fullest(space) == most


def test_a_surge_without_a_free_place_waits_and_says_why(space: Space) -> None:
    room = nodes(space)
    surge = {"replacement": "Surge", "mode": "Manual"}
    space.made(job(instances=room, update=surge, constraints=limit(1)), timeout=60)
    space.set_image("web:2")
    space.create(update("plan", dryRun=True))
    (conflict,) = space.wait_update("Planned", name="plan")["status"]["plan"]["conflicts"]
    assert conflict["reason"] == "PlacementImpossible"
    assert f"not for {room} instances and up to 1 of their new pods" in conflict["message"]
    space.create(update("real"))
    told = space.wait_update(
        "RollingForward",
        name="real",
        probe=lambda u: "topology spread" in u["status"].get("message", ""),
        timeout=40,
    )
    assert "instance 0" in told["status"]["message"]
    assert all(pod.ready for pod in space.pods().values() if pod.node), "nobody went for it"
    space.kubectl("scale", "ejob/web", f"--replicas={room - 1}")
    space.wait_update("RolledForward", name="real", timeout=120)
    assert fullest(space) == 1


def test_a_label_that_no_node_has_leaves_no_place(space: Space) -> None:
    space.create(job(instances=1, constraints=limit(5, "rack")))
    told = space.wait_job(
        "the instance without a place to be named",
        lambda j: "topology spread" in condition(j, "Ready").get("message", ""),
        timeout=40,
    )
    assert "instance 0" in condition(told, "Ready")["message"]
