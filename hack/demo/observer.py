"""Watches over the promises of an update while it runs, from the pods alone."""

from __future__ import annotations

from typing import Any

from controller.api.labels import INSTANCE

Object = dict[str, Any]


def is_ready(pod: Object) -> bool:
    """Whether the pod serves: Ready, and nobody has asked it to go."""
    if "deletionTimestamp" in pod["metadata"]:
        return False
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


class Observer:
    """Call `see` after each change of a pod, in order.

    `most_out`: how many instances were out of service at once, at most, since `begin`.
    `twins`: instances of which two pods were alive at the same time.
    """

    def __init__(self, pods: dict[str, Object]) -> None:
        self._pods = pods
        self._expected = 0
        self.most_out = 0
        self.twins: set[int] = set()

    def begin(self, expected: int) -> None:
        """Count anew; `expected` instances should be in service."""
        self._expected, self.most_out = expected, 0

    def see(self, _kind: str, _pod: Object) -> None:
        serving: set[int] = set()
        alive: set[int] = set()
        for pod in self._pods.values():
            instance = int(pod["metadata"]["labels"][INSTANCE])
            if instance in alive:
                self.twins.add(instance)
            alive.add(instance)
            if is_ready(pod):
                serving.add(instance)
        self.most_out = max(self.most_out, self._expected - len(serving))
