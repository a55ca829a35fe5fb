"""Creates Updates, and finds the one that the operator makes for a changed template."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from contextlib import aclosing
from typing import Any, Final

from controller.api.job import Job
from controller.api.kinds import JOBS, UPDATES
from controller.api.labels import API_VERSION, JOB, REVISION
from controller.api.progress import Phase
from controller.api.update import KIND
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_job
from controller.cli.output import note
from controller.cli.patience import with_note
from controller.cli.session import Object, Session
from controller.core.model.conditions import STALLED, UPDATE_PENDING, find_true, is_true
from controller.core.status.outcome import NOTHING_LEFT
from controller.escapes import clean
from controller.kube.errors import NotFound, Unreachable
from controller.view import advice
from controller.view.updates import PATIENCE

#: Without vowels and digits that look like letters, so that no name becomes a word.
_LETTERS: Final = "bcdfghjkmnpqrstvwxz2456789"
#: Seconds that who does not wait for the Update waits for the operator to make it.
_DETACHED: Final = 10.0
_MANUAL: Final = "Manual"
#: Reasons of UpdatePending with which a template waits until a person does something.
_FINAL: Final = frozenset({"KnownBad", _MANUAL, NOTHING_LEFT})
#: The reason of UpdatePending while the operator makes its Update.
_SOON: Final = "TemplateChanged"


async def create(session: Session, job: str, purpose: str, **spec: Any) -> str:
    """Create an Update of a Job and return its name, such as ``web-restart-x7k2p``. Fields of
    ``spec`` that are None, False or "" are left out. Raises ``CliError``."""
    name = f"{job}-{purpose}-{''.join(secrets.choice(_LETTERS) for _ in range(5))}"
    body = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "namespace": session.namespace, "labels": {JOB: job}},
        "spec": {"job": job, **{k: v for k, v in spec.items() if v not in (None, False, "")}},
    }
    try:
        await session.create(UPDATES, body)
    except CliError as error:
        if isinstance(error.__cause__, Unreachable):
            # The write may have been carried out all the same.
            error.hint = f"`echelon update get {name} -n {session.namespace}` tells whether it was"
        raise
    return name


async def explain(session: Session, name: str, message: str) -> None:
    """Write the message of a person to an Update that the operator has made. That it cannot be
    written is no reason to end: the Update goes on."""
    try:
        await session.patch(UPDATES, name, {"spec": {"message": message}})
    except CliError as error:
        note(f"the message (-m) was not written to Update {name}: {error.message}")


def begun(updates: Iterable[Object]) -> frozenset[str]:
    """The uids of the Updates that have started. One that waits may be the one that is due."""
    return frozenset(
        each["metadata"]["uid"]
        for each in updates
        if (each.get("status") or {}).get("phase", Phase.PENDING) != Phase.PENDING
    )


async def made_by_operator(
    session: Session,
    stored: Object,
    revision: str,
    before: Collection[str],
    seconds: float | None = None,
) -> str:
    """The name of the Update that the operator makes for the template of a Job.

    ``stored``: the Job as it was written; ``revision``: that of its template; ``before``: the uids
    of Updates that were `begun` already; ``seconds``: how long it is waited for. Raises
    ``CliError``: REJECTED if the operator does not take the template, ENDED if somebody changes the
    template before the operator has made the Update, TIMEOUT.
    """
    name, generation = stored["metadata"]["name"], stored["metadata"]["generation"]
    told = ""
    versions = with_note(
        follow(session, JOBS, name, seconds),
        lambda _: None if told else _late(name, session.namespace),
    )
    async with aclosing(versions):
        async for raw in versions:
            job = as_job(raw)
            found = _candidate(job, revision, before)
            if found and await _is_for(session, found, revision, job):
                return found
            if job.status.observed_generation < generation:
                continue
            if job.status.update_revision not in (None, revision):
                raise _changed_meanwhile(name, session.namespace)
            if pending := find_true(job.status.conditions, UPDATE_PENDING):
                reason, message = pending.reason, pending.message
                # Beside an active Update it may be that one which needs a person.
                stalled = is_true(job.status.conditions, STALLED) and not job.status.active_update
                if reason in _FINAL or stalled:
                    raise _not_taken(name, session.namespace, reason, message)
                if message != told and reason != _SOON:
                    note(f"Job {name} waits: {reason}: {clean(message)}")
                    told = message
    raise AssertionError("an object is followed until somebody stops to do so")


async def made_soon(
    session: Session,
    stored: Object,
    revision: str,
    before: Collection[str],
    seconds: float | None = None,
) -> str | None:
    """As `made_by_operator`, for who does not wait for the Update: None, with a note, if the
    operator has not made it after some seconds."""
    limit = _DETACHED if seconds is None else min(seconds, _DETACHED)
    try:
        return await made_by_operator(session, stored, revision, before, limit)
    except CliError as error:
        if error.code is not Exit.TIMEOUT:
            raise
    at = f"{stored['metadata']['name']} -n {session.namespace}"
    note(f"the operator has not started the Update yet; `echelon job status {at}` tells")
    return None


def _candidate(job: Job, revision: str, before: Collection[str]) -> str | None:
    """The name of an Update that was not there before and is, or was, the Job's last."""
    active, last = job.status.active_update, job.status.last_attempt
    if active is not None and active.uid not in before:
        return active.name
    if last is not None and last.update and last.update_uid not in before:
        return last.update if last.revision == revision else None
    return None


async def _is_for(session: Session, name: str, revision: str, job: Job) -> bool:
    """Whether the operator has made the Update for this revision."""
    try:
        update = await session.update(name)
    except CliError as error:
        if not isinstance(error.__cause__, NotFound):
            raise
        # It has ended and is deleted: a Job may keep no finished Updates.
        last = job.status.last_attempt
        ended = last is not None and last.update == name and last.outcome is not None
        return ended and last is not None and last.revision == revision
    return bool(update["metadata"].get("annotations", {}).get(REVISION) == revision)


def _changed_meanwhile(name: str, namespace: str) -> CliError:
    return CliError(
        f"the template of Job {name} was changed again before the operator had started the Update",
        f"`echelon update watch {name} -n {namespace}` shows the Update of the present template",
        Exit.ENDED,
    )


def _not_taken(name: str, namespace: str, reason: str, message: str) -> CliError:
    at = f"{name} -n {namespace}"
    hint = "mend the template, and start again"
    if reason == "KnownBad":
        hint = (
            "correct the template, and start again; if the cause was outside the template, "
            f"`echelon job retry {at}` tries the same again"
        )
    elif reason == _MANUAL:
        hint = f"the Job is in mode Manual now: `echelon update start {at}` ships its template"
    return CliError(
        f"the operator does not start an Update of Job {name}: {reason}: {clean(message)}",
        hint,
        Exit.REJECTED,
    )


def _late(name: str, namespace: str) -> str:
    """What is said if a Job has no Update after `PATIENCE`, and its conditions do not tell why."""
    return (
        f"no operator has started an Update of Job {name} for {PATIENCE:g}s; "
        f"{advice.checks(namespace)}"
    )
