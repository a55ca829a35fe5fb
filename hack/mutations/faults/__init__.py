"""The list of faults, one file for the rooms they are planted in."""

from __future__ import annotations

from typing import Final

from hack.mutations.fault import Fault
from hack.mutations.faults import (
    admission,
    claims,
    coordinators,
    leading,
    maintenance,
    overlays,
    pods,
    progress,
    reconcile,
    rollout,
    runs,
    safety,
)

FAULTS: Final[tuple[Fault, ...]] = (
    *pods.FAULTS,
    *coordinators.FAULTS,
    *rollout.FAULTS,
    *progress.FAULTS,
    *admission.FAULTS,
    *reconcile.FAULTS,
    *safety.FAULTS,
    *leading.FAULTS,
    *maintenance.FAULTS,
    *overlays.FAULTS,
    *runs.FAULTS,
    *claims.FAULTS,
)
