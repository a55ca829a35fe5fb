"""Jobs are counted by how their last run is."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from controller.api.meta import format_time
from controller.reconcile.gauges import each_job
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


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({}, ""),
        (RUN, ""),
        ({**ENDED, "reason": "Succeeded"}, ""),
        ({**ENDED, "reason": "Killed"}, ""),
        ({**ENDED, "reason": "DeadlineExceeded"}, "DeadlineExceeded"),
        ({**ENDED, "reason": "Deleted"}, "Deleted"),
    ],
)
def test_a_failed_run_is_told_with_its_job(last: dict[str, str], reason: str) -> None:
    shop = RunShop()
    shop.job(spec={"type": "Adhoc"}, status={"lastRun": last} if last else {})
    (found,) = each_job(shop.store, lambda _: True, 0.0)
    assert (found.name, found.run_failed, found.run_due) == ("web", reason, None)


async def test_a_run_that_was_due_is_told_with_its_job() -> None:
    shop = RunShop("Cron", cron={"schedule": "* * * * *"})
    await shop.reconcile()
    made = shop.cron()
    made["metadata"]["creationTimestamp"] = format_time(shop.now)
    shop.see_cron(made)
    minute = shop.now - shop.now % 60 + 60
    (soon,) = each_job(shop.store, lambda _: True, minute - 1)
    (late,) = each_job(shop.store, lambda _: True, minute + 600)
    assert (soon.run_due, late.run_due) == (None, minute)


def test_a_service_is_not_counted() -> None:
    shop = RunShop()
    shop.job(spec={"type": "Service"})
    assert set(last_runs(shop.store).values()) == {0.0}


def test_the_numbers_are_exported() -> None:
    registry = CollectorRegistry()
    registry.register(RunCollector(lambda: {"Failed": 2.0}))
    assert b'echelon_jobs_last_run{state="Failed"} 2.0' in generate_latest(registry)
