"""What the status of a pod shows: the same few facts for every contestant, the floor included."""

from __future__ import annotations

from typing import Any

_RESIZING = frozenset({"PodResizePending", "PodResizeInProgress"})


def shown(pod: dict[str, Any], resized: bool = False) -> str | None:
    """The image that the first container of a Ready pod runs. None if the pod is not Ready, or is
    being deleted.

    ``resized``: the CPU request that the kubelet has applied, instead of the image. None while a
    resize is under way.
    """
    if "deletionTimestamp" in pod["metadata"]:
        return None
    ready = False
    for condition in pod["status"].get("conditions", ()):
        if condition["type"] == "Ready":
            ready = condition["status"] == "True"
        elif resized and condition["type"] in _RESIZING:
            return None
    if not ready or not (statuses := pod["status"].get("containerStatuses")):
        return None
    if resized:
        resources = statuses[0].get("resources") or {}
        cpu: str | None = resources.get("requests", {}).get("cpu")
        return cpu
    image: str | None = statuses[0].get("image")
    return image
