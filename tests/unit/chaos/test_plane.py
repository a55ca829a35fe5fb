"""A try during which the API server did not answer says nothing."""

from __future__ import annotations

import time

import pytest

from hack.chaos.plane import Plane, StalledError


def plane(*beats: float) -> Plane:
    """A plane whose API server answered so many seconds ago."""
    made = Plane()
    made._beats = [time.monotonic() - ago for ago in beats]
    return made


def test_an_api_server_that_answers_all_the_time_is_well() -> None:
    plane(9, 6, 3, 1).check(time.monotonic() - 10)


@pytest.mark.parametrize("beats", [(9, 1), (9, 8), (1,)])
def test_a_gap_between_or_after_answers_is_a_stall(beats: tuple[float, ...]) -> None:
    with pytest.raises(StalledError, match="did not answer"):
        plane(*beats).check(time.monotonic() - 10)


def test_a_gap_before_the_try_does_not_count() -> None:
    plane(50, 9, 6, 3, 1).check(time.monotonic() - 10)
