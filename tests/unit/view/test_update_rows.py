"""Rows of lists, and the words that filter them."""

from __future__ import annotations

import pytest

from controller.api.update import Phase
from controller.view.update_rows import (
    has_status,
    kebab,
    known_statuses,
    order,
    phase_named,
    target,
    update_row,
)
from tests.unit.view.raw import NOW, condition, update

STALLED = condition("Stalled", "WaitingForTermination")


def test_a_row() -> None:
    row = update_row(
        update(
            phase="RollingForward",
            reason="Progressing",
            message="1 of 3 instances updated",
            counts={"total": 3, "updated": 1, "failed": 1},
            to={"revision": "web-b", "instances": "0-2"},
        ),
        NOW,
    )
    assert (row.name, row.job, row.namespace) == ("web-g2", "web", "shop")
    assert (row.done, row.total, row.failed) == (1, 3, 1)
    assert (row.by, row.target) == ("Echelon", "web-b")
    assert row.created == NOW - 100


def test_a_row_of_an_update_that_nobody_answers() -> None:
    row = update_row(update(observedGeneration=-1), NOW)
    assert (row.reason, row.message) == ("NotObserved", "no operator has looked at this Update yet")


def test_targets() -> None:
    assert target(update(spec={"revision": "web-a"})) == "web-a"
    assert target(update()) == ""
    assert target(update(to={"instances": "0-2"})) == ""


@pytest.mark.parametrize(
    ("word", "phases"),
    [
        ("active", {"Pending", "RollingForward", "RollBackPaused"}),
        ("inactive", {"RolledForward", "RolledBack", "Failed", "Aborted", "Planned", "Rejected"}),
        ("paused", {"RollBackPaused"}),
        ("succeeded", {"RolledForward", "Planned"}),
        ("failed", {"RolledBack", "Failed", "Rejected"}),
        ("Failed", {"Failed"}),
        ("rolled-back", {"RolledBack"}),
        ("RolledBack", {"RolledBack"}),
        ("rollback", None),
    ],
)
def test_words_for_phases(word: str, phases: set[str] | None) -> None:
    names = {
        *("Pending", "RollingForward", "RollBackPaused", "RolledForward", "RolledBack", "Failed"),
        *("Aborted", "Planned", "Rejected"),
    }
    if phases is None:
        with pytest.raises(ValueError, match="is no status"):
            has_status([word])
        return
    assert {name for name in names if has_status([word])(update(phase=name))} == phases


def test_blocked_is_what_needs_something_from_outside() -> None:
    test = has_status(["blocked"])
    assert test(update(phase="RollBackAwaitingPulse"))
    assert test(update(phase="RollingForward", conditions=[STALLED]))
    assert not test(update(phase="RollingForward"))
    assert not test(update(phase="Failed", conditions=[STALLED]))


def test_several_words_are_alternatives() -> None:
    test = has_status(["paused", "aborted"])
    assert test(update(phase="RollForwardPaused"))
    assert test(update(phase="Aborted"))
    assert not test(update(phase="Failed"))


def test_every_phase_has_a_word() -> None:
    for phase in Phase:
        assert phase_named(kebab(phase)) is phase
    assert kebab(Phase.ROLL_FORWARD_AWAITING_PULSE) == "roll-forward-awaiting-pulse"
    assert len(set(known_statuses())) == len(known_statuses())


def test_generations_order_updates_of_the_same_second() -> None:
    names = ["web-g10", "web-g9", "canary"]
    assert sorted(names, key=lambda name: order(update(name))) == ["canary", "web-g9", "web-g10"]
