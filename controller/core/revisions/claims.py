"""The claims that the template of a revision mounts, and their manifests (contract part 2 §10).

Of the claim templates a revision keeps only what shapes its pods: that each pod has a volume of
their name. So each is kept as a volume of the pod template::

    {"name": "data", "persistentVolumeClaim":
        {"claimName": "data-{{echelon.job}}-{{echelon.instance}}"}}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from controller.api import labels

Object = dict[str, Any]

#: The kind of a claim.
CLAIM: Final = "PersistentVolumeClaim"
_SUFFIX: Final = "-{{echelon.job}}-{{echelon.instance}}"
_MARK: Final = _SUFFIX.encode()


def claim_name(name: str, job: str, instance: int) -> str:
    """The name of the claim that an instance has of the claim template ``name``."""
    return f"{name}-{job}-{instance}"


def with_volumes(template: Object, claims: Sequence[Object]) -> Object:
    """The pod template with a volume for each claim template, in place of its own volume of that
    name. What is not shaped as a pod template is returned as it is."""
    names = sorted({name for each in claims if (name := _name(each))})
    spec = template.get("spec")
    if not names or not isinstance(spec, dict):
        return template
    volumes = spec.get("volumes") or []
    if not isinstance(volumes, list):
        return template
    others = [v for v in volumes if not (isinstance(v, dict) and v.get("name") in names)]
    return {**template, "spec": {**spec, "volumes": [*others, *map(_volume, names)]}}


@lru_cache(maxsize=256)
def mounted(data: bytes) -> frozenset[str]:
    """The names of the claim templates whose claims the pods of a revision mount. ``data``: of the
    revision, canonical."""
    return frozenset(_mounted(data)) if _MARK in data else frozenset()


def _mounted(data: bytes) -> Iterator[str]:
    spec = json.loads(data).get("spec")
    volumes = spec.get("volumes") if isinstance(spec, dict) else None
    for volume in volumes if isinstance(volumes, list) else ():
        if isinstance(volume, dict) and (name := volume.get("name")) and volume == _volume(name):
            yield name


def mounted_name(name: str) -> str:
    """The name by which a template mounts the claims of the claim template ``name``."""
    return f"{name}{_SUFFIX}"


def _volume(name: str) -> Object:
    return {"name": name, "persistentVolumeClaim": {"claimName": mounted_name(name)}}


def _name(template: Object) -> str:
    metadata = template.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def manifest(template: Object, job: str, instance: int, owner: Object | None) -> Object:
    """The claim of an instance. ``template``: a claim template; ``owner``: the owner reference with
    which the claim is created, None for none."""
    given, name = template["metadata"], template["metadata"]["name"]
    marks = {labels.JOB: job, labels.INSTANCE: str(instance), labels.MANAGED_BY: labels.MANAGER}
    metadata = {
        "name": claim_name(name, job, instance),
        "labels": {**(given.get("labels") or {}), **marks},
    }
    if notes := given.get("annotations"):
        metadata["annotations"] = notes
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    spec = template.get("spec") or {}
    return {"apiVersion": "v1", "kind": CLAIM, "metadata": metadata, "spec": spec}


def dry_run(template: Object, job: str) -> Object:
    """A claim of this template for a server-side dry run, under a name that no instance has."""
    body = manifest(template, job, 0, None)
    body["metadata"]["name"] += "-dry-run"
    return body
