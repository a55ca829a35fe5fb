"""A time of a schedule that has passed without a run: metrics tell of it.

The CronJob controller of Kubernetes starts the runs. It misses a time while it is down, when the
API server refuses the run, or when the time is longer ago than `startingDeadlineSeconds`.
"""

from __future__ import annotations

from controller.api.job import Job
from controller.core.model.runs import Runs
from controller.core.schedules.schedule import parsed


def missed(job: Job, runs: Runs, now: float) -> float | None:
    """When (epoch seconds) the first run was due that should have started by ``now`` and did not.
    Returns None if there is none, or if nobody can tell.

    Times that passed before the CronJob was last written do not count, because it may have been
    suspended; those that passed during a run do not either, because of `collisionPolicy`.
    """
    cron, spec, last = runs.cron, job.spec.cron, job.status.last_run
    if cron is None or spec is None or spec.suspend or not runs.followed or runs.active:
        return None
    ended = (last.finished_at if last else None) or 0.0
    since = max(cron.last or 0.0, cron.written, ended)
    try:
        due = parsed(spec.schedule, spec.time_zone).after(since)
    except ValueError:
        return None
    return due if due is not None and due <= now else None
