"""What only the operator, or Kubernetes' own controllers, refuse of a Cron or Adhoc Job."""

from __future__ import annotations

from collections.abc import Iterator

from controller.api.job import Job
from controller.cli.lint.findings import Problem
from controller.core.runs.placeholders import InvalidRunError, filled
from controller.core.schedules.schedule import parsed


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
