"""Changes in place that admission refuses or modifies, and changes that other clients make."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hack.harness.audit import Audit
from hack.harness.manifests import Object, job, template
from hack.harness.operator import USER
from hack.harness.space import Space

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
DIGEST = "web@sha256:" + "0a" * 32
SMALL = {"cpu": "10m", "memory": "16Mi"}
LARGE = {"cpu": "20m", "memory": "16Mi"}


def sized(requests: Object, image: str = "web:1", **steering: str) -> Object:
    made = template(image, **steering)
    made["spec"]["containers"][0]["resources"] = {"requests": requests}
    return made


def in_place(**rest: object) -> Object:
    """A policy with replacement InPlace and these fields."""
    return {"replacement": "InPlace", "maxFailuresPerInstance": 0, **rest}


def lives(space: Space) -> dict[int, int]:
    return {instance: len(uids) for instance, uids in space.observer.uids().items()}


ONCE = {0: 1, 1: 1, 2: 1}


@pytest.fixture
def resolver(space: Space) -> Iterator[None]:
    """A policy that replaces the image of every pod in this namespace by one digest."""
    name = f"resolve-{space.name}"
    policies, bindings = (
        f"{ADMISSION}/mutatingadmissionpolic{end}" for end in ("ies", "ybindings")
    )
    patch = f'[JSONPatch{{op: "replace", path: "/spec/containers/0/image", value: "{DIGEST}"}}]'
    rules = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods"],
    }
    where = {"matchLabels": {"kubernetes.io/metadata.name": space.name}}
    space.api.create(
        policies,
        {
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "reinvocationPolicy": "Never",
                "matchConstraints": {"namespaceSelector": where, "resourceRules": [rules]},
                "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
            },
        },
    )
    bound = {"policyName": name}
    space.api.create(
        bindings,
        {"kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": bound},
    )
    probe = {"metadata": {"name": "probe"}, "spec": template("web:1")["spec"]}

    def resolved() -> bool:
        made = space.api.create(f"{space.path('pods')}?dryRun=All", probe)
        image: str = made["spec"]["containers"][0]["image"]
        return image == DIGEST

    space.cluster.wait("the policy to be in force", resolved)
    yield
    space.api.delete(f"{bindings}/{name}")
    space.api.delete(f"{policies}/{name}")


def restarts(space: Space) -> set[int]:
    return {pod.restarts for pod in space.pods().values()}


@pytest.mark.usefixtures("resolver")
def test_no_restart_is_waited_for_where_admission_gives_back_the_old_image(space: Space) -> None:
    space.made(job(update=in_place(readyTimeoutSeconds=5), min_ready=1))
    ended = space.roll("web:2", "RolledForward", timeout=30)
    assert "failures" not in ended["status"]
    assert (lives(space), restarts(space)) == (ONCE, {0})
    assert {pod.image for pod in space.pods().values()} == {DIGEST}
    # The same in the rollback.
    space.set_image("web:3")
    turned = space.wait_update(
        "RollingForward", name="web-g3", probe=lambda u: u["status"]["counts"]["updated"] == 2
    )
    path = space.path("updates", turned["metadata"]["name"])
    space.api.patch(path, {"spec": {"action": "Rollback"}})
    space.wait_update("RolledBack", name="web-g3", timeout=30)
    assert (lives(space), restarts(space)) == (ONCE, {0})
    space.wait_job("no active Update", lambda j: "activeUpdate" not in j["status"])


def quota(space: Space, cpu: str) -> None:
    body: Object = {"metadata": {"name": "few"}, "spec": {"hard": {"requests.cpu": cpu}}}
    if space.exists("resourcequotas", "few"):
        space.api.patch(space.path("resourcequotas", "few"), body)
        return
    space.api.create(space.path("resourcequotas"), body)
    space.cluster.wait(
        "the quota to be counted",
        lambda: space.api.get(space.path("resourcequotas", "few")).get("status", {}).get("used"),
    )


@pytest.mark.parametrize("in_time", [True, False])
def test_a_resize_that_a_quota_refuses_waits_and_the_pod_serves_on(
    space: Space, audit: Audit, in_time: bool
) -> None:
    quick = in_place(readyTimeoutSeconds=60 if in_time else 4)
    space.made(job(update=quick, template=sized(SMALL)))
    quota(space, "30m")
    space.set_template(sized(LARGE))
    held = space.wait_update(
        "RollingForward", probe=lambda u: u["status"].get("reason") == "QuotaExceeded"
    )
    assert "instance 0: cannot change pod web-0" in held["status"]["message"]
    assert "exceeded quota: few" in held["status"]["message"]
    assert all(pod.ready for pod in space.pods().values())
    if in_time:
        quota(space, "100m")
        ended = space.wait_update("RolledForward", timeout=40)
        assert "failures" not in ended["status"]
    else:
        ended = space.wait_update("RolledBack", timeout=30)
        assert ended["status"]["failures"][0]["reason"] == "QuotaExceeded"
        told = space.wait_job("no active Update", lambda j: "activeUpdate" not in j["status"])
        assert "knownBad" not in told["status"]
        assert "echelon.dev/resizing" not in json.dumps([space.pod(i) for i in range(3)])
    assert lives(space) == ONCE
    asked = audit.requests(user=USER, namespace=space.name)
    assert not [r for r in asked if (r.verb, r.resource) == ("delete", "pods")]


@pytest.mark.parametrize("fate", ["infeasible", "deferred", "in-progress"])
def test_what_others_resize_is_left_alone_and_holds_up_nothing(space: Space, fate: str) -> None:
    space.made(job(update=in_place(readyTimeoutSeconds=10), template=sized(SMALL, resize=fate)))
    containers = [{"name": "web", "resources": {"requests": LARGE}}]
    resize = {"spec": {"containers": containers}}
    kind = "application/strategic-merge-patch+json"
    space.api.request("PATCH", space.path("pods", "web-1", "resize"), resize, kind)

    def told() -> bool:
        conditions = space.pod(1)["status"]["conditions"]
        return any(c["type"].startswith("PodResize") for c in conditions)

    space.cluster.wait("the kubelet's word", told)
    space.scale(4)
    space.until("web-3", lambda: (pod := space.pods().get(3)) is not None and pod.ready)
    space.wait_ready()
    assert lives(space) == {**ONCE, 3: 1}
    space.set_template(sized(SMALL, "web:2", resize=fate))
    ended = space.wait_update("RolledForward", timeout=30)
    assert "failures" not in ended["status"]
    assert lives(space) == {**ONCE, 3: 1}
    space.wait_ready()
