"""Finds what a cluster has of Echelon.

It is read where a user's rights may reach. Discovery, which everybody may read, says which version
of the API the cluster serves. The operator is found by its Deployment, and by the Lease that its
process holds, wherever that runs.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any, Final

from controller.api.kinds import JOBS
from controller.api.labels import GROUP
from controller.api.meta import parse_time
from controller.cli.explained import explained
from controller.cli.installed import LABEL, LEASE, PROGRAM, Holder, Installed, Operator
from controller.cli.session import Session
from controller.kube.errors import ApiError, Forbidden, NotFound
from controller.kube.request import Request
from controller.kube.resources import LEASES
from controller.resource import Resource

Object = dict[str, Any]

_CRDS: Final = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False
)
_DEPLOYMENTS: Final = Resource("apps", "v1", "deployments", "Deployment")
_VERSION: Final = "app.kubernetes.io/version"
#: The last part of the image's name, and its tag.
_IMAGE: Final = re.compile(r"(?:.*/)?(?P<name>[^/:@]+)(?::(?P<tag>[^@/]+))?(?:@.*)?")
#: How the program is started without its console script.
_MODULE: Final = re.compile(r"-m controller(?:\s|$)")


async def find(session: Session) -> Installed:
    """Ask the cluster. Raises ``CliError``."""
    try:
        kubernetes = (await _get(session, "/version"))["gitVersion"]
        api = await _api(session)
        stored, crds = await _crd(session) if api else (None, None)
        operators, leases = await _operators(session), await _leases(session)
        return Installed(str(kubernetes), api, stored, crds, operators, leases)
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
    return tuple(crd.get("status", {}).get("storedVersions") or ()), labels.get(_VERSION)


async def _operators(session: Session) -> tuple[Operator, ...] | None:
    """The Deployments with the chart's label; without any, those that run our program."""
    try:
        for selector in (LABEL, None):
            listed = session.client.list(_DEPLOYMENTS, None, label_selector=selector)
            found = [operator_of(each) async for each in listed if selector or runs_operator(each)]
            if found:
                return tuple(found)
    except Forbidden:
        return None
    return ()


async def _leases(session: Session) -> tuple[Holder, ...] | None:
    try:
        listed = session.client.list(LEASES, None, field_selector=f"metadata.name={LEASE}")
        return tuple([holder_of(each) async for each in listed])
    except Forbidden:
        return None


def operator_of(deployment: Object) -> Operator:
    metadata, status = deployment["metadata"], deployment.get("status") or {}
    return Operator(
        metadata["namespace"],
        metadata["name"],
        (metadata.get("labels") or {}).get(_VERSION) or _tag(deployment),
        int(status.get("readyReplicas") or 0),
        int((deployment.get("spec") or {}).get("replicas") or 0),
    )


def holder_of(lease: Object) -> Holder:
    metadata, spec = lease["metadata"], lease.get("spec") or {}
    renewed = time.time() - parse_time(spec["renewTime"]) if spec.get("renewTime") else None
    # Twice, because the clock here and that of the holder may differ.
    alive = renewed is not None and renewed <= 2 * float(spec.get("leaseDurationSeconds") or 0)
    holder = str(spec.get("holderIdentity") or "")
    return Holder(metadata["namespace"], metadata["name"], holder, renewed, alive and bool(holder))


def runs_operator(deployment: Object) -> bool:
    """Whether one of the containers runs the operator, by its command or by its image."""
    return any(_is_ours(each) for each in _containers(deployment))


def _is_ours(container: Object) -> bool:
    words = " ".join([*(container.get("command") or ()), *(container.get("args") or ())])
    image = _IMAGE.fullmatch(str(container.get("image", "")))
    named = image is not None and image["name"] in ("echelon", PROGRAM)
    return named or PROGRAM in words or _MODULE.search(words) is not None


def _tag(deployment: Object) -> str:
    """The version that the tag of the operator's image names; "" if it names none."""
    for each in _containers(deployment):
        image = _IMAGE.fullmatch(str(each.get("image", "")))
        if _is_ours(each) and image is not None and re.match(r"v?\d", image["tag"] or ""):
            return image["tag"].removeprefix("v")
    return ""


def _containers(deployment: Object) -> Iterator[Object]:
    yield from ((deployment.get("spec") or {}).get("template") or {}).get("spec", {}).get(
        "containers"
    ) or ()


async def _get(session: Session, path: str) -> Object:
    request = Request("get", "version", "GET", path, "application/json")
    found: Object = json.loads(await session.client.raw(request))
    return found
