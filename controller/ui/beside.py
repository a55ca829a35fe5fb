"""Pods that are no instances of Jobs, as far as the page of their node shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controller.api.labels import INSTANCE, JOB
from controller.api.meta import parse_time


@dataclass(frozen=True, slots=True)
class Beside:
    """A pod that is no instance of a Job. ``created``: epoch seconds."""

    namespace: str
    name: str
    phase: str
    owner: str
    created: float


def beside(pod: dict[str, Any]) -> Beside | None:
    """The row of a pod as the API server has it; None of an instance of a Job."""
    meta = pod["metadata"]
    if {JOB, INSTANCE} <= set(meta.get("labels") or {}):
        # The pods of runs are no instances: only their batch/v1 Job tells of them.
        return None
    owners = [each for each in meta.get("ownerReferences") or () if each.get("controller")]
    return Beside(
        namespace=meta["namespace"],
        name=meta["name"],
        phase=(pod.get("status") or {}).get("phase") or "",
        owner=f"{owners[0]['kind']} {owners[0]['name']}" if owners else "",
        created=parse_time(meta["creationTimestamp"]),
    )
