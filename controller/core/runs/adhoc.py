"""Adhoc Jobs: one run for each template, and one more for each new `update.retryToken`.

The writes, in order: the check of the template, its revision, the end of a run in the way (with
`KillExisting`), the intent in the status (`lastRun` and `lastAttempt`), the run. The run is named
by the number of its revision, so a repeat after a crash finds the same run; a revision that runs
again gets a new number.
"""

from __future__ import annotations

from controller.api.job import LastAttempt
from controller.api.runs import LastRun
from controller.core.admission import revision
from controller.core.admission.automatic import template_write
from controller.core.model.context import Context
from controller.core.model.plan import MakeRun, Write, WriteJob
from controller.core.model.runs import number_in, run_name
from controller.core.runs import collision, waiting


def next_write(context: Context) -> Write | None:
    """The next write that the present template needs. Returns None if it has its run, waits for
    another run's end or for its parent, or is refused."""
    if write := _taken_over(context):
        return write
    if not is_wanted(context):
        return _announced(context)
    if waiting.wait(context):
        return None
    if write := template_write(context):
        return write
    verdict = context.observed.verdict
    if verdict is None or not verdict.accepted:
        return None
    if active := context.observed.runs.active:
        if not context.job.spec.kills_existing:
            return None
        why = "the Job has a new template or retryToken"
        writes = (collision.kill(context, run, why) for run in active)
        return next((write for write in writes if write is not None), None)
    number = context.observed.revisions[context.observed.revision].number
    if number <= _last_number(context):
        return revision.used_again(context, _last_number(context))
    return _intended(context, number)


def is_wanted(context: Context) -> bool:
    """Whether the present template, or the present token, has no run yet."""
    return context.status.last_attempt is None or context.new_template


def _last_number(context: Context) -> int:
    """The highest number that a run had."""
    last = context.status.last_run
    names = [run.name for run in context.observed.runs.jobs] + ([last.name] if last else [])
    return max(map(number_in, names), default=0)


def _taken_over(context: Context) -> Write | None:
    """The write that gives a Job without a status its run, so that it does not run twice."""
    newest = context.observed.runs.newest
    if context.status.last_attempt is not None or newest is None or not newest.revision:
        return None
    token = context.job.spec.update.retry_token
    attempt = LastAttempt(revision=newest.revision, retry_token=token)
    return WriteJob(context.status.model_copy(update={"last_attempt": attempt}))


def _intended(context: Context, number: int) -> Write:
    """The intent to run the present template."""
    present, spec = context.observed.revision, context.job.spec
    name = run_name(context.job.metadata.name, number)
    changes = {
        "last_attempt": LastAttempt(revision=present, retry_token=spec.update.retry_token),
        "last_run": LastRun(name=name, revision=present, instances=spec.instances),
    }
    return WriteJob(context.status.model_copy(update=changes))


def _announced(context: Context) -> Write | None:
    """The create of the run that the status announces. Returns None if it exists or existed."""
    last = context.status.last_run
    if last is None or last.started_at is not None or not last.is_open:
        return None
    present = context.observed.revision
    if last.revision != present or context.observed.runs.named(last.name):
        return None
    return MakeRun(last.name, present)
