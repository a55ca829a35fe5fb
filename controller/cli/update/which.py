"""Which Update a person means: ``web-g4`` is an Update, ``web`` the Job whose Update is meant.

A Job stands for its active Update, and for its newest one if none is active. ``eup/web`` is an
Update and ``ejob/web`` a Job, as kubectl writes them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Final

from controller.api.job import Job
from controller.api.kinds import JOBS, UPDATES
from controller.cli import keys, pruned
from controller.cli.exits import CliError, Exit
from controller.cli.objects import as_job, as_update
from controller.cli.session import Session
from controller.escapes import clean
from controller.kube.errors import Forbidden, NotFound
from controller.view import advice
from controller.view import updates as view
from controller.view.jobs import Health, health_of

Object = dict[str, Any]

#: How many names an error lists.
CANDIDATES: Final = 8


async def which(session: Session, text: str) -> Object:
    """The Update that ``text`` names, as read from the API server. Raises ``CliError``."""
    if text.startswith(keys.UPDATE_PREFIXES):
        return await _update(session, keys.update_name(text))
    key = keys.job_key(text)
    if key.instances is not None:
        raise CliError(
            f"{text!r} names instances; this command is for a whole Update",
            f"write `{key.name}` for the Update of this Job",
            Exit.USAGE,
        )
    if text.startswith(keys.JOB_PREFIXES):
        return await of_job(session, key.name)
    named = await _maybe(session, key.name)
    job = await _job(session, key.name)
    if named is None and job is None:
        if (ended := await pruned.named(session, key.name)) is not None:
            return ended
        raise await _unknown(session, key.name)
    if job is None:
        assert named is not None
        return named
    if named is None:
        return await of_job(session, key.name)
    return await _either(session, key.name, named)


async def of_job(session: Session, name: str) -> Object:
    """The active Update of a Job, or its newest; the last one as the Job tells of it if that is
    deleted. Raises ``NoUpdateError``."""
    raw = await session.job(name)
    job = as_job(raw)
    active = job.status.active_update
    found = await session.updates_of(name)
    if active is not None:
        held = (each for each in found if each["metadata"]["uid"] == active.uid)
        if (update := next(held, None)) is not None:
            return update
    newest, last = newest_of(found), pruned.last_of(raw)
    if last is not None and (newest is None or view.is_over(as_update(newest))):
        kept = any(each["metadata"]["uid"] == last["metadata"]["uid"] for each in found)
        newest = newest if kept else last
    if newest is None:
        raise NoUpdateError(job)
    return newest


class NoUpdateError(CliError):
    """A Job has had no Update."""

    def __init__(self, job: Job) -> None:
        name, namespace = job.metadata.name, job.metadata.namespace
        health, reason, message = health_of(job)
        words = f"Job {name} has no Update yet"
        hint = (
            f"`echelon job status {name} -n {namespace}` shows its instances; a changed template "
            "starts its first Update"
        )
        if health in (Health.STALLED, Health.PENDING):
            # A template was changed perhaps, and is refused or waits.
            words += f": {clean(f'{reason}: {message}')}"
            hint = "\n       ".join(advice.of_job(job))
        elif health is Health.UNSEEN:
            words, hint = f"{words}: {message}", advice.checks(namespace)
        super().__init__(words, hint)
        self.job = name


def newest_of(updates: Iterable[Object]) -> Object | None:
    """Of the Updates of a Job, oldest first: the newest one that waits or moves, else the newest
    one. Dry runs count only if there is nothing else."""
    found = list(updates)
    real = [each for each in found if not each["spec"].get("dryRun")]
    open_ = [each for each in real if not view.is_over(as_update(each))]
    last = open_ or real or found
    return last[-1] if last else None


async def _either(session: Session, name: str, named: Object) -> Object:
    """The Update for a name that an Update and a Job have. Raises ``CliError`` if that makes a
    difference."""
    found = await session.updates_of(name)
    of_it = await of_job(session, name) if found else named
    if of_it["metadata"]["uid"] == named["metadata"]["uid"]:
        return named
    raise CliError(
        f"{name} is an Update, and a Job whose Update is {of_it['metadata']['name']}",
        f"write `eup/{name}` for the Update or `ejob/{name}` for that of the Job",
        Exit.USAGE,
    )


async def _update(session: Session, name: str) -> Object:
    """The Update of this name, or what its Job tells of it."""
    try:
        return await session.update(name)
    except CliError as error:
        if _is_absent(error) and (ended := await pruned.named(session, name)) is not None:
            return ended
        raise


async def _maybe(session: Session, name: str) -> Object | None:
    """The Update of this name; None if there is none."""
    try:
        return await session.update(name)
    except CliError as error:
        if _is_absent(error):
            return None
        raise


async def _job(session: Session, name: str) -> Object | None:
    """The Job of this name; None if there is none, or it may not be read."""
    try:
        return await session.job(name)
    except CliError as error:
        if _is_absent(error) or isinstance(error.__cause__, Forbidden):
            return None
        raise


def _is_absent(error: CliError) -> bool:
    """Whether the object is missing, and not its kind."""
    cause = error.__cause__
    return isinstance(cause, NotFound) and bool(cause.details.get("name"))


async def _unknown(session: Session, name: str) -> CliError:
    """The error for a name that nothing has, with the names that were perhaps meant."""
    updates = [each["metadata"]["name"] for each in await session.list(UPDATES)]
    jobs = [each["metadata"]["name"] for each in await session.list(JOBS)]
    message = f"no Update and no Job is named {name} in namespace {session.namespace}"
    found = candidates(name, updates, jobs)
    verb = "are" if len(found) > 1 else "is"
    hint = f"there {verb} {', '.join(found)}" if found else "`echelon update list -A` lists all"
    return CliError(message, hint)


def candidates(name: str, updates: Iterable[str], jobs: Iterable[str]) -> list[str]:
    """Names that were perhaps meant: the most similar first, then Jobs, then the newest Updates."""
    jobs, updates = sorted(jobs), list(updates)[::-1]
    names = [*(f"ejob/{each}" for each in jobs), *(f"eup/{each}" for each in updates)]
    plain = [*jobs, *updates]
    near = difflib.get_close_matches(name, plain, n=CANDIDATES, cutoff=0.6)
    order = sorted(
        range(len(plain)), key=lambda i: near.index(plain[i]) if plain[i] in near else len(near)
    )
    return [names[i] for i in order[:CANDIDATES]]
