"""The Job of a simulated world, and its template."""

from __future__ import annotations

from typing import Any

from controller.api.job import Job


def template(image: str, cpu: str | None = None, note: str | None = None) -> dict[str, Any]:
    """``note``: the value of an annotation."""
    container: dict[str, Any] = {"name": "app", "image": image}
    if cpu is not None:
        container["resources"] = {"requests": {"cpu": cpu}}
    metadata = {} if note is None else {"metadata": {"annotations": {"note": note}}}
    return {**metadata, "spec": {"containers": [container]}}


def job(instances: int = 4, image: str = "app:1", **spec: Any) -> Job:
    """A Job called web; ``spec`` in wire names, with small times unless given."""
    given = {"minReadySeconds": 3, **spec}
    given["update"] = {"readyTimeoutSeconds": 60, **given.get("update", {})}
    return Job.model_validate(
        {
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"instances": instances, "template": template(image), **given},
            "status": {"observedGeneration": -1},
        }
    )
