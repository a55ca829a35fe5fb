"""Two runs that differ only in uids, times and words have the same ending; others do not."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from controller.api import labels
from hack.chaos.ending import acts, changes, differences, ending
from hack.harness.audit import Request
from hack.harness.pods import slim

JOB: dict[str, Any] = {
    "metadata": {"name": "web", "uid": "1", "generation": 2, "resourceVersion": "7"},
    "spec": {"instances": 1},
    "status": {
        "observedGeneration": 2,
        "assigned": [{"revision": "web-a", "instances": "0"}],
        "conditions": [
            {"type": "Ready", "status": "True", "reason": "Good", "lastTransitionTime": "now"}
        ],
    },
}
UPDATE: dict[str, Any] = {
    "metadata": {"name": "web-g2", "generation": 1},
    "spec": {"job": "web"},
    "status": {
        "phase": "RolledForward",
        "failures": [{"instance": 0, "attempt": 1, "reason": "Crashed", "time": "then"}],
        "history": [{"phase": "RollingForward", "reason": "Admitted", "time": "then"}],
    },
}
OWNER = {"apiVersion": labels.API_VERSION, "kind": "EchelonJob", "name": "web", "controller": True}
POD: dict[str, Any] = {
    "metadata": {
        "name": "web-0",
        "uid": "p",
        "creationTimestamp": "then",
        "labels": {"track": "stable"},
        "annotations": {"example.com/config": "a", labels.UPDATE: "uid of an Update"},
        "ownerReferences": [OWNER],
    },
    "spec": {"containers": [{"image": "web:2"}]},
}
CLAIM: dict[str, Any] = {
    "metadata": {
        "name": "data-web-0",
        "uid": "c",
        "labels": {labels.INSTANCE: "0"},
        "ownerReferences": [{"kind": "EchelonJob", "name": "web", "uid": "1"}],
    },
    "status": {"phase": "Bound"},
}
REVISION: dict[str, Any] = {
    "metadata": {"name": "web-a", "uid": "r", "annotations": {labels.SOURCE: "commit 1"}},
    "revision": 1,
    "data": {},
}


def made(
    job: dict[str, Any] | None = JOB,
    update: dict[str, Any] = UPDATE,
    lives: int = 2,
    pod: dict[str, Any] = POD,
    revision: dict[str, Any] = REVISION,
    claims: Sequence[dict[str, Any]] = (CLAIM,),
) -> Any:
    lived = {0: ["u"] * lives}
    return ending(job, [update], [slim(pod)], lived, [], (), [revision], claims=claims)


def test_uids_and_times_make_no_difference() -> None:
    job, update = copy.deepcopy(JOB), copy.deepcopy(UPDATE)
    job["metadata"] |= {"uid": "2", "resourceVersion": "99"}
    job["status"]["conditions"][0]["lastTransitionTime"] = "later"
    update["status"]["history"][0]["time"] = "later"
    assert differences(made(), made(job, update)) == []


def test_a_failure_that_was_counted_twice_is_one() -> None:
    update = copy.deepcopy(UPDATE)
    update["status"]["failures"] *= 2
    (found,) = differences(made(), made(update=update))
    assert "updates.web-g2.failures" in found


def test_a_pod_more_and_a_changed_spec_are_differences() -> None:
    job = copy.deepcopy(JOB)
    job["spec"]["instances"] = 2
    found = differences(made(), made(job, lives=3))
    assert [each.partition(":")[0] for each in found] == ["job.spec.instances", "lives.0"]
    assert differences(made(), made(lives=3), ignore=("lives",)) == []


def test_metadata_of_a_pod_and_marks_that_are_left_are_differences() -> None:
    pod = copy.deepcopy(POD)
    pod["metadata"]["annotations"][labels.UPDATE] = "another uid"
    pod["metadata"]["labels"]["topology.kubernetes.io/zone"] = "of another node"
    assert differences(made(), made(pod=pod)) == []
    pod["metadata"]["annotations"] |= {"example.com/config": "b", labels.RESIZING: "{}"}
    pod["metadata"]["labels"] = {"track": "next"}
    found = {each.partition(":")[0] for each in differences(made(), made(pod=pod))}
    where = ("annotations.example.com/config", "labels.track", "resizing")
    assert found == {f"pods.web-0.{each}" for each in where}


def test_labels_that_other_controllers_give_their_pods_are_none() -> None:
    theirs = copy.deepcopy(POD)
    theirs["metadata"]["ownerReferences"] = [{**OWNER, "kind": "StatefulSet"}]
    other = copy.deepcopy(theirs)
    other["metadata"]["labels"] = {"controller-revision-hash": "web-2"}
    assert differences(made(pod=theirs), made(pod=other)) == []


def test_where_a_revision_comes_from_counts_as_long_as_there_is_the_job() -> None:
    revision = copy.deepcopy(REVISION)
    revision["metadata"]["annotations"][labels.SOURCE] = "commit 2"
    (found,) = differences(made(), made(revision=revision))
    assert "commit 2" in found
    assert not differences(made(job=None), made(job=None, revision=revision))


def test_the_set_of_frozen_ids_counts() -> None:
    job = copy.deepcopy(JOB)
    job["status"]["frozen"] = "0"
    (found,) = differences(made(), made(job))
    assert found.startswith("job.frozen: ")


def test_claims_count_with_their_owners_and_without_their_uids() -> None:
    claim = copy.deepcopy(CLAIM)
    claim["metadata"]["uid"] = claim["metadata"]["ownerReferences"][0]["uid"] = "another"
    assert differences(made(), made(claims=[claim])) == []
    claim["metadata"] |= {"ownerReferences": [{"kind": "Pod", "name": "web-0"}], "labels": {}}
    claim["metadata"]["deletionTimestamp"] = "now"
    claim["status"]["phase"] = "Pending"
    found = {each.partition(":")[0] for each in differences(made(), made(claims=[claim]))}
    where = ("owners", "deleting", "phase", f"labels.{labels.INSTANCE}")
    assert found == {f"claims.data-web-0.{each}" for each in where}
    assert differences(made(), made(claims=[]))


def test_the_claims_that_a_pod_mounts_count() -> None:
    pod = copy.deepcopy(POD)
    pod["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": "data-web-0"}}]
    (found,) = differences(made(), made(pod=pod))
    assert found == "pods.web-0.claims: expected [], found ['data-web-0']"


def test_a_missing_job_is_a_difference() -> None:
    nothing = ending(None, [], [], {}, [])
    assert differences(nothing, nothing) == []
    assert differences(made(), nothing)


def asked(verb: str, resource: str, name: str, code: int = 200, **more: Any) -> Request:
    fields = {"subresource": "", "dry_run": False, "denied": False, **more}
    at = datetime.now(UTC)
    return Request(
        at, "u", "a", verb, resource, fields.pop("subresource"), "n", name, code, **fields
    )


def test_only_acts_that_the_api_server_carried_out_are_counted() -> None:
    found = acts(
        [
            asked("create", "pods", "web-0", 201),
            asked("create", "pods", "web-0", 409),
            asked("create", "pods", "web-1", 201, dry_run=True),
            asked("delete", "pods", "web-0"),
            asked("create", "persistentvolumeclaims", "data-web-0", 201),
            asked("create", "persistentvolumeclaims", "data-web-0", 409),
            asked("patch", "persistentvolumeclaims", "data-web-0"),
            asked("patch", "echelonjobs", "web", subresource="status"),
            asked("create", "pods", "web-1", 201, subresource="eviction"),
            asked("create", "pods", "web-1", 429, subresource="eviction"),
        ]
    )
    claim = "create persistentvolumeclaims data-web-0"
    assert found == {f"{each} pods web-0": 1 for each in ("create", "delete")} | {
        claim: 1,
        "evict pods web-1": 1,
    }


def test_only_patches_to_another_revision_change_a_pod() -> None:
    to = {"metadata": {"annotations": {labels.REVISION: "web-b"}}}
    found = changes(
        [
            asked("patch", "pods", "web-0", body=to),
            asked("patch", "pods", "web-0", body={"metadata": {"annotations": {"other": "x"}}}),
            asked("patch", "pods", "web-0", 409, body=to),
            asked("patch", "pods", "web-1", body=to, dry_run=True),
            asked("patch", "pods", "web-1", body=to, subresource="resize"),
            asked("create", "pods", "web-1", 201, body=to),
            asked("patch", "pods", "web-2"),
        ]
    )
    assert found == {"web-0": 1}
