"""A Job in one row."""

from __future__ import annotations

import pytest

from controller.api.job import JobType
from controller.view.jobs import Health, health_of, job_row, shares
from tests.unit.view.raw import NOW, condition, job, ranges


@pytest.mark.parametrize(
    ("conditions", "health", "message"),
    [
        ([condition("Ready", "Ready", "3 of 3")], Health.READY, ""),
        ([condition("Stalled", "RolledBack", "why")], Health.STALLED, "why"),
        ([condition("Reconciling", "RollingForward", "1 of 3")], Health.RECONCILING, "1 of 3"),
        (
            [condition("UpdatePending", "Manual", "waits"), condition("Ready", "Ready", "3 of 3")],
            Health.PENDING,
            "waits",
        ),
        (
            [condition("UpdatePending", "RolledBack"), condition("Stalled", "RolledBack", "why")],
            Health.STALLED,
            "why",
        ),
        ([condition("Ready", "Starting", "soon", "False")], Health.RECONCILING, "soon"),
        ([], Health.RECONCILING, ""),
    ],
)
def test_health(conditions: list[dict[str, object]], health: Health, message: str) -> None:
    found, reason, words = health_of(job(3, *conditions))
    assert (found, words) == (health, message)
    assert reason == (conditions[0]["reason"] if conditions else "")


def test_what_no_operator_has_seen_is_not_taken_for_well() -> None:
    ready = condition("Ready", "Ready")
    assert health_of(job(3, ready, observedGeneration=-1))[0] is Health.UNSEEN
    health, _, message = health_of(job(3, ready, observedGeneration=1))
    assert health is Health.UNSEEN
    assert message == "no operator has looked at the last change of this Job yet"


def test_a_job_that_is_deleted_says_so() -> None:
    seen = job(3, condition("Ready", "Ready"))
    meta = seen.metadata.model_copy(update={"deletion_timestamp": NOW})
    assert health_of(seen.model_copy(update={"metadata": meta}))[0] is Health.DELETING


def test_the_row() -> None:
    row = job_row(
        job(
            4,
            readyInstances=3,
            availableInstances=2,
            instancesInForce=5,
            currentRevision="web-a",
            updateRevision="web-b",
            revisions=ranges(a="0", b="1-3"),
            activeUpdate={"name": "web-g2", "uid": "u"},
            lastAttempt={"revision": "web-b", "update": "web-g2"},
        )
    )
    assert (row.namespace, row.name) == ("shop", "web")
    assert (row.ready, row.available, row.instances, row.wanted) == (3, 2, 5, 4)
    assert [(name, str(ids)) for name, ids in row.revisions.items()] == [
        ("web-b", "1-3"),
        ("web-a", "0"),
    ]
    assert (row.current, row.template, row.update, row.outcome) == ("web-a", "web-b", "web-g2", "")
    assert row.created == NOW - 3600


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("all instances are at this revision already", "NoChange"),
        ("3 of 3 instances updated", "RolledForward"),
        (None, "RolledForward"),
    ],
)
def test_an_update_that_found_nothing_to_change_is_no_success(
    message: str | None, outcome: str
) -> None:
    last = {"revision": "web-a", "update": "web-g3", "outcome": "RolledForward", "message": message}
    assert job_row(job(3, lastAttempt=last)).outcome == outcome


@pytest.mark.parametrize(
    ("counts", "cells"),
    [
        ([3, 1], [30, 10]),
        ([9999, 1], [39, 1]),
        ([1, 1, 1], [14, 13, 13]),
        ([0, 5], [0, 40]),
        ([0, 0], [0, 0]),
        ([], []),
    ],
)
def test_the_cells_of_a_bar(counts: list[int], cells: list[int]) -> None:
    assert shares(counts, 40) == cells


def test_a_bar_with_more_parts_than_cells() -> None:
    assert sum(shares([1] * 9, 4)) == 4


@pytest.mark.parametrize(("kind", "message"), [("Adhoc", "web-r1: done"), ("Service", "")])
def test_how_the_last_run_went_is_said_also_when_all_is_well(kind: str, message: str) -> None:
    seen = job(conditions=[condition("Ready", "Ready", "web-r1: done")])
    spec = seen.spec.model_copy(update={"type": JobType(kind)})
    told = health_of(seen.model_copy(update={"spec": spec}))
    assert told == (Health.READY, "Ready", message)
