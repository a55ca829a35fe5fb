"""A revision whose update failed, as the status of a Job remembers it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.meta import Model, Time, empty


class KnownBad(Model):
    """A revision whose update failed."""

    revision: Annotated[str, Field(description="Name of the ControllerRevision.")]
    likeness: Annotated[
        str,
        Field(
            description="Name that the revision would have without constraints and with sorted "
            "overlays; others that would have it, too, are known bad. Absent: its own name.",
            exclude_if=empty,
        ),
    ] = ""
    images: Annotated[
        tuple[str, ...],
        Field(description="Images of the containers of the revision.", exclude_if=empty),
    ] = ()
    reason: Annotated[
        str, Field(description="Why the update to the revision failed, as one CamelCase word.")
    ] = ""
    time: Annotated[Time, Field(description="When the update to the revision failed.")] = 0.0
