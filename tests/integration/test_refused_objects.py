"""The API server refuses an Update or a ControllerRevision: the status shows it, all else runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hack.devcluster.api import ApiError
from hack.devcluster.cluster import ClusterError
from hack.harness.audit import Audit
from hack.harness.manifests import Object, condition, is_true, job, queue, update
from hack.harness.operator import USER
from hack.harness.space import Space

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
QUICK = {"readyTimeoutSeconds": 5}


@pytest.fixture
def rule(space: Space) -> Iterator[str]:
    """The name of the refusing object, which is deleted after the test."""
    name = f"freeze-{space.name}"
    yield name
    for kind in (
        "validatingadmissionpolicybinding",
        "validatingadmissionpolicy",
        "validatingwebhookconfiguration",
    ):
        space.cluster.kubectl("delete", kind, name, "--ignore-not-found")


def here(space: Space) -> Object:
    return {"matchLabels": {"kubernetes.io/metadata.name": space.name}}


def full_quota(space: Space) -> None:
    """A quota that allows no further Update."""
    hard = {"count/updates.echelon.dev": "0"}
    body = {"metadata": {"name": "few"}, "spec": {"hard": hard}}
    few = space.path("resourcequotas", "few")
    # The quota controller knows a new kind after half a minute; a quota created before that waits
    # long.
    for _ in range(12):
        space.api.create(space.path("resourcequotas"), body)
        with suppress(ClusterError):
            space.cluster.wait("a count", lambda: space.api.get(few)["status"].get("used"), 4)
            return
        space.api.delete(few)
    raise AssertionError("the quota is not counted")


def freeze(space: Space, name: str, resource: str, group: str, *operations: str) -> None:
    """A policy that refuses writes of such objects in this namespace."""
    rules = [
        {
            "apiGroups": [group],
            "apiVersions": ["*"],
            "operations": list(operations or ("CREATE", "UPDATE")),
            "resources": [resource],
        }
    ]
    spec = {
        "matchConstraints": {"resourceRules": rules},
        "validations": [{"expression": "false", "message": "change freeze until Monday"}],
    }
    policy = {"metadata": {"name": name}, "spec": spec}
    space.api.create(f"{ADMISSION}/validatingadmissionpolicies", policy)
    bound = {
        "policyName": name,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": here(space)},
    }
    bindings = f"{ADMISSION}/validatingadmissionpolicybindings"
    space.api.create(bindings, {"metadata": {"name": name}, "spec": bound})


def thaw(space: Space, name: str) -> None:
    space.api.delete(f"{ADMISSION}/validatingadmissionpolicybindings/{name}")


def refuses(space: Space, obj: Object) -> None:
    """Wait until the API server refuses this request."""

    def refused() -> bool:
        try:
            space.api.create(space.path(f"{obj['kind'].lower()}s") + "?dryRun=All", obj)
        except ApiError:
            return True
        return False

    space.cluster.wait("refusals", refused)


def broken_webhook(space: Space, name: str) -> None:
    """A webhook for writes of Updates whose server does not respond."""
    hook = {
        "name": "updates.example.com",
        "failurePolicy": "Fail",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "timeoutSeconds": 1,
        "clientConfig": {"url": "https://127.0.0.1:1/"},
        "namespaceSelector": here(space),
        "rules": [
            {
                "apiGroups": ["echelon.dev"],
                "apiVersions": ["*"],
                "operations": ["CREATE"],
                "resources": ["updates"],
            }
        ],
    }
    body = {"metadata": {"name": name}, "webhooks": [hook]}
    space.api.create(f"{ADMISSION}/validatingwebhookconfigurations", body)


def goes_on(space: Space, words: str) -> None:
    """Check that the status quotes the API server, lost pods come back, and the Job scales."""
    told = space.wait_job(
        words, lambda j: words in condition(j, "UpdatePending").get("message", "")
    )
    assert is_true(told, "UpdatePending")
    assert not is_true(told, "Ready")
    assert is_true(told, "Available")
    space.delete_pod("web-0")
    space.scale(4)
    space.wait_job("4 of 4", lambda j: j["status"].get("availableInstances") == 4)
    space.until("an Event", lambda: [e for e in space.events("web") if words in e["note"]])
    assert {pod.image for pod in space.pods().values()} == {"web:1"}


def few_requests(space: Space, audit: Audit, resource: str) -> None:
    """Check that the operator does not repeat a refused request too often."""
    asked = audit.requests(user=USER, namespace=space.name)
    refused = [r for r in asked if r.resource == resource and r.writes and r.code >= 400]
    assert 1 <= len(refused) <= 6, [str(r) for r in refused]


def test_a_full_quota_for_updates(space: Space, audit: Audit) -> None:
    space.made(job(instances=3, strategy=queue(1), update=QUICK))
    full_quota(space)
    space.set_image("web:2")
    goes_on(space, "exceeded quota: few")
    stalled = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert condition(stalled, "Stalled")["reason"] == "QuotaExceeded"
    few_requests(space, audit, "updates")
    space.api.delete(space.path("resourcequotas", "few"))
    space.wait_update("RolledForward", timeout=30)
    assert not is_true(space.wait_ready(), "UpdatePending")


@pytest.mark.parametrize("resource", ["updates", "controllerrevisions"])
def test_a_change_freeze_by_a_policy(space: Space, audit: Audit, rule: str, resource: str) -> None:
    space.made(job(instances=3, strategy=queue(1), update=QUICK))
    group = "apps" if resource == "controllerrevisions" else "echelon.dev"
    freeze(space, rule, resource, group)
    body = update("probe")
    if resource == "controllerrevisions":
        body = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 1}
        body |= {"metadata": {"name": "probe"}, "data": {}}
    refuses(space, body)
    space.set_image("web:2")
    goes_on(space, "change freeze until Monday")
    few_requests(space, audit, resource)
    thaw(space, rule)
    space.wait_update("RolledForward", timeout=40)
    assert not is_true(space.wait_ready(), "UpdatePending")


def test_a_webhook_for_updates_that_is_down(space: Space, audit: Audit, rule: str) -> None:
    space.made(job(instances=3, strategy=queue(1)))
    broken_webhook(space, rule)
    refuses(space, update("probe"))
    space.set_image("web:2")
    goes_on(space, "failed calling webhook")
    few_requests(space, audit, "updates")
    space.api.delete(f"{ADMISSION}/validatingwebhookconfigurations/{rule}")
    space.wait_update("RolledForward", timeout=30)


def test_an_active_update_goes_on_while_its_successor_is_refused(space: Space) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", behaviour="ready-after", ready_after="700ms")
    space.wait_update("RollingForward")
    full_quota(space)
    space.set_image("web:3")
    told = space.wait_job("UpdatePending", lambda j: is_true(j, "UpdatePending"))
    assert "exceeded quota: few" in condition(told, "UpdatePending")["message"]
    ended = space.wait_update("RolledForward", name="web-g2", timeout=30)
    assert ended["status"]["counts"]["updated"] == 4


def test_a_first_creation_whose_revision_is_refused_is_told(space: Space, rule: str) -> None:
    freeze(space, rule, "controllerrevisions", "apps")
    body: Object = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 1}
    refuses(space, {**body, "metadata": {"name": "probe"}, "data": {}})
    space.create(job(instances=2, update=QUICK))
    held = space.wait_job(
        "the words", lambda j: "change freeze" in condition(j, "Reconciling").get("message", "")
    )
    assert is_true(held, "Reconciling")
    space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    thaw(space, rule)
    space.wait_ready(timeout=40)


def test_a_status_that_may_not_be_written_costs_no_lost_pod(
    space: Space, audit: Audit, rule: str
) -> None:
    space.made(job(instances=3))
    freeze(space, rule, "echelonjobs/status", "echelon.dev", "UPDATE")
    path = space.path("echelonjobs", "web", "status")

    def refused() -> bool:
        try:
            space.api.patch(path + "?dryRun=All", {"status": {"readyInstances": 3}})
        except ApiError:
            return True
        return False

    space.cluster.wait("refusals", refused)
    space.scale(4)
    space.until("an Event", lambda: "change freeze" in json.dumps(space.events("web")))
    space.delete_pod("web-0")
    space.until("web-0 again", lambda: len(space.observer.uids()[0]) == 2)
    space.until("3 Ready", lambda: sum(pod.ready for pod in space.pods().values()) == 3)
    few_requests(space, audit, "echelonjobs")
    thaw(space, rule)
    space.roll("web:2", "RolledForward", timeout=40)
