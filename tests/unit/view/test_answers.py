"""Whether the operator has carried out a verb."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.update import Update
from controller.view.answers import Answer, answer, why_refused
from controller.view.verbs import Change, Verb
from tests.unit.view.raw import condition, update

PAUSE = Change(Verb.PAUSE, {"paused": True})
UNPAUSE = Change(Verb.RESUME, {"paused": False})
TOKEN = Change(Verb.RESUME, {"resumeToken": "t"})
ABORT = Change(Verb.ABORT, {"action": "Abort"})
BACK = Change(Verb.ROLLBACK, {"action": "Rollback"})
PULSE = Change(Verb.PULSE)


def after(phase: str, reason: str = "", **status: Any) -> Update:
    return update(phase=phase, reason=reason, **status)


@pytest.mark.parametrize(
    ("change", "phase", "reason", "expected"),
    [
        (PAUSE, "RollingForward", "Progressing", Answer.NOT_YET),
        (PAUSE, "RollForwardPaused", "Paused", Answer.ACCEPTED),
        (PAUSE, "Pending", "JobNotFound", Answer.ACCEPTED),
        (PAUSE, "RolledForward", "Completed", Answer.REFUSED),
        (UNPAUSE, "RollForwardPaused", "Paused", Answer.NOT_YET),
        (UNPAUSE, "RollForwardPaused", "AutoPaused", Answer.ACCEPTED),
        (UNPAUSE, "RollForwardAwaitingPulse", "AwaitingPulse", Answer.ACCEPTED),
        (UNPAUSE, "RolledForward", "Completed", Answer.ACCEPTED),
        (TOKEN, "RollForwardPaused", "AutoPaused", Answer.NOT_YET),
        (TOKEN, "RollingForward", "Resumed", Answer.ACCEPTED),
        (ABORT, "RollingForward", "Progressing", Answer.NOT_YET),
        (ABORT, "Aborted", "AbortRequested", Answer.ACCEPTED),
        (ABORT, "RolledForward", "Completed", Answer.REFUSED),
        (BACK, "RollForwardPaused", "Paused", Answer.NOT_YET),
        (BACK, "RollingBack", "RollbackRequested", Answer.ACCEPTED),
        (BACK, "RollBackAwaitingPulse", "AwaitingPulse", Answer.ACCEPTED),
        (BACK, "RolledBack", "RollbackRequested", Answer.ACCEPTED),
        (BACK, "RolledForward", "Completed", Answer.REFUSED),
        (BACK, "Superseded", "Superseded", Answer.REFUSED),
        (PULSE, "RollForwardAwaitingPulse", "AwaitingPulse", Answer.NOT_YET),
        (PULSE, "RollingForward", "Resumed", Answer.ACCEPTED),
    ],
)
def test_answers(change: Change, phase: str, reason: str, expected: Answer) -> None:
    assert answer(change, after(phase, reason)) is expected


def test_a_status_from_before_the_write_is_no_answer() -> None:
    assert answer(PAUSE, after("RollForwardPaused", observedGeneration=0)) is Answer.NOT_YET


def test_the_operators_words_explain_a_refusal() -> None:
    refusal = {
        **condition("VerbRefused", "IllegalVerb", "resumeToken has no effect"),
        "observedGeneration": 1,
    }
    refused = after("RollingForward", conditions=[refusal])
    assert answer(TOKEN, refused) is Answer.REFUSED
    assert why_refused(TOKEN, refused) == "resumeToken has no effect"
    late = after("RolledForward")
    assert why_refused(PAUSE, late) == (
        "Update web-g2 ended RolledForward first: it cannot be paused"
    )
