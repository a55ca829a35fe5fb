"""``echelon cron show`` and ``echelon cron next``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Final

import typer

from controller.api.job import Job
from controller.api.meta import format_time, wire
from controller.cli import arguments, options
from controller.cli.exits import CliError, Exit
from controller.cli.output import dump, say
from controller.cli.runs import cron_job, whole_job
from controller.cli.session import Place, Session, run
from controller.core.schedules.schedule import Schedule, parsed

_MOST: Final = 1000


def show(
    name: arguments.JobName,
    form: options.AsData = None,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """Show the schedule of a Job, its next run and its last one."""
    key = whole_job(name)

    async def command(session: Session) -> None:
        job = await cron_job(session, key)
        if form is not None:
            dump(_facts(job), form)
            return
        for title, value in _lines(job):
            say(f"{title + ':':<18}{value}")

    run(Place(kubeconfig, context, namespace), command)


def upcoming(
    name: arguments.JobName,
    count: Annotated[
        int, typer.Option("--count", min=1, max=_MOST, help="How many times to list.")
    ] = 5,
    namespace: options.Namespace = None,
    context: options.Context = None,
    kubeconfig: options.Kubeconfig = None,
) -> None:
    """List when the next runs of a Job are due.

    The times are by the clock of its time zone, and those of Kubernetes' own controller of
    CronJobs: a time that the clock skips when daylight saving begins has no run, and one that it
    shows twice when that ends has two.
    """
    key = whole_job(name)

    async def command(session: Session) -> None:
        job = await cron_job(session, key)
        schedule = _schedule(job)
        for at in islice(schedule.upcoming(time.time()), count):
            say(_shown(at, schedule))

    run(Place(kubeconfig, context, namespace), command)


def _schedule(job: Job) -> Schedule:
    assert job.spec.cron is not None
    try:
        return parsed(job.spec.cron.schedule, job.spec.cron.time_zone)
    except ValueError as error:
        name = job.metadata.name
        hint = f"`echelon job status {name}` says what the API server thinks of it"
        raise CliError(f"the schedule of Job {name}: {error}", hint, Exit.ERROR) from error


def _next(job: Job) -> float | None:
    assert job.spec.cron is not None
    return None if job.spec.cron.suspend else _schedule(job).after(time.time())


def _shown(at: float, schedule: Schedule) -> str:
    """A time by the clock of the schedule's zone."""
    return datetime.fromtimestamp(at, schedule.zone).isoformat(sep=" ")


def _policy(job: Job) -> str:
    return "KillExisting" if job.spec.kills_existing else "CancelNew"


def _facts(job: Job) -> dict[str, Any]:
    assert job.spec.cron is not None
    at, status = _next(job), job.status
    found: dict[str, Any] = {
        "name": job.metadata.name,
        "cron": wire(job.spec.cron),
        "collisionPolicy": _policy(job),
        "nextRunAt": format_time(at) if at is not None else None,
        "lastScheduledAt": format_time(status.last_scheduled_at)
        if status.last_scheduled_at is not None
        else None,
        "lastRun": wire(status.last_run) if status.last_run else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _lines(job: Job) -> Iterator[tuple[str, str]]:
    cron, last, schedule = job.spec.cron, job.status.last_run, _schedule(job)
    assert cron is not None
    yield "Schedule", cron.schedule
    yield "Time zone", cron.time_zone or "that of the cluster, usually UTC"
    yield "Collision policy", _policy(job)
    if cron.starting_deadline_seconds is not None:
        yield "Starts within", f"{cron.starting_deadline_seconds}s"
    at = _next(job)
    never = "none: suspended" if cron.suspend else "none"
    yield "Next run", _shown(at, schedule) if at is not None else never
    if last is None:
        yield "Last run", "none yet"
        return
    counts = f"{last.succeeded} of {last.instances} instances succeeded"
    yield "Last run", f"{last.name}: {last.message or f'{counts}, {last.active} active'}"
    if last.started_at is not None:
        yield "Started", _shown(last.started_at, schedule)
    if last.finished_at is not None:
        yield "Ended", _shown(last.finished_at, schedule)
