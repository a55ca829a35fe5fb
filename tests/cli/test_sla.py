"""`echelon sla` on the real API server."""

from __future__ import annotations

import json
import time

from hack.harness.manifests import job, sim
from hack.harness.space import Space
from tests.cli.echelon import Echelon


def test_the_uptime_of_a_job(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=4))
    ready = time.time()
    space.patch_pod("web-3", annotations=sim(behaviour="never-ready"))
    space.until("3 to be down", lambda: not space.pods()[3].ready)
    args = ("sla", "get-job-uptime", "web", "--percentiles", "75,76", "-o", "json")
    space.until("an uptime", lambda: json.loads(echelon(*args, check=0).out)[0]["seconds"] >= 2)
    up, down = json.loads(echelon(*args, check=0).out)
    assert (up["percent"], down) == (75.0, {"percent": 76.0, "seconds": 0})
    # The times of pods are whole seconds.
    assert up["seconds"] <= time.time() - ready + 10
    head, *lines = echelon("sla", "get-job-uptime", "web", check=0).lines
    assert head.split() == ["PERCENT", "UPTIME"]
    assert [line.split()[0] for line in lines] == ["50%", "75%", "90%", "95%", "99%"]
    assert [line.split()[1] for line in lines[2:]] == ["0s", "0s", "0s"]


def test_how_many_have_been_up_for_so_long(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2))
    args = ("sla", "get-task-up-count", "web", "--durations", "1s,7d")
    space.until("a second", lambda: echelon(*args, check=0).lines[1].split()[1] == "2/2")
    assert [line.split() for line in echelon(*args, check=0).lines] == [
        ["DURATION", "UP", "PERCENT"],
        ["1s", "2/2", "100.00%"],
        ["7d", "0/2", "0.00%"],
    ]
    (one,) = json.loads(
        echelon("sla", "get-task-up-count", "web/1", "--durations", "1s", "-o", "json").out
    )
    assert one == {"duration": "1s", "up": 1, "instances": 1, "percent": 100.0}


def test_what_cannot_be_asked(space: Space, echelon: Echelon) -> None:
    space.made(job(instances=2))
    missing = echelon("sla", "get-job-uptime", "web/1-3", check=1)
    assert "Job web has no instances 2-3" in missing.err
    assert "its instances are 0-1" in missing.err
    for words in (
        ("get-job-uptime", "--percentiles", "0"),
        ("get-task-up-count", "--durations", "x"),
    ):
        assert echelon("sla", words[0], "web", *words[1:]).code == 2
    space.made(job("empty", instances=0))
    empty = echelon("sla", "get-job-uptime", "empty", check=0)
    assert (empty.out, "Job empty has no instances" in empty.err) == ("", True)
