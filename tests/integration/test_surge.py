"""Replacement Surge on a real API server: the new pod first, with the other name."""

from __future__ import annotations

from hack.harness.manifests import ids, is_true, job, queue
from hack.harness.space import Space


def names(space: Space) -> set[str]:
    return {pod["metadata"]["name"] for pod in _pods(space)}


def _pods(space: Space) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = space.api.get(space.path("pods"))["items"]
    return found


def test_there_and_back(space: Space) -> None:
    space.made(job(instances=3, strategy=queue(2), update={"replacement": "Surge"}))
    space.roll("web:2", "RolledForward")
    there = space.wait_ready()
    assert ids(there["status"]["slots"]) == {0, 1, 2}
    assert names(space) == {"web-0-s", "web-1-s", "web-2-s"}
    space.roll("web:3", "RolledForward")
    back = space.wait_ready()
    assert not back["status"].get("slots")
    assert names(space) == {"web-0", "web-1", "web-2"}
    available = [
        seen.object["status"].get("availableInstances", 0)
        for seen in space.observer.events()
        if seen.kind == "EchelonJob" and is_true(seen.object, "Available")
    ]
    assert min(available[available.index(3) :]) == 3, "never fewer available instances"


def test_a_failed_surge_leaves_the_old_pods(space: Space) -> None:
    policy = {"replacement": "Surge", "readyTimeoutSeconds": 2}
    space.made(job(instances=2, update={**policy, "maxFailuresPerInstance": 0}))
    before = {pod["metadata"]["uid"] for pod in _pods(space)}
    space.roll("web:2-never-ready", "RolledBack")
    space.until("the second pods to be gone", lambda: names(space) == {"web-0", "web-1"})
    assert {pod["metadata"]["uid"] for pod in _pods(space)} == before
