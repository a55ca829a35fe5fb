"""What is waited for, and the exit code when it comes."""

from __future__ import annotations

import pytest

from controller.cli.exits import CliError, Exit
from controller.cli.update.wish import known, verdict, wish
from tests.unit.view.raw import update

ENDS = {
    "RolledForward": 0,
    "Planned": 0,
    "RolledBack": 3,
    "Failed": 4,
    "Error": 4,
    "Aborted": 5,
    "Superseded": 5,
    "Rejected": 6,
}


@pytest.mark.parametrize(("phase", "code"), ENDS.items())
def test_the_end(phase: str, code: int) -> None:
    assert verdict(wish("ended"), update(phase=phase)) == code


def test_a_rollback_that_a_person_asked_for() -> None:
    back = update(phase="RolledBack", spec={"action": "Rollback"})
    assert verdict(wish("ended"), back) is Exit.DONE
    assert verdict(wish("ended", rollback=True), update(phase="RolledBack")) is Exit.DONE
    assert verdict(wish("rolled-forward"), back) is Exit.ROLLED_BACK


def test_active_phases_go_on() -> None:
    for phase in ("Pending", "RollingForward", "RollBackPaused"):
        assert verdict(wish("ended"), update(phase=phase)) is None


@pytest.mark.parametrize(
    ("word", "phase", "code"),
    [
        ("paused", "RollForwardPaused", 0),
        ("paused", "RollBackPaused", 0),
        ("paused", "RolledForward", 1),
        ("paused", "RolledBack", 3),
        ("started", "RollingForward", 0),
        ("started", "RolledForward", 0),
        ("started", "Rejected", 6),
        ("awaiting-pulse", "RollForwardAwaitingPulse", 0),
        ("rolled-forward", "RolledForward", 0),
        ("RolledForward", "RolledBack", 3),
        ("rolled-back", "RolledBack", 0),
        ("rolled-back", "RolledForward", 1),
        ("failed", "Failed", 0),
        ("phase=RollingBack", "RollingBack", 0),
    ],
)
def test_other_wishes(word: str, phase: str, code: int) -> None:
    assert verdict(wish(word), update(phase=phase)) == code


def test_pauses_of_the_operator_end_the_wait_on_request() -> None:
    held = update(phase="RollForwardPaused", reason="AutoPaused")
    assert verdict(wish("ended"), held) is None
    assert verdict(wish("ended", exit_on_pause=True), held) is Exit.PAUSED
    by_hand = update(phase="RollForwardPaused", reason="Paused", spec={"paused": True})
    assert verdict(wish("ended", exit_on_pause=True), by_hand) is None


def test_a_pause_before_a_resume_that_is_not_read_yet() -> None:
    held = update(phase="RollForwardPaused", reason="AutoPaused", spec={"resumeToken": "1"})
    resumed = held.model_copy(
        update={"metadata": held.metadata.model_copy(update={"generation": 2})}
    )
    assert verdict(wish("ended", exit_on_pause=True), resumed) is None
    assert verdict(wish("ended", exit_on_pause=True), held) is Exit.PAUSED


@pytest.mark.parametrize("word", ["", "done", "pending", "paused,ended"])
def test_unknown_words(word: str) -> None:
    with pytest.raises(CliError) as caught:
        wish(word)
    assert caught.value.code is Exit.USAGE
    assert "ended, started, paused" in caught.value.hint


def test_all_known_words_are_understood() -> None:
    for word in known():
        assert wish(word).phases
