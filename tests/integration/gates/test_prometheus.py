"""Gates that ask a real Prometheus server about requests that the instances seem to serve."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hack.harness.manifests import Object, batch, ids
from hack.harness.space import Space
from tests.integration.gates.manifests import gate, gated, state, turn
from tests.integration.gates.prometheus import TRAFFIC, Exporter, Prometheus

WINDOW = "3s"
#: Updated instances may fail slightly more often than the others, and less than 5 % in any case.
CONDITION = "updated <= baseline + 0.01 && updated < 0.05"


def share(namespace: str, pods: str) -> str:
    """The share of failed requests to these pods."""
    where = f'{{namespace="{namespace}",pod=~"{pods}"}}[{WINDOW}]'
    return f"sum(rate(http_errors_total{where})) / sum(rate(http_requests_total{where}))"


@pytest.fixture
def traffic(space: Space, exporter: Exporter) -> Exporter:
    """Let every pod of the test serve requests."""
    exporter.namespace = space.name
    exporter.pods = lambda: [pod.name for pod in space.pods().values() if pod.ready]
    return exporter


def control_group(prometheus: Prometheus, space: Space, **fields: Any) -> Object:
    query = share(space.name, "{{echelon.updated}}")
    asks = {"address": prometheus.url, "query": query, "condition": CONDITION}
    return gate(prometheus=asks, **fields)


def updated(space: Space, count: int) -> Object:
    """Wait until so many instances are updated, and return the Update."""
    return space.wait_update(
        "RollingForward", probe=lambda u: u["status"]["counts"]["updated"] == count, timeout=60
    )


def test_one_query_of_all_and_a_bound_for_too_little_traffic(
    space: Space, prometheus: Prometheus, traffic: Exporter
) -> None:
    where = f'{{namespace="{space.name}",pod=~"{{{{echelon.updated}}}}"}}'
    asks = {
        "address": prometheus.url,
        "query": share(space.name, "web-.*"),
        "condition": "result < 0.01",
        "minSamples": {"query": f"sum(increase(http_requests_total{where}[10s]))", "atLeast": 100},
    }
    space.made(gated(gate(prometheus=asks), instances=2))
    traffic.rate = 0.0
    space.set_image("web:2")
    space.wait_update(
        "RollingForward", probe=lambda u: "NotEnoughSamples" in str(u["status"]), timeout=30
    )
    traffic.rate = TRAFFIC
    ended = space.wait_update("RolledForward", timeout=60)
    assert state(ended)["value"] == "0"


def test_a_bound_that_is_broken_rolls_back(
    space: Space, prometheus: Prometheus, traffic: Exporter
) -> None:
    traffic.errors = lambda _: 0.3
    query = share(space.name, "{{echelon.updated}}")
    asks = {"address": prometheus.url, "query": query, "condition": "result < 0.01"}
    space.made(gated(gate("errors", prometheus=asks, failures=2)))
    ended = space.roll("web:2", timeout=60)
    assert ended["status"]["phase"] == "RolledBack"
    said = turn(ended, "RollingBack")["message"]
    assert said.startswith("gate errors failed after group 1: 0.")
    assert said.endswith(", but must be < 0.01")


def test_a_fault_in_updated_instances_only_rolls_back_within_two_intervals(
    space: Space, prometheus: Prometheus, traffic: Exporter
) -> None:
    # Long beside the window and the scrapes, which pass before Prometheus knows of the fault.
    interval = 8
    watching = control_group(prometheus, space, scope="Continuous", intervalSeconds=interval)
    hold = gate("hold", http={"url": "http://127.0.0.1:1"})
    space.made(gated(watching, hold, instances=6, strategy=batch(2)))
    space.set_image("web:2")
    seen = updated(space, 2)
    space.wait_update(
        "RollingForward", probe=lambda u: state(u).get("result") == "Passed", timeout=60
    )
    at, bad = time.time(), {f"web-{i}" for i in ids(seen["status"]["instances"]["updated"])}
    traffic.errors = lambda pod: 0.5 if pod in bad else 0.0
    turned = space.wait_update("RollingBack", "RolledBack", timeout=60)
    took = time.time() - at
    assert took < 2 * interval, took
    said = turn(turned, "RollingBack")
    assert said["reason"] == "GateFailed"
    assert "gate g failed: updated 0." in said["message"]
    assert ", baseline 0, but must meet " in said["message"]
    ended = space.wait_update("RolledBack", timeout=60)
    assert ids(ended["status"]["instances"]["rolledBack"]) == {0, 1}
    assert {len(uids) for i, uids in space.observer.uids().items() if i > 1} == {1}


def test_a_fault_in_all_instances_holds_the_update_and_does_not_blame_it(
    space: Space, prometheus: Prometheus, traffic: Exporter
) -> None:
    traffic.errors = lambda _: 0.5
    space.made(gated(control_group(prometheus, space), instances=4, strategy=batch(2)))
    space.set_image("web:2")
    words = "the baseline is bad as well"
    held = space.wait_update("RollingForward", probe=lambda u: words in str(state(u)), timeout=60)
    assert held["status"]["counts"]["updated"] == 2
    time.sleep(5)
    now = space.update("web-g2")
    assert now["status"]["phase"] == "RollingForward", "the update is held"
    assert now["status"]["counts"]["updated"] == 2
    assert not state(now).get("failures")
    # The incident ends, and the update continues.
    traffic.errors = lambda _: 0.0
    ended = space.wait_update("RolledForward", "RolledBack", timeout=60)
    assert ended["status"]["phase"] == "RolledForward"
    assert state(ended)["message"].startswith("NoBaseline"), (
        "after the last group no instance is left to compare with"
    )


@pytest.mark.usefixtures("traffic")
def test_prometheus_down_for_the_whole_time_pauses_and_never_rolls_back(
    space: Space, prometheus: Prometheus
) -> None:
    patient = control_group(prometheus, space, timeoutSeconds=5, onInconclusive="Pause")
    space.made(gated(patient, instances=4, strategy=batch(2)))
    prometheus.stop()
    try:
        space.set_image("web:2")
        held = space.wait_update("RollForwardPaused", timeout=60)
    finally:
        prometheus.start()
        time.sleep(5)  # a rate needs two samples
    assert held["status"]["reason"] == "GateInconclusive"
    assert "cannot connect" in held["status"]["message"]
    assert "(no verdict within 5s)" in held["status"]["message"]
    assert "RollingBack" not in space.observer.phases("web-g2")
    space.api.patch(space.path("updates", "web-g2"), {"spec": {"resumeToken": "prometheus-is-up"}})
    space.wait_update("RolledForward", timeout=60)


def test_nothing_to_be_measured_is_no_verdict(space: Space, prometheus: Prometheus) -> None:
    asks = {"address": prometheus.url, "query": "nobody_counts_this", "condition": "result < 1"}
    space.made(gated(gate(prometheus=asks, timeoutSeconds=2), instances=1))
    space.set_image("web:2")
    held = space.wait_update("RollForwardPaused", timeout=60)
    assert "the result is empty (no verdict within 2s)" in held["status"]["message"]


def test_a_query_that_prometheus_refuses_is_no_verdict_and_is_shown(
    space: Space, prometheus: Prometheus
) -> None:
    asks = {"address": prometheus.url, "query": "sum(", "condition": "result < 1"}
    space.made(gated(gate(prometheus=asks, timeoutSeconds=2), instances=1))
    space.set_image("web:2")
    held = space.wait_update("RollForwardPaused", timeout=60)
    assert "answered 400: invalid parameter" in held["status"]["message"]
    assert "parse error" in held["status"]["message"]
