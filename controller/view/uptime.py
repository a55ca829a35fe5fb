"""For how long the instances of a Job have been available, from its pods alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.pods.slim import slim
from controller.api.pods.wire import PodWire
from controller.core.model import assigned
from controller.core.pods.uptime import uptimes


def ids_of(job: Job) -> Ids:
    """The ids of the instances that the Job should have now."""
    return assigned.ids_of(assigned.read(job.status.assigned))


def uptimes_of(job: Job, ids: Ids, pods: Iterable[dict[str, Any]], now: float) -> list[float]:
    """The uptime of each of these instances in seconds, the shortest first. ``pods``: as read from
    the API server; those of no instance of the Job are left out. ``now``: epoch seconds."""
    since = dict[int, float]()
    for raw in pods:
        pod = slim(PodWire.of(raw))
        if pod is None or pod.job != job.metadata.name or pod.foreign_controller:
            continue
        at = pod.ready_since + job.spec.min_ready_seconds
        alive = pod.deleted is None and not pod.ended
        if alive and pod.ready and at <= now and pod.instance in ids:
            # In a surge an instance has two pods.
            since[pod.instance] = min(at, since.get(pod.instance, at))
    return uptimes(since.values(), len(ids), now)
