"""Pods that do not start or terminate, without an Update: the Job shows which pod and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hack.harness.manifests import Object, condition, is_true, job
from hack.harness.space import Space

FINALIZER = "example.com/hold"
GATE = "example.com/gate"
#: One minute after the grace period, which ends at a whole second.
STUCK = 90.0


@pytest.fixture
def held(space: Space) -> Iterator[str]:
    """The name of a pod that a finalizer keeps. The finalizer is removed after the test."""
    wish = job(instances=2)
    wish["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    space.made(wish)
    space.patch_pod("web-1", finalizers=[FINALIZER])
    space.delete_pod("web-1")
    yield "web-1"
    if space.exists("pods", "web-1"):
        space.patch_pod("web-1", finalizers=None)


def test_the_finalizer_that_keeps_a_pod_is_named(space: Space, held: str) -> None:
    words = f"pod {held} is kept by its finalizer {FINALIZER}"
    found = space.wait_job(
        "told", lambda j: words in condition(j, "Reconciling").get("message", "")
    )
    assert condition(found, "Reconciling")["reason"] == "WaitingForTermination"
    assert "node" not in condition(found, "Reconciling")["message"]
    space.patch_pod(held, finalizers=None)
    space.wait_ready()


@pytest.mark.slow
def test_after_a_minute_a_person_is_needed(space: Space, held: str) -> None:
    found = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"), timeout=STUCK)
    assert condition(found, "Stalled")["reason"] == "WaitingForTermination"
    assert FINALIZER in condition(found, "Stalled")["message"]
    space.patch_pod(held, finalizers=None)
    space.wait_ready()


@pytest.mark.slow
def test_a_pod_left_on_a_lost_node_by_a_scale_needs_a_person(space: Space) -> None:
    wish = job(instances=2)
    wish["spec"]["template"]["spec"] |= {"terminationGracePeriodSeconds": 1}
    space.made(wish)
    node = f"/api/v1/nodes/{space.pods()[1].node}"
    space.api.patch(node, {"metadata": {"annotations": {"sim.echelon.dev/lost": "true"}}})
    try:
        space.scale(1)
        found = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"), timeout=STUCK)
        message = condition(found, "Stalled")["message"]
        assert f"pod web-1 on node {space.pods()[1].node} does not terminate" in message
    finally:
        space.api.patch(node, {"metadata": {"annotations": {"sim.echelon.dev/lost": None}}})
    space.wait_ready(timeout=40)


def gated(wish: Object) -> Object:
    wish["spec"]["template"]["spec"]["schedulingGates"] = [{"name": GATE}]
    return wish


def test_a_scheduling_gate_is_told_at_creation_and_in_an_update(space: Space) -> None:
    space.create(gated(job(instances=2)))
    found = space.wait_job(
        "told", lambda j: "SchedulingGated" in condition(j, "Ready").get("message", "")
    )
    assert condition(found, "Ready")["reason"] == "InstanceNotReady"
    for name in ("web-0", "web-1"):
        space.api.patch(space.path("pods", name), {"spec": {"schedulingGates": []}})
    space.wait_ready()
    later = gated(job(instances=2, image="web:2"))["spec"]["template"]
    space.set_template(later)
    said = space.wait_update(
        "RollingForward", probe=lambda u: "SchedulingGated" in u["status"]["message"]
    )
    assert "instance 0: SchedulingGated: " in said["status"]["message"]


def test_a_pod_that_pod_security_refuses_needs_a_person_after_the_timeout(space: Space) -> None:
    level = "pod-security.kubernetes.io/enforce"
    namespace = f"/api/v1/namespaces/{space.name}"
    space.made(job(instances=2, update={"readyTimeoutSeconds": 3}))
    space.api.patch(namespace, {"metadata": {"labels": {level: "restricted"}}})
    space.delete_pod("web-1")
    found = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert condition(found, "Stalled")["reason"] == "Forbidden"
    words = 'instance 1: pods "web-1" is forbidden: violates PodSecurity'
    assert condition(found, "Stalled")["message"].startswith(words)
    space.api.patch(namespace, {"metadata": {"labels": {level: None}}})
    space.wait_ready()
