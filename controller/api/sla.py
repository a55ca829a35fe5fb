"""`Job.spec.sla`: how many instances must stay available in voluntary disruptions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.meta import MAX_INT32, IntOrPercent, SpecModel


class Sla(SpecModel):
    """What voluntary disruptions leave of a Job."""

    min_available: Annotated[
        IntOrPercent | None,
        Field(
            description="Number of instances that must count as available while an instance is "
            "taken down: a number, or a percentage of `status.instancesInForce`, rounded up. At "
            "most all instances but one are required, so that each can be replaced."
        ),
    ] = None
    duration_seconds: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_INT32,
            description="Seconds for which an instance must have been available without a break "
            "before it counts. Absent: 0, it counts as soon as it is available.",
        ),
    ] = None

    @property
    def duration(self) -> int:
        """Seconds for which an instance must have been available to count."""
        return self.duration_seconds or 0
