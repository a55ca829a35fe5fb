"""Timestamps and clocks: which time counts as the time of an event."""

from __future__ import annotations

from hack.harness.manifests import is_true, job, queue
from hack.harness.space import Space


def test_an_instance_that_is_ready_within_its_time_is_no_failure(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
    space.made(job(instances=3, strategy=queue(1), min_ready=0, update=quick))
    space.set_image("web:2", behaviour="ready-after", ready_after="1400ms")
    ended = space.wait_update("RolledForward", timeout=30)
    assert "failures" not in ended["status"]


def test_evicted_pods_are_made_again_with_pauses_and_are_no_failure(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 5, "maxFailuresPerInstance": 0}
    space.made(job(instances=2, update=quick))
    space.set_image("web:2", behaviour="evict", exit_after="0s", instances="0")
    held = space.wait_update("RollingForward", probe=lambda u: is_true(u, "Stalled"), timeout=30)
    assert "failures" not in held["status"]
    assert "instance 0: Evicted" in held["status"]["message"]
    assert ", tried " in held["status"]["message"]
    # The old pod, the first new pod, one created at once, and one after 10 s.
    assert len(space.observer.uids()[0]) <= 4
    space.wait_job("told", lambda j: is_true(j, "Stalled"))


def test_a_pod_that_the_kubelet_refuses_until_its_deadline_is_a_failure(space: Space) -> None:
    quick = {"readyTimeoutSeconds": 5, "maxFailuresPerInstance": 0}
    before = space.made(job(instances=2, update=quick))
    space.set_image("web:2", behaviour="refuse", reason="NodeAffinity", instances="0")
    ended = space.wait_update("RolledBack", timeout=30)
    failure = ended["status"]["failures"][0]
    assert (failure["instance"], failure["reason"]) == (0, "NodeAffinity")
    assert "tried" in failure["message"]
    assert len(space.observer.uids()[0]) <= 5
    after = space.job()
    assert after["status"]["currentRevision"] == before["status"]["currentRevision"]
    assert "knownBad" not in after["status"]
