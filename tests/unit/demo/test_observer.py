"""The demo's observer counts instances that are not ready, and duplicates."""

from __future__ import annotations

from hack.demo.observer import Observer
from tests.unit.demo.objects import Object, pod


def test_most_instances_not_ready_at_once() -> None:
    pods: dict[str, Object] = {f"web-{i}": pod(i) for i in range(3)}
    observer = Observer(pods)
    observer.begin(3)
    pods["web-0"] = pod(0, deleted=True)
    observer.record("MODIFIED", pods["web-0"])
    pods["web-1"] = pod(1, ready_at=None)
    observer.record("MODIFIED", pods["web-1"])
    pods["web-0"] = pod(0)
    observer.record("MODIFIED", pods["web-0"])
    assert observer.most_not_ready == 2
    observer.begin(3)
    assert observer.most_not_ready == 0


def test_two_pods_of_one_instance_are_duplicates() -> None:
    pods: dict[str, Object] = {"web-0": pod(0), "web-0-s": pod(0)}
    observer = Observer(pods)
    observer.record("ADDED", pods["web-0-s"])
    assert observer.duplicates == {0}
