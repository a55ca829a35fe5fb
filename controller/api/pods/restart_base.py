"""The annotation ``echelon.dev/restart-base``: what a change in place began with.

``{"at": RFC 3339, "<container>": count}``: when the pod was changed, and the restarts that each
container and sidecar has once the change is through, the change's own included. Restarts above
that are failures (contract rules 6 and 16).

An admission plugin may give a container back the image it had (a tag becomes the digest that runs):
then the kubelet restarts nothing, and no restart is due. The pod itself says so: the annotation
``echelon.dev/changed-from`` keeps the images that the change found, and of a container whose spec
still (or again) has that image the base is one less.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from controller.api import labels
from controller.api.meta import format_time, parse_time

#: The key that is no container.
AT: Final = "at"


@dataclass(frozen=True, slots=True)
class RestartBase:
    """``at`` in epoch seconds; 0: the pod was never changed."""

    at: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def read(text: str | None) -> RestartBase:
        """The annotation's value; one that makes no sense is as if it were absent."""
        return _read(text) if text else UNCHANGED

    @staticmethod
    def in_force(
        annotations: Mapping[str, str], images: Callable[[], Mapping[str, str]]
    ) -> RestartBase:
        """The base of a pod with these annotations; ``images``: those of its spec by container."""
        base = RestartBase.read(annotations.get(labels.RESTART_BASE))
        found = annotations.get(labels.CHANGED_FROM) if base.at else None
        if not found:
            return base
        spec = images()
        return base.without({n for n, image in _images(found).items() if spec.get(n) == image})

    def without(self, unchanged: Collection[str]) -> RestartBase:
        """The same where the change restarts none of these containers."""
        if not unchanged:
            return self
        counts = {n: max(0, c - 1) if n in unchanged else c for n, c in self.counts.items()}
        return RestartBase(self.at, counts)

    def __str__(self) -> str:
        """As the annotation carries it."""
        return json.dumps({AT: format_time(self.at), **self.counts}, separators=(",", ":"))

    def of(self, container: str) -> int:
        """The restarts of a container that are no failures."""
        return self.counts.get(container, 0)


UNCHANGED: Final = RestartBase()


# Pods that were changed in the same second mostly have the same counts, too.
@lru_cache(maxsize=1024)
def _read(text: str) -> RestartBase:
    try:
        counts = dict(json.loads(text))
        at = parse_time(counts.pop(AT))
    except (ValueError, KeyError, TypeError):
        return UNCHANGED
    if not all(type(count) is int and count >= 0 for count in counts.values()):
        return UNCHANGED
    return RestartBase(at, counts)


@lru_cache(maxsize=1024)
def _images(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
        return {name: image for name, image in found.items() if isinstance(image, str)}
    except (ValueError, AttributeError):
        return {}
