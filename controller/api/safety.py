"""What the status of a Job keeps for the safety brake (docs/safety.md)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from controller.api.ids import Ids
from controller.api.meta import Model, Since, Time, empty


class SafetyStop(Model):
    """A stop of the Job that only a person ends."""

    token: Annotated[
        str,
        Field(
            description="Value that the annotation `echelon.dev/safety-release` must have to end "
            "the stop. Jobs that were stopped together have the same value."
        ),
    ]
    time: Annotated[Time, Field(description="When the operator stopped.")]
    message: Annotated[str, Field(description="What the operator did not do, and why.")]


class Safety(Model):
    """Deletions of running pods that no Update, scale or move explains."""

    disrupted: Annotated[
        dict[Since, Ids],
        Field(
            description="Times at which the operator decided to delete running pods without an "
            "Update, a scale or a move behind it, with the ids of their instances: "
            '{"2026-01-02T03:04:05Z": "4,7"}. Only the last minute in which there were any is '
            "kept.",
            exclude_if=empty,
        ),
    ] = Field(default_factory=dict)
    stop: Annotated[SafetyStop | None, Field(description="Present while the Job is stopped.")] = (
        None
    )
