"""The API server is slow, down, or returns errors: the operator waits, and continues afterwards."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.manifests import Object, condition, is_true, job, queue
from hack.harness.operator import USER, Operator
from hack.harness.proxy import Asked, Proxy
from hack.harness.space import Space

SLOW = {"behaviour": "ready-after", "ready_after": "400ms"}


def one_updated(space: Space) -> None:
    space.wait_update("RollingForward", probe=lambda u: u["status"]["counts"]["updated"] >= 1)


@contextmanager
def down(cluster: Cluster, name: str) -> Iterator[None]:
    """Kill a component of the control plane, and start it again at the end.

    The scheduler is stopped, too: it exits if it cannot find out whether a binding succeeded.
    """
    cluster.end("kube-scheduler")
    cluster.kill(name)
    try:
        yield
    finally:
        cluster.begin(name)
        cluster.wait("the API server", lambda: cluster.api.get("/readyz") == "ok", 60)
        cluster.begin("kube-scheduler")


@pytest.fixture
def proxy(cluster: Cluster, operator: Operator) -> Iterator[Proxy]:
    """Replaces the session's operator by one behind a proxy that injects faults."""
    operator.stop()
    with Proxy(cluster, USER) as between:
        other = Operator(cluster, "tests", identity="behind-a-proxy", kubeconfig=between.kubeconfig)
        other.start()
        yield between
        assert other.starts == 1
        other.close()


def test_the_api_server_stands_still_for_a_while(
    space: Space, operator: Operator, cluster: Cluster
) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    before = operator.pid
    cluster.freeze("kube-apiserver")
    time.sleep(3)
    cluster.thaw("kube-apiserver")
    space.wait_update("RolledForward", timeout=40)
    assert operator.pid == before
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(4), 2)


def test_the_api_server_is_killed_and_comes_back(
    space: Space, operator: Operator, cluster: Cluster
) -> None:
    space.made(job(instances=4, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    before = operator.pid
    with down(cluster, "kube-apiserver"):
        pass
    space.wait_update("RolledForward", timeout=60)
    assert operator.running
    assert operator.pid == before
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(4), 2)


def test_an_outage_longer_than_the_lease_does_not_end_the_process(
    space: Space, operator: Operator, cluster: Cluster
) -> None:
    space.made(job(instances=3, strategy=queue(1)))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    before = operator.pid
    since = operator.log_size()
    with down(cluster, "etcd"):  # the API server answers with errors, or does not answer
        operator.wait("the loss of the Lease", lambda: "lease lost" in operator.said(since), 30)
        assert operator.probe("healthz"), "an outage of the API server must not cause a restart"
    space.wait_update("RolledForward", timeout=60)
    assert operator.pid == before
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(3), 2)


def test_creates_that_fail_for_a_while_are_tried_again(space: Space, proxy: Proxy) -> None:
    space.made(job(instances=3, strategy=queue(1)))
    failed: list[Asked] = []

    def fault(asked: Asked) -> int | None:
        makes = asked.method == "POST" and asked.path.endswith("/pods") and asked.writes
        if makes and len(failed) < 4:
            failed.append(asked)
            return 503
        return None

    proxy.fault = fault
    space.set_image("web:2")
    ended = space.wait_update("RolledForward", timeout=40)
    assert len(failed) == 4
    assert "failures" not in ended["status"], (
        "an API server that is down is no failure of a version"
    )


def test_creates_that_go_on_failing_need_a_person_and_fail_nothing(
    space: Space, proxy: Proxy
) -> None:
    quick = {"readyTimeoutSeconds": 3, "maxFailuresPerInstance": 0}
    broken = [True]

    def fault(asked: Asked) -> int | None:
        makes = asked.method == "POST" and asked.path.endswith("/pods") and asked.writes
        return 500 if makes and broken else None

    proxy.fault = fault
    space.create(job(instances=2, strategy=queue(1), update=quick))
    first = space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert "injected fault" in condition(first, "Stalled")["message"]
    broken.clear()
    space.wait_ready(timeout=30)
    broken.append(True)
    space.set_image("web:2")
    stuck = space.wait_update("RollingForward", probe=lambda u: is_true(u, "Stalled"))
    assert "injected fault" in stuck["status"]["message"]
    assert is_true(space.wait_job("Stalled", lambda j: is_true(j, "Stalled")), "Stalled")
    assert "failures" not in stuck["status"]
    broken.clear()
    ended = space.wait_update("RolledForward", timeout=40)
    assert "failures" not in ended["status"], (
        "an API server that is down is no failure of a version"
    )


