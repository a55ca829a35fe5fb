"""Waits until the instances of a Job are there, where no Update says so."""

from __future__ import annotations

from contextlib import aclosing

from controller.api.job import Job
from controller.api.kinds import JOBS
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_job
from controller.cli.output import clean, note
from controller.cli.session import Object, Session
from controller.core.model.conditions import READY, STALLED, find, is_true
from controller.view import advice
from controller.view.jobs import count_of


async def until_ready(session: Session, stored: Object, seconds: float | None) -> Exit:
    """Wait until the Job is Ready in the version ``stored``, or a later one. Returns DONE; FAILED
    if the Job needs a person. ``seconds``: how long at most; then ``CliError`` with TIMEOUT."""
    name, generation = stored["metadata"]["name"], stored["metadata"]["generation"]
    told = ""
    try:
        async with aclosing(follow(session, JOBS, name, seconds)) as versions:
            async for raw in versions:
                job = as_job(raw)
                if job.status.observed_generation < generation:
                    continue
                if (line := _line(job)) != told:
                    note(line)
                    told = line
                if is_true(job.status.conditions, READY):
                    return Exit.DONE
                if is_true(job.status.conditions, STALLED):
                    raise _stalled(job, session.namespace)
    except CliError as error:
        if error.code is Exit.TIMEOUT and not told:
            error.message += f"; no operator has looked at Job {name}"
            error.hint = advice.checks(session.namespace)
        raise
    raise AssertionError("an object is followed until somebody stops to do so")


def _stalled(job: Job, namespace: str) -> CliError:
    return CliError(
        f"Job {job.metadata.name} needs a person: {_message(job, STALLED)}",
        f"`echelon job status {job.metadata.name} -n {namespace}` shows its instances",
        Exit.FAILED,
    )


def _line(job: Job) -> str:
    """How many instances are ready, and what is waited for."""
    words = f"{job.status.ready_instances} of {count_of(job)} instances are ready"
    return f"{words}: {message}" if (message := _message(job, READY)) else words


def _message(job: Job, kind: str) -> str:
    found = find(job.status.conditions, kind)
    return clean(found.message) if found else ""
