from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import ValidationError

from controller.api.job import Job, JobStatus
from controller.api.lenient import lenient, part, shown, unreadable
from controller.api.meta import Status
from controller.api.update import Phase, Update, UpdateStatus


def raw(spec: object, **status: Any) -> dict[str, Any]:
    meta = {"name": "web-g2", "namespace": "ns", "uid": "u", "resourceVersion": "3"}
    return {"metadata": meta, "spec": spec, "status": status}


def test_what_makes_no_sense_of_a_status_is_ignored_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = raw({"job": "web"}, phase="RollingForward", watchingSince="soon", message="at work")
    with caplog.at_level(logging.ERROR):
        found = lenient(Update, given)
    assert found.status.phase is Phase.ROLLING_FORWARD
    assert found.status.watching_since is None
    assert found.status.message == "at work"
    assert caplog.messages == ["web-g2: status.watchingSince is invalid and ignored"]
    assert given["status"]["watchingSince"] == "soon", "what was given stays as it is"


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
        ({"message": 7, "batch": {"index": 0, "instances": "2-1"}}, "status.batch.instances: "),
    ],
)
def test_what_may_not_be_lost_must_make_sense(status: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as failed:
        lenient(Update, raw({"job": "web"}, **status))
    assert unreadable(failed.value).startswith(where)


def test_of_an_update_that_has_ended_only_the_phase_is_needed() -> None:
    ended = raw({"job": "web"}, phase="RolledBack", batch=[], message="done")
    found = lenient(Update, ended).status
    assert (found.phase, found.batch, found.message) == (Phase.ROLLED_BACK, None, "done")


def test_an_object_is_shown_without_what_only_the_next_step_follows_from() -> None:
    assert shown(Update, raw({"job": "web"}, batch=[], message="at work")).status.batch is None
    with pytest.raises(ValidationError):
        shown(Update, raw({"job": "web"}, to=[]))


#: The fields whose loss changes no step, and why.
MAY_BE_LOST = {
    JobStatus: {
        # Written anew with each report, from the pods and the spec.
        "observedGeneration", "conditions", "instances", "readyInstances", "availableInstances",
        "updatedInstances", "selector", "updateRevision", "revisions",
        # The time until the Job is Stalled begins again.
        "downSince",
        # For people only.
        "ended", "lastScheduledAt",
    },
    UpdateStatus: {
        # Written anew with each report, from the other fields and the pods.
        "message", "observedGeneration", "conditions", "counts",
        # Only of an Update that has ended.
        "finishedAt", "plan", "observedVerbs",
        # The watch, and the time in which an instance must come up, begin again.
        "watchingSince", "downSince",
        # For people only.
        "history",
    },
}  # fmt: skip


@pytest.mark.parametrize("status", MAY_BE_LOST)
def test_each_field_of_a_status_is_needed_or_may_be_lost(status: type[Status]) -> None:
    fields = {field.alias for field in status.model_fields.values()}
    assert fields - status.needed() == MAY_BE_LOST[status], (
        "mark a field MAY_BE_LOST only if no next step follows from it, and say here why"
    )


def a_job(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": {"template": {}, **spec}, "status": {}}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"speed": 3}, "spec.speed"),
        ({"sla": {"minAvailable": 1, "maxWait": 3}}, "spec.sla.maxWait"),
        ({"update": {"strategy": {"type": "Batch", "size": 1, "delays": []}}},
         "spec.update.strategy.delays"),
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
