"""Reads objects of Echelon's kinds although a part of their status makes no sense."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

log = logging.getLogger(__name__)

W = TypeVar("W", bound=BaseModel)


def lenient(wire: type[W], raw: dict[str, Any]) -> W:
    """Read an object without those fields of its status that make no sense: edited by hand, or
    written by a newer version. What is missing is derived anew, as for a restored backup. Raises
    ``ValidationError`` when anything else makes no sense."""
    try:
        return wire.model_validate(raw)
    except ValidationError as error:
        bad = {place[1] for e in error.errors() if len(place := e["loc"]) > 1}
        status = {k: v for k, v in part(raw, "status").items() if k not in bad}
        if "phase" in bad:
            raise  # It cannot be derived: an Update in a phase that is not known is left alone.
        read = wire.model_validate({**raw, "status": status})
        name = raw["metadata"].get("name")
        log.error("%s: status.%s makes no sense and is ignored", name, ", ".join(map(str, bad)))
        return read


def part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of an object; empty when it is not there, or no object."""
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def unreadable(error: ValidationError) -> str:
    """What cannot be read, in words: the first field and what is wrong with it."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
