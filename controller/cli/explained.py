"""What a failed request means to a person, and what to do next."""

from __future__ import annotations

from controller.api.labels import GROUP
from controller.cli.exits import CliError, Exit
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
