"""Cron Jobs: a CronJob of the present template, which starts the runs by itself.

With `KillExisting` the operator ends a run that is active when the next one is due; then the
CronJob starts the one that it missed. With `CancelNew` the CronJob alone does all.
"""

from __future__ import annotations

from controller.core.admission.automatic import template_write
from controller.core.model.context import Context
from controller.core.model.plan import KeepCronJob, Write
from controller.core.model.runs import Run
from controller.core.runs import collision, manifest, waiting
from controller.core.runs.placeholders import InvalidRunError
from controller.core.schedules.schedule import Schedule, parsed


def next_write(context: Context) -> Write | None:
    """The next write of a Cron Job. Returns None if nothing is missing, or waits for an answer."""
    if (write := _in_the_way(context)) is not None:
        return write
    if not is_wanted(context):
        return None
    if waiting.wait(context):
        return _settings_alone(context)
    if write := template_write(context):
        return write
    verdict = context.observed.verdict
    if verdict is None or not verdict.accepted:
        return _suspension_alone(context)
    return KeepCronJob(context.job.metadata.name, context.observed.revision)


def _settings_alone(context: Context) -> Write | None:
    """The write of a changed schedule or suspension while the present template waits: the runs of
    the template before obey it."""
    cron, job = context.observed.runs.cron, context.job
    changed = cron is not None and manifest.changed(cron, job)
    return KeepCronJob(job.metadata.name, None) if changed else None


def _suspension_alone(context: Context) -> Write | None:
    """The same of a suspension while the present spec is refused: the template before would go on
    running although somebody has suspended the Job."""
    cron = context.observed.runs.cron
    if cron is None or manifest.changed(cron, context.job) != {"suspend"}:
        return None
    return KeepCronJob(context.job.metadata.name, None)


def is_wanted(context: Context) -> bool:
    """Whether the CronJob is not as the present spec wants it."""
    cron, present = context.observed.runs.cron, context.observed.revision
    if cron is None:
        return True
    if cron.deleted:
        return False  # It is made anew when it is gone.
    try:
        template = context.observed.templates[present]
        return not manifest.is_as_made(cron, context.job, present, template)
    except InvalidRunError:
        return True


def due(context: Context, run: Run) -> float | None:
    """When (epoch seconds) the run after this active one is or was due, and may still be started.
    Returns None if it never is."""
    spec, schedule = context.job.spec.cron, schedule_of(context)
    if spec is None or schedule is None or spec.suspend or not context.job.spec.kills_existing:
        return None
    since = run.scheduled or run.created
    if spec.starting_deadline_seconds is not None:
        # Kubernetes starts no run later than this: an older one is no reason to end this one.
        since = max(since, context.now - spec.starting_deadline_seconds)
    return schedule.after(since)


def schedule_of(context: Context) -> Schedule | None:
    """The Job's schedule; None if this program cannot read it."""
    spec = context.job.spec.cron
    try:
        return parsed(spec.schedule, spec.time_zone) if spec else None
    except ValueError:
        return None


def wake(context: Context) -> float | None:
    """When (epoch seconds) an active run will be in the way of the next one."""
    moments = (due(context, run) for run in context.observed.runs.active if not run.deleted)
    return min((at for at in moments if at is not None and at > context.now), default=None)


def _in_the_way(context: Context) -> Write | None:
    for run in context.observed.runs.active:
        at = due(context, run)
        if at is not None and at <= context.now:
            write = collision.kill(context, run, "the next run was due")
            if write is not None:
                return write
    return None
