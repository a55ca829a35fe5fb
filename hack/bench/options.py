"""Sizes of the full form, and of the smoke form that CI runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """``rounds``: rounds of operator and raw client. ``seconds``: how long the idle operator is
    watched. ``patience``: seconds after which no more Jobs are created. ``large``: instances of
    the large Job."""

    instances: int = 1_000
    rounds: int = 3
    jobs: int = 1_000
    seconds: float = 60.0
    patience: float = 600.0
    large: int = 10_000


FULL = Options()
SMOKE = Options(rounds=2, jobs=400, seconds=15.0, patience=60.0)
