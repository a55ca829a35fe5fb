"""Pod Security of a namespace holds for what the operator makes for a user of that namespace.

The operator makes pods and the Jobs of gates with its own rights, so that a user who may write Jobs
may run pods. What a namespace allows pods to be does not depend on who makes them.
"""

from __future__ import annotations

import pytest

from hack.harness.manifests import Object, condition, is_true, job
from hack.harness.space import Space
from tests.integration.gates.manifests import gate, gated, state

LEVEL = "pod-security.kubernetes.io/enforce"
#: Parts of a pod's spec with which it would reach the node.
PRIVILEGED: dict[str, Object] = {
    "host path": {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
    "host network": {"hostNetwork": True},
    "host pid": {"hostPID": True},
}


def enforce(space: Space, level: str | None) -> None:
    labels = {"metadata": {"labels": {LEVEL: level}}}
    space.api.patch(f"/api/v1/namespaces/{space.name}", labels)


def pod(part: Object) -> Object:
    return {"spec": {"containers": [{"name": "web", "image": "web:2"}], **part}}


def batch_jobs(space: Space) -> list[Object]:
    found: list[Object] = space.api.get(f"/apis/batch/v1/namespaces/{space.name}/jobs")["items"]
    return found


@pytest.mark.parametrize("part", PRIVILEGED.values(), ids=PRIVILEGED)
def test_a_job_makes_no_pod_that_its_namespace_forbids(space: Space, part: Object) -> None:
    enforce(space, "baseline")
    space.create(job(instances=2, template=pod(part)))
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert "violates PodSecurity" in condition(stalled, "Stalled")["message"]
    assert space.observer.incarnations() == {}


def test_an_update_touches_no_instance_for_a_pod_that_its_namespace_forbids(space: Space) -> None:
    enforce(space, "baseline")
    space.made(job(instances=2))
    before = space.observer.uids()
    space.patch_job(template=pod(PRIVILEGED["host path"]))
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert "violates PodSecurity" in condition(stalled, "Stalled")["message"]
    assert space.updates() == []
    assert space.observer.uids() == before


def test_the_job_of_a_gate_gets_no_pod_that_its_namespace_forbids(space: Space) -> None:
    enforce(space, "baseline")
    smoke = {"restartPolicy": "Never", "hostPID": True}
    smoke["containers"] = [{"name": "smoke", "image": "smoke:1"}]
    runs = {"spec": {"backoffLimit": 0, "template": {"spec": smoke}}}
    space.made(gated(gate("smoke", job={"template": runs}, timeoutSeconds=3), instances=1))
    space.set_image("web:2")
    held = space.wait_update("RollForwardPaused", timeout=60)
    assert state(held, "smoke")["result"] == "Inconclusive"
    (made,) = batch_jobs(space)
    pods = space.api.get(f"/api/v1/namespaces/{space.name}/pods")["items"]
    owned = [o["uid"] for p in pods for o in p["metadata"].get("ownerReferences", ())]
    assert made["metadata"]["uid"] not in owned
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"action": "Abort"}})
    space.wait_update("Aborted")
