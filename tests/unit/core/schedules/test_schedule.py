"""Schedules mean the moments that Kubernetes computes, also when a clock is changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from controller.core.schedules.schedule import parsed

#: Schedule, zone, moment, and the next times by the library of Kubernetes (`hack.schedules`).
ANSWERS: list[Any] = json.loads((Path(__file__).parent / "kubernetes.json").read_text())


def due(schedule: str, zone: str | None, after: str, count: int = 3) -> list[str]:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp()
    times = islice(parsed(schedule, zone).upcoming(moment), count)
    return [datetime.fromtimestamp(at, UTC).strftime("%m-%d %H:%M") for at in times]


def test_the_library_of_kubernetes_says_the_same() -> None:
    wrong = [
        (schedule, zone, after)
        for schedule, zone, after, times in ANSWERS
        if times is not None
        and list(islice(parsed(schedule, zone).upcoming(after), len(times) or 1)) != times
    ]
    assert len(ANSWERS) > 300
    assert wrong == []


@pytest.mark.parametrize("schedule", [a[0] for a in ANSWERS if a[3] is None])
def test_what_kubernetes_refuses_is_invalid(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parsed(schedule, None)


def test_a_time_that_the_clock_skips_has_no_run_that_day() -> None:
    # 2026-03-29: 02:00 becomes 03:00 in Berlin.
    assert due("30 2 * * *", "Europe/Berlin", "2026-03-28T02:00", 2) == [
        "03-30 00:30",
        "03-31 00:30",
    ]


def test_a_time_that_the_clock_shows_twice_has_two_runs() -> None:
    # 2026-10-25: 03:00 becomes 02:00 in Berlin.
    assert due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00") == [
        "10-25 00:30",
        "10-25 01:30",
        "10-26 01:30",
    ]


def test_without_a_zone_the_times_are_in_utc() -> None:
    assert due("0 12 * * *", None, "2026-07-01T00:00", 1) == ["07-01 12:00"]


def test_a_day_that_never_comes_is_not_waited_for() -> None:
    assert parsed("0 0 30 2 *", None).after(0.0) is None


def test_a_zone_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="Mars/Olympus"):
        parsed("* * * * *", "Mars/Olympus")
