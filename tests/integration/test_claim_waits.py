"""Instances that wait for their claims: what is told, that no version is to blame, and that they
come up by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from hack.devcluster.api import ApiError
from hack.harness.manifests import Object, condition, is_true, job, queue, template, update
from hack.harness.space import Space
from hack.harness.volumes import Volumes
from tests.integration.claims import of, provided, uids

POLICIES: Final = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
#: An instance that is not up soon is a failure, and the first one fails the Update.
QUICK: Final = {"readyTimeoutSeconds": 3, "maxFailuresPerInstance": 0}
WORDS: Final = "storage has to be ordered from the storage team"


@pytest.fixture
def volumes(space: Space) -> Iterator[Volumes]:
    with provided(space) as made:
        yield made


def told(space: Space, words: str, *reasons: str) -> Object:
    """Wait until Ready is False with these words and one of these reasons."""

    def tells(job: Object) -> bool:
        ready = condition(job, "Ready")
        here = words in ready.get("message", "") and ready.get("reason") in reasons
        return here and not is_true(job, "Ready")

    return space.wait_job(f"{words!r} with {reasons}", tells, timeout=30)


def with_logs(space: Space, volumes: Volumes) -> None:
    """A second claim template, which makes a new revision."""
    claims = [volumes.template(), volumes.template("logs")]
    space.patch_job(volumeClaimTemplates=claims)


def rolled_back(space: Space, *reasons: str) -> Object:
    """Wait until the Update has undone itself, for one of these reasons and blaming no revision."""
    ended = space.wait_update("RolledBack", timeout=40)
    assert {each["reason"] for each in ended["status"]["failures"]} <= set(reasons)
    after = space.wait_job("stalled", lambda j: is_true(j, "Stalled"))
    assert after["status"].get("knownBad", []) == []
    space.until("all up", lambda: all(p.ready for p in space.pods().values()), timeout=30)
    return ended


def quota(space: Space, claims: int) -> None:
    body: Object = {
        "metadata": {"name": "few"},
        "spec": {"hard": {"persistentvolumeclaims": claims}},
    }
    if space.exists("resourcequotas", "few"):
        space.api.patch(space.path("resourcequotas", "few"), body)
        return
    space.api.create(space.path("resourcequotas"), body)
    space.cluster.wait(
        "the quota to be counted",
        lambda: space.api.get(space.path("resourcequotas", "few")).get("status", {}).get("used"),
    )


@contextmanager
def denied(space: Space, volumes: Volumes, unless: str, reason: str) -> Iterator[None]:
    """A policy that denies claims of the namespace ``unless`` this expression is true."""
    name = space.name
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"]}
    rules = {"resourceRules": [{**rule, "resources": ["persistentvolumeclaims"]}]}
    check = {"expression": unless, "message": WORDS, "reason": reason}
    policy = {"failurePolicy": "Fail", "matchConstraints": rules, "validations": [check]}
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": where}
    for kind, spec in (("ies", policy), ("ybindings", binding)):
        space.api.create(POLICIES + kind, {"metadata": {"name": name}, "spec": spec})
    probe = volumes.template("probe")

    def is_denied() -> bool:
        made = False
        try:
            space.api.create(space.path("persistentvolumeclaims"), probe)
            made = True
        except ApiError as error:
            return WORDS in str(error)
        finally:
            if made:
                space.api.delete(space.path("persistentvolumeclaims", "probe"))
        return False

    try:
        space.cluster.wait("the policy to be in force", is_denied)
        yield
    finally:
        for kind in ("ybindings", "ies"):
            space.api.delete(f"{POLICIES}{kind}/{name}")


def test_a_pending_claim(space: Space, volumes: Volumes) -> None:
    volumes.held.set()
    space.create(job(instances=2, volumeClaimTemplates=[volumes.template()], update=QUICK))
    told(space, "instance 0: claim data-web-0 is Pending: ", "ClaimPending")
    late = space.wait_job("late", lambda j: is_true(j, "Stalled"), timeout=30)
    assert condition(late, "Stalled")["reason"] == "ClaimPending"
    assert "PersistentVolumeClaims" in condition(late, "Stalled")["message"]  # The scheduler's.
    volumes.held.clear()
    space.wait_ready(timeout=30)
    assert {i: len(u) for i, u in space.observer.uids().items()} == {0: 1, 1: 1}


def test_volumes_that_wait_for_the_node_of_their_first_pod(space: Space) -> None:
    """As those of most clouds do: the claims are Pending until their pods have a place."""
    with provided(space, "WaitForFirstConsumer") as volumes:
        wish = job(instances=3, ordering="Ordered", volumeClaimTemplates=[volumes.template()])
        space.made(wish, timeout=60)
        before = uids(volumes, "web")
        space.roll("web:2", "RolledForward", timeout=60)
        assert uids(volumes, "web") == before
        wrong = template("web:3")
        wrong["spec"]["nodeSelector"] = {"disk": "none"}
        space.patch_job(update=QUICK)
        space.set_template(wrong)
        rolled_back(space, "Unschedulable", "ClaimPending")
        assert uids(volumes, "web") == before


def test_an_update_to_a_claim_that_stays_pending(space: Space, volumes: Volumes) -> None:
    claims = [volumes.template()]
    space.made(job(instances=2, volumeClaimTemplates=claims, update=QUICK), timeout=60)
    volumes.held.set()
    with_logs(space, volumes)
    space.wait_update(
        "RollingForward",
        probe=lambda u: "claim logs-web-0 is Pending" in u["status"].get("message", ""),
    )
    rolled_back(space, "ClaimPending", "Unschedulable")
    assert set(uids(volumes, "web")) == {"data 0", "data 1", "logs 0"}
    volumes.held.clear()
    space.patch_job(update={"retryToken": "again"})
    space.wait_update("RolledForward", timeout=60)
    assert set(uids(volumes, "web")) == {"data 0", "data 1", "logs 0", "logs 1"}


def test_a_claim_that_goes_before_its_pod_has_a_node(space: Space, volumes: Volumes) -> None:
    volumes.held.set()
    space.create(job(instances=1, volumeClaimTemplates=[volumes.template()]))
    told(space, "claim data-web-0 is Pending", "ClaimPending")
    first = uids(volumes, "web")["data 0"]
    space.api.delete(space.path("persistentvolumeclaims", "data-web-0"))
    space.until("another", lambda: uids(volumes, "web").get("data 0", first) != first, timeout=30)
    volumes.held.clear()
    space.wait_ready(timeout=30)
    assert {i: len(u) for i, u in space.observer.uids().items()} == {0: 1}


def test_a_claim_that_is_deleted_under_a_pod_goes_with_it(space: Space, volumes: Volumes) -> None:
    """Kubernetes keeps a claim as long as a pod uses it. The next pod waits until it is gone."""
    space.made(job(instances=2, volumeClaimTemplates=[volumes.template()]), timeout=60)
    first = uids(volumes, "web")
    space.api.delete(space.path("persistentvolumeclaims", "data-web-1"))
    assert uids(volumes, "web") == first
    space.delete_pod("web-1")
    space.until(
        "another", lambda: uids(volumes, "web").get("data 1", first["data 1"]) != first["data 1"]
    )
    space.wait_ready(timeout=30)
    assert uids(volumes, "web")["data 0"] == first["data 0"]


def test_a_full_quota(space: Space, volumes: Volumes) -> None:
    wish = job(instances=2, volumeClaimTemplates=[volumes.template()], update=QUICK)
    space.made(wish, timeout=60)
    quota(space, 2)
    space.scale(4)
    told(space, "exceeded quota: few", "QuotaExceeded")
    assert set(uids(volumes, "web")) == {"data 0", "data 1"}
    late = space.wait_job("late", lambda j: is_true(j, "Stalled"), timeout=30)
    assert "exceeded quota: few" in condition(late, "Stalled")["message"]
    quota(space, 9)
    space.wait_ready(timeout=90)
    assert set(uids(volumes, "web")) == {f"data {i}" for i in range(4)}


def test_an_update_without_room_in_the_quota(space: Space, volumes: Volumes) -> None:
    claims = [volumes.template()]
    space.made(job(instances=2, volumeClaimTemplates=claims, update=QUICK), timeout=60)
    quota(space, 2)
    with_logs(space, volumes)
    space.wait_update(
        "RollingForward", probe=lambda u: "exceeded quota: few" in u["status"].get("message", "")
    )
    rolled_back(space, "QuotaExceeded")
    assert set(uids(volumes, "web")) == {"data 0", "data 1"}


@pytest.mark.parametrize("reason", ["Forbidden", "Invalid"])
def test_a_denied_claim(space: Space, volumes: Volumes, reason: str) -> None:
    wish = job(instances=1, volumeClaimTemplates=[volumes.template()])
    space.made(wish, timeout=60)
    with denied(space, volumes, "false", reason):
        space.scale(3)
        told(space, WORDS, "ClaimRefused")
        assert set(space.pods()) == {0}
        # A new template waits: the API server is asked about the claims of new instances, too.
        space.set_image("web:2")
        space.wait_job(
            "refused", lambda j: WORDS in condition(j, "UpdatePending").get("message", "")
        )
    space.wait_job("3", lambda j: j["status"].get("availableInstances") == 3, timeout=90)
    assert set(uids(volumes, "web")) == {"data 0", "data 1", "data 2"}


def test_claims_that_exist_are_used_although_none_may_be_made(
    space: Space, volumes: Volumes
) -> None:
    """The API server looks at quotas and policies before it sees that a claim exists."""
    for name in ("data-web-0", "data-web-1"):
        claim = volumes.template() | {"metadata": {"name": name}}
        space.api.create(space.path("persistentvolumeclaims"), claim)
    before = uids(volumes, "web")
    quota(space, 2)
    space.made(job(instances=2, volumeClaimTemplates=[volumes.template()]), timeout=60)
    with denied(space, volumes, "false", "Forbidden"):
        space.roll("web:2", "RolledForward", timeout=60)
    assert uids(volumes, "web") == before


def test_an_update_whose_claims_are_denied(space: Space, volumes: Volumes) -> None:
    """The policy allows the dry run before the Update, as webhooks that count do."""
    claims = [volumes.template()]
    space.made(job(instances=2, volumeClaimTemplates=claims, update=QUICK), timeout=60)
    with denied(space, volumes, "request.dryRun", "Forbidden"):
        with_logs(space, volumes)
        space.wait_update("RollingForward", probe=lambda u: WORDS in u["status"].get("message", ""))
        rolled_back(space, "ClaimRefused")
    assert set(uids(volumes, "web")) == {"data 0", "data 1"}


def test_a_template_whose_claims_are_denied_touches_nothing(space: Space, volumes: Volumes) -> None:
    space.made(job(instances=2, volumeClaimTemplates=[volumes.template()]), timeout=60)
    with denied(space, volumes, "false", "Forbidden"):
        with_logs(space, volumes)
        held = space.wait_job("refused", lambda j: is_true(j, "Stalled"))
        message = condition(held, "Stalled")["message"]
        assert message.startswith("the template is refused: spec.volumeClaimTemplates[logs]: ")
        assert WORDS in message
    assert space.updates() == []
    assert {i: len(u) for i, u in space.observer.uids().items()} == {0: 1, 1: 1}
    space.wait_update("RolledForward", timeout=90)


def test_a_template_that_is_not_that_of_a_claim(space: Space, volumes: Volumes) -> None:
    space.create(job(volumeClaimTemplates=[volumes.template(accessModes=["Sometimes"])]))
    held = space.wait_job("refused", lambda j: is_true(j, "Stalled"))
    assert condition(held, "Stalled")["reason"] == "InvalidClaim"
    assert "spec.volumeClaimTemplates[data]: " in condition(held, "Stalled")["message"]
    assert 'Unsupported value: "Sometimes"' in condition(held, "Stalled")["message"]
    assert of(volumes, "web") == {}


def test_surge_needs_claims_that_two_pods_may_share(space: Space, volumes: Volumes) -> None:
    surge: Any = {"replacement": "Surge"}
    wish = job(volumeClaimTemplates=[volumes.template()], update=surge)
    with pytest.raises(ApiError, match=r"each of spec\.volumeClaimTemplates must have accessModes"):
        space.create(wish)
    shared = volumes.template("shared", accessModes=["ReadWriteMany"])
    space.made(job(instances=2, volumeClaimTemplates=[shared], update=surge), timeout=60)
    before = uids(volumes, "web")
    assert space.roll("web:2", timeout=60)["status"]["phase"] == "RolledForward"
    assert uids(volumes, "web") == before


def test_an_update_with_surge_is_rejected(space: Space, volumes: Volumes) -> None:
    wish = job(volumeClaimTemplates=[volumes.template()], update={"mode": "Manual"})
    space.made(wish, timeout=60)
    space.set_image("web:2")
    policy = {"replacement": "Surge", "strategy": queue(1)}
    space.create(update("beside", policy=policy))
    ended = space.wait_update("Rejected", name="beside")
    assert ended["status"]["reason"] == "ClaimsNotShared"
    assert "data" in ended["status"]["message"]
