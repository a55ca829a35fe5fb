"""Times, and how models are written as JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api.meta import Condition, ObjectMeta, format_time, parse_time, wire

MOMENT = 1767323045.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-02T03:04:05Z", MOMENT),
        ("2026-01-02T03:04:05.5Z", MOMENT + 0.5),
        ("2026-01-02T03:04:05.123456Z", MOMENT + 0.123456),
        ("2026-01-02T03:04:05.123456789Z", MOMENT + 0.123456),
        ("2026-01-02T05:04:05+02:00", MOMENT),
    ],
)
def test_rfc_3339_is_read(text: str, seconds: float) -> None:
    assert parse_time(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z"])
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|time zone|month|RFC 3339"):
        parse_time(text)


@given(st.floats(0, 4e9))
def test_times_are_written_in_whole_seconds_never_in_the_future(seconds: float) -> None:
    assert seconds - 1 < parse_time(format_time(seconds)) <= seconds


def test_a_time_is_written_as_kubernetes_does() -> None:
    assert format_time(MOMENT + 0.999) == "2026-01-02T03:04:05Z"


def test_names_are_camel_case_in_json() -> None:
    condition = Condition(
        type="Ready", status="True", reason="Good", last_transition_time=MOMENT + 0.7
    )
    assert wire(condition) == {
        "type": "Ready",
        "status": "True",
        "reason": "Good",
        "message": "",
        "observedGeneration": 0,
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    }
    assert Condition.model_validate(wire(condition)).last_transition_time == MOMENT


def test_absent_metadata_is_left_out() -> None:
    assert wire(ObjectMeta(name="web")) == {"name": "web"}


def test_fields_of_a_newer_version_are_ignored() -> None:
    assert ObjectMeta.model_validate({"name": "web", "selfLink": "/x"}) == ObjectMeta(name="web")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z"),
    ],
)
def test_every_time_that_can_be_read_can_be_written(text: str, written: str) -> None:
    """Another client may have written any of them into a status."""
    assert format_time(parse_time(text)) == written
    assert format_time(parse_time(text) + 2**31) <= "9999-12-31T23:59:59Z"
