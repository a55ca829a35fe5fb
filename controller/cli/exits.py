"""Exit codes, and errors that a person reads.

The codes are those of the contract (`api-2.md` §11). Every error says what to do next.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from controller.api.labels import GROUP
from controller.api.progress import Phase
from controller.kube.errors import (
    ApiError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
    Unreachable,
)
from controller.resource import Resource


class Exit(IntEnum):
    """What the shell learns."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    ROLLED_BACK = 3
    FAILED = 4
    ENDED = 5
    REJECTED = 6
    TIMEOUT = 7
    PAUSED = 8
    INTERRUPTED = 130


#: How an Update ended -> the exit code; a rollback that a person asked for is `DONE`.
_BY_PHASE: Final = {
    Phase.ROLLED_FORWARD: Exit.DONE,
    Phase.PLANNED: Exit.DONE,
    Phase.ROLLED_BACK: Exit.ROLLED_BACK,
    Phase.FAILED: Exit.FAILED,
    Phase.ERROR: Exit.FAILED,
    Phase.ABORTED: Exit.ENDED,
    Phase.SUPERSEDED: Exit.ENDED,
    Phase.REJECTED: Exit.REJECTED,
}


class CliError(Exception):
    """Ends the program with ``code``. ``hint``: what to do next, as a sentence or a command."""

    def __init__(self, message: str, hint: str = "", code: Exit = Exit.ERROR) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def of_phase(phase: Phase, *, rollback_wanted: bool = False) -> Exit:
    """The exit code for an Update that ended. Raises ``KeyError`` for an active phase."""
    if phase is Phase.ROLLED_BACK and rollback_wanted:
        return Exit.DONE
    return _BY_PHASE[phase]


def explained(
    error: ApiError, verb: str, resource: Resource, name: str, namespace: str
) -> CliError:
    """What a failed request means to a person. ``verb``: as of RBAC, such as ``get``."""
    what = f"{resource.kind} {name}".strip()
    where = f" in namespace {namespace}" if namespace else ""
    match error:
        case Unreachable():
            return CliError(
                f"the API server does not answer: {error.message}",
                "check the connection with `kubectl version`, and the context with "
                "`kubectl config current-context`",
            )
        case Unauthorized():
            return CliError(
                "the API server does not accept the credentials of this kubeconfig",
                "log in again, then try `kubectl auth whoami`",
            )
        case Forbidden():
            return CliError(
                f"not allowed: {error.message}",
                f"ask for the verb {verb} on {resource.plural}.{resource.group or 'core'}{where}; "
                f"`kubectl auth can-i {verb} {_full(resource)}` tells",
                Exit.REJECTED if verb in ("create", "patch", "delete") else Exit.ERROR,
            )
        case NotFound() if resource.group == GROUP and _is_kind_missing(error):
            return CliError(
                f"this cluster does not know the kind {resource.kind}: Echelon is not installed",
                "install it with `helm install echelon charts/echelon`, or its kinds alone with "
                "`kubectl apply -f crds/`",
            )
        case NotFound():
            listing = "echelon job list" if resource.kind == "EchelonJob" else "echelon update list"
            return CliError(
                f"{what} not found{where}",
                f"`{listing} -A` lists all of them" if resource.group == GROUP else "",
            )
        case Invalid():
            return CliError(f"refused: {error.message}", code=Exit.REJECTED)
        case Conflict():
            return CliError(
                f"{what} was changed meanwhile: {error.message}",
                "look at it again and repeat the command",
            )
        case _:
            refused = 400 <= error.status < 500
            code = Exit.REJECTED if refused and verb != "get" else Exit.ERROR
            return CliError(f"{verb} {what}: {error}", code=code)


def _is_kind_missing(error: NotFound) -> bool:
    """Whether the API server does not know the path. It then names no object."""
    return not error.details.get("name")


def _full(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural
