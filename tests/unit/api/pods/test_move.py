"""The annotations by which a Maintenance asks for a move, whatever they hold."""

from __future__ import annotations

import math

import pytest

from controller.api import labels
from controller.api.pods.move import Move
from controller.api.sla import MaintenanceSla

MARK = "rack-7/0b51"
AT = "2026-01-01T00:00:00Z"
SLA = '{"minAvailable":"95%","durationSeconds":1800}'


def test_all_that_can_be_said() -> None:
    notes = {labels.MOVE: MARK, labels.MOVE_DEADLINE: AT, labels.MOVE_SLA: SLA}
    found = Move.of(notes)
    sla = MaintenanceSla(min_available="95%", duration_seconds=1800)
    assert found == Move(MARK, 1767225600.0, sla)
    assert found.maintenance == "rack-7"


def test_without_a_mark_there_is_no_move() -> None:
    assert Move.of({}) is None
    assert Move.of({labels.MOVE: "", labels.MOVE_DEADLINE: AT, labels.MOVE_SLA: SLA}) is None


def test_a_successor_whose_mark_somebody_has_taken_away_stays_one() -> None:
    assert Move.of({labels.MOVED_FROM: "uid-of-old"}) == Move("", successor_of="uid-of-old")


@pytest.mark.parametrize(
    "text",
    ["soon", "2026-01-01T00:00:00", "9" * 5_000, "[" * 5_000, "5", "null"],
)
def test_an_unreadable_deadline_counts_as_absent(text: str) -> None:
    assert Move.of({labels.MOVE: MARK, labels.MOVE_DEADLINE: text}) == Move(MARK)
    assert Move(MARK).deadline == math.inf


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "null",
        "5",
        "[]",
        '{"minAvailable": "many"}',
        '{"minAvailable": "-5%"}',
        '{"minAvailable": 1, "durationSeconds": -1}',
        '{"minAvailable": 1, "unknown": 2}',
        '{"minAvailable": 1, "durationSeconds": 9999999999999999999}',
        "[" * 250,
        "[" * 5_000,
    ],
)
def test_an_unreadable_agreement_counts_as_absent(text: str) -> None:
    assert Move.of({labels.MOVE: MARK, labels.MOVE_SLA: text}) == Move(MARK)


def test_a_successor_bears_the_mark_and_the_uid_of_the_pod_beside() -> None:
    old = Move(MARK, 5.0, MaintenanceSla(min_available=1))
    made = old.successor("uid-of-old")
    assert made.annotations == {labels.MOVE: MARK, labels.MOVED_FROM: "uid-of-old"}
    assert Move.of(made.annotations) == made
