"""What an Update does now and what it waits for, without what its counts say already."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.api.progress import Phase
from controller.api.update import Update
from controller.core.status.update import AWAITING, PAUSED
from controller.view.updates import is_backward, is_over, is_stalled, is_unseen


class Tone(StrEnum):
    """How much a situation matters to a person."""

    CALM = "calm"
    WAITS = "waits"
    BAD = "bad"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Situation:
    """``label``: one word; ``text``: a sentence, "" if there is nothing to say."""

    label: str
    text: str
    tone: Tone


#: The words with which the messages of active Updates begin.
_PROGRESS: Final = re.compile(r"\d+ of \d+ instances (updated|rolled back)")
#: How an end is to be taken; the others are bad.
_TONES: Final = {
    Phase.ROLLED_FORWARD: Tone.GOOD,
    Phase.PLANNED: Tone.GOOD,
    Phase.ABORTED: Tone.WAITS,
    Phase.SUPERSEDED: Tone.WAITS,
}
#: Reasons of an active Update for which nothing but time is needed.
_CALM: Final = frozenset({"", "Progressing", "Watching"})
_UNSEEN: Final = "no operator has looked at this Update yet; is one running?"


def situation(update: Update, now: float) -> Situation:
    """What a person is to know first. ``now``: epoch seconds."""
    phase, text = update.status.phase, rest(update)
    if is_over(update):
        return Situation("Result", text, _TONES.get(phase, Tone.BAD))
    if is_stalled(update):
        return Situation("Stuck", text, Tone.BAD)
    if is_unseen(update, now):
        return Situation("Waits", _UNSEEN, Tone.BAD)
    if phase in PAUSED:
        return Situation("Paused", text, Tone.WAITS)
    if phase in AWAITING or phase is Phase.PENDING:
        return Situation("Waits", text, Tone.WAITS)
    calm = update.status.reason in _CALM
    return Situation("Now", text, Tone.CALM) if calm else Situation("Waits", text, Tone.WAITS)


def rest(update: Update) -> str:
    """The message without the progress at its beginning and without the cause of a rollback."""
    status = update.status
    found = None if is_over(update) else _PROGRESS.match(status.message)
    if found is None:
        return status.message
    text = status.message[found.end() :]
    if status.turn:
        text = text.removeprefix(f" ({status.turn.message})")
    return text.lstrip("; ")


def cause_of_rollback(update: Update) -> str:
    """Why the Update rolls back or did; "" if it does not, or its message says so already."""
    turn = update.status.turn
    if turn is None or not is_backward(update):
        return ""
    words = turn.message or turn.reason
    return "" if is_over(update) and words in update.status.message else words
