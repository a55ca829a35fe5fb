"""The batch/v1 Job of a run and the CronJob of a Cron Job, from the Job's spec and template."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from controller.api import labels
from controller.api.job import Job
from controller.core.model.runs import CronJob
from controller.core.overlays.variants import usable
from controller.core.revisions.revision import digest_of
from controller.core.runs.placeholders import InvalidRunError, filled

Object = dict[str, Any]

#: Labels and annotations of single instances, which pods of a run must not have.
_NOT_OURS: Final = (
    labels.INSTANCE,
    labels.UPDATE,
    labels.FAILURES,
    labels.REMADE,
    labels.RESTART_BASE,
    labels.RESIZING,
    labels.CHANGED_FROM,
    labels.RESIZED,
    *labels.MOVES,
)
#: Fields of a CronJob that come from the Job's spec alone.
_SETTINGS: Final = (
    "schedule",
    "timeZone",
    "suspend",
    "startingDeadlineSeconds",
    "concurrencyPolicy",
    "successfulJobsHistoryLimit",
    "failedJobsHistoryLimit",
)
_INDEX: Final = "metadata.annotations['batch.kubernetes.io/job-completion-index']"


@dataclass(frozen=True, slots=True)
class _Source:
    """All that the template of a run is made of."""

    job: str
    namespace: str
    revision: str
    template: bytes
    instances: int
    max_failures: int
    deadline: int | None


def _source(job: Job, revision: str, template: bytes) -> _Source:
    spec = job.spec
    return _Source(
        job.metadata.name,
        job.metadata.namespace,
        revision,
        template,
        spec.instances,
        spec.max_task_failures or 0,
        spec.deadline_seconds,
    )


def run(job: Job, name: str, revision: str, template: bytes) -> Object:
    """The batch/v1 Job of a run of an Adhoc Job. Raises `InvalidRunError`."""
    made: Object = json.loads(_template(_source(job, revision, template)))
    metadata = {"name": name, "namespace": job.metadata.namespace, **made["metadata"]}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": made["spec"]}


def cron_job(job: Job, revision: str, template: bytes) -> Object:
    """The CronJob of a Cron Job. Raises `InvalidRunError`."""
    made = _template(_source(job, revision, template))
    spec: Object = {name: value for name, value in cron_spec(job).items() if value is not None}
    spec["jobTemplate"] = json.loads(made)
    metadata = {
        "name": job.metadata.name,
        "namespace": job.metadata.namespace,
        "labels": {labels.JOB: job.metadata.name, labels.MANAGED_BY: labels.MANAGER},
        "annotations": {labels.REVISION: revision, labels.MADE_FROM: _digest(made)},
    }
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec}


def cron_spec(job: Job) -> Object:
    """What the spec of the CronJob says besides the template of its runs, by the names of its
    fields; None for those that it does not have."""
    return dict(zip(_SETTINGS, settings(job), strict=True))


def changed(cron: CronJob, job: Job) -> set[str]:
    """The fields in which the spec of the CronJob is not as it should be, the template of its runs
    aside."""
    given = zip(cron_spec(job).items(), cron.settings, strict=True)
    return {name for (name, wanted), found in given if wanted != found}


def settings(job: Job) -> tuple[object, ...]:
    """What the spec of the CronJob says besides the template of its runs, without names."""
    cron = job.spec.cron
    assert cron is not None, "the API server requires a schedule"
    # The operator deletes old runs itself, when it has recorded how they ended. Kubernetes keeps
    # one at least until then, and no more than that while no operator is at work.
    kept = max(1, job.spec.update_history_limit)
    return (
        cron.schedule,
        cron.time_zone,
        cron.suspend,
        cron.starting_deadline_seconds,
        "Forbid",
        kept,
        kept,
    )


def is_as_made(cron: CronJob, job: Job, revision: str, template: bytes) -> bool:
    """Whether the CronJob has the spec that it is to have. Raises `InvalidRunError`."""
    made = _digest(_template(_source(job, revision, template)))
    return cron.owner == job.metadata.uid and (cron.made_from, cron.settings) == (
        made,
        settings(job),
    )


def pod(job: Job, revision: str, template: bytes) -> Object:
    """A pod of a run, for a dry run. Raises `InvalidRunError`."""
    made: Object = json.loads(_template(_source(job, revision, template)))["spec"]["template"]
    name = f"{job.metadata.name}-run-dry-run"
    metadata = {**made["metadata"], "name": name, "namespace": job.metadata.namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": made["spec"]}


@lru_cache(maxsize=256)
def _template(source: _Source) -> str:
    """A JobTemplateSpec as JSON, because a dict could be changed by who gets it."""
    digest = digest_of(source.job, source.revision)
    ours = {
        labels.JOB: source.job,
        labels.REVISION: digest,
        labels.MANAGED_BY: labels.MANAGER,
    }
    spec: Object = {
        "completionMode": "Indexed",
        "completions": source.instances,
        "parallelism": source.instances,
        "backoffLimitPerIndex": source.max_failures,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "Ignore",
                    "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                }
            ]
        },
        "template": _pod_template(source, ours),
    }
    if source.deadline is not None:
        spec["activeDeadlineSeconds"] = source.deadline
    notes = {labels.REVISION: source.revision}
    return json.dumps({"metadata": {"labels": ours, "annotations": notes}, "spec": spec})


def _pod_template(source: _Source, ours: dict[str, str]) -> Object:
    values = {
        "instances": str(source.instances),
        "job": source.job,
        "namespace": source.namespace,
    }
    if (found := usable(source.template, source.job, source.namespace)) is None:
        raise InvalidRunError((), "its constraints cannot be used")
    # Runs have no overlays, so all their pods are alike.
    made: Object = filled(json.loads(found.all[0].template), values)
    metadata = made.get("metadata") or {}
    if isinstance(metadata, dict):
        made["metadata"] = metadata = dict(metadata)
        notes = {labels.REVISION: source.revision}
        metadata["labels"] = _merged(metadata.get("labels"), ours)
        metadata["annotations"] = _merged(metadata.get("annotations"), notes)
    spec = made.get("spec")
    if isinstance(spec, dict):
        spec.setdefault("restartPolicy", "Never")
        for container in _containers(spec):
            _give_instance(container)
    return made


def _merged(given: Any, ours: dict[str, str]) -> Any:
    """``given`` with ``ours`` over it. What is no map is passed on: the API server refuses it."""
    if given is not None and not isinstance(given, dict):
        return given
    return {key: value for key, value in (given or {}).items() if key not in _NOT_OURS} | ours


def _containers(spec: Object) -> list[Object]:
    lists = (spec.get("containers"), spec.get("initContainers"))
    return [c for each in lists if isinstance(each, list) for c in each if isinstance(c, dict)]


def _give_instance(container: Object) -> None:
    """Set the variable with the instance's id. It comes first: later ones may refer to it."""
    given = container.get("env") or []
    if isinstance(given, list):
        others = [e for e in given if not (isinstance(e, dict) and e.get("name") == _NAME)]
        source = {"fieldRef": {"fieldPath": _INDEX}}
        container["env"] = [{"name": _NAME, "valueFrom": source}, *others]


_NAME: Final = labels.ENV_INSTANCE


def _digest(made: str) -> str:
    return hashlib.sha256(made.encode()).hexdigest()[:16]
