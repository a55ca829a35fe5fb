"""What a cluster has of Echelon, in words: its kinds, and what runs the operator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controller.api.labels import GROUP, VERSION
from controller.view.words import age

#: What the chart labels its Deployment with.
LABEL: Final = "app.kubernetes.io/part-of=echelon"
#: The program in a container; the image starts it by itself.
PROGRAM: Final = "echelon-controller"
#: The name of the Lease, unless `--lease-name` says another.
LEASE: Final = "echelon"


@dataclass(frozen=True, slots=True)
class Operator:
    """One Deployment of the operator; ``version`` is "" if neither its labels nor the tag of its
    image say it."""

    namespace: str
    name: str
    version: str
    ready: int
    replicas: int


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a Lease of the operator. ``renewed``: seconds ago; None if it
    never was. ``alive``: whether
    that is recent enough for the Lease to be held still."""

    namespace: str
    name: str
    holder: str
    renewed: float | None
    alive: bool


@dataclass(frozen=True, slots=True)
class Installed:
    """What a cluster has. ``api``: the served versions of our API, none if Echelon is not
    installed. ``stored``: the versions in which objects are stored, and ``crds``: what installed
    the CRDs; absent if the user may not read CRDs. ``operators`` and ``leases`` are absent if the
    user may not list Deployments, or Leases."""

    kubernetes: str
    api: tuple[str, ...]
    stored: tuple[str, ...] | None = None
    crds: str | None = None
    operators: tuple[Operator, ...] | None = None
    leases: tuple[Holder, ...] | None = None


def lines(found: Installed) -> list[str]:
    """What the cluster has, as people read it."""
    kinds = f"{GROUP} {', '.join(found.api)}" if found.api else "not installed"
    if found.stored:
        kinds += f", stored as {', '.join(found.stored)}"
    if found.crds:
        kinds += f", of version {found.crds}"
    rows = [f"Kubernetes: {found.kubernetes}", f"Kinds: {kinds}"]
    for each in found.operators or ():
        where = f"{each.namespace}/{each.name}, {each.ready} of {each.replicas} ready"
        rows.append(f"Operator: {each.version or 'unknown'} ({where})")
    if found.operators is None:
        rows.append("Operator: unknown (you may not list Deployments)")
    elif not found.operators:
        running = any(each.alive for each in found.leases or ())
        words = "no Deployment, but the Lease is held" if running else "not found"
        rows.append(f"Operator: {words}")
    rows += [f"Lease: {_held(each)}" for each in found.leases or ()]
    if found.leases is None:
        rows.append("Lease: unknown (you may not list Leases)")
    return rows


def _held(lease: Holder) -> str:
    name = f"{lease.namespace}/{lease.name}"
    if not lease.holder:
        return f"{name}, held by nobody"
    if lease.alive:
        return f"{name}, held by {lease.holder}"
    late = f" for {age(lease.renewed)}" if lease.renewed is not None else ""
    return f"{name}, last held by {lease.holder}, which has not renewed it{late}"


def hints(found: Installed, own: str) -> list[str]:
    """What to do about it. ``own``: the version of this program."""
    if not found.api:
        return ["install Echelon with `helm install echelon charts/echelon`"]
    if VERSION not in found.api:
        return [f"this program speaks {VERSION} only; install the one of the cluster's"]
    said = []
    for each in found.operators or ():
        if each.version not in ("", own):
            said.append(f"the operator has version {each.version}, this program {own}")
        if not each.ready:
            said.append(
                "no operator is ready: "
                f"`kubectl -n {each.namespace} describe deployment {each.name}`"
            )
    if not found.operators and not any(each.alive for each in found.leases or ()):
        said.append(_looked_for(found))
    return said


def _looked_for(found: Installed) -> str:
    """That no operator was found, and where it was looked for."""
    places = []
    if found.operators is not None:
        places += [f"Deployments labelled {LABEL}", f"Deployments that run {PROGRAM}"]
    if found.leases is not None:
        places.append(f"a Lease named {LEASE}")
    if not places:
        return (
            "whether an operator runs can be seen by who may list Deployments or Leases in all "
            "namespaces; `echelon job list` shows whether one answers"
        )
    return (
        f"no operator was found; looked for {', '.join(places)}. One with another --lease-name is "
        "in `kubectl get leases -A`"
    )
