"""In which groups an update replaces instances: as a user writes it, and with numbers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, model_validator

from controller.api.meta import MAX_INT32, Model, PositiveIntOrPercent, SpecModel, empty


class StrategyType(StrEnum):
    """How an update groups instances."""

    QUEUE = "Queue"
    BATCH = "Batch"
    VARIABLE_BATCH = "VariableBatch"


_TYPE = (
    "How instances are grouped. `Queue`: a sliding window; as soon as one instance is good, the "
    "next one is replaced, with at most `size` in flight. `Batch`: `size` instances are replaced, "
    "and the next batch starts when the whole batch is done. `VariableBatch`: as Batch, with the "
    "batch sizes from `sizes`."
)
_SIZE = (
    "Number of instances that are replaced at a time: a number of at least 1, or a percentage such "
    'as "25%" of the instances of the Update, rounded up. Required with Batch. Absent with Queue: '
    "1. Not used with VariableBatch."
)
_SIZES = (
    'Sizes of consecutive batches, such as [1, 10, "25%"]: numbers of instances, or percentages of '
    "the instances of the Update, rounded up. The last size repeats until all instances are done. "
    "Required with VariableBatch, and allowed only there."
)
_AUTO_PAUSE = (
    "true: the Update pauses before each new batch until its `resumeToken` is changed. Only with "
    "Batch and VariableBatch. Absent: false."
)


_PAUSES = (
    "Groups after which the Update pauses on its way forward, as [{after: 1}, {after: 2, seconds: "
    "600}]: until its `resumeToken` is changed, or `seconds` long. It never pauses after its last "
    "group or in a rollback. Only with Batch and VariableBatch, and not together with `autoPause`. "
    "Absent: none."
)


class Pause(SpecModel):
    """A pause of an Update after one of its groups."""

    after: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_INT32,
            description="Number of the group after which the Update pauses; the first is 1. "
            "Without such a group, or if it is the last one, there is no pause.",
        ),
    ]
    seconds: Annotated[
        int | None,
        Field(
            ge=1,
            le=MAX_INT32,
            description="Seconds after which the pause ends by itself; a new `resumeToken` ends it "
            "earlier. Absent: it lasts until `resumeToken` is changed.",
        ),
    ] = None


Pauses = Annotated[
    tuple[Pause, ...],
    Field(
        description=_PAUSES,
        max_length=100,
        exclude_if=empty,
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["after"],
        },
    ),
]


class Strategy(SpecModel):
    """How many instances are replaced at a time, and in which groups."""

    # No enum: a CEL rule refuses other words and names the equivalents of other controllers' words.
    type: Annotated[
        StrategyType,
        Field(description=_TYPE),
        WithJsonSchema({"type": "string", "maxLength": 64}),
    ]
    size: Annotated[PositiveIntOrPercent | None, Field(description=_SIZE)] = None
    sizes: Annotated[
        tuple[PositiveIntOrPercent, ...] | None,
        Field(description=_SIZES, min_length=1, max_length=100),
    ] = None
    auto_pause: Annotated[bool, Field(description=_AUTO_PAUSE, exclude_if=empty)] = False
    pauses: Pauses = ()


class ResolvedStrategy(Model):
    """A strategy that has numbers instead of percentages."""

    type: Annotated[StrategyType, Field(description=_TYPE)]
    size: Annotated[
        int | None, Field(description="Number of instances that are replaced at a time.")
    ] = None
    sizes: Annotated[
        tuple[int, ...] | None,
        Field(
            description="Numbers of instances of consecutive batches; the last one repeats until "
            "all instances are done."
        ),
    ] = None
    auto_pause: Annotated[bool, Field(description=_AUTO_PAUSE)] = False
    pauses: Pauses = ()

    @model_validator(mode="before")
    @classmethod
    def _one_size(cls, data: Any) -> Any:
        """Accept `sizes` for every type: the first becomes `size`, unless it is a VariableBatch."""
        if isinstance(data, dict) and data.get("type") != StrategyType.VARIABLE_BATCH:
            sizes = data.get("sizes")
            if sizes and data.get("size") is None:
                return {**data, "size": sizes[0], "sizes": None}
        return data

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if min(self.groups) < 1:
            raise ValueError("a group has at least one instance")
        return self

    @property
    def groups(self) -> tuple[int, ...]:
        """The sizes of consecutive groups; the last one repeats."""
        return self.sizes or (1 if self.size is None else self.size,)
