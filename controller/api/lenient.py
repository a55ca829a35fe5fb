"""Reads objects of Echelon's kinds even if a part of their status is invalid."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from controller.api.meta import Status

log = logging.getLogger(__name__)

W = TypeVar("W", bound=BaseModel)


def lenient(wire: type[W], raw: dict[str, Any]) -> W:
    """Read an object without the invalid fields of its status.

    A status is invalid if someone edited it by hand or a newer version wrote it. The operator
    derives the missing fields again, as after a restored backup, and the status knows them as
    ``_unread``, so that a write replaces what is stored there. Raises ``ValidationError`` if the
    phase of an Update, or a field outside the status, is invalid.
    """
    try:
        return wire.model_validate(raw)
    except ValidationError as error:
        bad = {place[1] for e in error.errors() if len(place := e["loc"]) > 1}
        status = {k: v for k, v in part(raw, "status").items() if k not in bad}
        if "phase" in bad:
            raise  # The phase cannot be derived; an Update in an unknown phase is left alone.
        read = wire.model_validate({**raw, "status": status})
        if isinstance(kept := getattr(read, "status", None), Status):
            # A frozen value, of which this is no field.
            kept._unread.update((k, v) for k, v in part(raw, "status").items() if k in bad)
        name = raw["metadata"].get("name")
        log.error("%s: status.%s is invalid and ignored", name, ", ".join(map(str, bad)))
        return read


def part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of an object; empty if the part is missing or not a JSON object."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def unreadable(error: ValidationError) -> str:
    """The first invalid field and what is wrong with it, for a message."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
