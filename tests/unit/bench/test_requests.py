"""Writes as the operator's metrics and the API server's audit log tell them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from controller.metrics import Metrics
from hack.bench.requests import AGENT, Audit, counted, writes


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


def _event(agent: str, verb: str, resource: str) -> str:
    event = {"userAgent": agent, "verb": verb, "objectRef": {"resource": resource}}
    return json.dumps(event) + "\n"
