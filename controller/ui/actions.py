"""Pause, resume, roll back, abort: a question first, then the change with the viewer's rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from controller.api.kinds import UPDATES
from controller.api.update import Update
from controller.kube.client import Client
from controller.kube.errors import ApiError, Conflict, Forbidden, Invalid, NotFound, Unauthorized
from controller.view.verbs import Already, Change, Refused, Verb, judge
from controller.view.words import plural

#: The name under which the API server records what the page writes.
FIELD_MANAGER: Final = "echelon-ui"
#: The schema's limit for ``spec.message``.
MAX_MESSAGE: Final = 1024

_QUESTIONS: Final = {
    Verb.PAUSE: "Pause {}?",
    Verb.RESUME: "Resume {}?",
    Verb.ROLLBACK: "Roll back {}?",
    Verb.ABORT: "Abort {}?",
}
_EFFECTS: Final = {
    Verb.PAUSE: "No further instance is replaced until it is resumed. Instances that are down "
    "still come up.",
    Verb.RESUME: "It goes on where it stopped.",
    Verb.ROLLBACK: "Each instance gets back the revision that it had before this Update.",
    Verb.ABORT: "It ends here and leaves the instances as they are: some with the new revision, "
    "some with the old one.",
}
_ANSWERS: Final = {
    Verb.PAUSE: "Pause",
    Verb.RESUME: "Resume",
    Verb.ROLLBACK: "Roll back",
    Verb.ABORT: "Abort",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person is asked. ``answer``: the button that does it, "" if it cannot be done; then
    ``effects`` say why. ``danger``: whether it undoes or ends something."""

    verb: Verb
    question: str
    effects: tuple[str, ...]
    answer: str
    danger: bool


class ActionError(Exception):
    """The verb was not carried out; the message says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def verb_of(word: str) -> Verb | None:
    """The verb of an address; None for those without a button."""
    return next((verb for verb in _QUESTIONS if verb == word), None)


def ask(verb: Verb, update: Update, now: float) -> Asked:
    """The question before a verb."""
    found = judge(verb, update, now)
    question = _QUESTIONS[verb].format(update.metadata.name)
    danger = verb in (Verb.ROLLBACK, Verb.ABORT)
    match found:
        case Already(why):
            return Asked(verb, question, (_sentence(why),), "", danger)
        case Refused(why, hint):
            effects = tuple(_sentence(text) for text in (why, hint) if text)
            return Asked(verb, question, effects, "", danger)
        case Change():
            effects = (_EFFECTS[verb], *_counted(verb, update), *map(_sentence, found.notes))
            return Asked(verb, question, effects, _ANSWERS[verb], danger)


async def act(
    client: Client, verb: Verb, update: Update, uid: str, message: str, now: float
) -> None:
    """Write the verb. ``uid``: of the Update that the person was asked about. ``message``: why, ""
    for no word. Raises ``ActionError``."""
    name, namespace = update.metadata.name, update.metadata.namespace
    if uid != update.metadata.uid:
        raise ActionError(f"There is another Update {name} now.", "Look at it, then try again.")
    found = judge(verb, update, now)
    if isinstance(found, Already):
        return
    if isinstance(found, Refused):
        raise ActionError(_sentence(found.why), _sentence(found.hint))
    spec = dict(found.spec)
    if words := message.strip()[:MAX_MESSAGE]:
        spec["message"] = words
    body: dict[str, Any] = {"metadata": {"uid": uid}, "spec": spec}
    try:
        await client.patch(UPDATES, namespace, name, body, field_manager=FIELD_MANAGER)
    except Forbidden as error:
        raise ActionError(
            f"You may not do this: {error.message}",
            f"Ask for the verb patch on updates.echelon.dev in namespace {namespace}.",
        ) from error
    except Unauthorized as error:
        raise ActionError("The API server no longer knows you.", "Sign in again.") from error
    except NotFound as error:
        raise ActionError(f"Update {name} no longer exists.") from error
    except (Conflict, Invalid) as error:
        raise ActionError(f"The API server refused it: {error.message}") from error
    except ApiError as error:
        raise ActionError(f"The API server did not do it: {error}", "Try again.") from error


def _counted(verb: Verb, update: Update) -> tuple[str, ...]:
    """What the verb means in numbers."""
    sets = update.status.instances
    touched = len(sets.updated | sets.updating | sets.failed)
    if verb is Verb.ROLLBACK and touched:
        return (f"{plural(touched, 'instance')} will be replaced again.",)
    return ()


def _sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    if not text:
        return ""
    whole = text if text.startswith("`") else text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "?", "!")) else f"{whole}."
