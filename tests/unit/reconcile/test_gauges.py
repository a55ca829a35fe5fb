"""The gauges that are computed from the store."""

from __future__ import annotations

from controller.reconcile import gauges
from tests.unit.reconcile.fake_api import Shop

STALLED = {"type": "Stalled", "status": "True", "reason": "RolledBack"}
READY = {"type": "Ready", "status": "False", "reason": "RolledBack"}


def test_jobs_are_counted_by_the_conditions_that_are_true() -> None:
    shop = Shop()
    assert gauges.jobs(shop.store)["Stalled"] == 0, "what alerts ask for is always there"
    shop.job(status={"conditions": [STALLED, READY]})
    found = gauges.jobs(shop.store)
    assert (found["Stalled"], found["Ready"], found["UpdatePending"]) == (1, 0, 0)


def test_a_job_that_cannot_be_read_is_stalled() -> None:
    shop = Shop()
    shop.job(spec={"type": "Miracle"})
    assert gauges.jobs(shop.store)["Stalled"] == 1
