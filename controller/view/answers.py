"""Whether the operator has carried out a verb that was written to an Update (contract rule 12)."""

from __future__ import annotations

from enum import Enum

from controller.api.progress import BACKWARD, TERMINAL
from controller.api.update import Phase, Update
from controller.core.status.update import AWAITING, PAUSED
from controller.view.updates import OWN_PAUSES, verb_refused
from controller.view.verbs import DONE, Change, Verb


class Answer(Enum):
    """What the operator made of a verb so far."""

    NOT_YET = "not yet"
    ACCEPTED = "accepted"
    REFUSED = "refused"


def answer(change: Change, update: Update) -> Answer:
    """Whether the operator has carried out ``change``. ``update``: a version with the change."""
    if change.verb is Verb.PULSE:
        return Answer.NOT_YET if update.status.phase in AWAITING else Answer.ACCEPTED
    if verb_refused(update):
        return Answer.REFUSED
    phase, observed = update.status.phase, update.status.observed_generation
    if phase in TERMINAL:
        return _at_the_end(change.verb, phase)
    if observed < update.metadata.generation or not _is_reached(change, update):
        return Answer.NOT_YET
    return Answer.ACCEPTED


def why_refused(change: Change, update: Update) -> str:
    """Why the operator refused ``change``, as a sentence."""
    name, phase, done = update.metadata.name, update.status.phase, DONE[change.verb]
    return verb_refused(update) or f"Update {name} ended {phase} first: it cannot be {done}"


def _is_reached(change: Change, update: Update) -> bool:
    phase, reason = update.status.phase, update.status.reason
    match change.verb:
        case Verb.PAUSE:
            return phase in PAUSED or phase is Phase.PENDING
        case Verb.RESUME if "resumeToken" in change.spec:
            return phase not in PAUSED
        case Verb.RESUME:
            return phase not in PAUSED or reason in OWN_PAUSES
        case Verb.ROLLBACK:
            return phase in BACKWARD
        case _:
            return False


def _at_the_end(verb: Verb, phase: Phase) -> Answer:
    good = {
        Verb.PAUSE: frozenset[Phase](),
        Verb.RESUME: TERMINAL,
        Verb.ABORT: frozenset({Phase.ABORTED}),
        Verb.ROLLBACK: frozenset({Phase.ROLLED_BACK, Phase.FAILED, Phase.ERROR}),
        Verb.PULSE: TERMINAL,
    }
    return Answer.ACCEPTED if phase in good[verb] else Answer.REFUSED
