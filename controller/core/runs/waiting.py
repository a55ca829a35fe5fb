"""A new template of a Cron or Adhoc Job that waits for `echelon.dev/expected-parent`.

As for a Service, somebody has chosen that wait (`core.admission.waits`): the runs of the template
before go on, and the conditions tell of them; `UpdatePending` tells of the wait.
"""

from __future__ import annotations

from controller.api.job import JobType
from controller.api.labels import EXPECTED_PARENT
from controller.core.admission import waits
from controller.core.model.context import Context


def wait(context: Context) -> waits.Wait | None:
    """Reason and message of the wait. Returns None if the present template may run, or is not new.

    A Job that has had no run yet waits for nothing, and a Cron Job whose CronJob is gone does not
    either: as at the first creation, nothing would run at all.
    """
    if context.status.current_revision is None or not _is_new(context):
        return None
    expected = context.job.metadata.annotations.get(EXPECTED_PARENT, "")
    return waits.by_choice(context, waits.Candidate(context.observed.revision, None, expected))


def _is_new(context: Context) -> bool:
    if context.job.spec.type is JobType.ADHOC:
        return context.new_template
    # A CronJob that is not followed yet is not known to be gone.
    last, runs = context.status.last_attempt, context.observed.runs
    has_cron_job = runs.cron is not None or not runs.followed
    return has_cron_job and last is not None and last.revision != context.observed.revision
