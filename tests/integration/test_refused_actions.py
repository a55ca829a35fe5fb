"""Actions on existing pods: once each, and with pauses while the API server refuses them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import Object, condition, is_true, job
from hack.harness.operator import USER, Operator
from hack.harness.proxy import Asked, Proxy
from hack.harness.space import Space

MANY = 60
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
WORDS = "no pod is touched during the freeze"


def asked(space: Space, audit: Audit, verb: str, subresource: str = "") -> Counter[str]:
    """Number of the operator's requests of this kind for each pod."""
    found = audit.requests(user=USER, namespace=space.name)
    mine = [r for r in found if (r.verb, r.resource, r.subresource) == (verb, "pods", subresource)]
    return Counter(r.name for r in mine if not r.dry_run)


def freeze(space: Space, operation: str) -> Object:
    """A policy that denies the operator an operation on this namespace's pods."""
    return {
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": f"freeze-{space.name}"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space.name}},
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": [operation],
                        "resources": ["pods"],
                    }
                ],
            },
            "validations": [
                {"expression": f"request.userInfo.username != '{USER}'", "message": WORDS}
            ],
        },
    }


@contextmanager
def frozen(space: Space, operation: str) -> Iterator[None]:
    """Wait until the policy is in force, with a test request of the operator's user."""
    policy = freeze(space, operation)
    name = policy["metadata"]["name"]
    binding = {
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    space.api.create(f"{ADMISSION}/validatingadmissionpolicies", policy)
    space.api.create(f"{ADMISSION}/validatingadmissionpolicybindings", binding)
    verb = ["delete", "pod"] if operation == "DELETE" else ["label", "pod", "a=b"]
    probe = [verb[0], verb[1], "web-0", *verb[2:], "--dry-run=server", f"--as={USER}"]
    try:
        space.cluster.wait(
            "the policy to be in force", lambda: WORDS in space.kubectl(*probe, check=False)
        )
        yield
    finally:
        space.api.delete(f"{ADMISSION}/validatingadmissionpolicybindings/{name}")
        space.api.delete(f"{ADMISSION}/validatingadmissionpolicies/{name}")


def label_lost(space: Space) -> None:
    space.kubectl("label", "pods", "-l", "echelon.dev/job=web", "echelon.dev/instance-")


def all_labelled(space: Space) -> None:
    def probe() -> bool:
        pods = [
            space.sightings.get(space.name, "Pod", f"web-{i}")
            for i in range(space.job()["spec"]["instances"])
        ]
        return all(pod and "echelon.dev/instance" in pod.labels for pod in pods)

    space.until("all labels to be back", probe, 60)


def test_lost_labels_are_restored_with_one_request_each(space: Space, audit: Audit) -> None:
    space.made(job(instances=MANY), timeout=60)
    audit.mark()
    label_lost(space)
    all_labelled(space)
    patches = asked(space, audit, "patch")
    assert len(patches) == MANY
    assert set(patches.values()) == {1}


def test_orphans_are_adopted_with_one_request_each(space: Space, audit: Audit) -> None:
    made = job(instances=MANY)
    space.made(made, timeout=60)
    space.orphan_job()
    audit.mark()
    space.made(made, timeout=60)
    patches = asked(space, audit, "patch")
    assert len(patches) == MANY
    assert set(patches.values()) == {1}
    assert {len(uids) for uids in space.observer.uids().values()} == {1}


def test_a_policy_that_forbids_deletes_is_told_and_asked_with_pauses(
    space: Space, audit: Audit
) -> None:
    space.made(job(instances=3))
    audit.mark()
    with frozen(space, "DELETE"):
        space.set_image("web:2")
        held = space.wait_update(
            "RollingForward", probe=lambda u: WORDS in u["status"]["message"], timeout=30
        )
        assert held["status"]["reason"] == "Forbidden"
        assert "instance 0: cannot delete pod web-0" in held["status"]["message"]
        told = space.wait_job(
            "the words", lambda j: WORDS in condition(j, "Reconciling").get("message", "")
        )
        assert not is_true(told, "Ready")
        space.until("three tries", lambda: asked(space, audit, "delete")["web-0"] >= 3, 20)
        assert asked(space, audit, "delete")["web-0"] <= 4
    ended = space.wait_update("RolledForward", timeout=60)
    assert "failures" not in ended["status"]


def test_a_policy_that_forbids_changes_does_not_make_a_pod_forgotten(
    space: Space, audit: Audit
) -> None:
    space.made(job(instances=3))
    audit.mark()
    with frozen(space, "UPDATE"):
        label_lost(space)
        told = space.wait_job("the words", lambda j: WORDS in condition(j, "Ready")["message"])
        assert is_true(told, "Ready"), "all instances are available"
        space.until("three tries", lambda: asked(space, audit, "patch")["web-0"] >= 3, 20)
        assert asked(space, audit, "patch")["web-0"] <= 4
        assert asked(space, audit, "create") == {}
    all_labelled(space)


@pytest.fixture
def proxy(cluster: Cluster, operator: Operator) -> Iterator[Proxy]:
    """Replaces the session's operator by one behind a proxy that injects faults."""
    operator.stop()
    with Proxy(cluster, USER) as between:
        other = Operator(cluster, "tests", identity="told-to-wait", kubeconfig=between.kubeconfig)
        other.start()
        yield between
        other.close()


def test_retry_after_is_obeyed(space: Space, proxy: Proxy) -> None:
    space.made(job(instances=3))
    deletes: list[float] = []

    def fault(request: Asked) -> int | None:
        if request.method != "DELETE" or space.name not in request.path:
            return None
        deletes.append(time.monotonic())
        return 429 if len(deletes) <= 2 else None

    proxy.retry_after, proxy.fault = 3, fault
    space.set_image("web:2")
    space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["reason"] == "TooManyRequests", timeout=20
    )
    ended = space.wait_update("RolledForward", timeout=40)
    assert "failures" not in ended["status"]
    pauses = [after - before for before, after in pairwise(deletes[:3])]
    assert all(pause >= 3 for pause in pauses), pauses
