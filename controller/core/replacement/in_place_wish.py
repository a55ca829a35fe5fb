"""What differs between the manifests of two revisions for one instance (contract rule 16).

Revisions are compared with each other, never with the pod, because others may have changed the pod.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from controller.api import labels
from controller.api.pods.resources import resources_of
from controller.core.revisions.changeable_in_place import METADATA, Change

Object = dict[str, Any]
#: Container name -> its new image, or its new requests and limits.
Containers = Mapping[str, Any]
#: "labels", "annotations" -> key -> new value; None: the key goes.
Metadata = Mapping[str, Mapping[str, str | None]]

NO_METADATA: Final[Metadata] = {kind: {} for kind in METADATA}


@dataclass(frozen=True, slots=True)
class Wish:
    """The ``containers`` and the ``metadata`` of the template that differ."""

    containers: Containers
    metadata: Metadata

    @classmethod
    def of(cls, before: Object, after: Object, change: Change) -> Self:
        return cls(containers(before, after, change), metadata(before, after))

    @property
    def has_metadata(self) -> bool:
        return any(self.metadata.values())


def containers(before: Object, after: Object, change: Change) -> Containers:
    """The new images, or requests and limits, that differ."""
    old, new = by_name(before), by_name(after)
    if change is Change.METADATA:
        return {}
    if change is Change.IMAGES:
        return {n: c["image"] for n, c in new.items() if c["image"] != old[n]["image"]}
    amounts = {n: (resources_of(old[n]), resources_of(c)) for n, c in new.items()}
    return {n: should for n, (was, should) in amounts.items() if was != should}


def metadata(before: Object | None, after: Object) -> Metadata:
    """The labels and annotations that differ, without the revision. ``before``: None if the earlier
    revision is gone; then no key goes."""
    return {kind: _changed(before or {}, after, kind) for kind in METADATA}


def _changed(before: Object, after: Object, kind: str) -> dict[str, str | None]:
    was, should = ((each.get("metadata") or {}).get(kind) or {} for each in (before, after))
    changed = {key: value for key, value in should.items() if was.get(key) != value}
    found = {key: None for key in was if key not in should} | changed
    found.pop(labels.REVISION, None)
    return found


def by_name(pod: Object) -> dict[str, Object]:
    """The containers of a pod by name."""
    return {c["name"]: c for c in pod["spec"]["containers"]}
