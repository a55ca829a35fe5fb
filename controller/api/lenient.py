"""Reads objects of Echelon's kinds even if a part of their status is invalid."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from controller.api.meta import Status
from controller.api.update import TERMINAL, UpdateStatus

log = logging.getLogger(__name__)

W = TypeVar("W", bound=BaseModel)

#: Fields of a status without which even what is shown would mislead.
_SHOWN_WITH: Final = frozenset(
    {"phase", "policy", "to", "from", "engineVersion", "activeUpdate", "safety"}
)
#: pydantic's type of the error about a field that a model does not have.
_UNKNOWN: Final = "extra_forbidden"


def lenient(wire: type[W], raw: dict[str, Any]) -> W:
    """Read an object without the invalid fields of its status that may be lost (`MAY_BE_LOST`).

    A status is invalid if someone edited it by hand or a newer version wrote it. The operator
    writes the missing fields anew, and the status knows them as ``_unread``, so that a write
    replaces what is stored there. Raises ``ValidationError`` if any other field of the object is
    invalid, or if the spec has a field that this version does not know.
    """
    return _read(wire, raw)


def _read(wire: type[W], raw: dict[str, Any], limit: frozenset[str] | None = None) -> W:
    """``limit``: the fields of a status that may be needed here; None: all."""
    try:
        return wire.model_validate(raw)
    except ValidationError as error:
        stored = part(raw, "status")
        needed = _needed(wire, stored)
        needed = needed if limit is None else needed & limit
        bad = {place[1] for e in error.errors() if len(place := e["loc"]) > 1} - needed
        # What is still invalid raises here, so that the error is about that alone.
        kept = {k: v for k, v in stored.items() if k not in bad}
        read = wire.model_validate({**raw, "status": kept})
        if isinstance(status := getattr(read, "status", None), Status):
            # A frozen value, of which this is no field.
            status._unread.update((k, v) for k, v in stored.items() if k in bad)
        name = raw["metadata"].get("name")
        log.error("%s: status.%s is invalid and ignored", name, ", ".join(map(str, bad)))
        return read


def _needed(wire: type[BaseModel], status: dict[str, Any]) -> frozenset[str]:
    """The fields without which an object with this status must not be acted on."""
    field = wire.model_fields.get("status")
    model = field.annotation if field else None
    if not (isinstance(model, type) and issubclass(model, Status)):
        return frozenset()
    if model is UpdateStatus and any(phase == status.get("phase") for phase in TERMINAL):
        # From the status of an Update that has ended nothing follows but that it has.
        return frozenset({"phase"})
    return model.needed()


def shown(wire: type[W], raw: dict[str, Any]) -> W:
    """Read an object only to show it: without the fields of its spec that this version does not
    know, too, and without those invalid fields of its status from which only the operator's next
    step follows."""
    try:
        return _read(wire, raw, _SHOWN_WITH)
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
        return _read(wire, raw, _SHOWN_WITH)


def part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of an object; empty if the part is missing or not a JSON object."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def items(raw: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The JSON objects of a list in an object; empty if the list is missing or none."""
    value = raw.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def unreadable(error: ValidationError) -> str:
    """The first invalid field and what is wrong with it, for a message."""
    first = error.errors()[0]
    why = "this version does not know this field" if first["type"] == _UNKNOWN else first["msg"]
    return f"{'.'.join(map(str, first['loc']))}: {why}"
