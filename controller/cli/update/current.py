"""The Update that the present template of a Job gets, for who has just changed that template.

`kubectl apply -f web.yaml && echelon update wait web` must not find the Update of the template
before: the operator needs a moment to make the new one.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, Final

from controller.api.job import Job
from controller.api.kinds import JOBS
from controller.api.meta import Condition
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_job
from controller.cli.session import Session
from controller.cli.update.which import NoUpdateError, which
from controller.core.model.conditions import STALLED, UPDATE_PENDING, find_true, is_true
from controller.core.status.outcome import NOTHING_LEFT
from controller.view import advice

Object = dict[str, Any]

#: Seconds that the operator has to look at a Job and to make its Update.
PATIENCE: Final = 10.0
#: Reasons of UpdatePending that stay until a person does something.
_FINAL: Final = frozenset({"KnownBad", "Manual", NOTHING_LEFT})


async def current(session: Session, text: str) -> Object:
    """The Update that ``text`` names (as `which`). If it names a Job, the operator first gets the
    time to make the Update of the present template.

    Raises ``CliError`` if that template gets none, such as one that is known to be bad.
    """
    try:
        found = await which(session, text)
    except NoUpdateError as error:
        job = error.job
    else:
        if text in (found["metadata"]["name"], f"eup/{found['metadata']['name']}"):
            return found
        job = found["spec"]["job"]
    await _settle(session, job)
    return await which(session, text)


async def _settle(session: Session, name: str) -> None:
    """Wait until the operator has observed the Job and has made the Update that is due."""
    job: Job | None = None
    try:
        async with aclosing(follow(session, JOBS, name, PATIENCE)) as versions:
            async for raw in versions:
                job = as_job(raw)
                if is_settled(job):
                    return
                if (error := waits_in_vain(job)) is not None:
                    raise error
    except CliError as error:
        if error.code is not Exit.TIMEOUT or job is None:
            raise
        raise _late(job) from error


def is_settled(job: Job) -> bool:
    """Whether the operator has observed the present spec, and owes it no Update."""
    if job.status.observed_generation < job.metadata.generation:
        return False
    pending = find_true(job.status.conditions, UPDATE_PENDING)
    if pending is not None and pending.reason == "UpdateActive":
        return True  # The Update of a person comes first; that is the one to wait for.
    return not is_untried(job)


def is_untried(job: Job) -> bool:
    """Whether the Job has a template, or a retryToken, that no Update has tried (rule 8)."""
    last, token = job.status.last_attempt, job.spec.update.retry_token
    if last is None:
        return False
    return last.revision != job.status.update_revision or token not in (None, last.retry_token)


def waits_in_vain(job: Job) -> CliError | None:
    """The error for a Job whose present template gets no Update until a person does something;
    None if it may get one in a moment."""
    pending, stalled = (
        find_true(job.status.conditions, UPDATE_PENDING),
        is_true(job.status.conditions, STALLED),
    )
    if job.status.observed_generation < job.metadata.generation or pending is None:
        return None
    if pending.reason == "TemplateChanged" or not (stalled or pending.reason in _FINAL):
        return None
    return _waits(job, pending)


def _waits(job: Job, pending: Condition) -> CliError:
    refused = pending.reason == "KnownBad" or is_true(job.status.conditions, STALLED)
    return CliError(
        f"Job {job.metadata.name} waits with its present template ({pending.reason}): "
        f"{pending.message}",
        next((f"`{command}`" for command in advice.of_job(job)), ""),
        Exit.REJECTED if refused else Exit.ERROR,
    )


def _late(job: Job) -> CliError:
    name = job.metadata.name
    if job.status.observed_generation < job.metadata.generation:
        return CliError(
            f"no operator has looked at the last change of Job {name} for {PATIENCE:g}s",
            advice.checks(job.metadata.namespace),
        )
    if (pending := find_true(job.status.conditions, UPDATE_PENDING)) is not None:
        return _waits(job, pending)
    return CliError(
        f"Job {name} has a new template, and no Update for it after {PATIENCE:g}s",
        f"`echelon job status {name} -n {job.metadata.namespace}` shows what it waits for",
    )
