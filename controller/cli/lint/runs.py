"""What only the operator, or Kubernetes' own controllers, refuse of a Cron or Adhoc Job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.api.job import Job
from controller.cli.lint.findings import Problem, warning
from controller.core.runs.placeholders import InvalidRunError, filled
from controller.core.schedules.schedule import parsed

#: Seconds that pods have to stop if their template does not say so.
_GRACE: Final = 30


def of_runs(job: Job) -> Iterator[Problem]:
    """Errors in the template and the schedule of a Job that has runs."""
    try:
        filled(job.spec.template, {"instances": "", "job": "", "namespace": ""})
    except InvalidRunError as error:
        yield Problem(("spec", "template", *error.path), error.why)
    if (cron := job.spec.cron) is None:
        return
    try:
        schedule = parsed(cron.schedule, cron.time_zone)
    except ValueError as error:
        field = "timeZone" if "time zone" in str(error) else "schedule"
        yield Problem(("spec", "cron", field), str(error))
        return
    if schedule.after(0.0) is None:
        yield Problem(("spec", "cron", "schedule"), "such a time never comes")
    yield from _missed(job, cron.starting_deadline_seconds)


def _missed(job: Job, deadline: int | None) -> Iterator[Problem]:
    """A run that is due, and that cannot start in time after the one that is killed for it."""
    spec = job.spec.template.get("spec") or {}
    grace = spec.get("terminationGracePeriodSeconds") or _GRACE
    if job.spec.kills_existing and deadline is not None and deadline <= grace:
        yield warning(
            ("spec", "cron", "startingDeadlineSeconds"),
            f"{deadline} is not longer than the grace period of the pods ({grace} s): the run that "
            "is due may start too late, after the active run was killed for it",
        )