@pytest.mark.parametrize("code", [500, 429])
def test_many_requests_fail_and_everything_still_happens_once(
    space: Space, proxy: Proxy, code: int
) -> None:
    dice = random.Random(code)

    def fault(asked: Asked) -> int | None:
        return code if dice.random() < 0.3 and not asked.lease else None

    proxy.fault = fault
    space.create(job(instances=3, strategy=queue(1)))
    space.wait_ready(timeout=60)
    space.set_image("web:2")
    ended = space.wait_update("RolledForward", timeout=60)
    assert "failures" not in ended["status"]
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == dict.fromkeys(range(3), 2)


def test_deletes_that_fail_for_a_while_are_tried_again(space: Space, proxy: Proxy) -> None:
    space.made(job(instances=2))
    left = 3

    def fault(asked: Asked) -> int | None:
        nonlocal left
        if asked.method == "DELETE" and left:
            left -= 1
            return 500
        return None

    proxy.fault = fault
    space.roll("web:2", "RolledForward", timeout=40)
    assert left == 0


def test_status_writes_that_conflict_are_decided_anew(space: Space, proxy: Proxy) -> None:
    refused: list[Asked] = []

    def fault(asked: Asked) -> int | None:
        if asked.path.endswith("/status") and len(refused) < 6 and len(refused) % 2 == 0:
            refused.append(asked)
            return 409
        if len(refused) < 6:
            refused.append(asked)
        return None

    proxy.fault = fault
    space.made(job(instances=2), timeout=40)
    space.roll("web:2", "RolledForward", timeout=40)
    assert {i: len(uids) for i, uids in space.observer.uids().items()} == {0: 2, 1: 2}


@pytest.fixture
def webhook(space: Space) -> Iterator[str]:
    """A validating webhook for this namespace's pods whose server does not respond."""
    name = f"down-{space.name}"
    yield name
    space.cluster.kubectl("delete", "validatingwebhookconfiguration", name, "--ignore-not-found")


def unreachable(name: str, namespace: str) -> Object:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": "pods.example.com",
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "timeoutSeconds": 1,
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ],
            }
        ],
    }


WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


def test_a_webhook_that_is_down_delays_an_update_and_no_instance_is_taken_down_for_it(
    space: Space, webhook: str
) -> None:
    space.made(job(instances=3, strategy=queue(1)))
    space.api.create(WEBHOOKS, unreachable(webhook, space.name))
    wait_for_refusals(space)
    space.set_image("web:2")
    told = space.wait_job(
        "the reason",
        lambda j: "failed calling webhook" in condition(j, "Reconciling").get("message", ""),
    )
    assert not is_true(told, "Stalled")
    assert {len(uids) for uids in space.observer.uids().values()} == {1}
    space.api.delete(f"{WEBHOOKS}/{webhook}")
    ended = space.wait_update("RolledForward", timeout=60)
    assert "failures" not in ended["status"]


def test_a_webhook_that_goes_down_in_mid_update_delays_it(space: Space, webhook: str) -> None:
    quick = {"readyTimeoutSeconds": 2, "maxFailuresPerInstance": 0}
    space.made(job(instances=4, strategy=queue(1), update=quick))
    space.set_image("web:2", **SLOW)
    one_updated(space)
    space.api.create(WEBHOOKS, unreachable(webhook, space.name))
    held = space.wait_update(
        "RollingForward",
        probe=lambda u: "failed calling webhook" in u["status"]["message"],
        timeout=30,
    )
    assert "failures" not in held["status"]
    space.wait_job(
        "the reason",
        lambda j: "failed calling webhook" in condition(j, "Reconciling").get("message", ""),
    )
    space.api.delete(f"{WEBHOOKS}/{webhook}")
    ended = space.wait_update("RolledForward", "RolledBack", timeout=60)
    assert ended["status"]["phase"] == "RolledForward"


def wait_for_refusals(space: Space) -> None:
    """Wait until the API server calls the new webhook."""
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe"},
        "spec": {"containers": [{"name": "a", "image": "a"}]},
    }

    def refused() -> bool:
        said = space.kubectl(
            "create", "--dry-run=server", "-f", "-", input=str(pod).replace("'", '"'), check=False
        )
        return "failed calling webhook" in said

    space.cluster.wait("the webhook to be called", refused)
