"""Runs of Adhoc and Cron Jobs, as the events of batch/v1 Jobs and pods show them."""

from __future__ import annotations

from typing import Any

from controller.api import labels
from hack.harness.pods import slim
from hack.harness.runs import INDEX, RUN, Runs, made
from hack.harness.sightings import Seen

ENDED = {"conditions": [{"type": "Complete", "status": "True"}]}


def run(
    name: str, type: str = "MODIFIED", status: Any = None, notes: Any = None, life: int = 1
) -> Seen:
    meta = {
        "name": name,
        "uid": f"{name}.{life}",
        "labels": {labels.JOB: "web"},
        "annotations": notes or {},
    }
    return Seen(1, "Run", type, "n", name, {"metadata": meta, "status": status or {}}, 0.0)


def pod(name: str, phase: str = "Running", type: str = "MODIFIED", index: str = "0") -> Seen:
    raw = {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": "",
            "labels": {labels.JOB: "web", RUN: "web-r1"},
            "annotations": {INDEX: index},
        },
        "spec": {"containers": [{"image": "web:1"}]},
        "status": {"phase": phase},
    }
    return Seen(1, "Pod", type, "n", name, slim(raw), 0.0)


def found(*events: Seen) -> list[str]:
    runs = Runs()
    return [fault for event in events for fault in runs.take(event)]


def test_one_run_after_the_other() -> None:
    assert found(run("a"), run("a"), run("a", status=ENDED), run("b")) == []
    assert found(run("a"), run("a", "DELETED"), run("b")) == []


def test_two_runs_at_a_time_are_told_once() -> None:
    assert found(run("a"), run("b"), run("b")) == ["two runs at a time: a, b"]


def test_a_run_by_hand_may_be_beside_another() -> None:
    by_hand = {"cronjob.kubernetes.io/instantiate": "manual"}
    assert found(run("a"), run("b", notes=by_hand)) == []


def test_two_live_pods_of_one_instance() -> None:
    (fault,) = found(pod("web-r1-0-x"), pod("web-r2-0-y"))
    assert "web-r1-0-x, web-r2-0-y" in fault
    assert found(pod("x"), pod("y", index="1")) == []
    assert found(pod("x"), pod("x", "Failed"), pod("y")) == []
    assert found(pod("x"), pod("x", type="DELETED"), pod("y")) == []


def test_what_runs_there_were() -> None:
    events = [run("a"), run("a", "DELETED"), run("a", life=2), run("a", status=ENDED, life=2)]
    first, second = made([pod("x"), *events])
    assert (first.gone, second.gone) == (True, False)
    assert second.object["status"] == ENDED
