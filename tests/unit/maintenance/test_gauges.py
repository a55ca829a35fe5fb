"""The numbers of Maintenances, as they are scraped."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from controller.api.meta import format_time
from controller.maintenance import gauges
from controller.maintenance.store import Store
from controller.metrics import Metrics
from tests.unit.maintenance.stub import maintenance

NOW = 1_800_000_000.0


def status(phase: str, *nodes: tuple[str, str, float], **parts: Any) -> dict[str, Any]:
    """``nodes``: name, phase, and for how many seconds."""
    listed = [
        {"name": name, "phase": each, "since": format_time(NOW - age)} for name, each, age in nodes
    ]
    counts = {"nodes": len(nodes)}
    for _, each, _ in nodes:
        field = each[0].lower() + each[1:]
        counts[field] = counts.get(field, 0) + 1
    return {"phase": phase, "nodes": listed, "counts": counts, "observedGeneration": 1, **parts}


def scraped(store: Store) -> list[str]:
    metrics = Metrics(CollectorRegistry(), version="1")
    metrics.state.maintenances = lambda: gauges.numbers(store, NOW)
    return generate_latest(metrics.registry).decode().splitlines()


def test_maintenances_and_their_nodes_are_counted() -> None:
    store = Store(lambda: None)
    blocked = {"type": "Stalled", "status": "True", "reason": "PodBlocked", "message": "m"}
    stalled = [{**blocked, "lastTransitionTime": format_time(NOW)}]
    nodes = ("n1", "Draining", 60.0), ("n2", "Draining", 600.0), ("n3", "Waiting", 9000.0)
    store.put(maintenance("rack", status=status("Active", *nodes, conditions=stalled)))
    store.put(maintenance("row", status=status("Done", ("n4", "Drained", 7000.0))))
    store.put(maintenance("new"))
    store.put(maintenance("odd", spec={"nodes": 7}))
    lines = scraped(store)
    for line in (
        'echelon_maintenances{phase="Active"} 1.0',
        'echelon_maintenances{phase="Done"} 1.0',
        'echelon_maintenances{phase="Pending"} 1.0',
        'echelon_maintenances_stalled{reason="PodBlocked"} 1.0',
        'echelon_maintenances_stalled{reason="TooNew"} 1.0',
        'echelon_maintenance_nodes{phase="Draining"} 2.0',
        'echelon_maintenance_nodes{phase="Waiting"} 1.0',
        'echelon_maintenance_nodes{phase="Drained"} 1.0',
        'echelon_maintenance_nodes{phase="NotFound"} 0.0',
        'echelon_maintenance_draining_seconds{maintenance="rack"} 600.0',
    ):
        assert line in lines
    assert not [each for each in lines if 'maintenance="row"' in each]


def test_an_operator_that_does_not_serve_them_counts_none() -> None:
    text = generate_latest(Metrics(CollectorRegistry(), version="1").registry).decode()
    assert "echelon_maintenance" not in text
