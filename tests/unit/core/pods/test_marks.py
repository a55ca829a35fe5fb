"""What the marks of a Maintenance say of a Job's pods together."""

from __future__ import annotations

from controller.api.pods.move import Move
from controller.api.sla import MaintenanceSla
from controller.core.pods.marks import lasting

MARK = "rack-7/0b51"


def test_the_jobs_own_sla_says_how_long_an_instance_must_last() -> None:
    moves = [Move(MARK, sla=MaintenanceSla(min_available=1, duration_seconds=n)) for n in (30, 60)]
    assert lasting(MaintenanceSla(min_available=1, duration_seconds=5), moves) == 5
    assert lasting(MaintenanceSla(min_available=1), moves) == 0
    assert lasting(None, moves) == 60
    assert lasting(None, [Move(MARK)]) == 0
