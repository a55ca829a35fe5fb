"""Objects as the API server gives them, as far as the picture shows them."""

from __future__ import annotations

from typing import Any

from controller.api.ids import Ids
from controller.api.job import Job
from controller.api.meta import format_time
from controller.api.update import Update

Object = dict[str, Any]
NOW = 1_790_000_000.0
IMAGES = {
    "web-1a2b3c": ("registry.example.com/shop/web:1.0",),
    "web-4d5e6f": ("registry.example.com/shop/web:1.1",),
}
OLD, NEW = IMAGES
GATES: list[Object] = [
    {
        "name": "error-rate",
        "successes": 3,
        "prometheus": {"address": "http://prom:9090", "query": "q", "condition": "result < 0.01"},
    },
    {"name": "smoke", "http": {"url": "http://web/health"}, "scope": "Final"},
    {"name": "restarts", "builtin": {}, "scope": "Continuous", "dryRun": True},
]


def at(seconds: float) -> str:
    """The stamp of ``seconds`` before now."""
    return format_time(NOW - seconds)


def update(
    phase: str = "RollingForward",
    instances: int = 12,
    message: str = "",
    *,
    sets: Object | None = None,
    strategy: Object | None = None,
    spec: Object | None = None,
    gates: list[Object] | None = None,
    from_: list[Object] | None = None,
    **status: Any,
) -> Update:
    """An Update of ``instances`` instances. ``sets``: ``status.instances``; ``gates``: those of the
    policy; ``from_``: ``status.from``."""
    sets = sets or {}
    counts = {
        "total": instances,
        "updated": _size(sets.get("updated", "")),
        "updating": _size(sets.get("updating", "")),
        "failed": _size(sets.get("failed", "")),
        "rolledBack": _size(sets.get("rolledBack", "")),
    }
    whole = f"0-{instances - 1}"
    body: Object = {
        "metadata": {
            "name": "web-g4",
            "namespace": "shop",
            "uid": "u1",
            "generation": 1,
            "creationTimestamp": at(252),
            "annotations": {"echelon.dev/changed-by": "jane@example.com"},
        },
        "spec": {"job": "web", "message": "new basket", **(spec or {})},
        "status": {
            "phase": phase,
            "reason": "Progressing",
            "message": message,
            "observedGeneration": 1,
            "startedAt": at(250),
            "policy": {
                "strategy": strategy or {"type": "Batch", "size": 4},
                "gates": gates or [],
                "maxFailedInstances": 0,
            },
            "from": [{"revision": OLD, "instances": whole}] if from_ is None else from_,
            "to": {"revision": NEW, "instances": whole},
            "instances": sets,
            "counts": counts,
            **status,
        },
    }
    return Update.model_validate(body)


def job(instances: int, new: str = "") -> Job:
    whole = f"0-{instances - 1}"
    assigned = [{"revision": OLD, "instances": whole}]
    if new:
        assigned.insert(0, {"revision": NEW, "instances": new})
    return Job.model_validate(
        {
            "metadata": {"name": "web", "namespace": "shop", "generation": 4},
            "spec": {"instances": instances, "template": {}, "minReadySeconds": 10},
            "status": {"observedGeneration": 4, "assigned": assigned},
        }
    )


def pod(instance: int, age: float, node: str = "node-3", **status: Any) -> Object:
    """A pod at the new revision. ``node`` "": it is not scheduled."""
    return {
        "metadata": {
            "name": f"web-{instance}",
            "namespace": "shop",
            "uid": f"pod-{instance}",
            "creationTimestamp": at(age),
            "labels": {
                "echelon.dev/job": "web",
                "echelon.dev/instance": str(instance),
                "echelon.dev/revision": NEW.rpartition("-")[2],
            },
            "annotations": {"echelon.dev/revision": NEW},
        },
        "spec": {
            "nodeName": node,
            "containers": [{"name": "web", "image": IMAGES[NEW][0], "readinessProbe": {}}],
        },
        "status": {"phase": "Running" if node else "Pending", **status},
    }


def unready(instance: int, age: float, node: str = "node-3") -> Object:
    """A pod whose readiness probe does not pass."""
    return pod(
        instance,
        age,
        node,
        conditions=[
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(age)},
            {
                "type": "Ready",
                "status": "False",
                "reason": "ContainersNotReady",
                "message": "containers with unready status: [web]",
                "lastTransitionTime": at(age),
            },
        ],
        containerStatuses=[
            {
                "name": "web",
                "ready": False,
                "restartCount": 0,
                "state": {"running": {"startedAt": at(age)}},
            }
        ],
    )


def with_status(made: Update, **status: Any) -> Update:
    raw = made.model_dump(mode="json", by_alias=True, exclude_none=True)
    raw["status"] |= status
    return Update.model_validate(raw)


def _size(text: str) -> int:
    return len(Ids.parse(text))
