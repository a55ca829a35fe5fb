"""The fields of a pod that tests use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"(?P<job>.+?)-(?P<id>0|[1-9]\d*)(?P<slot>-s)?")


@dataclass(frozen=True)
class PodSeen:
    """A pod. ``job`` and ``instance`` come from the owner and the name, because labels may be
    wrong. ``job`` is "" for pods without an owner."""

    name: str
    uid: str
    job: str
    owner: str
    instance: int
    labels: dict[str, str]
    annotations: dict[str, str]
    node: str
    image: str
    phase: str
    ready: bool
    ready_at: str
    restarts: int
    deleting: bool
    created: str
    #: The names of the claims that it mounts.
    claims: tuple[str, ...]

    @property
    def live(self) -> bool:
        """Whether the pod may still run containers."""
        return self.phase not in ("Failed", "Succeeded")

    @property
    def revision(self) -> str:
        """Name of the ControllerRevision that the pod was created from."""
        return self.annotations.get("echelon.dev/revision", "")


def slim(raw: dict[str, Any]) -> PodSeen:
    """A ``PodSeen`` of a pod."""
    meta, spec, status = raw["metadata"], raw["spec"], raw.get("status", {})
    owner: dict[str, Any] = next(
        (o for o in meta.get("ownerReferences", ()) if o.get("controller")), {}
    )
    ours = owner.get("kind") == "EchelonJob" and owner.get("apiVersion", "").startswith(
        "echelon.dev/"
    )
    found = _NAME.fullmatch(meta["name"])
    job = owner["name"] if ours else ""
    if not found or found["job"] != job:
        job = ""
    conditions = status.get("conditions", ())
    ready: dict[str, Any] = next((c for c in conditions if c["type"] == "Ready"), {})
    return PodSeen(
        name=meta["name"],
        uid=meta["uid"],
        job=job,
        owner=owner.get("uid", ""),
        instance=int(found["id"]) if found and job else -1,
        labels=meta.get("labels", {}),
        annotations=meta.get("annotations", {}),
        node=spec.get("nodeName", ""),
        image=spec["containers"][0].get("image", ""),
        phase=status.get("phase", "Pending"),
        ready=ready.get("status") == "True",
        ready_at=ready.get("lastTransitionTime") or "",
        restarts=sum(c["restartCount"] for c in status.get("containerStatuses", ())),
        deleting="deletionTimestamp" in meta,
        created=meta["creationTimestamp"],
        claims=tuple(sorted(_claims(spec))),
    )


def _claims(spec: dict[str, Any]) -> Iterator[str]:
    for volume in spec.get("volumes", ()):
        if claim := volume.get("persistentVolumeClaim"):
            yield claim["claimName"]
