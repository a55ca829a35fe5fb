"""Simulated pods that change while they run."""

from __future__ import annotations

import pytest

from tests.devcluster.pods import Pod, Pods, app, condition, is_ready, restarts


def test_a_crash_on_demand_and_again(pods: Pods) -> None:
    pods.create()
    pods.wait("readiness", is_ready)
    pods.steer(behaviour="crash", reason="OOMKilled")
    first = pods.wait("a restart", lambda pod: restarts(pod) == 1 and is_ready(pod))
    assert app(first)["lastState"]["terminated"]["reason"] == "OOMKilled"
    pods.steer(trigger="again")
    pods.wait("another restart", lambda pod: restarts(pod) == 2 and is_ready(pod))


def test_an_exit_on_demand(pods: Pods) -> None:
    pods.create()
    pods.wait("readiness", is_ready)
    pods.steer(behaviour="exit")
    pods.wait("the end", lambda pod: pod["status"]["phase"] == "Failed")


def test_readiness_on_demand(pods: Pods) -> None:
    pods.create(behaviour="never-ready")
    pods.wait("a start", lambda pod: pod["status"]["phase"] == "Running")
    pods.steer(behaviour="ready")
    assert restarts(pods.wait("readiness", is_ready)) == 0
    pods.steer(behaviour="never-ready")
    pods.wait("unreadiness", lambda pod: not is_ready(pod))


def test_a_crash_loop_ends(pods: Pods) -> None:
    pods.create(behaviour="crash-loop")
    pods.wait("a restart", lambda pod: restarts(pod) == 1)
    pods.steer(behaviour="ready")
    pods.wait("readiness", is_ready)


def test_a_changed_image_restarts_in_place(pods: Pods) -> None:
    before = pods.create()
    pods.wait("readiness", is_ready)
    pods.set_image("app:2")
    pod = pods.wait("the new image", lambda pod: app(pod)["image"] == "app:2" and is_ready(pod))
    assert pod["metadata"]["uid"] == before["metadata"]["uid"]
    assert restarts(pod) == 1
    assert pod["metadata"]["generation"] == pod["status"]["observedGeneration"] == 2
    # One write for Ready, one for not Ready with the new image, one for Ready again.
    assert pods.audit() == [("patch", "status", "p")] * 3


def test_the_tag_of_a_changed_image_steers(pods: Pods) -> None:
    pods.create()
    pods.wait("readiness", is_ready)
    pods.set_image("app:2-crash")
    pods.wait("change and crash", lambda pod: restarts(pod) == 2 and is_ready(pod))
    pods.set_image("app:3-never-ready")
    pods.wait("change", lambda pod: app(pod)["image"] == "app:3-never-ready" and not is_ready(pod))


def test_a_changed_image_that_cannot_be_pulled(pods: Pods) -> None:
    pods.create()
    pods.wait("readiness", is_ready)
    pods.set_image("app:2-pull-error")
    pod = pods.wait("the error", lambda pod: "waiting" in app(pod)["state"])
    assert app(pod)["state"]["waiting"]["reason"] == "ImagePullBackOff"
    assert app(pod)["image"] == "app:1"
    assert pod["status"]["phase"] == "Running"
    pods.set_image("app:3")
    pods.wait("recovery", lambda pod: restarts(pod) == 1 and is_ready(pod))


def test_a_resize_is_enacted_in_place(pods: Pods) -> None:
    pod = pods.create(extra={"resources": {"requests": {"cpu": "100m"}}})
    pods.wait("readiness", is_ready)
    pods.resize("200m")

    def enacted(pod: Pod) -> bool:
        return bool(app(pod)["resources"]["requests"]["cpu"] == "200m")

    resized = pods.wait("the resize", enacted)
    assert resized["metadata"]["uid"] == pod["metadata"]["uid"]
    assert restarts(resized) == 0
    assert is_ready(resized)
    assert resized["status"]["observedGeneration"] == resized["metadata"]["generation"] == 2


def test_a_resize_may_restart(pods: Pods) -> None:
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    pods.create(extra={"resources": {"requests": {"cpu": "1"}}, "resizePolicy": policy})
    pods.wait("readiness", is_ready)
    pods.resize("2")
    pods.wait("a restart", lambda pod: restarts(pod) == 1 and is_ready(pod))


@pytest.mark.parametrize("verdict", ["Infeasible", "Deferred"])
def test_a_resize_is_refused(pods: Pods, verdict: str) -> None:
    pods.create(extra={"resources": {"requests": {"cpu": "1"}}}, resize=verdict.lower())
    pods.wait("readiness", is_ready)
    pods.resize("2")
    pod = pods.wait("the refusal", lambda pod: bool(condition(pod, "PodResizePending")))
    assert condition(pod, "PodResizePending")["reason"] == verdict
    assert app(pod)["resources"]["requests"]["cpu"] == "1"
    assert pod["status"]["observedGeneration"] == 2
    pods.steer(resize="")
    pods.wait("the resize", lambda pod: app(pod)["resources"]["requests"]["cpu"] == "2")
    assert not condition(pods.get(), "PodResizePending")
