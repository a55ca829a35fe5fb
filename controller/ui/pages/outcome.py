"""How the last Update of a Job ended that was to change something."""

from __future__ import annotations

from collections.abc import Sequence

from controller.api.job import Job
from controller.api.update import Update
from controller.ui import marks
from controller.ui.marks import Badge
from controller.view.jobs import job_row
from controller.view.updates import is_over, is_unchanged


def outcome(job: Job, updates: Sequence[Update]) -> tuple[Badge, str] | None:
    """How the last Update of a Job ended, and its name. ``updates``: those that the viewer may see,
    oldest first."""
    last = job.status.last_attempt
    if last is None:
        return None
    named = next((each for each in updates if each.metadata.name == last.update), None)
    if named is None or not is_unchanged(named):
        badge = marks.of_outcome(job_row(job).outcome)
        return (badge, last.update or "") if badge else None
    # It found every instance at its revision: the one before it says how things are.
    before = last_change(updates)
    if before is None:
        return marks.UNCHANGED, named.metadata.name
    return marks.of_phase(before.status.phase), before.metadata.name


def last_change(updates: Sequence[Update]) -> Update | None:
    """The newest Update that ended and has tried to change instances."""
    return next(
        (
            each
            for each in reversed(updates)
            if is_over(each) and each.status.started_at and not each.spec.dry_run
        ),
        None,
    )
