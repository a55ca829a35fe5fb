"""PodDisruptionBudgets as decisions see them, and the one that the operator keeps for a Job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

#: Seconds after which the disruption controller does not wait for an evicted pod any more.
FORGOTTEN: Final = 120.0


def own_name(job: str) -> str:
    """The name of the budget that the operator keeps for a Job."""
    return f"echelon-{job}"


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget that selects pods of the Job (``selects``), or that has the name of the
    Job's own. ``owner``: uid of its controller, or ""; ``least``: `minAvailable`, None if that is
    no number; ``as_made``: apart from that number its spec is what the operator writes.
    ``disrupted``: name of a pod -> epoch seconds at which its eviction was granted, until the
    disruption controller has taken note."""

    name: str
    uid: str
    owner: str = ""
    selects: bool = True
    least: int | None = None
    as_made: bool = False
    disrupted: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeepBudget:
    """Create the Job's budget, or give the one with this uid the number ``least``."""

    name: str
    least: int
    uid: str = ""

    @property
    def key(self) -> tuple[Literal["budget"], str]:
        return ("budget", self.uid or self.name)
