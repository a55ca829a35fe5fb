"""What is read of batch/v1 Jobs and CronJobs."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.model.runs import Run
from controller.reconcile.runs.objects import read_cron, read_run

META: dict[str, Any] = {
    "name": "web-r1",
    "namespace": "ns",
    "uid": "u1",
    "resourceVersion": "7",
    "creationTimestamp": "2026-01-01T00:00:00Z",
    "labels": {"echelon.dev/job": "web"},
    "annotations": {
        "echelon.dev/revision": "web-abc",
        "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T01:00:00+01:00",
    },
    "ownerReferences": [{"uid": "o0"}, {"uid": "o1", "controller": True}],
}
MIDNIGHT = 1_767_225_600.0


def read(**status: Any) -> Run:
    raw = {"metadata": META, "spec": {"completions": 9, "parallelism": 9}, "status": status}
    return read_run(raw).run


def test_an_active_run() -> None:
    found = read(active=3, ready=2, succeeded=1, failed=7, failedIndexes="0,2-4")
    assert (found.name, found.uid, found.owner, found.revision) == (
        "web-r1",
        "u1",
        "o1",
        "web-abc",
    )
    assert (found.created, found.scheduled) == (MIDNIGHT, MIDNIGHT)
    assert (found.instances, found.active, found.ready, found.succeeded) == (9, 3, 2, 1)
    assert found.failed == 4
    assert found.is_active
    assert not found.deleted


def test_a_run_that_succeeded() -> None:
    complete = {"type": "Complete", "status": "True", "lastTransitionTime": "2026-01-01T00:00:09Z"}
    found = read(conditions=[complete], completionTime="2026-01-01T00:00:05Z", succeeded=9)
    assert (found.ended, found.reason) == (MIDNIGHT + 5, "")


def test_a_run_that_failed_is_not_over_before_its_pods_are() -> None:
    target = {"type": "FailureTarget", "status": "True", "reason": "DeadlineExceeded"}
    assert read(conditions=[target]).is_active
    at = "2026-01-01T00:00:09Z"
    failed = {**target, "type": "Failed", "lastTransitionTime": at, "message": "too long"}
    found = read(conditions=[target, failed])
    assert (found.ended, found.reason, found.message) == (
        MIDNIGHT + 9,
        "DeadlineExceeded",
        "too long",
    )


@pytest.mark.parametrize(("indexes", "count"), [("", 0), ("3", 1), ("0-2", 3), ("0,2,5-6", 4)])
def test_failed_indexes_are_counted(indexes: str, count: int) -> None:
    assert read(failedIndexes=indexes).failed == count


def test_a_cron_job() -> None:
    meta = {**META, "name": "web", "annotations": {"echelon.dev/made-from": "d1"}}
    spec = {
        "schedule": "@daily",
        "timeZone": "Europe/Berlin",
        "concurrencyPolicy": "Forbid",
        "suspend": False,
        "startingDeadlineSeconds": 9,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {},
    }
    raw = {"metadata": meta, "spec": spec, "status": {"lastScheduleTime": "2026-01-01T00:00:00Z"}}
    found = read_cron(raw).cron
    assert found.settings == ("@daily", "Europe/Berlin", False, 9, "Forbid", 3, 1)
    assert (found.made_from, found.owner, found.last) == ("d1", "o1", MIDNIGHT)
    assert not found.free
    assert read_cron({**raw, "metadata": {**meta, "ownerReferences": []}}).cron.free


def test_when_a_cron_job_was_written_its_status_aside() -> None:
    managed = [
        {"manager": "echelon", "time": "2026-01-01T00:00:07Z", "fieldsV1": {"f:spec": {}}},
        {"manager": "kube-controller-manager", "subresource": "status",
         "time": "2026-01-01T00:00:59Z"},
    ]  # fmt: skip
    meta = {**META, "name": "web", "creationTimestamp": "2026-01-01T00:00:02Z"}
    assert read_cron({"metadata": meta}).cron.written == MIDNIGHT + 2
    assert read_cron({"metadata": {**meta, "managedFields": managed}}).cron.written == MIDNIGHT + 7
