"""Runs in rows, from the status of their Job and from batch/v1 Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.job import Job
from controller.core.model.runs import Run
from controller.view.history import history
from controller.view.jobs import job_row
from controller.view.runs import RunState, is_of, last_run, rows
from tests.unit.view.raw import NOW, Object, ago, raw_job, revision, template

OPEN = {"name": "web-r2", "revision": "web-b", "instances": 3, "startedAt": ago(60)}
ENDED = {**OPEN, "finishedAt": ago(10)}
#: What `status.lastRun` is, how a person says it, and its state.
STATES: list[tuple[Object | None, str, RunState | None]] = [
    (None, "no run yet", None),
    ({"name": "web-r2", "instances": 3}, "starting", RunState.STARTING),
    ({**OPEN, "active": 2, "succeeded": 1}, "2/3 running", RunState.ACTIVE),
    ({**OPEN, "active": 2, "failed": 1}, "2/3 running, 1 failed", RunState.ACTIVE),
    ({**OPEN, "active": 3, "reason": "Killing"}, "3/3 ending", RunState.ENDING),
    ({**ENDED, "succeeded": 3, "reason": "Succeeded"}, "3/3 succeeded", RunState.SUCCEEDED),
    (
        {**ENDED, "succeeded": 1, "failed": 2, "reason": "FailedIndexes"},
        "2/3 failed",
        RunState.FAILED,
    ),
    (
        {**ENDED, "succeeded": 1, "failed": 2, "reason": "Killed"},
        "killed, 1/3 succeeded",
        RunState.KILLED,
    ),
    ({**ENDED, "failed": 3, "reason": "Deleted"}, "deleted, 0/3 succeeded", RunState.DELETED),
]


def ran(last: Object | None, *conditions: Object, kind: str = "Adhoc", **cron: Any) -> Job:
    """A Job with runs whose last one is this."""
    raw = raw_job(3, *conditions)
    raw["metadata"]["uid"] = "j1"
    raw["spec"]["type"] = kind
    if kind == "Cron":
        raw["spec"]["cron"] = {"schedule": "0 0 1 1 *", **cron}
    if last is not None:
        raw["status"]["lastRun"] = last
    return Job.model_validate(raw)


@pytest.mark.parametrize(("last", "words", "state"), STATES)
def test_how_the_last_run_is(last: Object | None, words: str, state: RunState | None) -> None:
    seen = ran(last)
    row = job_row(seen)
    assert row.count == words
    found = last_run(seen)
    assert (found.state if found else None) == state
    assert row.outcome == (state if found and not found.is_open else "")


def test_the_count_of_a_service_is_that_of_its_instances() -> None:
    assert job_row(Job.model_validate(raw_job(3, readyInstances=2))).count == "2/3"


def test_runs_are_the_newest_first_and_the_last_one_is_there_when_it_is_deleted() -> None:
    old = Run("web-r1", "u1", created=NOW - 500, ended=NOW - 400, instances=3, succeeded=3)
    bad = Run(
        "web-r2", "u2", created=NOW - 300, ended=NOW - 200, instances=3, succeeded=1,
        reason="FailedIndexes", message="Job has failed indexes",
    )  # fmt: skip
    found = rows(ran({**ENDED, "name": "web-r3", "reason": "Deleted", "failed": 3}), [old, bad])
    assert [row.name for row in found] == ["web-r3", "web-r2", "web-r1"]
    assert [row.words for row in found[1:]] == ["2/3 failed", "3/3 succeeded"]
    assert [row.exists for row in found] == [False, True, True]


def test_a_run_that_is_being_killed_says_why() -> None:
    active = Run("web-r2", "u2", created=NOW - 60, instances=3, active=3, deleted=True)
    (row,) = rows(ran({**OPEN, "reason": "Killing", "message": "killed, because x"}), [active])
    assert (row.state, row.message) == (RunState.ENDING, "killed, because x")
    (alone,) = rows(ran(None), [active])
    assert alone.state is RunState.ENDING


def test_a_run_that_is_about_to_start_is_the_newest() -> None:
    old = Run("web-r1", "u1", created=NOW, ended=NOW, instances=3, succeeded=3)
    assert [row.name for row in rows(ran({"name": "web-r2"}), [old])] == ["web-r2", "web-r1"]


@pytest.mark.parametrize(
    ("kind", "owner", "belongs"),
    [
        ("Adhoc", {"kind": "EchelonJob", "uid": "j1", "name": "web"}, True),
        ("Adhoc", {"kind": "EchelonJob", "uid": "older", "name": "web"}, False),
        ("Cron", {"kind": "CronJob", "uid": "c1", "name": "web"}, True),
        ("Cron", {"kind": "CronJob", "uid": "c2", "name": "other"}, False),
        ("Adhoc", {"kind": "CronJob", "uid": "c1", "name": "web"}, False),
        ("Adhoc", None, False),
    ],
)
def test_whose_run_it_is(kind: str, owner: Object | None, belongs: bool) -> None:
    owners = [{**owner, "controller": True}] if owner else []
    run = {"metadata": {"name": "web-r1", "ownerReferences": owners}}
    assert is_of(run, ran(None, kind=kind)) is belongs


def test_the_history_names_the_last_run_and_calls_no_revision_never_tried() -> None:
    revisions = [revision(name, n, template()) for n, name in enumerate("abc", 1)]
    seen = ran({**ENDED, "succeeded": 1, "failed": 2, "reason": "FailedIndexes"})
    origins = [entry.origin for entry in history(seen, revisions, [])]
    assert origins == ["", "last run web-r2: 2/3 failed", ""]
