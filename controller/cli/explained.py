"""What a failed request means to a person, and what to do next."""

from __future__ import annotations

from typing import Final

from controller.api.labels import GROUP
from controller.cli.exits import CliError, Exit
from controller.kube.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from controller.resource import Resource

#: Verbs of RBAC.
_WRITES: Final = frozenset({"create", "patch", "delete"})
#: Kind -> the command that lists all objects of it.
_LISTS: Final = {
    "EchelonJob": "echelon job list -A",
    "Update": "echelon update list -A",
    "Maintenance": "echelon maintenance status",
}


def explained(
    error: ApiError,
    verb: str,
    resource: Resource,
    name: str,
    namespace: str,
    subresource: str | None = None,
) -> CliError:
    """What a failed request means to a person. ``verb``: as of RBAC, such as ``get``.
    ``namespace``: "" for all; that of the command if the kind has none."""
    namespace = namespace if resource.namespaced else ""
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
                _missing(verb, resource, namespace, subresource),
                _refused(verb),
            )
        case TooManyRequests():
            return CliError(
                f"{verb} {what}: the API server has too much to do: {error.message or error}",
                "repeat the command later",
            )
        case NotFound() if resource.group == GROUP and _is_kind_missing(error):
            return CliError(
                f"this cluster does not know the kind {resource.kind}: Echelon is not installed",
                "install it with `helm install echelon charts/echelon`, or its kinds alone with "
                "`kubectl apply -f crds/`",
            )
        case NotFound():
            listing = _LISTS.get(resource.kind) if resource.group == GROUP else None
            return CliError(
                f"{what} not found{where}",
                f"`{listing}` lists all of them" if listing else "",
            )
        case BadRequest() if verb == "list":
            return CliError(
                f"{verb} {what}: {error.message}", "a selector (-l) is such as app=web,tier!=db"
            )
        case Invalid():
            return CliError(f"refused: {error.message}", code=_refused(verb))
        case Conflict():
            return CliError(
                f"{what} was changed meanwhile: {error.message}",
                "look at it again and repeat the command",
            )
        case _:
            code = _refused(verb) if 400 <= error.status < 500 else Exit.ERROR
            return CliError(f"{verb} {what}: {error}", code=code)


def _refused(verb: str) -> Exit:
    """The exit code if the API server refuses a request. Only what is written can be rejected."""
    return Exit.REJECTED if verb in _WRITES else Exit.ERROR


def _is_kind_missing(error: NotFound) -> bool:
    """Whether the API server does not know the path. It then names no object."""
    return not error.details.get("name")


def _missing(verb: str, resource: Resource, namespace: str, subresource: str | None) -> str:
    """What to ask an administrator for."""
    question = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    right = f"{resource.plural}.{resource.group or 'core'}"
    if subresource:
        question += f" --subresource={subresource}"
        right = f"{resource.plural}/{subresource} of the group {resource.group or 'core'}"
    first, where = "", f" in namespace {namespace}"
    if not namespace:
        where = ""
        if resource.namespaced and verb == "list":
            question += " -A"
            first, where = "name a namespace with -n, or ", " in all namespaces"
    asked = f"ask for the verb {verb} on {right}{where}"
    return f"{first}{asked}; `kubectl auth can-i {verb} {question}` tells"
