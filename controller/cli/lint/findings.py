"""What lint says: one error or warning about one field, with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from controller.cli.yaml_nodes import Path


class Severity(StrEnum):
    """An error: the API server or the operator refuses it. A warning: legal but doubtful."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at ``path`` of an object."""

    path: Path
    message: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at its place. ``field``: as the API server writes paths; "" if it is about the
    whole document. ``object``: ``kind/name``; "" if there is none."""

    file: str
    line: int
    severity: Severity
    field: str
    message: str
    object: str = ""

    def __str__(self) -> str:
        about = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {self.severity}: {about}{self.message}"


def dotted(path: Path) -> str:
    """``spec.update.gates[0].name``; keys with dots or slashes as ``labels["a.b/c"]``."""
    found = ""
    for step in path:
        if isinstance(step, int):
            found += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            found += f".{step}" if found else step
        else:
            found += f'["{step}"]'
    return found


def unprefixed(message: str, field: str) -> str:
    """The message without the field's name at its beginning, which stands before it already."""
    first, _, rest = message.partition(" ")
    return rest if field == first or field.endswith(f".{first}") else message


def warning(path: Path, message: str) -> Problem:
    return Problem(path, message, Severity.WARNING)


def with_hints(said: Iterable[Finding], unknown: Iterable[Finding]) -> list[Finding]:
    """What the API server says; of a field that it does not know, also what was probably meant, as
    ``unknown`` says of the same field."""
    known = {(each.file, each.line, each.field): each for each in unknown}
    return [_with_hint(each, known.get((each.file, each.line, each.field))) for each in said]


def _with_hint(said: Finding, known: Finding | None) -> Finding:
    _, meant, field = known.message.partition("did you mean ") if known else ("", "", "")
    if said.severity is not Severity.ERROR or not meant:
        return said
    return replace(said, message=f"{said.message}; did you mean {field.partition('?')[0]}?")
