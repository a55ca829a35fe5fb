"""Applies a manifest by server-side apply, and says what a refusal means: which line, whose field.

Nothing is taken from others: a field that another manager owns and that would change is a conflict,
unless a person forces it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.api.kinds import JOBS
from controller.cli import kept, owners
from controller.cli.exits import CliError, Exit
from controller.cli.explained import explained
from controller.cli.manifest import Manifest
from controller.cli.output import note
from controller.cli.session import Object, Session
from controller.escapes import clean
from controller.kube.apply import apply
from controller.kube.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Invalid,
    NotFound,
    ServerError,
)

_CONFLICT: Final = "FieldManagerConflict"
_MANAGER: Final = re.compile(
    r'conflict with "(?P<name>[^"]*)"(?: with subresource "(?P<sub>[^"]*)")?'
)
#: Two parts of the API server look for unknown fields; each has its own words.
_UNKNOWN: Final = re.compile(r'unknown field "([^"]+)"|\.([^\s:]+): field not declared in schema')
#: What `explained` puts in front of a list of faults.
_INDENT: Final = "\n       "


async def applied(
    session: Session,
    manifest: Manifest,
    before: Object | None,
    *,
    force: bool = False,
    dry_run: bool = False,
) -> Object:
    """The Job as stored; with ``dry_run`` as it would be stored. ``before``: as it is stored now,
    None if it is new. ``force``: take over the fields of others. Raises ``CliError``."""
    try:
        stored = await apply(
            session.client,
            JOBS,
            session.namespace,
            manifest.wish(),
            field_manager=owners.applier(before),
            force=force,
            dry_run=dry_run,
            # A dry run comes before each apply: its warnings are enough.
            warned=_warn if dry_run else None,
        )
    except ApiError as error:
        raise _explained(error, manifest, session.namespace) from error
    if dry_run:
        kept.tell(stored, manifest)
    return stored


def _warn(texts: Any) -> None:
    for text in texts:
        note(f"warning: {clean(text)}")


def _explained(error: ApiError, manifest: Manifest, namespace: str) -> CliError:
    match error:
        case Conflict() if conflicts := list(_conflicts(error.details)):
            return _taken(conflicts, manifest)
        case BadRequest() | ServerError() if fields := _unknown(error.message):
            lines = [f"{manifest.at(field)}: there is no field {field}" for field in fields]
            hint = "`kubectl explain ejob.spec --recursive` lists all fields"
            return CliError(_INDENT.join(lines), hint, Exit.REJECTED)
        case Invalid() if lines := list(_faults(error.details, manifest)):
            return CliError(_INDENT.join(["the API server refuses it", *lines]), code=Exit.REJECTED)
        case NotFound() if error.details.get("kind") == "namespaces":
            return CliError(
                f"there is no namespace {namespace}",
                f"`kubectl create namespace {namespace}`, or name another with -n",
            )
        case _:
            return explained(error, "patch", JOBS, manifest.name, namespace)


def _unknown(message: str) -> list[str]:
    """The fields that the API server does not know."""
    return [one or other for one, other in _UNKNOWN.findall(message)]


@dataclass(frozen=True, slots=True)
class _Conflict:
    """A field that another manager owns and that would change. ``by``: how it was written."""

    field: str
    manager: str
    by: str = ""


def _conflicts(details: Mapping[str, Any]) -> Iterator[_Conflict]:
    for cause in details.get("causes") or ():
        if cause.get("reason") == _CONFLICT:
            words = str(cause.get("message", ""))
            field = str(cause.get("field", "")).removeprefix(".")
            found = _MANAGER.match(words)
            by = ", by a scale" if found and found["sub"] == "scale" else ""
            yield _Conflict(field, found["name"] if found else words, by)


def _taken(conflicts: list[_Conflict], manifest: Manifest) -> CliError:
    """The error for fields that others own."""
    lines = [
        f"{manifest.at(each.field)}: {each.field} belongs to {owners.called(each.manager)}{each.by}"
        for each in conflicts
    ]
    managers = {each.manager for each in conflicts}
    others = sorted(name for name in managers if not owners.is_by_hand(name))
    if others:
        hint = (
            f"leave these fields out, or change them where {', '.join(map(owners.called, others))} "
            "has them from; --force-conflicts takes them over, until they are written again"
        )
    else:
        hint = "leave these fields out, or take them over for good with --force-conflicts"
    head = f"{manifest.source} changes fields that others set"
    return CliError(_INDENT.join([head, *map(clean, lines)]), hint, Exit.REJECTED)


def _faults(details: Mapping[str, Any], manifest: Manifest) -> Iterator[str]:
    """Each field that the API server refuses, with its line."""
    for cause in details.get("causes") or ():
        field = str(cause.get("field", ""))
        # Its name for a fault of the whole object.
        field = "" if field == "<nil>" else field
        words = clean(str(cause.get("message", "")))
        yield f"{manifest.at(field)}: {f'{field}: ' if field else ''}{words}"
