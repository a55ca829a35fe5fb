"""Times and numbers in words."""

from __future__ import annotations

import pytest

from controller.view.words import age, cut, ids, percent, plural, since

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (10 * MINUTE, "10m"),
        (179 * MINUTE + 59, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 5 * MINUTE, "3h5m"),
        (8 * HOUR + 5 * MINUTE, "8h"),
        (47 * HOUR, "47h"),
        (2 * DAY, "2d"),
        (2 * DAY + 3 * HOUR, "2d3h"),
        (8 * DAY + 3 * HOUR, "8d"),
        (729 * DAY, "729d"),
        (730 * DAY, "2y"),
        (731 * DAY, "2y1d"),
        (9 * 365 * DAY, "9y"),
    ],
)
def test_ages_are_those_of_kubectl(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_a_moment_that_never_came_has_no_age() -> None:
    assert since(None, 100.0) == ""
    assert since(40.0, 100.0) == "60s"


def test_plural() -> None:
    assert plural(1, "instance") == "1 instance"
    assert plural(0, "instance") == "0 instances"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert cut("one\n two", 10) == "one two"
    assert cut("0123456789", 10) == "0123456789"
    assert cut("0123456789a", 10) == "012345678…"
    assert cut("word word", 6) == "word…"


def test_ids() -> None:
    assert ids("") == "none"
    assert ids("0-3,7") == "0-3,7"
    assert ids("1,3,5,7,9", 5) == "1,3,…"


def test_all_but_one_are_not_a_hundred_percent() -> None:
    assert percent(0.9999) == "99%"
    assert percent(1.0) == "100%"
    assert percent(0.29) == "29%"
