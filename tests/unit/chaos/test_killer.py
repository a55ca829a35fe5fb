"""The killer strikes once, at exactly the write that was asked for."""

from __future__ import annotations

import pytest

from hack.chaos.killer import Killer, counts
from hack.chaos.points import Point
from hack.harness.proxy import Asked

POD = Asked("POST", "/api/v1/namespaces/a/pods", "")
STATUS = Asked("PATCH", "/apis/echelon.dev/v1alpha1/namespaces/a/echelonjobs/web/status", "")


class Record:
    """Kills that were asked for, and what reached the API server."""

    def __init__(self, point: Point | None) -> None:
        self.kills = 0
        self.carried_out: list[str] = []
        self.now = 100.0
        self.killer = Killer(self._kill, lambda: self.now)
        self.killer.arm(point)

    def _kill(self) -> None:
        self.kills += 1

    def ask(self, asked: Asked) -> None:
        if self.killer.arriving(asked) is None:
            self.carried_out.append(asked.method)
            self.killer.answered(asked)


def test_a_kill_before_a_write_keeps_it_from_the_api_server() -> None:
    record = Record(Point("update", "before", 2))
    for asked in (POD, STATUS, POD):
        record.ask(asked)
    assert record.kills == 1
    assert record.carried_out == ["POST", "POST"]
    assert record.killer.victim == f"PATCH {STATUS.path}"
    assert record.killer.dead.is_set()


def test_a_kill_after_a_write_comes_when_it_was_carried_out() -> None:
    record = Record(Point("update", "after", 2))
    for asked in (POD, STATUS, POD):
        record.ask(asked)
    assert record.killer.next_at == 0, "the dead process had sent the last one"
    record.killer.reviving()
    record.ask(POD)
    assert record.killer.next_at == 0, "so soon no process asks"
    record.now += 2
    record.ask(POD)
    assert record.kills == 1
    assert record.carried_out == ["POST", "PATCH", "POST", "POST", "POST"]
    assert record.killer.victim == f"PATCH {STATUS.path}"
    assert record.killer.next_at - record.killer.killed_at == 2


def test_without_a_point_it_only_counts() -> None:
    record = Record(None)
    for asked in (POD, STATUS, POD):
        record.ask(asked)
    assert (record.kills, record.killer.count) == (0, 3)


def test_it_does_nothing_before_it_is_armed_and_after_it_is_disarmed() -> None:
    record = Record(Point("update", "after", 1))
    record.killer.disarm()
    record.ask(POD)
    assert record.kills == 0


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", POD.path, ""),
        ("POST", POD.path, "dryRun=All"),
        ("PATCH", "/apis/coordination.k8s.io/v1/namespaces/a/leases/echelon", ""),
        ("POST", "/apis/events.k8s.io/v1/namespaces/a/events", ""),
    ],
)
def test_reads_dry_runs_leases_and_events_do_not_count(method: str, path: str, query: str) -> None:
    assert not counts(Asked(method, path, query))
    assert counts(POD)
