"""Updates of Jobs that have none: they are rejected, and those of a former Job are ended."""

from __future__ import annotations

from controller.api.update import TERMINAL, Phase, Update
from controller.core.admission import lock
from controller.core.model.context import Context
from controller.core.model.plan import ReadJob, Write
from controller.core.progress import completion, verbs
from controller.core.refusals import writes as refused_writes


def answered(context: Context) -> Write | None:
    """The next write about an Update of the Job. Returns None if there is none."""
    writes = (_answer(context, update) for update in context.observed.updates.values())
    return next((w for w in writes if w is not None and not refused_writes.by(context, w)), None)


def _answer(context: Context, update: Update) -> Write | None:
    if update.status.phase in TERMINAL:
        return verbs.answered_late(context, update)
    if update.status.phase is not Phase.PENDING:
        return completion.close(context, update)
    if (write := lock.restored(context, update)) is not None:
        return write
    if not context.observed.job_live:
        return ReadJob()  # A rejection is final, so it is decided on the live Job.
    words = (
        f"a Job of type {context.job.spec.type} has runs instead of Updates: change its template,"
        " and the next run has it"
    )
    return lock.rejected(context, update, "NotSupported", words)
