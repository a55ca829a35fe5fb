"""The safety brake counts what all Jobs stored."""

from __future__ import annotations

from typing import Any

from controller.api import labels
from controller.api.meta import format_time
from controller.reconcile.brakes import Brakes
from controller.reconcile.store import Store
from tests.unit.reconcile.fake_api import NOW, template


class Cluster:
    def __init__(self, setting: int | str = "30%") -> None:
        self.now = NOW
        self.store = Store(lambda _: None, lambda: self.now)
        self.brakes = Brakes(self.store, setting, lambda: self.now)
        self._version = 0

    def job(self, name: str, instances: int, safety: Any = None, release: str = "") -> None:
        self._version += 1
        meta = {"name": name, "namespace": "ns", "uid": name, "generation": 1}
        meta |= {"resourceVersion": str(self._version)}
        if release:
            meta |= {"annotations": {labels.SAFETY_RELEASE: release}}
        status = {"safety": safety} if safety else {}
        spec = {"instances": instances, "template": template("web:1")}
        self.store.put_job({"metadata": meta, "spec": spec, "status": status})


def stopped(token: str) -> dict[str, Any]:
    return {"stop": {"token": token, "time": format_time(NOW), "message": "m"}}


def test_the_limit_is_of_all_instances() -> None:
    cluster = Cluster()
    cluster.job("a", 10)
    cluster.job("b", 5)
    brake = cluster.brakes.now()
    assert (brake.setting, brake.instances, brake.limit, brake.asked) == ("30%", 15, 5, 0)


def test_records_of_the_last_minute_count_whoever_made_them() -> None:
    cluster = Cluster(3)
    cluster.job("a", 10, {"disrupted": {format_time(NOW - 100): "0-3", format_time(NOW - 5): "4"}})
    cluster.job("b", 10, {"disrupted": {format_time(NOW): "1-2"}})
    assert cluster.brakes.now().asked == 3
    assert cluster.brakes.numbers() == {"asked": 3.0, "limit": 3.0}
    cluster.now += 61
    assert cluster.brakes.now().asked == 0


def test_jobs_that_stop_together_get_one_token() -> None:
    cluster = Cluster()
    first = cluster.brakes.now().token
    cluster.now += 20
    assert cluster.brakes.now().token == first
    cluster.job("a", 1, stopped(first))
    cluster.now += 5000
    assert cluster.brakes.now().token == first, "also those that stop later"
    again = Brakes(cluster.store, 1, lambda: cluster.now)
    assert again.now().token == first, "also after a restart"


def test_after_a_release_the_next_stop_has_another_token() -> None:
    cluster = Cluster()
    first = cluster.brakes.now().token
    cluster.now += 2
    cluster.job("a", 1, stopped(first), release=first)
    assert cluster.brakes.now().token != first


def test_a_stamp_of_the_future_counts_for_nobody() -> None:
    """It is of a clock that is fast, or of somebody who writes statuses."""
    cluster = Cluster(3)
    cluster.job("a", 10, {"disrupted": {"2099-01-01T00:00:00Z": "0-3", format_time(NOW): "4"}})
    assert cluster.brakes.now().asked == 1


def test_a_record_that_cannot_be_read_stops_its_job_alone() -> None:
    """It may hold a stop, which nothing but a person ends."""
    cluster = Cluster(3)
    cluster.job("a", 10, {"disrupted": {"soon": "1"}})
    cluster.job("b", 10)
    assert cluster.brakes.now().asked == 0
    entry = cluster.store.entries[("ns", "a")]
    assert entry.unreadable is not None
    assert "status.safety" in entry.unreadable.unknown.what
