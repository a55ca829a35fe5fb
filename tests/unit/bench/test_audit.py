"""Writes as the operator's metrics and the API server's audit log tell them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from controller.metrics import Metrics
from hack.bench.audit import AGENT, Audit, Write, counted, writes


def test_metrics_of_the_operator_are_understood() -> None:
    metrics = Metrics(CollectorRegistry(), version="1")
    for verb, code in (("create", 201), ("create", 409), ("list", 200), ("watch", 200)):
        metrics.requested(verb, "pods", code, 0.1)
    found = counted(generate_latest(metrics.registry).decode())
    assert found == Counter({"create pods": 2, "list pods": 1, "watch pods": 1})
    assert writes(found) == Counter({"create pods": 2})


def test_the_audit_log_tells_the_operators_writes_since_the_mark(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(_event(f"{AGENT}1", "create", "pods"))
    audit = Audit(log)
    audit.mark()
    with log.open("a") as more:
        more.write(_event(f"{AGENT}1 lease", "patch", "leases"))
        more.write(_event(f"{AGENT}1", "watch", "pods"))
        more.write(_event("kubectl/1", "patch", "echelonjobs"))
        more.write(_event(f"{AGENT}1", "patch", "echelonjobs")[:-5])  # being written
    assert audit.writes() == Counter({"patch leases": 1})


def test_a_line_that_was_being_written_at_the_mark_is_from_before_it(tmp_path: Path) -> None:
    log, line = tmp_path / "audit.log", _event(f"{AGENT}1", "create", "pods")
    log.write_text(line[:30])
    audit = Audit(log)
    audit.mark()
    with log.open("a") as more:
        more.write(line[30:] + _event(f"{AGENT}1", "patch", "leases"))
    assert audit.writes() == Counter({"patch leases": 1})


def test_a_write_tells_its_subresource_its_times_and_whether_it_is_a_dry_run(
    tmp_path: Path,
) -> None:
    log = tmp_path / "audit.log"
    event = json.loads(_event("kube-controller-manager/v1 (x) y/z/deployment-controller",
                              "patch", "pods"))  # fmt: skip
    event["objectRef"] |= {"subresource": "resize", "name": "web-3"}
    event |= {
        "requestURI": "/api/v1/namespaces/default/pods/web-3/resize?dryRun=All",
        "requestReceivedTimestamp": "2026-01-02T03:04:05.250000Z",
        "stageTimestamp": "2026-01-02T03:04:05.750000Z",
    }
    log.write_text(json.dumps(event) + "\n")
    (found,) = Audit(log).entries()
    assert (found.what, found.name) == ("dry-run patch pods/resize", "web-3")
    assert found.answered - found.received == 0.5
    assert Audit(log).writes(["/deployment-controller"]) == Counter({found.what: 1})


def test_a_client_is_the_beginning_or_the_last_part_of_a_user_agent() -> None:
    def write(agent: str) -> Write:
        return Write(0.0, 0.0, agent, "create pods", "web-0")

    controllers = write("kube-controller-manager/v1.36.3 (linux/amd64) abc/deployment-controller")
    assert controllers.by(["/deployment-controller"])
    assert not controllers.by(["manager/", "/replicaset-controller"])
    assert write("manager/v1 (linux/amd64)").by(["floor", "manager/"])


def _event(agent: str, verb: str, resource: str) -> str:
    event = {"userAgent": agent, "verb": verb, "objectRef": {"resource": resource}}
    return json.dumps(event) + "\n"
