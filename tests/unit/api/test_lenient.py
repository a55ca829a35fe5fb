from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from controller.api.job import Job
from controller.api.lenient import lenient, part, shown, unreadable
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


@pytest.mark.parametrize(
    ("status", "where"),
    [
        ({"to": {"revision": 7, "instances": "0"}}, "status.to.revision: "),
        ({"from": "web-1"}, "status.from: "),
        ({"policy": {}}, "status.policy.strategy: "),
        ({"engineVersion": 0}, "status.engineVersion: "),
    ],
)
def test_what_cannot_be_derived_must_make_sense(status: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as failed:
        lenient(Update, raw({"job": "web"}, **status))
    assert unreadable(failed.value).startswith(where)


def a_job(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"template": {}, **spec}, "status": {}}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"speed": 3}, "spec.speed"),
        ({"update": {"slaAware": True}}, "spec.update.slaAware"),
        ({"update": {"strategy": {"type": "Batch", "size": 1, "pauses": []}}},
         "spec.update.strategy.pauses"),
        ({"update": {"gates": [{"name": "a", "http": {"url": "u", "proxy": "p"}}]}},
         "spec.update.gates.0.http.proxy"),
    ],
)  # fmt: skip
def test_a_field_of_a_spec_whose_meaning_is_not_known(spec: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as failed:
        lenient(Job, a_job(**spec))
    assert unreadable(failed.value) == f"{field}: this version does not know this field"
    given = a_job(**spec)
    assert shown(Job, given).spec.instances == 1, "what is only shown is read without it"
    assert given == a_job(**spec), "what was given stays as it is"


def test_a_template_and_a_status_may_have_any_field() -> None:
    given = a_job(template={"spec": {"speed": 3}})
    given["status"] = {"frozen": "7", "lastAttempt": {"revision": "r", "speed": 3}}
    assert lenient(Job, given).spec.template == {"spec": {"speed": 3}}


def test_what_is_shown_must_still_make_sense() -> None:
    with pytest.raises(ValidationError):
        shown(Job, a_job(type="Miracle"))
    with pytest.raises(ValidationError):
        shown(Job, a_job(type="Miracle", speed=3))


@pytest.mark.parametrize("given", [{}, {"spec": None}, {"spec": "x"}, {"spec": []}])
def test_a_part_that_is_no_object_is_empty(given: dict[str, Any]) -> None:
    assert part(given, "spec") == {}


def test_a_part() -> None:
    assert part({"spec": {"job": "web"}}, "spec") == {"job": "web"}
