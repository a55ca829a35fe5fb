"""Waits until the instances of a Job are there, where no Update says so."""

from __future__ import annotations

from contextlib import aclosing

from controller.api.job import Job
from controller.api.kinds import JOBS
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_job
from controller.cli.output import note
from controller.cli.patience import unseen_job, with_note
from controller.cli.session import Object, Session
from controller.core.model.conditions import READY, STALLED, find, find_true
from controller.escapes import clean
from controller.view import advice
from controller.view.jobs import count_of
from controller.view.words import plural


async def until_ready(
    session: Session, stored: Object, seconds: float | None, before: Object | None = None
) -> Exit:
    """Wait until all instances of the Job are available in the version ``stored``, or a later one.
    ``before``: the Job before it was changed; what it needed a person for then does not hinder its
    instances now. Returns DONE. ``seconds``: how long at most. Raises ``CliError``: TIMEOUT; FAILED
    if the Job needs a person, or keeps another number of instances."""
    name, generation = stored["metadata"]["name"], stored["metadata"]["generation"]
    told, known = "", _stalled_for(as_job(before)) if before else ""
    try:
        versions = with_note(
            follow(session, JOBS, name, seconds),
            lambda _: None if told else unseen_job(name, session.namespace),
        )
        async with aclosing(versions):
            async for raw in versions:
                job = as_job(raw)
                if job.status.observed_generation < generation:
                    continue
                if (line := _line(job)) != told:
                    note(line)
                    told = line
                if _is_there(job):
                    return Exit.DONE
                if job.status.instances_refused == job.spec.instances:
                    raise _overruled(job, session.namespace)
                reason = _stalled_for(job)
                if reason and reason != known:
                    raise _stalled(job, session.namespace)
                known = reason
    except CliError as error:
        if error.code is Exit.TIMEOUT and not told:
            error.message += f"; no operator has looked at Job {name}"
            error.hint = advice.checks(session.namespace)
        raise
    raise AssertionError("an object is followed until somebody stops to do so")


def _is_there(job: Job) -> bool:
    """Whether the Job has as many available instances as it should."""
    status, wanted = job.status, job.spec.instances
    return status.instances_in_force == wanted == status.available_instances


def _stalled_for(job: Job) -> str:
    """The reason for which the Job needs a person; "" if it needs none."""
    found = find_true(job.status.conditions, STALLED)
    return found.reason if found else ""


def _overruled(job: Job, namespace: str) -> CliError:
    name, kept = job.metadata.name, count_of(job)
    return CliError(
        f"Job {name} keeps {plural(kept, 'instance')}: a rollback has overruled "
        f"spec.instances ({job.spec.instances})",
        f"`echelon job scale {name} N -n {namespace}` with another number is obeyed again",
        Exit.FAILED,
    )


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
