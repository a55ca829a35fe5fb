"""A pod's name that is held by somebody else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Contest:
    """A pod's name is held by a stranger; looked at again at ``until`` (epoch seconds)."""

    name: str
    who: str
    until: float
    tries: int = 1
