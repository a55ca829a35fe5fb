"""``echelon version``: of this program, and of what the cluster has.

The operator's version is read where a user's rights may reach: the labels of the operator's
Deployment and of the CRDs, which the chart sets. Discovery, which everybody may read, says which
version of the API the cluster serves.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from typing import Annotated, Any, Final

import typer

from controller.api.kinds import JOBS
from controller.api.labels import API_VERSION, GROUP, VERSION
from controller.cli import options
from controller.cli.exits import explained
from controller.cli.lint.command import Form
from controller.cli.output import note
from controller.cli.session import Place, Session, run
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.kube.transport import Request
from controller.resource import Resource

Object = dict[str, Any]

_CRDS: Final = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
)
_DEPLOYMENTS: Final = Resource("apps", "v1", "deployments", "Deployment")
#: What the chart labels its Deployment with.
_OPERATOR: Final = "app.kubernetes.io/part-of=echelon"
_LABEL: Final = "app.kubernetes.io/version"


@dataclass(frozen=True, slots=True)
class Operator:
    """One Deployment of the operator; ``version`` is "" if its labels do not say it."""

    namespace: str
    name: str
    version: str
    ready: int
    replicas: int


@dataclass(frozen=True, slots=True)
class Installed:
    """What a cluster has. ``api``: the served versions of our API, none if Echelon is not
    installed. ``stored``: the versions in which objects are stored, and ``crds``: what installed
    the CRDs; absent if the user may not read CRDs. ``operators`` is absent if he may not list
    Deployments."""

    kubernetes: str
    api: tuple[str, ...]
    stored: tuple[str, ...] | None = None
    crds: str | None = None
    operators: tuple[Operator, ...] | None = None


def version(
    client: Annotated[bool, typer.Option("--client", help="Only of this program.")] = False,
    form: Annotated[
        Form | None, typer.Option("-o", "--output", help="json.", show_default=False)
    ] = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Print the version of this program, and what the cluster has."""
    own = mine()
    found = None if client else run(Place(kubeconfig, context), _asked)
    if form is Form.JSON:
        server = None if found is None else asdict(found)
        print(json.dumps({"client": {"version": own, "api": API_VERSION}, "server": server}))
        return
    print(f"Client: {own} ({API_VERSION})")
    if found is not None:
        for line in lines(found):
            print(line)
        for hint in hints(found, own):
            note(hint)


def mine() -> str:
    """The version of the installed package."""
    try:
        return package_version("echelon-controller")
    except PackageNotFoundError:  # run from a folder
        return "unknown"


def lines(found: Installed) -> list[str]:
    """What the cluster has, as people read it."""
    kinds = f"{GROUP} {', '.join(found.api)}" if found.api else "not installed"
    if found.stored:
        kinds += f", stored as {', '.join(found.stored)}"
    if found.crds:
        kinds += f", of version {found.crds}"
    rows = [f"Kubernetes: {found.kubernetes}", f"Kinds: {kinds}"]
    if found.operators is None:
        return [*rows, "Operator: unknown (you may not list Deployments)"]
    for each in found.operators:
        where = f"{each.namespace}/{each.name}, {each.ready} of {each.replicas} ready"
        rows.append(f"Operator: {each.version or 'unknown'} ({where})")
    if not found.operators:
        rows.append("Operator: no Deployment of the chart")
    return rows


def hints(found: Installed, own: str) -> list[str]:
    """What to do about it."""
    if not found.api:
        return ["hint: install Echelon with `helm install echelon charts/echelon`"]
    if VERSION not in found.api:
        return [f"hint: this program speaks {VERSION} only; install the one of the cluster's"]
    said = []
    for each in found.operators or ():
        if each.version not in ("", own):
            said.append(f"hint: the operator has version {each.version}, this program {own}")
        if not each.ready:
            said.append(
                "hint: no operator is ready: "
                f"`kubectl -n {each.namespace} describe deployment {each.name}`"
            )
    return said


async def _asked(session: Session) -> Installed:
    try:
        kubernetes = (await _get(session, "/version"))["gitVersion"]
        api = await _api(session)
        stored, crds = await _crd(session) if api else (None, None)
        return Installed(str(kubernetes), api, stored, crds, await _operators(session))
    except ApiError as error:
        raise explained(error, "get", JOBS, "", "") from error


async def _api(session: Session) -> tuple[str, ...]:
    try:
        group = await _get(session, f"/apis/{GROUP}")
    except NotFound:
        return ()
    return tuple(each["version"] for each in group["versions"])


async def _crd(session: Session) -> tuple[tuple[str, ...] | None, str | None]:
    try:
        crd = await session.client.get(_CRDS, None, f"{JOBS.plural}.{GROUP}")
    except (Forbidden, NotFound):
        return None, None
    labels = crd["metadata"].get("labels") or {}
    return tuple(crd.get("status", {}).get("storedVersions") or ()), labels.get(_LABEL)


async def _operators(session: Session) -> tuple[Operator, ...] | None:
    try:
        listed = session.client.list(_DEPLOYMENTS, None, label_selector=_OPERATOR)
        return tuple([_operator(each) async for each in listed])
    except Forbidden:
        return None


def _operator(deployment: Object) -> Operator:
    metadata, status = deployment["metadata"], deployment.get("status") or {}
    return Operator(
        metadata["namespace"],
        metadata["name"],
        (metadata.get("labels") or {}).get(_LABEL, ""),
        int(status.get("readyReplicas") or 0),
        int((deployment.get("spec") or {}).get("replicas") or 0),
    )


async def _get(session: Session, path: str) -> Object:
    request = Request("get", "version", "GET", path, "application/json")
    found: Object = json.loads(await session.client.raw(request))
    return found
