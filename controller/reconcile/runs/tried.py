"""What a dry run of the template of a Cron or Adhoc Job tries."""

from __future__ import annotations

from typing import Any

from controller.api.job import Job, JobType
from controller.core.model.runs import run_name
from controller.core.runs import manifest
from controller.kube.resources import BATCH_JOBS, CRON_JOBS, PODS
from controller.resource import Resource


def tried_for_runs(
    job: Job, revision: str, template: bytes
) -> list[tuple[Resource, dict[str, Any]]]:
    """A pod, and the run or the CronJob: for admission judges pods, and only the API server knows
    schedules and time zones. Raises `InvalidRunError`."""
    pod = manifest.pod(job, revision, template)
    if job.spec.type is JobType.CRON:
        # Under its own name, because another may be too long; that it exists is no refusal.
        owner: tuple[Resource, dict[str, Any]]
        owner = CRON_JOBS, manifest.cron_job(job, revision, template)
    else:
        name = run_name(job.metadata.name, 0)
        owner = BATCH_JOBS, manifest.run(job, name, revision, template)
    return [(PODS, pod), owner]
