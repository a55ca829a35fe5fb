"""Observes the pods during an update and records its limits: unavailable instances, duplicates."""

from __future__ import annotations

from typing import Any

from controller.api.labels import INSTANCE

Object = dict[str, Any]


def is_ready(pod: Object) -> bool:
    """Whether the pod is Ready and not being deleted."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


class Observer:
    """Call `record` after each change of a pod, in order.

    `most_not_ready`: the largest number of instances not Ready at the same time since `begin`.
    `duplicates`: the instances that had two pods at the same time.
    """

    def __init__(self, pods: dict[str, Object]) -> None:
        self._pods = pods
        self._expected = 0
        self.most_not_ready = 0
        self.duplicates: set[int] = set()

    def begin(self, expected: int) -> None:
        """Start to count; ``expected`` instances should be Ready."""
        self._expected, self.most_not_ready = expected, 0

    def record(self, _kind: str, _pod: Object) -> None:
        ready: set[int] = set()
        alive: set[int] = set()
        for pod in self._pods.values():
            instance = int(pod["metadata"]["labels"][INSTANCE])
            if instance in alive:
                self.duplicates.add(instance)
            alive.add(instance)
            if is_ready(pod):
                ready.add(instance)
        self.most_not_ready = max(self.most_not_ready, self._expected - len(ready))
