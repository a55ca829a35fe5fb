"""What a contestant has to do in one turn: how many pods, how many at a time, replaced how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hack.bench import manifests


class Replacement(StrEnum):
    """How an instance gets from one version to the next."""

    RECREATE = "Recreate"
    IN_PLACE = "InPlace"
    RESIZE = "Resize"
    SURGE = "Surge"


class Strategy(StrEnum):
    """``QUEUE``: an instance starts as soon as another one is done. ``BATCH``: the next group
    starts when the whole group is done."""

    QUEUE = "Queue"
    BATCH = "Batch"


@dataclass(frozen=True, slots=True)
class Work:
    """``jobs`` workloads of ``instances`` pods each. Of each workload at most ``window`` pods are
    replaced at the same time."""

    instances: int
    window: int
    replacement: Replacement = Replacement.RECREATE
    strategy: Strategy = Strategy.QUEUE
    jobs: int = 1

    @property
    def total(self) -> int:
        """Number of pods of all workloads."""
        return self.instances * self.jobs

    @property
    def all_at_once(self) -> bool:
        return self.window >= self.instances

    @property
    def resizes(self) -> bool:
        return self.replacement is Replacement.RESIZE

    def template(self, version: int) -> dict[str, Any]:
        """The pod template of a version. Two versions differ in the image; for a resize they differ
        in the request for CPU."""
        if self.resizes:
            return manifests.template(1, cpu=self.mark(version))
        return manifests.template(version)

    def mark(self, version: int) -> str:
        """What the status of a pod at this version shows (see `pods.shown`)."""
        return f"{10 + version}m" if self.resizes else manifests.image(version)

    def words(self) -> str:
        """The work as a phrase, for progress lines and documents."""
        many = f"{self.jobs:,} × {self.instances:,}" if self.jobs > 1 else f"{self.instances:,}"
        size = "all at once" if self.all_at_once else f"{self.strategy} {self.window:,}"
        return f"{many} pods, {self.replacement}, {size}"
