"""The observer finds each fault that must never happen."""

from __future__ import annotations

from typing import Any

from hack.harness.manifests import Object
from hack.harness.observer import Replay
from hack.harness.pods import PodSeen, slim
from hack.harness.sightings import Seen


class Story:
    """A sequence of events, one per second, of a Job of three instances with an Update."""

    def __init__(self, size: int = 1, **policy: Any) -> None:
        self.replay = Replay(set(), float("inf"))
        self._version = 0
        conditions = [
            {"type": name, "status": "False", "reason": "None"}
            for name in ("Ready", "Stalled", "Complete", "Succeeded", "Failed")
        ]
        conditions.append({"type": "Reconciling", "status": "True", "reason": "Progressing"})
        self.job: Object = {
            "metadata": {"name": "web", "uid": "job", "resourceVersion": "1"},
            "spec": {"instances": 3},
            "status": {"activeUpdate": {"name": "web-g2"}, "instancesInForce": 0},
        }
        self.update: Object = {
            "metadata": {"name": "web-g2", "uid": "update", "resourceVersion": "2"},
            "spec": {"job": "web"},
            "status": {
                "phase": "RollingForward",
                "policy": {"strategy": {"type": "Queue", "size": size}, **policy},
                "conditions": conditions,
            },
        }
        self.happens("EchelonJob", "web", self.job)
        self.happens("Update", "web-g2", self.update)
        for instance in range(3):
            self.pod(instance, ready=True)

    def happens(self, kind: str, name: str, obj: Any, type: str = "MODIFIED") -> None:
        self._version += 1
        at = float(self._version)
        self.replay.take(Seen(self._version, kind, type, "default", name, obj, at))

    def pod(self, instance: int, life: int = 1, *, ready: bool, **change: Any) -> None:
        name, type = change.get("name", f"web-{instance}"), change.get("type", "MODIFIED")
        made = pod(name, life, ready, change.get("deleting", False), change.get("notes", {}))
        self.happens("Pod", name, made, type)


def pod(name: str, life: int, ready: bool, deleting: bool, notes: Object) -> PodSeen:
    owner = {
        "kind": "EchelonJob",
        "apiVersion": "echelon.dev/v1alpha1",
        "name": "web",
        "uid": "job",
    }
    metadata: Object = {
        "name": name,
        "uid": f"{name}.{life}",
        "ownerReferences": [owner | {"controller": True}],
        "creationTimestamp": "1970-01-01T00:00:00Z",
        "annotations": notes,
    }
    if deleting:
        metadata["deletionTimestamp"] = "1970-01-01T00:00:00Z"
    stamp = "1970-01-01T00:00:00Z"
    status = {"type": "Ready", "status": str(ready), "lastTransitionTime": stamp}
    return slim(
        {
            "metadata": metadata,
            "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            "status": {"phase": "Running", "conditions": [status]},
        }
    )


def replace(story: Story, instance: int, *, ready: bool) -> None:
    story.pod(instance, ready=True, deleting=True)
    story.pod(instance, ready=True, deleting=True, type="DELETED")
    story.pod(instance, 2, ready=ready)


def test_a_queue_of_one_in_order_is_no_fault() -> None:
    story = Story()
    for instance in range(3):
        replace(story, instance, ready=True)
    assert story.replay.faults == []
    assert story.replay.order["web"] == [0, 1, 2]
    assert story.replay.peak["web"] == 1


def test_two_live_pods_of_one_instance_are_seen() -> None:
    story = Story()
    story.pod(1, 2, ready=True, name="web-1-s")
    assert "two live pods of one instance: web-1, web-1-s" in story.replay.faults[0]


def test_the_successor_of_a_marked_pod_may_live_beside_it() -> None:
    story = Story()
    story.pod(1, 2, ready=True, name="web-1-s", notes={"echelon.dev/moved-from": "web-1.1"})
    assert story.replay.faults == []
    story = Story()
    story.pod(1, 2, ready=True, name="web-1-s", notes={"echelon.dev/moved-from": "other"})
    assert "two live pods of one instance: web-1, web-1-s" in story.replay.faults[0]


def test_one_more_taken_down_than_the_strategy_allows_is_seen() -> None:
    story = Story(size=1)
    replace(story, 0, ready=False)
    story.pod(1, ready=True, deleting=True)
    assert "[0, 1] are down for the update, 1 may be" in story.replay.faults[0]


def test_an_instance_that_was_down_already_does_not_count() -> None:
    story = Story(size=1)
    story.pod(2, ready=False)
    story.pod(2, ready=False, deleting=True)
    replace(story, 0, ready=True)
    assert story.replay.faults == []


def test_an_available_instance_replaced_beyond_max_unavailable_is_seen() -> None:
    story = Story(size=3, maxUnavailable=1)
    story.pod(2, ready=False)
    story.pod(0, ready=True, deleting=True)
    assert "maxUnavailable is 1" in story.replay.faults[0]


def test_conditions_that_contradict_the_phase_are_seen() -> None:
    story = Story()
    status = {**story.update["status"], "phase": "RolledForward"}
    story.happens("Update", "web-g2", {**story.update, "status": status})
    assert "in phase RolledForward the conditions" in story.replay.faults[0]
