"""What all models share: the base class, time stamps, object metadata and conditions.

Attributes are ``snake_case``, the fields in JSON are ``camelCase``. Models are frozen values: use
``model_copy(update=...)`` to change one. Unknown fields of a status are ignored, so that objects
written by a newer version can be read; unknown fields of a spec are not (`SpecModel`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen value whose fields have Kubernetes' names in JSON."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore"
    )


class SpecModel(Model):
    """A part of a spec. A field that this version does not know may change the meaning of all the
    others, so an object with such a field is not read."""

    model_config = ConfigDict(extra="forbid")


#: Mark of a field of a status whose loss changes no step of the operator: it writes the field anew,
#: and at worst a wait begins again or a report lacks something. An object in which a field without
#: this mark is invalid is left alone: from such a field the next step follows.
MAY_BE_LOST: Final = "may be lost"


class Status(Model):
    """The status of an object. ``_unread``: its fields that cannot be read, as JSON data (see
    `controller.api.lenient`)."""

    _unread: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def needed(cls) -> frozenset[str]:
        """The fields, by their names in JSON, without which an object must not be acted on."""
        return frozenset(
            field.alias or name
            for name, field in cls.model_fields.items()
            if MAY_BE_LOST not in field.metadata
        )


def wire(model: Model) -> dict[str, Any]:
    """The model as JSON data for the API server, without absent fields."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def empty(value: object) -> bool:
    """For ``Field(exclude_if=empty)``: leave the field out when its value is empty."""
    return not value


#: The first and the last second of RFC 3339, which another client may have written into a status.
_FIRST: Final = datetime(1, 1, 1, tzinfo=UTC).timestamp()
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


def parse_time(text: str) -> float:
    """Epoch seconds of an RFC 3339 time, with or without fractions of a second. Raises
    ``ValueError``."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; RFC 3339 requires one, such as 'Z'")
    return moment.timestamp()


# Many objects change in the same second.
_parsed = lru_cache(maxsize=4096)(parse_time)


def seconds(text: str | None) -> float:
    """Epoch seconds of an RFC 3339 time; 0 if there is none. Raises ``ValueError``."""
    return _parsed(text) if text else 0.0


def format_time(seconds: float) -> str:
    """RFC 3339 time in UTC and whole seconds, as Kubernetes writes it (fractions are cut off).

    RFC 3339 has the years 1 to 9999: a moment before or after them becomes the first or the last.
    """
    return _format_second(min(max(seconds // 1, _FIRST), _LAST))


@lru_cache(maxsize=4096)
def _format_second(second: float) -> str:
    # Not strftime, which writes no four digits of an early year.
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None).isoformat() + "Z"


def surely_past(stamp: float, seconds: float) -> float:
    """Epoch seconds at which ``seconds`` have passed for certain since the event of ``stamp``.

    Kubernetes and our statuses cut stamps to whole seconds, so the event may have happened up to
    one second after its stamp. The result adds that second, so that no deadline, pause or watch
    ends early.
    """
    cut = 0.0 if stamp % 1 else 1.0
    return stamp + seconds + cut


def _read_time(value: object) -> object:
    return _parsed(value) if isinstance(value, str) else value


Time = Annotated[
    float,
    BeforeValidator(_read_time),
    PlainSerializer(format_time, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def _checked_time(text: str) -> str:
    parse_time(text)
    return text


def is_count(text: str) -> bool:
    """Whether a text that anybody may have written is a number of ten digits at most."""
    return text.isascii() and text.isdecimal() and len(text) <= 10


def _checked_count(text: str) -> str:
    if not is_count(text):
        raise ValueError(f"{text!r} is not a count")
    return text


#: Keys of maps: an RFC 3339 time since when something is the case, and a count.
Since = Annotated[str, AfterValidator(_checked_time)]
CountKey = Annotated[str, AfterValidator(_checked_count)]

MAX_INT32: Final = 2_147_483_647
_PERCENT: Final = r"^(0|[1-9][0-9]?|100)%$"
_POSITIVE_PERCENT: Final = r"^([1-9][0-9]?|100)%$"
_Count = Annotated[int, Strict()]
_Percent = Annotated[str, StringConstraints(pattern=_PERCENT)]


def _int_or_percent(minimum: int, pattern: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"x-kubernetes-int-or-string": True, "minimum": minimum, "pattern": pattern}
    )


#: A count, or a percentage such as ``"25%"`` (the field says of what); 0 and ``"0%"`` are allowed.
IntOrPercent = Annotated[_Count | _Percent, _int_or_percent(0, _PERCENT)]
#: A count of at least 1, or a percentage of at least ``"1%"``.
PositiveIntOrPercent = Annotated[_Count | _Percent, _int_or_percent(1, _POSITIVE_PERCENT)]


class OwnerReference(Model):
    """An owner of an object. The garbage collector deletes the object when its owner is deleted."""

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
        """Owner reference of the object's controller; None if it has no controller."""
        return next((o for o in self.owner_references if o.controller), None)


class ManagedFields(Model):
    """The fields that one field manager owns."""

    manager: str = ""
    time: Time | None = None
    subresource: str = ""
    fields_v1: Annotated[dict[str, Any], Field(alias="fieldsV1")] = Field(default_factory=dict)


class UpdateMeta(ObjectMeta):
    """Metadata of an Update, with managed fields, from which the history learns who set a verb."""

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
        Field(
            max_length=1024,
            description="Why the condition has this status, as one CamelCase word for programs.",
        ),
    ] = ""
    message: Annotated[
        str,
        Field(
            max_length=32768,
            description="Why the condition has this status, as a sentence for people.",
        ),
    ] = ""
    observed_generation: Annotated[
        int,
        Field(
            ge=0,
            description="metadata.generation of the object for which the condition was computed.",
        ),
    ] = 0
    last_transition_time: Annotated[
        Time, Field(description="When `status` of the condition last changed.")
    ] = 0.0
