"""How long tests wait for real processes.

A wait ends when its condition holds, so a long timeout takes time only where a test fails. A short
one asks how fast the machine is: beside other tests, everything takes several times longer.
"""

from __future__ import annotations

from typing import Final

#: How many times longer than on a machine that does nothing else.
PATIENCE: Final = 6
_MOST: Final = 600.0


def patient(seconds: float) -> float:
    """Seconds to wait for what takes at most ``seconds`` on a machine that does nothing else."""
    return max(seconds, min(PATIENCE * seconds, _MOST))
