"""Reads objects of Echelon's kinds even if a part of their status is invalid."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from controller.api.meta import Status

log = logging.getLogger(__name__)

W = TypeVar("W", bound=BaseModel)

#: Fields of a status without which the operator would take an active Update for another, or a
#: Job's lock for free. An object in which one of them is invalid is left alone.
_NOT_DERIVED: Final = frozenset(
    {"phase", "policy", "to", "from", "engineVersion", "activeUpdate", "safety"}
)
#: pydantic's type of the error about a field that a model does not have.
_UNKNOWN: Final = "extra_forbidden"


def lenient(wire: type[W], raw: dict[str, Any]) -> W:
    """Read an object without the invalid fields of its status.

    A status is invalid if someone edited it by hand or a newer version wrote it. The operator
    derives the missing fields again, as after a restored backup, and the status knows them as
    ``_unread``, so that a write replaces what is stored there. Raises ``ValidationError`` if a
    field is invalid that cannot be derived (`_NOT_DERIVED`) or that is outside the status, or if
    the spec has a field that this version does not know.
    """
    try:
        return wire.model_validate(raw)
    except ValidationError as error:
        bad = {place[1] for e in error.errors() if len(place := e["loc"]) > 1}
        status = {k: v for k, v in part(raw, "status").items() if k not in bad}
        if bad & _NOT_DERIVED:
            raise
        read = wire.model_validate({**raw, "status": status})
        if isinstance(kept := getattr(read, "status", None), Status):
            # A frozen value, of which this is no field.
            kept._unread.update((k, v) for k, v in part(raw, "status").items() if k in bad)
        name = raw["metadata"].get("name")
        log.error("%s: status.%s is invalid and ignored", name, ", ".join(map(str, bad)))
        return read


def shown(wire: type[W], raw: dict[str, Any]) -> W:
    """Read an object only to show it: without the fields of its spec that this version does not
    know, too."""
    try:
        return lenient(wire, raw)
    except ValidationError as error:
        unknown = [e["loc"] for e in error.errors() if e["type"] == _UNKNOWN]
        if not unknown:
            raise
        raw = deepcopy(raw)
        for *place, field in unknown:
            node: Any = raw
            for step in place:
                node = node[step]
            del node[field]
        return lenient(wire, raw)


def part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of an object; empty if the part is missing or not a JSON object."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def unreadable(error: ValidationError) -> str:
    """The first invalid field and what is wrong with it, for a message."""
    first = error.errors()[0]
    why = "this version does not know this field" if first["type"] == _UNKNOWN else first["msg"]
    return f"{'.'.join(map(str, first['loc']))}: {why}"
