"""What every model shares: the base class, time stamps, object metadata and conditions.

Attributes are ``snake_case``, the wire is ``camelCase``. Models are frozen values: a change is a
``model_copy(update=...)``. Fields this version does not know are ignored when read, so that an
object written by a newer one can still be understood.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen value with Kubernetes' names on the wire."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore"
    )


def wire(model: Model) -> dict[str, Any]:
    """The object as the API server takes it: what is absent or empty in meaning is left out."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def empty(value: object) -> bool:
    """For ``Field(exclude_if=empty)``: a field whose empty value says as much as its absence."""
    return not value


def parse_time(text: str) -> float:
    """Epoch seconds of an RFC 3339 time, with or without a fraction."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone; RFC 3339 needs one, such as 'Z'")
    return moment.timestamp()


def format_time(seconds: float) -> str:
    """RFC 3339 in UTC and whole seconds, as Kubernetes writes it (a fraction is cut off)."""
    return datetime.fromtimestamp(seconds // 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def surely_past(stamp: float, seconds: float) -> float:
    """Epoch seconds at which ``seconds`` have surely passed since what ``stamp`` tells of.

    Kubernetes cuts a stamp to whole seconds, and so do our statuses: what it tells of may have
    happened up to a second later. No deadline, pause or watch may end early by that.
    """
    cut = 0.0 if stamp % 1 else 1.0
    return stamp + seconds + cut


def _read_time(value: object) -> object:
    return parse_time(value) if isinstance(value, str) else value


Time = Annotated[
    float,
    BeforeValidator(_read_time),
    PlainSerializer(format_time, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

MAX_INT32: Final = 2_147_483_647
_PERCENT: Final = r"^(0|[1-9][0-9]?|100)%$"
_POSITIVE_PERCENT: Final = r"^([1-9][0-9]?|100)%$"
_Count = Annotated[int, Strict()]
_Percent = Annotated[str, StringConstraints(pattern=_PERCENT)]


def _int_or_percent(minimum: int, pattern: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"x-kubernetes-int-or-string": True, "minimum": minimum, "pattern": pattern}
    )


#: A count or a percentage such as ``"25%"`` of what the field says; nothing (0, ``"0%"``) is one.
IntOrPercent = Annotated[_Count | _Percent, _int_or_percent(0, _PERCENT)]
#: The same, but at least 1 or ``"1%"``.
PositiveIntOrPercent = Annotated[_Count | _Percent, _int_or_percent(1, _POSITIVE_PERCENT)]


class OwnerReference(Model):
    """Who owns an object; the garbage collector deletes the object with its owner."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Model):
    """The part of an object's metadata that Echelon reads or writes."""

    name: str = ""
    namespace: Annotated[str, Field(exclude_if=empty)] = ""
    uid: Annotated[str, Field(exclude_if=empty)] = ""
    generation: Annotated[int, Field(exclude_if=empty)] = 0
    resource_version: Annotated[str, Field(exclude_if=empty)] = ""
    labels: dict[str, str] = Field(default_factory=dict, exclude_if=empty)
    annotations: dict[str, str] = Field(default_factory=dict, exclude_if=empty)
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    owner_references: Annotated[tuple[OwnerReference, ...], Field(exclude_if=empty)] = ()
    finalizers: Annotated[tuple[str, ...], Field(exclude_if=empty)] = ()

    @property
    def controller(self) -> OwnerReference | None:
        """The controller that owns the object."""
        return next((o for o in self.owner_references if o.controller), None)


class ManagedFields(Model):
    """Which fields one client owns."""

    manager: str = ""
    time: Time | None = None
    subresource: str = ""
    fields_v1: Annotated[dict[str, Any], Field(alias="fieldsV1")] = Field(default_factory=dict)


class UpdateMeta(ObjectMeta):
    """The metadata of an Update: who set a field is part of its story."""

    managed_fields: Annotated[tuple[ManagedFields, ...], Field(exclude=True)] = ()


class Condition(Model):
    """One observation of an object's state, a metav1.Condition."""

    type: Annotated[
        str,
        Field(max_length=316, description="Name of the condition, in CamelCase."),
    ]
    status: Annotated[
        Literal["True", "False", "Unknown"],
        Field(description="Whether the condition holds. A condition that is absent is False."),
    ]
    reason: Annotated[
        str,
        Field(max_length=1024, description="Why, as one CamelCase word, for programs."),
    ] = ""
    message: Annotated[
        str,
        Field(max_length=32768, description="Why, as a sentence, for a person."),
    ] = ""
    observed_generation: Annotated[
        int,
        Field(ge=0, description="metadata.generation of the object the condition speaks of."),
    ] = 0
    last_transition_time: Annotated[
        Time, Field(description="When status last changed from one value to another.")
    ] = 0.0
