"""The gauges that are computed from the store."""

from __future__ import annotations

from controller.api.meta import parse_time
from controller.reconcile import gauges
from tests.unit.core.pods.test_index import pod
from tests.unit.reconcile.fake_api import NOW, Shop
from tests.values import replace

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


def test_a_job_has_its_instances_by_state_and_what_needs_attention() -> None:
    shop = Shop()
    available = {"type": "Available", "status": "False", "reason": "TooFewAvailable"}
    shop.job(status={"conditions": [STALLED, READY, available], "instancesInForce": 2})
    (found,) = gauges.each_job(shop.store, lambda _: True, NOW)
    assert (found.namespace, found.name) == ("ns", "web")
    assert found.conditions == (
        ("Stalled", "True", "RolledBack"),
        ("Available", "False", "TooFewAvailable"),
    )
    assert found.instances == {"available": 0, "missing": 2}, "no state without instances"
    assert (found.updating, found.active, dict(found.updates)) == (0, None, {})


def test_a_job_of_another_process_is_left_out() -> None:
    shop = Shop()
    shop.job()
    assert list(gauges.each_job(shop.store, lambda _: False, NOW)) == []


def test_of_a_job_that_cannot_be_read_only_that_is_told() -> None:
    shop = Shop()
    shop.job(spec={"type": "Miracle"})
    (found,) = gauges.each_job(shop.store, lambda _: True, NOW)
    assert found.conditions == (("Stalled", "True", "TooNew"),)
    assert not found.instances


def test_an_active_update_is_told_with_its_last_step() -> None:
    shop = Shop()
    shop.job(status={"activeUpdate": {"name": "web-g2", "uid": "u2"}, "instancesInForce": 3})
    shop.update(
        "web-g2",
        metadata={"uid": "u2"},
        status={
            "phase": "RollingForward",
            "reason": "Progressing",
            "startedAt": "2026-01-01T00:00:00Z",
            "batch": {"index": 1, "instances": "1-2", "startedAt": "2026-01-01T00:01:00Z"},
            "counts": {"total": 3, "updated": 1, "updating": 2},
        },
    )
    (found,) = gauges.each_job(shop.store, lambda _: True, NOW)
    assert found.active is not None
    assert (found.active.phase, found.active.reason) == ("RollingForward", "Progressing")
    assert found.active.step_at == parse_time("2026-01-01T00:01:00Z")
    assert found.active.counts["updated"] == 1
    assert "total" not in found.active.counts
    assert (found.updating, dict(found.updates)) == (2, {"RollingForward": 1})


def test_an_update_that_is_not_the_lock_is_not_active() -> None:
    shop = Shop()
    shop.job(status={"activeUpdate": {"name": "web-g2", "uid": "u2"}})
    shop.update("web-g2", metadata={"uid": "other"}, status={"phase": "RollingForward"})
    (found,) = gauges.each_job(shop.store, lambda _: True, NOW)
    assert found.active is None


def test_a_job_has_the_uptime_of_its_instances() -> None:
    shop = Shop()
    shop.job(status={"assigned": [{"revision": "web-a", "instances": "0-2"}]})
    for i, since in ((0, NOW - 600.0), (1, NOW - 60.0)):
        shop.entry.instances.put(pod(i, owner="j1", ready=True, ready_since=since))
    shop.entry.instances.advance(NOW)
    (found,) = gauges.each_job(shop.store, lambda _: True, NOW)
    assert found.uptime() == {50: 60.0, 75: 0.0, 90: 0.0, 95: 0.0, 99: 0.0}
    shop.job(status={"assigned": []})
    (found,) = gauges.each_job(shop.store, lambda _: True, NOW)
    assert found.uptime() == {}, "a Job without instances has none"


async def test_recoveries_are_counted_until_another_process_works() -> None:
    shop = Shop()
    assigned = {"assigned": [{"revision": "web-a", "instances": "0"}]}
    shop.job(spec={"minReadySeconds": 0}, status=assigned)
    instances, well = shop.entry.instances, pod(0, owner="j1", ready=True, ready_since=NOW - 60)

    def look() -> tuple[int, float]:
        shop.entry.observed(shop.now, frozenset())
        (found,) = gauges.each_job(shop.store, lambda _: True, shop.now)
        return found.recovered

    instances.put(well)
    assert look() == (0, 0.0)
    shop.now += 10
    instances.put(replace(well, resource_version=2, ready=False))
    assert look() == (0, 0.0)
    shop.now += 30
    instances.put(replace(well, resource_version=3, ready_since=shop.now))
    assert look() == look() == (1, 30.0)
    shop.entry.begin()
    assert look() == (0, 0.0)
