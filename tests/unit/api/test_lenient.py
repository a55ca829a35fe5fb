from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from controller.api.lenient import lenient, part, unreadable
from controller.api.update import Phase, Update


def raw(spec: object, **status: Any) -> dict[str, Any]:
    meta = {"name": "web-g2", "namespace": "ns", "uid": "u", "resourceVersion": "3"}
    return {"metadata": meta, "spec": spec, "status": status}


def test_what_makes_no_sense_of_a_status_is_ignored_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = raw({"job": "web"}, phase="RollingForward", startedAt="soon", message="at work")
    with caplog.at_level(logging.ERROR):
        found = lenient(Update, given)
    assert found.status.phase is Phase.ROLLING_FORWARD
    assert found.status.started_at is None
    assert found.status.message == "at work"
    assert caplog.messages == ["web-g2: status.startedAt is invalid and ignored"]
    assert given["status"]["startedAt"] == "soon", "what was given stays as it is"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (raw({"job": "web"}, phase="Meditating"), "status.phase: "),
        (raw({"job": 7}), "spec.job: "),
        (raw({"job": 7}, startedAt="soon"), "spec.job: "),
    ],
)
def test_a_phase_and_a_spec_must_make_sense(given: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as failed:
        lenient(Update, given)
    assert unreadable(failed.value).startswith(where)


@pytest.mark.parametrize("given", [{}, {"spec": None}, {"spec": "x"}, {"spec": []}])
def test_a_part_that_is_no_object_is_empty(given: dict[str, Any]) -> None:
    assert part(given, "spec") == {}


def test_a_part() -> None:
    assert part({"spec": {"job": "web"}}, "spec") == {"job": "web"}
