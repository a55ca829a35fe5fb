"""PersistentVolumeClaims as the store keeps them: only what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from controller.api import labels
from controller.api.ids import MAX_ID
from controller.api.job import KIND
from controller.core.model.claims import Claim
from controller.core.revisions.claims import claim_name
from controller.core.revisions.revision import dumped
from controller.kube.codec import struct_codec

_POD: Final = "Pod"
#: What the spec of each claim has for itself.
_OWN: Final = ("volumeName",)


class _Owner(msgspec.Struct):
    kind: str
    name: str
    uid: str
    controller: bool | None = None


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    owner_references: list[_Owner] | None = None


class _Status(msgspec.Struct):
    phase: str = ""


class ClaimWire(msgspec.Struct):
    """The fields of a PersistentVolumeClaim that are parsed."""

    metadata: _Meta
    spec: dict[str, Any] = msgspec.field(default_factory=dict)
    status: _Status = msgspec.field(default_factory=_Status)


@dataclass(frozen=True, slots=True)
class ClaimObject:
    """A PersistentVolumeClaim. ``job``: name of the EchelonJob in its label; ``claim``: None if its
    labels and its name are not those of an instance's claim."""

    namespace: str
    job: str
    name: str
    uid: str
    resource_version: str
    claim: Claim | None

    @property
    def key(self) -> str:
        """The key of the object in an informer."""
        return f"{self.namespace}/{self.name}"

    @property
    def job_key(self) -> tuple[str, str]:
        """Namespace and name of the EchelonJob."""
        return self.namespace, self.job


#: Most claims of a Job have the same spec: it is kept once.
_SPECS: Final[dict[bytes, bytes]] = {}
_SPECS_KEPT: Final = 10_000


def claim_of(wire: ClaimWire) -> ClaimObject:
    """The slim form of a PersistentVolumeClaim."""
    meta = wire.metadata
    marks = meta.labels or {}
    job = marks.get(labels.JOB, "")
    return ClaimObject(
        meta.namespace, job, meta.name, meta.uid, meta.resource_version, _claim(wire, job)
    )


def _claim(wire: ClaimWire, job: str) -> Claim | None:
    meta = wire.metadata
    instance = _instance((meta.labels or {}).get(labels.INSTANCE, ""))
    if instance is None or not meta.name.endswith(suffix := claim_name("", job, instance)):
        return None
    owners, pods = meta.owner_references or (), (f"{job}-{instance}", f"{job}-{instance}-s")
    spec = dumped({key: value for key, value in wire.spec.items() if key not in _OWN})
    if len(_SPECS) >= _SPECS_KEPT:
        _SPECS.clear()
    return Claim(
        meta.name.removesuffix(suffix),
        instance,
        meta.name,
        meta.uid,
        wire.status.phase,
        meta.deletion_timestamp is not None,
        next((o.uid for o in owners if o.kind == KIND and o.name == job), ""),
        next((o.uid for o in owners if o.kind == _POD and o.name in pods), ""),
        any(o.controller for o in owners),
        _SPECS.setdefault(spec, spec),
    )


def _instance(text: str) -> int | None:
    """The id in a label; None if it is none."""
    return (
        int(text) if text.isdecimal() and int(text) <= MAX_ID and str(int(text)) == text else None
    )


def read_claim(raw: dict[str, Any]) -> ClaimObject:
    """The slim form, from an answer of the API server."""
    return claim_of(msgspec.convert(raw, ClaimWire))


CLAIM_CODEC = struct_codec(ClaimWire, claim_of)
