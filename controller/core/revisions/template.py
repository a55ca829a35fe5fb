"""From a pod template to the pod of one instance (contract: "What every pod carries").

The parts that do not vary are prepared once per revision, as text. So creating a pod costs little
more than parsing 4 KB of JSON, and each pod is a value of its own.

The pod does not get the template's name, namespace and owner references, nor fields that only the
API server sets: the canonical form leaves them out (`revision`). All other fields are kept, even if
this release does not know them. A part with a wrong shape (such as a list for labels) is passed on
as it is, and the API server refuses it with its own message.

Placeholders (``{{echelon.instance}}`` and so on) are replaced in values, never in keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeGuard

from controller.api import labels
from controller.api.job import KIND
from controller.core.revisions.placeholders import PLACEHOLDER, filled
from controller.core.revisions.revision import canonical, digest_of

# State of one pod: if the template had these annotations, they would be read as the pod's own.
_OURS: Final = (
    labels.UPDATE,
    labels.FAILURES,
    labels.REMADE,
    labels.RESTART_BASE,
    labels.RESIZING,
    labels.CHANGED_FROM,
    labels.RESIZED,
    *labels.MOVES,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """One revision of one Job, prepared to create pods."""

    job_name: str
    namespace: str
    _skeleton: str
    has_placeholders: bool

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
        """Prepare ``template``, which is not changed. ``revision``: name of the ControllerRevision.
        Raises ``ValueError`` if it is not one of this Job's."""
        # Canonical, so that the Job's template and the stored revision give the same pod.
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
        return cls(job_name, namespace, skeleton, PLACEHOLDER.search(skeleton) is not None)

    def pod(
        self,
        *,
        instance: int,
        instances: int,
        slot_s: bool = False,
        update_uid: str | None = None,
        failures: int = 0,
        remade: int = 0,
        notes: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The pod of ``instance``, as sent to the API server.

        ``instances``: the count that ``{{echelon.instances}}`` stands for; ``slot_s``: whether the
        pod is in the ``-s`` slot; ``update_uid``: uid of the Update that creates the pod;
        ``failures``: failures of the instance so far; ``remade``: how often in a row its pod was
        created again; ``notes``: annotations besides.
        """
        pod: dict[str, Any] = json.loads(self._skeleton)
        name = f"{self.job_name}-{instance}"
        if self.has_placeholders:
            values = {
                "instance": str(instance),
                "instances": str(instances),
                "job": self.job_name,
                "namespace": self.namespace,
            }
            pod = filled(pod, values)
        metadata = pod["metadata"]
        metadata["name"] = f"{name}-s" if slot_s else name
        metadata["labels"] = _merged(metadata["labels"], {labels.INSTANCE: str(instance)})
        life = {**_life(update_uid or "", failures, remade), **(notes or {})}
        metadata["annotations"] = _merged(metadata["annotations"], life)
        for container in _containers(pod):
            # It comes first: later entries may refer to it as $(ECHELON_INSTANCE).
            env = container.get("env", [])
            if isinstance(env, list):
                container["env"] = [{"name": labels.ENV_INSTANCE, "value": str(instance)}, *env]
        spec = pod.get("spec")
        if _is_map(spec) and not spec.get("hostname"):
            spec["hostname"] = name
        return pod

    def manifest(self) -> dict[str, Any]:
        """The pod of any instance, with its placeholders and without what tells the revision and
        the instance: where two manifests are equal, the pods are equal, too."""
        pod: dict[str, Any] = json.loads(self._skeleton)
        metadata, spec = pod["metadata"], pod.get("spec")
        for field, key in (
            ("labels", labels.REVISION),
            ("labels", labels.INSTANCE),
            ("annotations", labels.REVISION),
        ):
            if _is_map(metadata[field]):
                metadata[field].pop(key, None)
        if _is_map(spec) and not spec.get("hostname"):
            spec.pop("hostname", None)
        for container in _containers(pod):
            container.setdefault("env", [])
        return pod

    def dry_run(self, *, instances: int = 1, instance: int = 0) -> dict[str, Any]:
        """The pod for a server-side dry run. No pod of a Job has its name, because those end in an
        id or ``-s``."""
        pod = self.pod(instance=instance, instances=instances)
        pod["metadata"]["name"] = f"{self.job_name}-{instance}-dry-run"
        return pod


def _evictable(pod: dict[str, Any]) -> dict[str, str]:
    """The annotation that allows the cluster-autoscaler to evict the pod. Empty if the template has
    that annotation, or if the pod has a volume whose content an eviction would lose."""
    metadata, spec = pod.get("metadata"), pod.get("spec")
    notes = metadata.get("annotations") if _is_map(metadata) else None
    volumes = spec.get("volumes") if _is_map(spec) else None
    local = any(
        _is_map(volume) and ("emptyDir" in volume or "hostPath" in volume)
        for volume in (volumes if isinstance(volumes, list) else ())
    )
    given = _is_map(notes) and labels.SAFE_TO_EVICT in notes
    return {} if local or given else {labels.SAFE_TO_EVICT: "true"}


def _life(update_uid: str, failures: int, remade: int) -> dict[str, str]:
    """The annotations with the state of this pod. A pod of an Update always has the number of
    failures before it, from which the count continues (contract rule 6)."""
    annotations = {labels.UPDATE: update_uid} if update_uid else {}
    if update_uid or failures:
        annotations[labels.FAILURES] = str(failures)
    if remade:
        annotations[labels.REMADE] = str(remade)
    return annotations


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    """The pod's containers and init containers, without those of a wrong shape."""
    spec = pod.get("spec")
    lists = (spec.get("containers"), spec.get("initContainers")) if _is_map(spec) else ()
    return [c for items in lists if isinstance(items, list) for c in items if _is_map(c)]


def _is_instance(entry: Any) -> bool:
    return _is_map(entry) and entry.get("name") == labels.ENV_INSTANCE


def _merged(given: Any, ours: dict[str, str], without: tuple[str, ...] = ()) -> Any:
    """``given`` without the keys in ``without``, and with ``ours`` over it. A value that is not a
    map is returned as it is, and the API server refuses it."""
    if given is None:
        return ours
    if not _is_map(given):
        return given
    return {key: value for key, value in given.items() if key not in without} | ours


def _is_map(node: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(node, dict)
