"""Reads Jobs and Updates from what the API server gave."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from controller.api.job import Job
from controller.api.lenient import shown, unreadable
from controller.api.update import Update
from controller.cli.exits import CliError

Object = dict[str, Any]


def as_job(raw: Object) -> Job:
    """The Job. Raises ``CliError`` if a newer Echelon wrote it."""
    try:
        return shown(Job, raw)
    except ValidationError as error:
        raise _too_new(raw, error) from error


def as_update(raw: Object) -> Update:
    """The Update. Raises ``CliError`` if a newer Echelon wrote it."""
    try:
        return shown(Update, raw)
    except ValidationError as error:
        raise _too_new(raw, error) from error


def _too_new(raw: Object, error: ValidationError) -> CliError:
    name, words = raw["metadata"].get("name"), unreadable(error)
    advice = "a newer Echelon wrote it: install the `echelon` of that version"
    if words.startswith("status."):
        advice += "; or somebody edited it: correct it with `kubectl edit --subresource=status`"
    return CliError(f"{raw.get('kind')} {name} cannot be read: {words}", advice)
