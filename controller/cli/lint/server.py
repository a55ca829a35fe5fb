"""What the API server says of objects in a dry run: of themselves, of a pod of their template, and
of the Jobs of their gates. Policies, webhooks, quotas and newer fields are known only there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, Final

from pydantic import ValidationError

from controller.api.gate import Gate
from controller.api.job import KIND as JOB
from controller.api.kinds import JOBS, UPDATES
from controller.cli import owners, yaml_nodes
from controller.cli.explained import explained
from controller.cli.lint.documents import Document
from controller.cli.lint.findings import Finding, Problem, warning
from controller.cli.output import note
from controller.cli.session import Session
from controller.cli.yaml_nodes import Path
from controller.core.overlays.manifests import Manifests
from controller.core.revisions.data import of_job
from controller.gates import job as job_gate
from controller.gates.context import Context
from controller.kube.apply import apply
from controller.kube.errors import (
    ApiError,
    BadRequest,
    Forbidden,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from controller.kube.resources import BATCH_JOBS, PODS
from controller.resource import Resource

Object = dict[str, Any]

#: Two parts of the API server look for unknown fields; each has its own words and its own code.
_UNKNOWN: Final = re.compile(r'unknown field "([^"]+)"')
_UNDECLARED: Final = re.compile(r"\.([^\s:]+): field not declared in schema")
_DUPLICATE: Final = re.compile(r'duplicate field "([^"]+)"')
#: RBAC says this; policies and quotas use other words.
_NO_RIGHT: Final = " cannot "
#: What the API server sets itself; an apply with such fields is refused or means something else.
_SERVERS: Final = frozenset(
    ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
)
#: A revision has the Job's name; this one is never stored.
_REVISION: Final = "lint"
_UID: Final = "00000000-0000-0000-0000-000000000000"


async def findings(session: Session, document: Document) -> AsyncIterator[Finding]:
    """What the API server says of one of our objects that has no error otherwise. Raises
    ``CliError`` if it cannot be asked."""
    namespace = document.namespace or session.namespace
    resource = JOBS if document.kind == JOB else UPDATES
    warnings: list[str] = []
    try:
        await _apply(session, resource, namespace, document, warnings)
    except NotFound as error:
        if error.details.get("kind") != "namespaces":
            raise explained(error, "patch", resource, document.name, namespace) from error
        words = f"the namespace {namespace} does not exist; create it, or name another with -n"
        yield document.finding(Problem(("metadata", "namespace"), words))
        return
    except ApiError as error:
        if _cannot_ask(error):
            raise explained(error, "patch", resource, document.name, namespace) from error
        for problem in of_error(error, ()):
            yield document.finding(problem)
        return
    for words in warnings:
        yield document.finding(warning((), words))
    for prefix, kind, body in _bodies(document, namespace):
        async for problem in _tried(session, namespace, prefix, kind, body):
            yield document.finding(problem)


def of_error(error: ApiError, prefix: Path) -> list[Problem]:
    """The problems that an answer names; ``prefix``: where in our object its fields are."""
    message = error.message or str(error)
    causes = error.details.get("causes") or ()
    if isinstance(error, Invalid) and causes:
        return [
            Problem((*prefix, *yaml_nodes.steps(cause.get("field") or "")), _words(cause))
            for cause in causes
        ]
    if isinstance(error, BadRequest | ServerError):
        unknown = _UNKNOWN.findall(message) + _UNDECLARED.findall(message)
        named = [(name, "unknown field") for name in unknown]
        named += [(name, "this field comes twice") for name in _DUPLICATE.findall(message)]
        if named:
            return [Problem((*prefix, *yaml_nodes.steps(name)), words) for name, words in named]
    return [Problem(prefix, message)]


async def _apply(
    session: Session, resource: Resource, namespace: str, document: Document, warnings: list[str]
) -> None:
    metadata = {k: v for k, v in document.metadata.items() if k not in _SERVERS}
    obj = {k: v for k, v in document.obj.items() if k != "status"} | {"metadata": metadata}
    warned = warnings.extend
    if not document.name:  # a generateName: there is nothing to apply to
        await session.client.create(resource, namespace, obj, dry_run=True, warned=warned)
        return
    await apply(
        session.client,
        resource,
        namespace,
        obj,
        field_manager=owners.MANAGER,
        force=True,
        dry_run=True,
        warned=warned,
    )


async def _tried(
    session: Session, namespace: str, prefix: Path, kind: Resource, body: Object
) -> AsyncIterator[Problem]:
    """What the API server says to one object that the operator would create."""
    warnings: list[str] = []
    try:
        await session.client.create(kind, namespace, body, dry_run=True, warned=warnings.extend)
    except Forbidden as error:
        if _NO_RIGHT in error.message:
            note(f"not tried: you may not create {kind.plural} in namespace {namespace}")
        elif "exceeded quota" in error.message:
            yield warning(prefix, error.message)
        else:
            yield Problem(prefix, error.message)
    except ApiError as error:
        if _cannot_ask(error):
            raise explained(error, "create", kind, "", namespace) from error
        for problem in of_error(error, prefix):
            yield problem
    for words in warnings:
        yield warning(prefix, words)


def _bodies(document: Document, namespace: str) -> list[tuple[Path, Resource, Object]]:
    """What the operator would create, each with its path in the object."""
    name, spec = document.name or "lint", document.obj["spec"]
    found: list[tuple[Path, Resource, Object]] = []
    policy = ("spec", "update" if document.kind == JOB else "policy")
    context = Context(namespace, name, "", "", f"{name}-{_REVISION}", _REVISION, 0, "", (), ())
    if document.kind == JOB:
        revision = f"{name}-{_REVISION}"
        made = Manifests.of(
            job=name,
            namespace=namespace,
            job_uid=_UID,
            revision=revision,
            data=of_job(spec),
        )
        for overlays, pod in made.dry_runs(spec.get("instances", 1)):
            # The owner does not exist yet, and some clusters ask for rights to name one.
            del pod["metadata"]["ownerReferences"]
            place: Path = ("spec", "overlays") if overlays else ("spec", "template")
            found.append((place, PODS, pod))
    for index, each in enumerate((spec.get(policy[1]) or {}).get("gates") or ()):
        try:
            gate = Gate.model_validate(each)
        except ValidationError:
            continue
        if gate.job is not None:
            path = (*policy, "gates", index, "job", "template")
            found.append((path, BATCH_JOBS, job_gate.rehearsal(gate, context)))
    return found


def _words(cause: Object) -> str:
    return str(cause.get("message") or cause.get("reason") or "is refused")


def _cannot_ask(error: ApiError) -> bool:
    """Whether the answer says nothing about the object."""
    if isinstance(error, Forbidden):
        return _NO_RIGHT in error.message
    if isinstance(error, ServerError):
        return _UNDECLARED.search(error.message) is None
    return isinstance(error, Unauthorized | Unreachable | TooManyRequests)
