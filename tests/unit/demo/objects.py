"""Objects as the API server gives them, as small as the demo's view allows."""

from __future__ import annotations

from typing import Any

from controller.api.meta import format_time

Object = dict[str, Any]


def pod(
    instance: int, tag: str = "1.0", *, ready_at: float | None = 0.0, deleted: bool = False
) -> Object:
    conditions = []
    if ready_at is not None:
        conditions = [
            {"type": "Ready", "status": "True", "lastTransitionTime": format_time(ready_at)}
        ]
    metadata = {"name": f"web-{instance}", "labels": {"echelon.dev/instance": str(instance)}}
    if deleted:
        metadata["deletionTimestamp"] = format_time(0)
    return {
        "metadata": metadata,
        "spec": {"containers": [{"name": "web", "image": f"web:{tag}"}]},
        "status": {"conditions": conditions},
    }


def job(instances: int = 12, tag: str = "1.1", **status: Any) -> Object:
    template = {"spec": {"containers": [{"name": "web", "image": f"web:{tag}"}]}}
    return {
        "metadata": {"name": "web", "generation": 2},
        "spec": {"instances": instances, "minReadySeconds": 2, "template": template},
        "status": status,
    }


def update(**status: Any) -> Object:
    return {"metadata": {"name": "web-g2", "generation": 1}, "status": status}
