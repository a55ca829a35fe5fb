"""The annotation ``echelon.dev/restart-base``: expected restart counts after a change in place.

Its value is ``{"at": RFC 3339, "<container>": count}``: the time of the change, and the restart
count of each container and sidecar when the change is complete, including the restart that the
change itself causes. Restarts above that count are failures (contract rules 6 and 16).

An admission plugin may set the image of a container back to what it was (it replaces a tag by the
digest that runs already). Then the kubelet does not restart the container. The annotation
``echelon.dev/changed-from`` keeps the images before the change; if the spec of a container has the
image from before the change, the base of that container is one lower.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from controller.api import labels
from controller.api.meta import format_time, parse_time

#: The key of the time; all other keys are names of containers.
AT: Final = "at"


@dataclass(frozen=True, slots=True)
class RestartBase:
    """``at`` is in epoch seconds; 0: the pod was never changed in place."""

    at: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def read(text: str | None) -> RestartBase:
        """Parse the value of the annotation; an invalid value is treated as absent."""
        return _read(text) if text else UNCHANGED

    @staticmethod
    def in_force(
        annotations: Mapping[str, str], images: Callable[[], Mapping[str, str]]
    ) -> RestartBase:
        """The base of a pod with these annotations.

        ``images`` returns the images of the pod's spec by name of container.
        """
        base = RestartBase.read(annotations.get(labels.RESTART_BASE))
        before = annotations.get(labels.CHANGED_FROM) if base.at else None
        if not before:
            return base
        spec = images()
        return base.without({n for n, image in _images(before).items() if spec.get(n) == image})

    def without(self, unchanged: Collection[str]) -> RestartBase:
        """This base without the change's restart for the containers ``unchanged``."""
        if not unchanged:
            return self
        counts = {n: max(0, c - 1) if n in unchanged else c for n, c in self.counts.items()}
        return RestartBase(self.at, counts)

    def __str__(self) -> str:
        """The value of the annotation."""
        return json.dumps({AT: format_time(self.at), **self.counts}, separators=(",", ":"))

    def of(self, container: str) -> int:
        """The restart count of a container above which restarts are failures."""
        return self.counts.get(container, 0)


UNCHANGED: Final = RestartBase()


# Pods that were changed in the same second mostly have the same counts, so the cache is effective.
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
        images = json.loads(text)
        return {name: image for name, image in images.items() if isinstance(image, str)}
    except (ValueError, AttributeError):
        return {}
