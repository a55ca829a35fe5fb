"""The annotation ``echelon.dev/restart-base``: expected restart counts after a change in place.

Its value is ``{"at": RFC 3339, "<container>": count}``: the time of the change, and the restart
count of each container and sidecar when the change is complete, including the restart that the
change itself causes. Restarts above that count are failures (contract rules 6 and 16).

An admission plugin may set the image of a container back to what it was (it replaces a tag by the
digest that runs already). Then the kubelet does not restart the container. The annotation
``echelon.dev/changed-from`` keeps the images before the change; if the spec of a container has the
image from before the change, the base of that container is one lower.

A container that was down has null there instead of an image. It may have started once more before
the kubelet saw the change, and that restart was not in its status yet: if the run that the base
expects began before the change, its end says nothing of the change, and the base is one higher.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from controller.api import labels
from controller.api.meta import format_time, parse_time, seconds
from controller.api.pods.wire import ContainerStatus

#: The key of the time; all other keys are names of containers.
AT: Final = "at"
#: Seconds after which a kubelet has seen a change, and by which its clock may differ from ours.
_LATE: Final = 2.0


@dataclass(frozen=True, slots=True)
class RestartBase:
    """``at`` is in epoch seconds; 0: the pod was never changed in place. ``down``: the containers
    that were down then."""

    at: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    down: frozenset[str] = frozenset()

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
        images_before, down = _changed_from(before)
        spec = images()
        base = base.without({n for n, image in images_before.items() if spec.get(n) == image})
        return replace(base, down=down) if down else base

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
        """The restart count that the change leads to."""
        return self.counts.get(container, 0)

    def due(self, status: ContainerStatus) -> int:
        """The restart count of a container above which restarts are failures."""
        count = self.of(status.name)
        if status.name in self.down and self._is_of_before(status, count):
            return count + 1
        return count

    def _is_of_before(self, status: ContainerStatus, run: int) -> bool:
        """Whether the last run that has ended is this one, and began before the change."""
        ended = status.state.terminated or status.last_state.terminated
        last = status.restart_count - bool(status.state.running)
        return ended is not None and last == run and seconds(ended.started_at) <= self.at + _LATE


UNCHANGED: Final = RestartBase()


# Pods that were changed in the same second mostly have the same counts, so the cache is effective.
@lru_cache(maxsize=1024)
def _read(text: str) -> RestartBase:
    try:
        counts = dict(json.loads(text))
        at = parse_time(counts.pop(AT))
    except (ValueError, KeyError, TypeError, RecursionError):
        return UNCHANGED
    if not all(type(count) is int and count >= 0 for count in counts.values()):
        return UNCHANGED
    return RestartBase(at, counts)


@lru_cache(maxsize=1024)
def _changed_from(text: str) -> tuple[dict[str, str], frozenset[str]]:
    """The images before the change, and the containers that were down."""
    try:
        found = dict(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return {}, frozenset()
    images = {name: image for name, image in found.items() if isinstance(image, str)}
    return images, frozenset(name for name, image in found.items() if image is None)
