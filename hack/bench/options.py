"""How large everything is: the full form, and the smoke form that CI runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """``rounds`` of operator and raw client each; ``seconds`` that the idle operator is watched;
    ``patience``: no more Jobs are made once making them has taken so many seconds; ``large``:
    instances of the large Job."""

    instances: int = 1_000
    rounds: int = 3
    jobs: int = 1_000
    seconds: float = 60.0
    patience: float = 600.0
    large: int = 10_000


FULL = Options()
SMOKE = Options(seconds=20.0, patience=75.0)
