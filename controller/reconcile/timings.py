"""Feeds `core.pods.timings` with what an entry knows of a Job: its instances and its Update."""

from __future__ import annotations

from controller.api.ids import NONE
from controller.api.job import Job, JobStatus
from controller.api.update import Update
from controller.core.model import assigned
from controller.core.pods.index import Instances
from controller.core.pods.marks import lasting, moves
from controller.core.pods.timings import Timings


def begin(instances: Instances) -> None:
    """This process works on the Job from now on: another one counted until now."""
    instances.timings = Timings()


def advance(instances: Instances, job: Job, active: Update | None, now: float) -> None:
    """Let the time go on to ``now``. ``active``: the Update with the lock."""
    seconds = job.spec.min_ready_seconds
    if active is not None and active.status.min_ready_seconds is not None:
        seconds = active.status.min_ready_seconds
    instances.set_times(seconds, lasting(job.spec.sla, moves(instances)))
    instances.advance(now)
    compare(instances, job.status, active, now)


def compare(instances: Instances, status: JobStatus, active: Update | None, now: float) -> None:
    """Count which instances were lost and have recovered. ``active``: the Update with the lock."""
    plain, surge = instances.good_slots
    good, timings = plain | surge, instances.timings
    if timings.is_settled(good, instances.min_ready):
        return
    timings.apply(instances.min_ready)
    wanted = assigned.ids_of(assigned.read(status.assigned))
    batch = active.status.batch if active else None
    planned = instances.marked | (batch.instances if batch else NONE)
    timings.compare(good, wanted, planned, now)
