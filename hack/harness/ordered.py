"""`ordering: Ordered`, judged by the events of pods: one instance at a time, both ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from hack.harness.manifests import Object
from hack.harness.pods import PodSeen
from hack.harness.sightings import Seen


class Steps:
    """``take`` each event of a pod, with its Job as it is then. It finds an instance that is
    created before the one before it was good, and one that is removed beside a higher one."""

    def __init__(self) -> None:
        self._pods: dict[str, dict[str, PodSeen]] = defaultdict(dict)
        #: Job -> instances that have had a pod, until they are removed. True: it was good.
        self._had: dict[str, dict[int, bool]] = defaultdict(dict)
        self._going: set[str] = set()

    def take(
        self, seen: Seen, pod: PodSeen, job: Object | None, *, judged: bool = True
    ) -> Iterator[str]:
        """The faults of an event. ``job``: None if it is gone; ``judged``: False if this pod is not
        deleted by a scale."""
        if job is None or "deletionTimestamp" in job["metadata"]:
            return
        pods, had, i = self._pods[pod.job], self._had[pod.job], pod.instance
        ordered = job["spec"].get("ordering") == "Ordered"
        is_first = seen.type == "ADDED" and i not in had
        was_good = not i or had.get(i - 1) or _is_good(pods, i - 1, job, seen.at)
        if ordered and is_first and not was_good:
            yield f"{pod.name} is created before instance {i - 1} was good"
        going = pod.deleting or seen.type == "DELETED"
        if going and pod.uid not in self._going:
            self._going.add(pod.uid)
            if i >= job["spec"]["instances"]:
                had.pop(i, None)
                later = sorted(p.name for p in pods.values() if p.instance > i)
                if ordered and judged and later and pod.live:
                    yield f"{pod.name} is removed before {', '.join(later)} is gone"
        if seen.type == "DELETED":
            pods.pop(pod.name, None)
            return
        pods[pod.name] = pod
        if not going:
            had[i] = had.get(i, False) or _is_good(pods, i, job, seen.at)


def _is_good(pods: dict[str, PodSeen], instance: int, job: Object, at: float) -> bool:
    """Whether an instance is Ready for long enough. Stamps are whole seconds."""
    seconds = job["spec"].get("minReadySeconds", 10)
    return any(
        datetime.fromisoformat(pod.ready_at).timestamp() + seconds <= at + 1
        for pod in pods.values()
        if pod.instance == instance and pod.ready and not pod.deleting and pod.ready_at
    )
