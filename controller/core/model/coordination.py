"""What a coordinator (`spec.sla.coordinator`) is asked, and what it has answered.

The answers of a coordinator reach a decision as these values. A pod goes only by an answer that
allows exactly the question that the decision would ask about it now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from controller.core.verdicts.answer import Answer

#: Seconds until a question that was not allowed is asked again: after the first answer, at most.
FIRST: Final = 5.0
LONGEST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Question:
    """May this pod be taken down? ``request_id``: the same for the same question, also after a
    restart of the operator; ``cause``: who wants it, an Update or a Maintenance that moves the
    instance; ``wanted_by``: its name; ``revision``: the one that the pod runs; ``url``: where it is
    asked."""

    request_id: str
    cause: Literal["Update", "Move"]
    wanted_by: str
    instance: int
    pod: str
    pod_uid: str
    node: str
    revision: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Denial:
    """An answer that does not allow, or that there was none. ``until``: epoch seconds before which
    the question is not asked again; ``tries``: how often in a row it was not allowed; ``answered``:
    False if the coordinator said nothing, which is no answer about this pod."""

    question: Question
    message: str
    until: float
    tries: int = 1
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Coordination:
    """``asked``: the question that is being asked; ``waits``: why it was not sent yet, "" if it
    was; ``allowed``: the question that the coordinator has just allowed: what it is about comes
    before any other question; ``denials``: the last answers that do not allow, by request id."""

    asked: Question | None = None
    waits: str = ""
    allowed: Question | None = None
    denials: Mapping[str, Denial] = field(default_factory=dict)


#: Nobody was asked anything.
SILENCE: Final = Coordination()


def denied(question: Question, answer: Answer, before: Denial | None, now: float) -> Denial:
    """What to remember of an answer that does not allow. ``before``: the last one to the same
    question; ``now``: epoch seconds."""
    tries = before.tries + 1 if before else 1
    wait = min(LONGEST, FIRST * 2.0 ** min(tries - 1, 20))
    return Denial(question, answer.message, now + wait, tries, answer.decides)


def still_said(known: Coordination, uids: set[str], now: float) -> Coordination:
    """``known`` with the denials that may still matter: of pods that exist (``uids``), and not long
    over."""
    denials = {
        request: denial
        for request, denial in known.denials.items()
        if denial.question.pod_uid in uids and now < denial.until + LONGEST
    }
    return replace(known, denials=denials)
