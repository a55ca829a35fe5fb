"""Jobs are counted by how their last run is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from controller.reconcile.runs.gauges import STATES, last_runs
from controller.run_metrics import RunCollector
from tests.unit.reconcile.runs.shop import RunShop

RUN = {"name": "web-r1", "startedAt": "2026-01-01T00:00:00Z"}
ENDED = {**RUN, "finishedAt": "2026-01-01T00:01:00Z"}


def counted(**last: object) -> set[str]:
    shop = RunShop()
    if last:
        shop.job(spec={"type": "Adhoc"}, status={"lastRun": last})
    found = last_runs(shop.store)
    assert set(found) == set(STATES)
    return {state for state, number in found.items() if number}


def test_each_job_is_in_one_state() -> None:
    assert counted() == {"None"}
    assert counted(**RUN) == {"Active"}
    assert counted(**ENDED, reason="Succeeded") == {"Succeeded"}
    assert counted(**ENDED, reason="DeadlineExceeded") == {"Failed"}
    assert counted(**ENDED, reason="Deleted") == {"Deleted"}


def test_a_service_is_not_counted() -> None:
    shop = RunShop()
    shop.job(spec={"type": "Service"})
    assert set(last_runs(shop.store).values()) == {0.0}


def test_the_numbers_are_exported() -> None:
    registry = CollectorRegistry()
    registry.register(RunCollector(lambda: {"Failed": 2.0}))
    assert b'echelon_jobs_last_run{state="Failed"} 2.0' in generate_latest(registry)
