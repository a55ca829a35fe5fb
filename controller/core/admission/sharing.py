"""Claims that two pods of one instance would mount during a surge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from controller.api.claims import is_shared, name_of
from controller.core.model.context import Context
from controller.core.revisions.claims import mounted_name
from controller.core.revisions.placeholders import PLACEHOLDER


def shared_claim(context: Context, template: bytes) -> str:
    """The name, with its placeholder, of a claim that each instance has for itself and that is not
    known to be ReadWriteMany; "" if there is none. ``template``: canonical."""
    shared = {
        mounted_name(name_of(each))
        for each in context.job.spec.volume_claim_templates
        if is_shared(each) and all(map(is_shared, _made(context, name_of(each))))
    }
    return next((name for name in own_claims(template) if name not in shared), "")


def _made(context: Context, name: str) -> list[Any]:
    """The claims of a claim template, as far as they differ, in the form of templates."""
    return [{"spec": json.loads(spec)} for spec in context.observed.claims.specs.get(name, ())]


def own_claims(template: bytes) -> Iterator[str]:
    """Names of the PersistentVolumeClaims of which each instance has its own, with the
    placeholder."""
    spec = json.loads(template).get("spec")
    volumes: Any = spec.get("volumes") if isinstance(spec, dict) else None
    for volume in volumes if isinstance(volumes, list) else ():
        claim = volume.get("persistentVolumeClaim") if isinstance(volume, dict) else None
        name = str(claim.get("claimName", "")) if isinstance(claim, dict) else ""
        if any(found[1] == "instance" for found in PLACEHOLDER.finditer(name)):
            yield name
