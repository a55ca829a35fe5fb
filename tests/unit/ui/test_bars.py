"""How far an Update is: the bar and the words of the grid."""

from __future__ import annotations

import pytest

from controller.api.update import Update
from controller.ui.pages.bars import badges_of, progress_bar
from tests.unit.ui.objects import update


def rolled(phase: str, pending: int = 0, relabelled: int = 0, **sets: str) -> Update:
    """An Update of 12 instances."""
    whole = {"revision": "web-bbbb", "instances": "0-11"}
    counts = {"total": 12 - relabelled, "pending": pending, "relabelled": relabelled}
    return Update.model_validate(update(phase=phase, to=whole, instances=sets, counts=counts))


def words(found: Update) -> list[tuple[str, int]]:
    return [(badge.word, len(ids)) for badge, ids in badges_of(found) if ids]


def width(found: Update) -> float:
    """Of the filled part of the bar."""
    return sum(part.width for part in progress_bar(found) if part.tone != "none")


def test_what_a_rollback_did_not_touch_is_not_pending() -> None:
    found = rolled("RolledBack", rolledBack="0-3")
    assert words(found) == [("rolled back", 4), ("not touched", 8)]


def test_the_bar_of_a_rollback_is_full_when_all_that_was_touched_is_restored() -> None:
    assert width(rolled("RolledBack", rolledBack="0-3")) == pytest.approx(100)


def test_the_bar_of_an_update_leaves_room_for_what_is_pending() -> None:
    found = rolled("RollingForward", pending=6, updated="0-5")
    assert words(found) == [("updated", 6), ("pending", 6)]
    assert width(found) == pytest.approx(50)


def test_what_only_gets_other_labels_takes_no_room_in_the_bar() -> None:
    found = rolled("RollingForward", pending=2, relabelled=8, updated="0-1")
    assert words(found) == [("updated", 2), ("pending, or other labels only", 10)]
    assert width(found) == pytest.approx(50)
    done = rolled("RolledForward", relabelled=8, updated="0-3")
    assert words(done) == [("updated", 4), ("not replaced", 8)]
    assert width(done) == pytest.approx(100)


def test_frozen_instances_take_no_room_in_the_bar() -> None:
    assert width(rolled("RolledForward", updated="0-9")) == pytest.approx(100)
