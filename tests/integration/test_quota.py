"""A full ResourceQuota delays an update; the status shows it, and it causes no failure."""

from __future__ import annotations

from hack.harness.manifests import Object, condition, is_true, job, queue
from hack.harness.space import Space


def quota(space: Space, pods: int) -> None:
    body: Object = {"metadata": {"name": "few"}, "spec": {"hard": {"pods": str(pods)}}}
    path = space.path("resourcequotas")
    if space.exists("resourcequotas", "few"):
        space.api.patch(space.path("resourcequotas", "few"), body)
        return
    space.api.create(path, body)
    space.cluster.wait(
        "the quota to be counted",
        lambda: space.api.get(space.path("resourcequotas", "few")).get("status", {}).get("used"),
    )


def test_a_full_quota_is_told_and_the_rest_comes_when_there_is_room(space: Space) -> None:
    quota(space, 2)
    space.create(job(instances=4))
    held = space.wait_job(
        "QuotaExceeded", lambda j: condition(j, "Reconciling").get("reason") == "QuotaExceeded"
    )
    assert "exceeded quota: few" in condition(held, "Reconciling")["message"]
    assert is_true(held, "Reconciling")
    assert len(space.pods()) == 2
    quota(space, 10)
    space.wait_ready(timeout=40)
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(4), 1)


def test_an_update_waits_for_room_and_goes_on(space: Space) -> None:
    space.made(job(instances=3, strategy=queue(1), update={"readyTimeoutSeconds": 0}))
    quota(space, 2)
    space.set_image("web:2")
    held = space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["reason"] == "QuotaExceeded"
    )
    assert "instance 0" in held["status"]["message"]
    quota(space, 10)
    space.wait_update("RolledForward", timeout=40)


def test_an_update_without_room_until_its_deadline_fails(space: Space) -> None:
    """The deadline of a new pod counts from the start of its group, also while the quota is
    full."""
    quick = {"readyTimeoutSeconds": 3, "maxFailuresPerInstance": 0}
    space.made(job(instances=3, strategy=queue(1), update=quick))
    quota(space, 2)
    space.set_image("web:2")
    turned = space.wait_update("RollingBack", "RolledBack", timeout=20)
    assert "exceeded quota" in turned["status"]["history"][0]["message"]
    quota(space, 10)
    space.wait_update("RolledBack", timeout=40)
    space.until("3 Ready", lambda: sum(pod.ready for pod in space.pods().values()) == 3)
