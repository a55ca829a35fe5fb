"""Endings with runs: what a CronJob started is named by its tick, and twice is one too many."""

from __future__ import annotations

from typing import Any

from controller.api import labels
from hack.chaos.ending import acts, differences, ending
from hack.chaos.made_runs import called
from hack.harness.pods import slim
from hack.harness.runs import INDEX, RUN, SCHEDULED, RunSeen
from tests.unit.chaos.test_ending import asked

FAILED = [{"type": "Failed", "status": "True", "reason": "FailedIndexes"}]


def run(name: str, at: str = "", *, gone: bool = False, conditions: Any = ()) -> RunSeen:
    notes = {labels.REVISION: "web-a", **({SCHEDULED: at} if at else {})}
    metadata = {"name": name, "annotations": notes}
    obj = {
        "metadata": metadata,
        "spec": {"completions": 2},
        "status": {"conditions": list(conditions)},
    }
    return RunSeen(obj, gone)


def ticks(hour: int, *minutes: int) -> list[RunSeen]:
    return [run(f"web-{hour}{m}", f"2026-01-01T{hour:02}:{m:02}:00Z") for m in minutes]


def made(runs: list[RunSeen], last: str = "", pods: Any = ()) -> Any:
    status = {"lastRun": {"name": last, "active": 2, "startedAt": "then"}} if last else {}
    job = {"metadata": {"generation": 1}, "spec": {}, "status": status}
    return ending(job, [], pods, {}, [], (), (), runs)


def test_ticks_are_counted_from_the_first() -> None:
    names = called([*ticks(9, 58, 59), run("web-r1")])
    assert names == {"web-958": "tick 1", "web-959": "tick 2", "web-r1": "web-r1"}
    assert called(ticks(9, 0, 2))["web-92"] == "tick 3"
    requests = [asked("delete", "jobs.batch", "web-958")]
    assert acts(requests, names) == {"delete jobs.batch tick 1": 1}


def test_when_the_ticks_were_makes_no_difference() -> None:
    assert differences(made(ticks(9, 1, 2), "web-92"), made(ticks(10, 7, 8), "web-108")) == []
    assert differences(made(ticks(9, 1, 2), "web-92"), made(ticks(9, 1, 3), "web-93"))


def test_a_run_that_was_made_twice() -> None:
    once, twice = [run("web-r1")], [run("web-r1", gone=True), run("web-r1")]
    (found,) = differences(made(once), made(twice))
    assert found == "runs.web-r1.made: expected 1, found 2"


def test_a_run_that_is_gone_or_ended_otherwise() -> None:
    here, gone = made([run("web-r1")]), made([run("web-r1", gone=True)])
    assert {d.partition(":")[0] for d in differences(here, gone)} == {
        "runs.web-r1.ended",
        "runs.web-r1.instances",
        "runs.web-r1.revision",
    }
    (found,) = differences(here, made([run("web-r1", conditions=FAILED)]))
    assert "Failed FailedIndexes" in found


def test_pods_of_runs_are_known_by_their_index() -> None:
    def pod(name: str, index: str) -> Any:
        meta = {
            "name": name,
            "uid": name,
            "creationTimestamp": "then",
            "labels": {labels.JOB: "web", RUN: "web-r1"},
            "annotations": {INDEX: index},
        }
        return slim({"metadata": meta, "spec": {"containers": [{"image": "web:1"}]}})

    one = made([], pods=[pod("web-r1-0-abc", "0")])
    assert one["pods"] == {}
    assert differences(one, made([], pods=[pod("web-r1-0-xyz", "0")])) == []
    assert differences(one, made([], pods=[pod("web-r1-0-abc", "0"), pod("web-r1-0-d", "0")]))
