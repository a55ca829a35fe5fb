"""From a pod template to the pod of one instance (contract: "What every pod carries").

What does not vary is prepared once per revision, as text, so that a pod costs little more than
reading 4 KB of JSON, and each one is a fresh value of its own.

Pods do not get the template's name, namespace, owner references, and what only the API server sets:
the canonical form leaves these out (`revision`). Every other field survives, known to this release
or not. A field that is not shaped as it should be (labels that are a list) is passed on unchanged,
and the API server refuses it in its own words.

Placeholders (``{{echelon.instance}}`` and so on) are replaced in values, never in keys: two keys
that become one would lose a field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeGuard

from controller.api import labels
from controller.api.job import KIND
from controller.core.revisions.revision import canonical, digest_of

_PLACEHOLDER: Final = re.compile(r"\{\{echelon\.(instance|instances|job|namespace)\}\}")
# Facts about one pod's life: a template that carried them would be read as the pod's own.
_OURS: Final = (
    labels.UPDATE,
    labels.FAILURES,
    labels.REMADE,
    labels.RESTART_BASE,
    labels.CHANGING_TO,
    labels.CHANGED_FROM,
    labels.RESIZED,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One revision of one Job, ready to make pods of."""

    job_name: str
    namespace: str
    _skeleton: str
    _has_placeholders: bool

    @classmethod
    def of(
        cls,
        *,
        job_name: str,
        namespace: str,
        job_uid: str,
        revision: str,
        template: dict[str, Any],
    ) -> Self:
        """Prepare ``template``, which is not changed. ``revision`` is the ControllerRevision's
        name; ``ValueError`` when it is not one of this Job."""
        # Canonical: a pod is the same whether made of the Job's template or of the stored revision.
        pod = json.loads(canonical(template))
        given = pod.get("metadata")
        metadata = dict(given) if _is_map(given) else {}
        metadata["namespace"] = namespace
        metadata["labels"] = _merged(
            metadata.get("labels"),
            {
                labels.JOB: job_name,
                labels.REVISION: digest_of(job_name, revision),
                labels.MANAGED_BY: labels.MANAGER,
            },
        )
        metadata["annotations"] = _merged(
            metadata.get("annotations"),
            {labels.REVISION: revision, **_evictable(pod)},
            without=_OURS,
        )
        metadata["ownerReferences"] = [
            {
                "apiVersion": labels.API_VERSION,
                "kind": KIND,
                "name": job_name,
                "uid": job_uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
        for container in _containers(pod):
            if isinstance(env := container.get("env"), list):
                container["env"] = [entry for entry in env if not _is_instance(entry)]
        pod |= {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
        skeleton = json.dumps(pod, ensure_ascii=False)
        return cls(job_name, namespace, skeleton, _PLACEHOLDER.search(skeleton) is not None)

    def pod(
        self,
        *,
        instance: int,
        instances: int,
        slot_s: bool = False,
        update_uid: str | None = None,
        failures: int = 0,
        remade: int = 0,
    ) -> dict[str, Any]:
        """The pod of ``instance``, as the API server takes it.

        ``instances`` is the count to tell the pod; ``slot_s`` puts it in the ``-s`` slot;
        ``update_uid`` names the Update that makes it; ``failures`` and ``remade`` are what earlier
        pods of this instance left behind.
        """
        pod: dict[str, Any] = json.loads(self._skeleton)
        name = f"{self.job_name}-{instance}"
        if self._has_placeholders:
            values = {
                "instance": str(instance),
                "instances": str(instances),
                "job": self.job_name,
                "namespace": self.namespace,
            }
            pod = _filled(pod, values)
        metadata = pod["metadata"]
        metadata["name"] = f"{name}-s" if slot_s else name
        metadata["labels"] = _merged(metadata["labels"], {labels.INSTANCE: str(instance)})
        life = _life(update_uid or "", failures, remade)
        metadata["annotations"] = _merged(metadata["annotations"], life)
        for container in _containers(pod):
            # First: a later entry of the template may refer to it as $(ECHELON_INSTANCE).
            env = container.get("env", [])
            if isinstance(env, list):
                container["env"] = [{"name": labels.ENV_INSTANCE, "value": str(instance)}, *env]
        spec = pod.get("spec")
        if _is_map(spec) and not spec.get("hostname"):
            spec["hostname"] = name
        return pod

    def dry_run(self, *, instances: int = 1, instance: int = 0) -> dict[str, Any]:
        """The same pod under a name that no pod of any Job has (those end in an id or ``-s``), to
        ask the API server whether it takes the template."""
        pod = self.pod(instance=instance, instances=instances)
        pod["metadata"]["name"] = f"{self.job_name}-{instance}-dry-run"
        return pod


def _evictable(pod: dict[str, Any]) -> dict[str, str]:
    """The annotation that lets the cluster-autoscaler empty the pod's node, unless the template
    says whether it may, or the pod has a volume whose content would be lost or left behind."""
    metadata, spec = pod.get("metadata"), pod.get("spec")
    notes = metadata.get("annotations") if _is_map(metadata) else None
    volumes = spec.get("volumes") if _is_map(spec) else None
    local = any(
        _is_map(volume) and ("emptyDir" in volume or "hostPath" in volume)
        for volume in (volumes if isinstance(volumes, list) else ())
    )
    said = _is_map(notes) and labels.SAFE_TO_EVICT in notes
    return {} if local or said else {labels.SAFE_TO_EVICT: "true"}


def own_claims(template: bytes) -> tuple[str, ...]:
    """Names of the PersistentVolumeClaims that each instance has for itself."""
    spec = json.loads(template).get("spec")
    volumes = spec.get("volumes") if _is_map(spec) else None
    named = [
        (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        for volume in (volumes if isinstance(volumes, list) else ())
        if _is_map(volume) and _is_map(volume.get("persistentVolumeClaim") or {})
    ]
    return tuple(name for name in named if "{{echelon.instance}}" in str(name))


def _life(update_uid: str, failures: int, remade: int) -> dict[str, str]:
    """The annotations about this very pod. An Update's pod always says how many failures came
    before it: the count goes on from there (contract rule 6)."""
    found = {labels.UPDATE: update_uid} if update_uid else {}
    if update_uid or failures:
        found[labels.FAILURES] = str(failures)
    if remade:
        found[labels.REMADE] = str(remade)
    return found


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """Its containers and init containers, as far as they are shaped like some."""
    spec = pod.get("spec")
    lists = (spec.get("containers"), spec.get("initContainers")) if _is_map(spec) else ()
    return [c for found in lists if isinstance(found, list) for c in found if _is_map(c)]


def _is_instance(entry: Any) -> bool:
    return _is_map(entry) and entry.get("name") == labels.ENV_INSTANCE


def _merged(given: Any, ours: dict[str, str], without: tuple[str, ...] = ()) -> Any:
    """``given`` with ``ours`` over it; what is not a map is left for the API server to refuse."""
    if given is None:
        return ours
    if not _is_map(given):
        return given
    return {key: value for key, value in given.items() if key not in without} | ours


def _filled(node: Any, values: Mapping[str, str]) -> Any:
    """A copy with the placeholders in its strings replaced, keys excepted."""
    if isinstance(node, str):
        return _PLACEHOLDER.sub(lambda found: values[found[1]], node) if "{{" in node else node
    if isinstance(node, dict):
        return {key: _filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(item, values) for item in node]
    return node


def _is_map(node: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(node, dict)
