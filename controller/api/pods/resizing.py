"""The annotation ``echelon.dev/resizing``: the last resize that the operator announced on the pod.

A resize takes two writes: first the marks of the new revision with this annotation, then the
subresource ``resize``, which can change requests and limits only. If the operator is killed between
the two, the pod bears the marks of a revision that it is not at. This annotation tells so: it has
the requests and limits that the pod is to get, and the marks that the pod had before. It stays
until the next change; `Resizing.is_due` tells whether the resize has been carried out.

If labels and annotations of the template change as well, a third write makes that change after the
resize, and takes this annotation away. If the operator is killed before it, the pod is at its new
revision but lacks what the third write adds.

Its value is ``{"to": {"<container>": {"requests": {}, "limits": {}}}, "before": {annotation: value
or null}, "metadata": true}``; the last one only if a third write follows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from controller.api import labels
from controller.api.meta import is_count
from controller.api.pods.resources import KINDS, Resources, resources_of, same_amounts


@dataclass(frozen=True, slots=True, eq=False)
class Resizing:
    """``to``: requests and limits by container; ``before``: the annotations before the resize;
    ``metadata``: whether labels and annotations of the template change after it."""

    to: Mapping[str, Resources]
    before: Mapping[str, str | None]
    metadata: bool = False

    @staticmethod
    def announced(annotations: Mapping[str, str]) -> Resizing | None:
        """The resize that these annotations announce; an invalid value is treated as absent."""
        text = annotations.get(labels.RESIZING)
        return _read(text) if text else None

    @staticmethod
    def due(
        annotations: Mapping[str, str],
        generation: int,
        resources: Callable[[], Mapping[str, Any]],
    ) -> Resizing | None:
        """The announced resize if it has not been carried out. ``resources`` returns the requests
        and limits in the pod's spec by name of container."""
        found = Resizing.announced(annotations)
        return found if found and found.is_due(annotations, generation, resources) else None

    def is_due(
        self,
        annotations: Mapping[str, str],
        generation: int,
        resources: Callable[[], Mapping[str, Any]],
    ) -> bool:
        """Whether it has not been carried out. The parameters are those of `due`."""
        after = annotations.get(labels.RESIZED, "")
        if not is_count(after):
            return False
        # The resize raises the generation to this one. So does any other change of the spec. (Two
        # other changes before the resize would pass for it; a pod's spec is hardly ever changed.)
        if generation != int(after):
            return generation < int(after)
        there = resources()
        return not all(
            same_amounts(resources_of({"resources": there.get(name)}), to)
            for name, to in self.to.items()
        )

    def __str__(self) -> str:
        """The value of the annotation."""
        value: dict[str, Any] = {"to": self.to, "before": self.before}
        if self.metadata:
            value["metadata"] = True
        return json.dumps(value, separators=(",", ":"))


# All pods of a Job that are resized together have the same value.
@lru_cache(maxsize=256)
def _read(text: str) -> Resizing | None:
    try:
        value = json.loads(text)
        to = {
            str(name): {kind: dict(each[kind]) for kind in KINDS}
            for name, each in value["to"].items()
        }
        before = {str(name): None if v is None else str(v) for name, v in value["before"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Resizing(to, before, value.get("metadata") is True)
