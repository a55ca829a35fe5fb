"""The moments at which the operator is killed: before or after the n-th of its writes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

When = Literal["before", "after"]
MOMENTS: Final[tuple[When, ...]] = ("before", "after")


@dataclass(frozen=True, slots=True)
class Point:
    """``before``: the write does not reach the API server. ``after``: the API server has carried it
    out, and the operator gets no answer. ``nth``: from 1."""

    scenario: str
    when: When
    nth: int

    @property
    def fault(self) -> str:
        return f"kill -9 {self.when} a write"


def every(writes: Mapping[str, int]) -> list[Point]:
    """All points of the scenarios. ``writes``: how many writes each makes undisturbed."""
    return [
        Point(scenario, when, nth)
        for scenario, count in writes.items()
        for nth in range(1, count + 1)
        for when in MOMENTS
    ]


def sample(points: list[Point], most: int | None, seed: int) -> list[Point]:
    """At most so many of the points, in a random order; None: all of them."""
    shuffled = random.Random(seed).sample(points, len(points))
    return shuffled if most is None else shuffled[:most]
