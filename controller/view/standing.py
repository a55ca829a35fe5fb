"""What a person wants to know of a Job first."""

from __future__ import annotations

from controller.api.job import Job
from controller.api.update import Update
from controller.view import held
from controller.view.held import Held
from controller.view.jobs import Health, health_of

Standing = Health | Held


def standing(job: Job, active: Update | None) -> Standing:
    """The health of a Job, or what holds its active Update. ``active``: that Update, None if there
    is none or the viewer may not see it."""
    health, _, _ = health_of(job)
    if health is not Health.RECONCILING:
        return health
    return (held.of_update(active) if active else held.of_job(job)) or health
