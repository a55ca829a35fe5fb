"""Writes a verb to an Update, and waits a moment to tell whether the operator accepted it."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from controller.api.kinds import UPDATES
from controller.api.update import Update
from controller.cli.exits import CliError, Exit
from controller.cli.follow import follow
from controller.cli.objects import as_update
from controller.cli.output import console, note
from controller.cli.session import Session
from controller.cli.update.which import which
from controller.escapes import clean
from controller.kube.errors import Conflict
from controller.view import advice
from controller.view.answers import Answer, answer, why_refused
from controller.view.updates import is_active, is_unseen
from controller.view.verbs import DONE, Already, Change, Refused, Verb, judge
from controller.view.words import since

Object = dict[str, Any]

#: Seconds that the operator has to answer; it reports within one.
ANSWER_TIME: Final = 5.0
#: How often a write is repeated because the Update changed in between: each report changes it.
TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Steered:
    """An Update after a verb. ``written``: whether the verb had to be written."""

    update: Update
    written: bool


async def steer(session: Session, name: str, verb: Verb, message: str | None = None) -> Steered:
    """Do ``verb`` to the Update that ``name`` names, and say how the operator answered.

    Raises ``CliError``, with code REJECTED if the verb is illegal: before it is written, as far as
    the status tells that.
    """
    found = await which(session, name)
    for _ in range(TRIES):
        update = as_update(found)
        judged = judge(verb, update, time.time())
        if isinstance(judged, Refused):
            raise CliError(judged.why, judged.hint, Exit.REJECTED)
        if isinstance(judged, Already):
            note(judged.why)
            return Steered(update, False)
        written = await _written(session, found, judged, message)
        if written is not None:
            return Steered(await _told(session, judged, as_update(written)), True)
        found = await session.update(update.metadata.name)
    raise CliError(
        f"Update {name} changed {TRIES} times while it was to be {DONE[verb]}",
        "repeat the command",
    )


async def _written(
    session: Session, found: Object, change: Change, message: str | None
) -> Object | None:
    """The Update with the change; None if it is not the version any more that was judged."""
    meta = found["metadata"]
    metadata = {"resourceVersion": meta["resourceVersion"], "uid": meta["uid"]}
    body: Object = {"metadata": metadata}
    if change.annotations:
        metadata["annotations"] = change.annotations
    spec = dict(change.spec) if message is None else {**change.spec, "message": message}
    if spec:
        body["spec"] = spec
    try:
        return await session.patch(UPDATES, meta["name"], body)
    except CliError as error:
        if isinstance(error.__cause__, Conflict):
            return None
        raise


async def _told(session: Session, change: Change, update: Update) -> Update:
    """Wait for the answer to ``change`` and print it."""
    judged, update = await _answer(session, change, update)
    if judged is Answer.REFUSED:
        raise CliError(why_refused(change, update), code=Exit.REJECTED)
    if judged is Answer.NOT_YET and is_unseen(update, time.time()):
        raise unseen(update, f": {change.verb} is written")
    console().print(f"update.echelon.dev/{update.metadata.name} {_outcome(judged, change, update)}")
    for each in change.notes:
        note(f"  {each}")
    if judged is Answer.NOT_YET:
        note(
            f"not carried out yet after {ANSWER_TIME:g}s ({update.status.phase}); "
            f"follow it with `{advice.back_to(update)}`"
        )
        for check in advice.OPERATOR_CHECKS if _is_late(update) else ():
            note(f"  {check}")
    for command in advice.of_update(update):
        note(f"  {command}")
    return update


async def _answer(session: Session, change: Change, update: Update) -> tuple[Answer, Update]:
    """The answer within `ANSWER_TIME`, and the version of the Update that gave it."""
    versions = follow(session, UPDATES, update.metadata.name, ANSWER_TIME)
    try:
        async with aclosing(versions):
            async for raw in versions:
                update = as_update(raw)
                if (judged := answer(change, update)) is not Answer.NOT_YET:
                    return judged, update
    except CliError as error:
        if error.code is not Exit.TIMEOUT:
            raise
    return _at_the_timeout(change, update), update


def _at_the_timeout(change: Change, update: Update) -> Answer:
    """A token that was answered has ended its pause, even if the Update pauses again since."""
    token = change.spec.get("resumeToken")
    answered = token is not None and update.status.observed_resume_token == token
    return Answer.ACCEPTED if answered else Answer.NOT_YET


def _outcome(judged: Answer, change: Change, update: Update) -> str:
    """What became of the verb, and where the Update is now."""
    if judged is Answer.NOT_YET:
        return f"{change.verb} requested"
    rolls = change.verb is Verb.ROLLBACK and is_active(update)
    words = "rolling back" if rolls else DONE[change.verb]
    return clean(f"{words}: {update.status.message}".rstrip(": "))


def _is_late(update: Update) -> bool:
    """Whether the operator has not even observed the change."""
    return update.status.observed_generation < update.metadata.generation


def unseen(update: Update, what: str) -> CliError:
    """The error for an Update that no operator answers. ``what`` follows its name."""
    created = since(update.metadata.creation_timestamp, time.time())
    return CliError(
        f"Update {update.metadata.name}{what}, but no operator has looked at it since it was "
        f"created {created} ago",
        advice.checks(update.metadata.namespace),
    )
