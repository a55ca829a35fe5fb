"""The steps of an `Ordered` Job, as the events of pods show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hack.harness.ordered import Steps
from hack.harness.pods import slim
from hack.harness.sightings import Seen

OWNER = {"apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob", "name": "web", "uid": "j"}


class Story:
    """Events of pods, one per second. ``found``: the faults."""

    def __init__(self, instances: int, ordering: str = "Ordered", ready_for: int = 0) -> None:
        self.job: dict[str, Any] = {
            "metadata": {"name": "web"},
            "spec": {
                "instances": instances,
                "ordering": ordering,
                "minReadySeconds": ready_for,
            },
        }
        self.found: list[str] = []
        self._steps = Steps()
        self._now = 0

    def happens(
        self, type: str, instance: int, *, ready: bool = False, going: bool = False, life: int = 1
    ) -> Story:
        self._now += 1
        name, at = f"web-{instance}", _stamp(self._now)
        meta: dict[str, Any] = {
            "name": name,
            "uid": f"{name}.{life}",
            "creationTimestamp": at,
            "ownerReferences": [{**OWNER, "controller": True}],
            **({"deletionTimestamp": at} if going else {}),
        }
        status = {"type": "Ready", "status": str(ready), "lastTransitionTime": at}
        raw = {
            "metadata": meta,
            "spec": {"containers": [{"image": "web:1"}]},
            "status": {"phase": "Running", "conditions": [status]},
        }
        pod = slim(raw)
        seen = Seen(self._now, "Pod", type, "n", name, pod, float(self._now))
        self.found += self._steps.take(seen, pod, self.job)
        return self

    def made(self, instance: int) -> Story:
        return self.happens("ADDED", instance).happens("MODIFIED", instance, ready=True)

    def removed(self, instance: int) -> Story:
        self.happens("MODIFIED", instance, ready=True, going=True)
        return self.happens("DELETED", instance, going=True)


def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def test_one_after_the_other_is_right() -> None:
    story = Story(3).made(0).made(1).made(2)
    story.job["spec"]["instances"] = 1
    assert story.removed(2).removed(1).found == []


def test_an_instance_before_the_one_before_it_is_good() -> None:
    story = Story(3).made(0).happens("ADDED", 1).happens("ADDED", 2)
    assert story.found == ["web-2 is created before instance 1 was good"]
    assert Story(3, "Parallel").happens("ADDED", 0).happens("ADDED", 1).found == []


def test_it_must_be_ready_for_long_enough() -> None:
    # The pod is seen Ready in second 2, and the next one in second 3.
    assert Story(2, ready_for=1).made(0).made(1).found == []
    (found,) = Story(2, ready_for=5).made(0).made(1).found
    assert found.startswith("web-1 is created before")


def test_a_lost_pod_comes_back_at_once() -> None:
    story = Story(2).made(0).made(1).removed(0).removed(1)
    assert story.happens("ADDED", 1, life=2).happens("ADDED", 0, life=2).found == []


def test_one_that_was_removed_is_created_in_its_turn() -> None:
    story = Story(2).made(0).made(1)
    story.job["spec"]["instances"] = 1
    story.removed(1)
    story.job["spec"]["instances"] = 3
    story.happens("ADDED", 1, life=2).happens("ADDED", 2)
    assert story.found == ["web-2 is created before instance 1 was good"]


def test_one_is_removed_beside_a_higher_one() -> None:
    story = Story(3).made(0).made(1).made(2)
    story.job["spec"]["instances"] = 1
    story.happens("MODIFIED", 2, ready=True, going=True)
    story.happens("MODIFIED", 1, ready=True, going=True)
    assert story.found == ["web-1 is removed before web-2 is gone"]
