"""The checks of the table of conditions find each wrong status and pass each right one."""

from __future__ import annotations

from typing import Any

import pytest

from hack.harness.conditions import (
    OF_JOB,
    OF_UPDATE,
    NeverFailed,
    faults_of_job,
    faults_of_update,
    written,
)
from hack.harness.manifests import Object, is_true, job, phase
from hack.harness.space import Space


def made(names: tuple[str, ...], true: set[str], reason: str = "Why", **status: Any) -> Object:
    """An object of generation 2; the named conditions are True."""
    conditions = [
        {"type": n, "status": str(n in true), "reason": reason, "observedGeneration": 2}
        for n in names
    ]
    meta = {"name": "web", "uid": "job", "generation": 2}
    return {
        "metadata": meta,
        "status": {"observedGeneration": 2, "conditions": conditions, **status},
    }


def a_job(true: set[str], outcome: str | None = None, reason: str = "Why", **status: Any) -> Object:
    given = {
        "updateRevision": "web-b",
        "assigned": [{"revision": "web-b", "instances": "0-2"}],
        "instancesInForce": 3,
        "availableInstances": 3,
        "lastAttempt": {"revision": "web-b", "outcome": outcome},
    }
    return made(OF_JOB, true, reason, **{**given, **status})


def an_update(phase: str, true: set[str]) -> Object:
    return made(OF_UPDATE, true, phase=phase)


OLD = [{"revision": "web-a", "instances": "0-2"}]
MIXED = [{"revision": "web-a", "instances": "0"}, {"revision": "web-b", "instances": "1-2"}]
BAD = [{"revision": "web-b"}]
HELD = {"activeUpdate": {"name": "web-g2", "uid": "update"}}


@pytest.mark.parametrize(
    ("found", "update"),
    [
        (a_job({"Ready"}), None),
        (a_job({"Ready", "UpdatePending"}, assigned=OLD), None),
        (a_job({"Stalled", "UpdatePending", "RolledBack"}, "RolledBack", assigned=OLD), None),
        (a_job({"Stalled", "UpdatePending"}, "Aborted", assigned=MIXED), None),
        (a_job({"Stalled", "UpdatePending"}, "Aborted", assigned=OLD, knownBad=BAD), None),
        (a_job({"Reconciling"}, **HELD), an_update("RollingForward", {"Reconciling"})),
        (a_job({"Reconciling"}, **HELD), an_update("RollForwardPaused", {"Reconciling", "Paused"})),
        (a_job({"Stalled"}, **HELD), an_update("RollingBack", {"Stalled"})),
        (a_job({"Reconciling"}, **HELD), None),
    ],
)
def test_the_truth_about_a_job(found: Object, update: Object | None) -> None:
    assert list(faults_of_job(found, update)) == []


@pytest.mark.parametrize(
    ("found", "update", "fault"),
    [
        (a_job({"Ready"}, assigned=OLD), None, "UpdatePending is False"),
        (a_job({"Ready", "UpdatePending"}), None, "UpdatePending is True"),
        (a_job({"Ready", "Stalled"}), None, "are True"),
        (a_job(set()), None, "no Update is active"),
        (a_job({"Ready"}, availableInstances=2), None, "with 2 available"),
        (a_job({"Ready", "UpdatePending"}, "RolledBack", assigned=OLD), None, "it is Ready after"),
        (a_job({"Ready", "UpdatePending"}, "Aborted", assigned=MIXED), None, "it is Ready after"),
        (a_job({"Stalled", "RolledBack"}, "RolledBack"), None, "RolledBack is True"),
        (
            a_job({"Ready", "UpdatePending"}, reason="KnownBad", assigned=OLD),
            None,
            "while a refused template waits",
        ),
        (
            a_job({"Ready", "UpdatePending"}, "Aborted", assigned=OLD, knownBad=BAD),
            None,
            "while a known-bad template waits",
        ),
        (a_job({"Stalled"}, **HELD), an_update("Pending", {"Reconciling"}), "its Update is"),
        (a_job({"Stalled"}, **HELD), an_update("RollingForward", set()), "its Update is"),
        (a_job(set(), **HELD), an_update("RollForwardPaused", set()), "its Update is"),
        (a_job({"Ready"}, **HELD), None, "its Update is"),
        (made(OF_JOB[:-1], {"Ready"}, instancesInForce=0), None, "['RolledBack'] are not there"),
    ],
)
def test_a_lie_about_a_job_is_seen(found: Object, update: Object | None, fault: str) -> None:
    assert fault in " ".join(faults_of_job(found, update))


def test_a_lie_about_an_update_is_seen() -> None:
    assert list(faults_of_update(an_update("RollForwardPaused", {"Reconciling", "Paused"}))) == []
    faults = list(faults_of_update(an_update("RollingForward", {"Reconciling", "Paused"})))
    assert faults == ["in phase RollingForward Paused is True"]
    assert "not there" in next(faults_of_update(made(OF_UPDATE[:-1], set(), phase="RolledForward")))


def test_a_word_about_a_new_template_that_speaks_of_the_old_is_seen() -> None:
    judge = NeverFailed()
    owner = {"uid": "job", "controller": True}
    update = {"metadata": {"name": "web-g2", "ownerReferences": [owner]}}
    judge.take_job(a_job({"Stalled"}, reason="Forbidden"))
    assert list(judge.faults(update)) == []
    judge.take_job(a_job({"Stalled"}, reason="InstanceNotReady"))
    assert "was Stalled (InstanceNotReady) at generation 2" in next(judge.faults(update))


def test_what_a_user_leaves_behind_is_not_judged() -> None:
    before = a_job({"Ready"})
    edited = {**before, "metadata": {**before["metadata"], "generation": 3}}
    assert not written(edited, before)
    assert written(edited | {"status": {**before["status"], "observedGeneration": 3}}, before)
    assert not written({"metadata": {}, "status": {"observedGeneration": -1}}, None)
    other = {"manager": "curl", "fieldsV1": {"f:status": {"f:instances": {}}}}
    tampered = {**before, "metadata": {**before["metadata"], "managedFields": [other]}}
    assert not written({**tampered, "status": {**before["status"], "instances": 9}}, before)


def test_a_good_template_after_a_bad_instance_is_never_said_to_have_failed(space: Space) -> None:
    """The checks at the end of each test read every version of the status; this test needs them."""
    space.create(job(instances=2, image="web:1-never-ready", update={"readyTimeoutSeconds": 2}))
    space.wait_job("Stalled", lambda job: is_true(job, "Stalled"))
    done = space.roll("web:2")
    generation = space.wait_ready()["metadata"]["generation"]
    assert phase(done) == "RolledForward"
    said = [
        seen.object
        for seen in space.observer.events()
        if seen.kind == "EchelonJob"
        and seen.object.get("status", {}).get("observedGeneration") == generation
    ]
    assert all(written(obj, None) for obj in said), "these versions are checked"
    assert said
    assert not [obj for obj in said if is_true(obj, "Stalled")]
