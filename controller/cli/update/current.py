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
from controller.api.update import Update
from controller.cli import keys
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_job, as_update
from controller.cli.patience import unseen_job, with_note
from controller.cli.session import Session
from controller.cli.update.which import NoUpdateError, which
from controller.core.model.conditions import STALLED, UPDATE_PENDING, find_true, is_true
from controller.core.status.outcome import NOTHING_LEFT
from controller.escapes import clean
from controller.view import advice
from controller.view.updates import PATIENCE, is_over

Object = dict[str, Any]

#: Reasons of UpdatePending that stay until a person does something.
_FINAL: Final = frozenset({"KnownBad", "Manual", NOTHING_LEFT})


async def current(session: Session, text: str, seconds: float | None = None) -> Object:
    """The Update that ``text`` names (as `which`). If it names a Job, the operator first gets the
    time to make the Update of the present template: ``seconds``; None: without end.

    Raises ``CliError``: if that template gets none, such as one that is known to be bad; with code
    TIMEOUT.
    """
    try:
        found = await which(session, text)
    except NoUpdateError as error:
        job = error.job
    else:
        update = as_update(found)
        if text.startswith(keys.UPDATE_PREFIXES) or text == update.metadata.name:
            return found
        if comes_first(update):
            return found
        job = update.spec.job
    await _settle(session, job, seconds)
    return await which(session, text)


def comes_first(update: Update) -> bool:
    """Whether an Update is the one to wait for, whatever template its Job has meanwhile: one of a
    person that has not ended. The operator supersedes only its own."""
    return not (is_over(update) or update.spec.dry_run or _is_operators(update))


def _is_operators(update: Update) -> bool:
    return any(owner.controller for owner in update.metadata.owner_references)


async def _settle(session: Session, name: str, seconds: float | None) -> None:
    """Wait until the operator has observed the Job and has made the Update that is due."""
    versions = with_note(follow(session, JOBS, name, seconds), lambda raw: _late(as_job(raw)))
    async with aclosing(versions):
        async for raw in versions:
            job = as_job(raw)
            if is_settled(job):
                return
            if (error := waits_in_vain(job)) is not None:
                raise error


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
    hint = "\n       ".join(advice.of_job(job))
    if (active := job.status.active_update) is not None:
        at = f"eup/{active.name} -n {job.metadata.namespace}"
        hint = f"`echelon update watch {at}` follows the Update that is active"
    return CliError(_words(job, pending), hint, Exit.REJECTED if refused else Exit.ERROR)


def _words(job: Job, pending: Condition) -> str:
    why = f"{pending.reason}): {pending.message}"
    return clean(f"Job {job.metadata.name} waits with its present template ({why}")


def _late(job: Job) -> str:
    """What is said of a Job whose present template still has no Update after `PATIENCE`."""
    name, namespace = job.metadata.name, job.metadata.namespace
    if job.status.observed_generation < job.metadata.generation:
        return unseen_job(name, namespace)
    if (pending := find_true(job.status.conditions, UPDATE_PENDING)) is not None:
        return _words(job, pending)
    return (
        f"Job {name} has a new template, and no Update for it after {PATIENCE:g}s; "
        f"`echelon job status {name} -n {namespace}` shows what it waits for"
    )
