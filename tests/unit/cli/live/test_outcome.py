"""How the end of a watch is said, and the exit code."""

from __future__ import annotations

import pytest

from controller.cli.exits import Exit
from controller.cli.live.outcome import exit_of, outcome
from tests.unit.cli.live import scenes
from tests.unit.cli.live.objects import NOW, update


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        ("RolledForward", Exit.DONE),
        ("Planned", Exit.DONE),
        ("RolledBack", Exit.ROLLED_BACK),
        ("Failed", Exit.FAILED),
        ("Error", Exit.FAILED),
        ("Aborted", Exit.ENDED),
        ("Superseded", Exit.ENDED),
        ("Rejected", Exit.REJECTED),
        ("Pending", None),
        ("RollingForward", None),
        ("RollForwardPaused", None),
    ],
)
def test_exit_codes(phase: str, code: Exit | None) -> None:
    assert exit_of(update(phase)) is code


def test_a_rollback_that_was_asked_for_is_a_good_end() -> None:
    assert exit_of(update("RolledBack", spec={"action": "Rollback"})) is Exit.DONE
    assert exit_of(update("Failed", spec={"action": "Rollback"})) is Exit.FAILED


def test_only_a_pause_of_the_operator_ends_the_watch() -> None:
    own = update("RollForwardPaused", reason="AutoPaused")
    assert exit_of(own) is None
    assert exit_of(own, exit_on_pause=True) is Exit.PAUSED
    assert exit_of(scenes.paused().update, exit_on_pause=True) is None
    waits = update("RollForwardAwaitingPulse", reason="AwaitingPulse")
    assert exit_of(waits, exit_on_pause=True) is None


def test_a_resume_that_the_operator_has_not_read_ends_the_pause() -> None:
    resumed = update("RollForwardPaused", reason="AutoPaused", observedGeneration=0)
    assert exit_of(resumed, exit_on_pause=True) is None


def test_the_end_in_words() -> None:
    (line,) = outcome(scenes.done().update, NOW)
    assert line.plain == "✓ web-g4 has rolled forward after 4m: 12 of 12 instances updated"


def test_a_bad_end_says_what_to_do_next() -> None:
    first, *more = (line.plain for line in outcome(scenes.crashed("RolledBack").update, NOW))
    assert first.startswith("↺ web-g4 has rolled back after 4m8s, 4 of 4 instances: instance 2")
    assert more[0].startswith("  echelon job diff web -n shop")


def test_a_superseded_update_names_its_successor() -> None:
    found = outcome(update("Superseded", message="a newer template took its place"), NOW)
    assert found[-1].plain.startswith("  echelon update watch web -n shop")


def test_a_pause_in_words() -> None:
    made = update("RollForwardPaused", reason="AutoPaused", message="4 of 12 instances updated")
    assert outcome(made, NOW)[0].plain.startswith("‖ web-g4 is paused by Echelon")
