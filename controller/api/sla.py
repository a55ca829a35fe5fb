"""How many instances of a Job must stay available while some of them are taken down on purpose."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.meta import MAX_INT32, PositiveIntOrPercent, SpecModel


class Sla(SpecModel):
    """A service-level agreement: what must hold without the instance that is taken down."""

    min_available: Annotated[
        PositiveIntOrPercent | None,
        Field(
            description="Number or percentage of the instances of a Job that must stay available. "
            "A percentage is rounded up; the result is at most all instances but one. Absent: no "
            "number is demanded."
        ),
    ] = None
    duration_seconds: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_INT32,
            description="An instance counts when it has been available without a break for so many "
            "seconds. Absent: 0.",
        ),
    ] = None
