"""`spec.sla.coordinator` on a real API server, with a real HTTP server as the coordinator."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator

import pytest

from controller.reconcile.coordinators import lease_name
from hack.harness.audit import Audit
from hack.harness.manifests import condition, is_true, job
from hack.harness.space import Space
from hack.harness.web import Asked, Said, Web
from tests.integration.consent import ALLOW, deny, gone, made, questions, waits
from tests.integration.gates.rights import may_read, secret


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        running.answer = lambda _: ALLOW
        yield running


def test_each_pod_is_asked_about_and_goes_before_the_next(
    space: Space, web: Web, audit: Audit
) -> None:
    wish = made(space, web)
    before = {i: pod.uid for i, pod in space.pods().items()}
    early = list[str]()

    def answer(_: Asked) -> Said:
        early.extend(q["pod"] for q in questions(web)[:-1] if not gone(space, q))
        return ALLOW

    web.answer = answer
    ended = space.roll("web:2", "RolledForward", timeout=60)
    assert early == [], "a question came before the pod of an earlier one went"
    asked = questions(web)
    assert {q["podUID"] for q in asked} == set(before.values())
    first = asked[0]
    nodes = {"node": first["node"], "revision": first["revision"]}
    assert first["node"].strip()
    assert first["revision"] == wish["status"]["currentRevision"]
    assert first == nodes | {
        "requestId": f"{ended['metadata']['uid']}/{before[0]}/{first['revision']}",
        "cause": "Update",
        "job": "web",
        "namespace": space.name,
        "instance": 0,
        "pod": "web-0",
        "podUID": before[0],
        "update": ended["metadata"]["name"],
    }
    assert len({q["requestId"] for q in asked}) == 3
    evictions = [r for r in audit.requests(namespace=space.name) if r.subresource == "eviction"]
    assert {r.name for r in evictions if r.code == 201 and not r.dry_run} == {
        "web-0", "web-1", "web-2"
    }  # fmt: skip


def test_no_is_said_and_the_others_go(space: Space, web: Web) -> None:
    made(space, web)
    stubborn = threading.Event()
    web.answer = lambda asked: (
        ALLOW if stubborn.is_set() or '"web-0"' not in asked.body else deny("web-0 leads")
    )
    before = {i: pod.uid for i, pod in space.pods().items()}
    space.set_image("web:2")
    held = waits(space, "web-0 leads")
    message = held["status"]["message"]
    assert f"coordinator {web.url}/may does not allow web-0 to go: web-0 leads" in message
    assert "s3cr3t" not in json.dumps(held)
    assert not is_true(held, "Stalled")
    space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == 2, timeout=60
    )
    told = space.wait_job("told", lambda j: "web-0 leads" in str(condition(j, "Reconciling")))
    assert is_true(told, "Reconciling")
    assert space.pods()[0].uid == before[0]
    stubborn.set()
    space.wait_update("RolledForward", timeout=60)
    about = [a for a in web.asked if '"web-0"' in a.body]
    assert len({json.loads(a.body)["requestId"] for a in about}) == 1, "a repeat is the same"
    pauses = [b.at - a.at for a, b in itertools.pairwise(about)]
    assert pauses
    assert all(pause >= 5 for pause in pauses), pauses


@pytest.mark.parametrize("replacement", ["InPlace", "Surge"])
def test_the_other_ways_of_replacing(space: Space, web: Web, replacement: str) -> None:
    made(space, web, count=2, replacement=replacement)
    before = {i: pod.uid for i, pod in space.pods().items()}
    allowed = threading.Event()
    web.answer = lambda _: ALLOW if allowed.is_set() else deny("wait")
    space.set_image("web:2")
    waits(space, "to go: wait")
    pods = space.pods()
    if replacement == "InPlace":
        assert {i: pod.uid for i, pod in pods.items()} == before
        assert {pod.image for pod in pods.values()} == {"web:1"}
    else:
        listed = space.api.get(f"/api/v1/namespaces/{space.name}/pods")["items"]
        there = {p["metadata"]["uid"] for p in listed if not p["metadata"].get("deletionTimestamp")}
        assert set(before.values()) <= there, "old pods stay beside the new ones"
    allowed.set()
    space.wait_update("RolledForward", timeout=90)
    assert {q["podUID"] for q in questions(web)} == set(before.values())


def test_a_rollback_asks_too(space: Space, web: Web) -> None:
    made(space, web, count=2, replacement="InPlace")
    space.set_image("web:2")
    space.wait_update("RolledForward", timeout=60)
    forward = {q["requestId"] for q in questions(web)}
    assert len(forward) == 2
    web.asked.clear()
    stop = threading.Event()
    web.answer = lambda asked: ALLOW if '"web-0"' in asked.body or stop.is_set() else deny("later")
    space.set_image("web:3")
    held = waits(space, "later")
    name = held["metadata"]["name"]
    space.until("web-0", lambda: space.pods()[0].image == "web:3", 30)
    stop.set()
    space.api.patch(space.path("updates", name), {"spec": {"action": "Rollback"}})
    space.wait_update("RolledBack", name=name, timeout=60)
    assert {pod.image for pod in space.pods().values()} == {"web:2"}
    about = [q for q in questions(web) if q["instance"] == 0]
    assert len({q["requestId"] for q in about}) == 2, "there and back are two questions"


def test_two_jobs_at_the_same_url_are_asked_about_one_by_one(space: Space, web: Web) -> None:
    at_once, lock, most = 0, threading.Lock(), [0]

    def answer(_: Asked) -> Said:
        nonlocal at_once
        with lock:
            at_once += 1
            most.append(at_once)
        time.sleep(0.2)
        with lock:
            at_once -= 1
        return ALLOW

    for name in ("web", "api"):
        made(space, web, count=2, name=name)
    web.answer = answer
    for name in ("web", "api"):
        wish = space.job(name)["spec"]["template"]
        wish["spec"]["containers"][0]["image"] = "web:2"
        space.set_template(wish, name)

    def over() -> bool:
        phases = [u["status"].get("phase") for n in ("web", "api") for u in space.updates(n)]
        return phases == ["RolledForward"] * 2

    space.until("both Updates", over, 90)
    assert max(most) == 1
    assert len(web.asked) == 4


def test_headers_of_a_secret(space: Space, web: Web) -> None:
    space.create(secret("consent", {"Authorization": "Bearer s3cr3t-t0ken"}))
    may_read(space, "consent")
    sla = {"coordinator": {"url": web.url, "headersFrom": "consent"}}
    space.made(job(instances=1, update={"slaAware": True}, sla=sla))
    web.answer = lambda asked: (
        ALLOW if asked.headers.get("authorization") == "Bearer s3cr3t-t0ken" else deny()
    )
    ended = space.roll("web:2", "RolledForward", timeout=60)
    assert len(web.asked) == 1
    assert "s3cr3t" not in json.dumps([ended, space.job()])


def test_the_coordinator_is_named_beforehand(space: Space, web: Web) -> None:
    made(space, web)
    spec = {"job": "web", "restart": True, "dryRun": True}
    space.create({"apiVersion": "echelon.dev/v1alpha1", "kind": "Update",
                  "metadata": {"name": "plan"}, "spec": spec})  # fmt: skip
    planned = space.wait_update("Planned", name="plan")
    words = f"coordinator {web.url}/may has to allow each of 3 instances to be taken down"
    found = [c for c in planned["status"]["plan"]["conflicts"] if c["reason"] == "Coordinator"]
    assert len(found) == 1
    assert words in found[0]["message"]
    assert web.asked == []


def test_another_operator_that_asks_there_is_waited_for(space: Space, web: Web) -> None:
    """Somebody else holds the Lease of the URL, renews it, and then releases it."""
    made(space, web, count=1)
    name = lease_name(space.job()["spec"]["sla"]["coordinator"]["url"])
    leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
    held = {"holderIdentity": "another", "leaseDurationSeconds": 60}
    space.api.create(leases, {"metadata": {"name": name}, "spec": held})
    before = space.pods()[0].uid
    space.set_image("web:2")
    said = f"is to be asked about web-0: lease kube-system/{name} is held by another"
    waits(space, said)
    assert web.asked == []
    assert space.pods()[0].uid == before
    space.api.patch(f"{leases}/{name}", {"spec": {"holderIdentity": ""}})
    space.wait_update("RolledForward", timeout=60)
    assert len(web.asked) == 1
