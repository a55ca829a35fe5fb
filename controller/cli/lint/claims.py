"""Claims and volumes that are legal but probably not what the author of a Job wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from controller.api.claims import name_of
from controller.api.job import Job
from controller.api.policy import Replacement
from controller.cli.lint.findings import Problem, warning
from controller.core.revisions.placeholders import PLACEHOLDER

Object = dict[str, Any]

_VOLUMES: Final = ("spec", "template", "spec", "volumes")


def of_claims(job: Job, spec: Object) -> Iterator[Problem]:
    """``spec``: of the pod template."""
    volumes = [(i, v) for i, v in enumerate(spec.get("volumes") or ()) if isinstance(v, dict)]
    yield from _templates(job, spec, volumes)
    for index, volume in volumes:
        source = volume.get("persistentVolumeClaim")
        source = source if isinstance(source, dict) else {}
        name = source.get("claimName")
        if isinstance(name, str) and not source.get("readOnly"):
            path = (*_VOLUMES, index, "persistentVolumeClaim", "claimName")
            yield from (warning(path, words) for words in _mounted(job, name))


def _templates(job: Job, spec: Object, volumes: list[tuple[int, Object]]) -> Iterator[Problem]:
    kinds = ("containers", "initContainers")
    containers = [c for kind in kinds for c in spec.get(kind) or () if isinstance(c, dict)]
    mounts = [m for c in containers for m in c.get("volumeMounts") or () if isinstance(m, dict)]
    mounted = {mount.get("name") for mount in mounts}
    names = [name_of(each) for each in job.spec.volume_claim_templates]
    for index, name in enumerate(names):
        if name not in mounted:
            yield warning(
                ("spec", "volumeClaimTemplates", index),
                f"no container mounts it; give one a volumeMount with name: {name}",
            )
    for index, volume in volumes:
        if volume.get("name") in names:
            words = "the claim of spec.volumeClaimTemplates takes the place of this volume"
            yield warning((*_VOLUMES, index), f"{words}; leave one of them out")


def _mounted(job: Job, claim: str) -> Iterator[str]:
    """What is doubtful about a claim that the template names itself."""
    own = any(found[1] == "instance" for found in PLACEHOLDER.finditer(claim))
    if not own and job.spec.instances > 1:
        yield (
            f"all {job.spec.instances} instances share the claim {claim}; for one each use "
            "spec.volumeClaimTemplates"
        )
    elif own and job.spec.update.replacement is Replacement.SURGE:
        yield (
            "replacement Surge runs two pods of an instance at a time, and both mount this "
            "claim: that needs a ReadWriteMany volume, or both pods on one node"
        )
