"""What a person is to know of an Update first."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.update import Update
from controller.view.situation import Tone, cause_of_rollback, rest, situation

NOW = 1_790_000_000.0
CAUSE = "instance 2 failed: CrashLoopBackOff, exit (3)"


def update(phase: str, message: str = "", reason: str = "Progressing", **status: Any) -> Update:
    return Update.model_validate(
        {
            "metadata": {"name": "web-g4", "generation": 1, "creationTimestamp": NOW - 100},
            "spec": {"job": "web"},
            "status": {
                "phase": phase,
                "message": message,
                "reason": reason,
                "observedGeneration": 1,
                **status,
            },
        }
    )


def turned(phase: str, message: str, **status: Any) -> Update:
    """An Update that rolls back, or did."""
    turn = {"time": NOW - 9, "phase": "RollingBack", "reason": "InstancesFailed", "message": CAUSE}
    return update(phase, message, turn=turn, **status)


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("3 of 9 instances updated", ""),
        (
            "3 of 9 instances updated; gate smoke has not passed yet",
            "gate smoke has not passed yet",
        ),
        (
            "3 of 9 instances updated; watching until 2026-01-02T03:04:05Z",
            "watching until 2026-01-02T03:04:05Z",
        ),
        ("the update continues", "the update continues"),
    ],
)
def test_progress_is_left_out(message: str, left: str) -> None:
    assert rest(update("RollingForward", message)) == left


def test_the_cause_of_a_rollback_is_left_out() -> None:
    found = turned("RollingBack", f"1 of 3 instances rolled back ({CAUSE}); instance 2 waits")
    assert rest(found) == "instance 2 waits"
    assert cause_of_rollback(found) == CAUSE


def test_the_message_of_an_end_is_whole() -> None:
    found = turned("RolledBack", f"3 of 3 instances rolled back ({CAUSE})")
    assert rest(found) == f"3 of 3 instances rolled back ({CAUSE})"
    assert cause_of_rollback(found) == "", "the message says so already"


def test_the_cause_is_told_where_the_message_is_about_something_else() -> None:
    assert cause_of_rollback(turned("Failed", "instance 1 failed: OOMKilled")) == CAUSE
    assert cause_of_rollback(update("RollingForward")) == ""


@pytest.mark.parametrize(
    ("made", "label", "tone"),
    [
        (update("RollingForward", "3 of 9 instances updated"), "Now", Tone.CALM),
        (update("RollingForward", "x", "Watching"), "Now", Tone.CALM),
        (update("RollingForward", "x", "WaitingForGate"), "Waits", Tone.WAITS),
        (update("RollForwardPaused", "x", "Paused"), "Paused", Tone.WAITS),
        (update("RollBackAwaitingPulse", "x", "AwaitingPulse"), "Waits", Tone.WAITS),
        (update("Pending", "no such Job", "JobNotFound"), "Waits", Tone.WAITS),
        (update("Pending", observedGeneration=-1), "Waits", Tone.BAD),
        (update("RolledForward", "done"), "Result", Tone.GOOD),
        (update("Superseded", "newer"), "Result", Tone.WAITS),
        (update("RolledBack", "bad"), "Result", Tone.BAD),
        (
            update("RollingForward", "x", conditions=[{"type": "Stalled", "status": "True"}]),
            "Stuck",
            Tone.BAD,
        ),
    ],
)
def test_label_and_tone(made: Update, label: str, tone: Tone) -> None:
    found = situation(made, NOW)
    assert (found.label, found.tone) == (label, tone)


def test_an_update_that_nobody_looks_at_says_so() -> None:
    unseen = update("Pending", observedGeneration=-1)
    assert "no operator has looked at this Update" in situation(unseen, NOW).text
    # It is only new.
    assert situation(unseen, NOW - 98).text == ""
